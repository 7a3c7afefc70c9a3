//! Gradients that land in a sheet of their own while they are computed.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use burn::tensor::{Shape, Tensor};
use burn_backend::TensorMetadata as _;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::layout::{Layout, Place};
use super::{blank, on_gpu, pack, position, view, views};

/// The places of gradients that nobody has taken yet, by the position of their weights.
struct Open {
    sheets: Vec<CubeTensor>,
    free: HashMap<(usize, u64), Place>,
}

thread_local! {
    static OPEN: RefCell<Option<Open>> = const { RefCell::new(None) };
}

/// Takes the places away again, whatever happens between.
struct Closing;

impl Drop for Closing {
    fn drop(&mut self) {
        OPEN.with(|open| open.borrow_mut().take());
    }
}

/// The place of the gradient of `weight` in the sheet of gradients, as a tensor of `shape` with undefined content.
///
/// For kernels that compute the gradient of a weight on the GPU: what they write there needs no copy. `None` outside of
/// [`collect`], for what is no weight of it (or only a part), and from the second use of a weight in a graph on;
/// allocate as usual then. Claim only what is then written in full and handed to the weight's own node.
pub(crate) fn claim(weight: &CubeTensor, shape: impl Into<Shape>) -> Option<CubeTensor> {
    let shape = shape.into();
    let place = |open: &mut Open| {
        let Entry::Occupied(entry) = open.free.entry(position(weight)) else { return None };
        let fits = shape.num_elements() == entry.get().count && weight.shape().num_elements() == entry.get().count;
        let place = fits.then(|| entry.remove())?;
        Some(view(open.sheets.get(place.sheet)?, place.start, shape))
    };
    OPEN.with(|open| open.borrow_mut().as_mut().and_then(place))
}

/// Run `backward` with places laid out for the gradients of `weights` (flat, without autodiff; `None` for fixed ones).
///
/// `backward` returns the gradients in the same order; they come back as ranges of common sheets. On the CPU nothing
/// happens to them.
pub(crate) fn collect(
    weights: &[Option<Tensor<1>>],
    backward: impl FnOnce() -> Vec<Option<Tensor<1>>>,
) -> Vec<Option<Tensor<1>>> {
    let held: Vec<Option<CubeTensor>> = weights.iter().map(|w| w.as_ref().and_then(on_gpu)).collect();
    let Some(like) = held.iter().flatten().next().filter(|_| !crate::kernels::choice::stock()).cloned() else {
        return backward();
    };
    let layout = Layout::new(held.iter().map(|w| w.as_ref().map(|w| w.shape().num_elements())));
    let sheets = blank(&layout, &like);
    let mut free: HashMap<_, Option<Place>> = HashMap::new();
    for (weight, place) in held.iter().zip(&layout.places) {
        if let Some(weight) = weight {
            // Two weights in one place cannot be told apart: neither gets one.
            free.entry(position(weight)).and_modify(|both| *both = None).or_insert(*place);
        }
    }
    let free = free.into_iter().filter_map(|(key, place)| Some((key, place?))).collect();
    let closing = Closing;
    OPEN.with(|open| open.borrow_mut().replace(Open { sheets: sheets.clone(), free }));
    let gradients = backward();
    drop(closing);
    let computed: Vec<_> = gradients.iter().map(|g| g.as_ref().and_then(on_gpu)).collect();
    pack(&layout, &sheets, &computed);
    let placed = views(&layout, &sheets).map(|v| v.map(Tensor::from_primitive::<CubeBackend>));
    gradients.into_iter().zip(placed).map(|(gradient, placed)| gradient.and(placed)).collect()
}

#[cfg(test)]
mod tests {
    use burn::tensor::Tensor;

    use super::{claim, collect, on_gpu, position};

    #[test]
    fn a_place_is_given_once_and_only_during_the_backward_pass() {
        let Ok(compute) = cubecl::future::block_on(crate::device::open(crate::session::DeviceChoice::Gpu)) else {
            return;
        };
        let weights = [300, 7].map(|count| Some(Tensor::<1>::ones([count], &compute.device)));
        let Some(held) = weights[0].as_ref().and_then(on_gpu) else {
            return assert!(weights.is_empty(), "not on the GPU");
        };
        assert!(claim(&held, [300]).is_none());
        let mut first = None;
        let found = collect(&weights, || {
            assert!(claim(&held, [299]).is_none(), "a part has no place");
            first = claim(&held, [3, 100]);
            assert!(first.is_some() && claim(&held, [300]).is_none());
            let elsewhere = Tensor::full([7], 2.0, &compute.device);
            vec![
                first.clone().map(Tensor::from_primitive::<super::CubeBackend>).map(|t: Tensor<2>| t.reshape([300])),
                Some(elsewhere),
            ]
        });
        assert!(claim(&held, [300]).is_none());
        let places: Vec<_> = found.iter().map(|f| f.as_ref().and_then(on_gpu).map(|t| position(&t))).collect();
        let landed = first.as_ref().map(position);
        assert!(landed.is_some());
        assert_eq!(places[0], landed, "what landed in its place stays there");
        assert_eq!(places[1], landed.map(|(memory, _)| (memory, 512 * 4)), "what did not is copied beside it");
        let copied = found[1].clone().and_then(|t| cubecl::future::block_on(crate::readback::floats(t)).ok());
        assert_eq!(copied, Some(vec![2.0; 7]));
    }
}
