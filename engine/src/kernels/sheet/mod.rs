//! Sheets: flat buffers on the GPU that hold many weights one after the other, so that one launch serves all of them.
//!
//! Every weight starts at a multiple of [`BLOCK`] values: a workgroup belongs to one weight, and the weight's bytes
//! start where WebGPU lets a binding start. A weight's tensor is a range of the sheet's memory, without a copy.
//! Gradients land in a sheet of their own while they are computed ([`collect`], [`claim`]); those that do not are
//! copied there ([`gather`]).

pub(crate) mod layout;

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use burn::tensor::{DType, Shape, Tensor};
use burn_backend::TensorMetadata as _;
use burn_backend::ops::FloatTensorOps as _;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

pub(crate) use self::layout::{BLOCK, Layout};
use self::layout::{MOST, Place};
use crate::kernels::launch::{KernelInfo, Launch, empty, floats, word};

/// Bytes that the start of a binding is a multiple of.
const ALIGNMENT: u64 = 256;
/// Tensors that one launch copies: with the sheet itself the 8 buffers that WebGPU allows.
const SOURCES: usize = 7;

/// `sheet_pack.wgsl`
pub const PACK: KernelInfo = KernelInfo {
    stem: "sheet_pack",
    template: shader!("sheet/sheet_pack"),
    examples: &[&[("workgroup", BLOCK as u32)]],
};

/// A tensor as one of the GPU's; `None` on the CPU. It must be without autodiff.
pub(crate) fn on_gpu(tensor: &Tensor<1>) -> Option<CubeTensor> {
    tensor.clone().try_into_primitive::<CubeBackend>().ok()
}

/// The memory a tensor lies in and its first byte there.
fn position(tensor: &CubeTensor) -> (usize, u64) {
    (tensor.handle.memory.clone().binding().id().value, tensor.handle.offset_start.unwrap_or(0))
}

/// A range of a flat tensor, in values, in the same memory.
pub(crate) fn view(sheet: &CubeTensor, start: usize, shape: impl Into<Shape>) -> CubeTensor {
    let shape = shape.into();
    let bytes = |values: usize| (values * size_of::<f32>()) as u64;
    let (before, used) = (bytes(start), bytes(shape.num_elements()));
    let handle = sheet.handle.clone();
    let after = handle.size_in_used().saturating_sub(before + used);
    let handle = handle.offset_start(before).offset_end(after);
    CubeTensor::new_contiguous(sheet.client.clone(), sheet.device.clone(), shape, handle, DType::F32)
}

/// Every weight's range of `sheets`.
pub(crate) fn views<'a>(layout: &'a Layout, sheets: &'a [CubeTensor]) -> impl Iterator<Item = Option<CubeTensor>> + 'a {
    layout
        .places
        .iter()
        .map(|place| place.and_then(|p| sheets.get(p.sheet).map(|sheet| view(sheet, p.start, [p.count]))))
}

/// New sheets of this layout beside `like`, with undefined content.
pub(crate) fn blank(layout: &Layout, like: &CubeTensor) -> Vec<CubeTensor> {
    layout.sheets.iter().map(|values| empty(like, [*values])).collect()
}

/// Copy the tensors into their places, unless they are there already; 7 a launch. Places of absent tensors stay as they
/// are.
pub(crate) fn pack(layout: &Layout, sheets: &[CubeTensor], tensors: &[Option<CubeTensor>]) {
    for (index, sheet) in sheets.iter().enumerate() {
        let (memory, origin) = position(sheet);
        let mut strays = Vec::new();
        for (tensor, place) in tensors.iter().zip(&layout.places) {
            let (Some(tensor), Some(place)) = (tensor, place.filter(|p| p.sheet == index)) else { continue };
            let tensor = floats(tensor.clone());
            let (held, start) = position(&tensor);
            if (held, start) != (memory, origin + (place.start * size_of::<f32>()) as u64) {
                // One launch cannot read and write the same memory.
                strays.push((if held == memory { tensor.copy() } else { tensor }, place));
            }
        }
        for few in strays.chunks(SOURCES) {
            let Some((first, _)) = few.first() else { continue };
            let inputs: Vec<&CubeTensor> =
                (0..SOURCES).map(|i| few.get(i).map_or(first, |(tensor, _)| tensor)).collect();
            let (mut params, mut groups) = (Vec::with_capacity(4 * SOURCES), 0);
            for i in 0..SOURCES {
                let (start, count) = few.get(i).map_or((0, 0), |(_, place)| (place.start, place.count));
                params.extend([groups, start, count, 0].map(word));
                groups += count.div_ceil(BLOCK);
            }
            Launch {
                info: &PACK,
                values: &[],
                workgroup: BLOCK as u32,
                groups,
                inputs: &inputs,
                outputs: &[sheet],
                params: &params,
            }
            .run();
        }
    }
}

/// The sheets that hold these tensors: those they lie in where all of a sheet do, else new ones that they are copied
/// into.
pub(crate) fn gather(layout: &Layout, tensors: &[Option<CubeTensor>], like: &CubeTensor) -> Vec<CubeTensor> {
    let mut sheets = Vec::with_capacity(layout.sheets.len());
    let mut lacking = tensors.to_vec();
    for (index, values) in layout.sheets.iter().enumerate() {
        let here =
            || tensors.iter().zip(&layout.places).filter_map(|(t, p)| p.filter(|p| p.sheet == index).map(|p| (t, p)));
        let found = here().find_map(|(t, p)| t.as_ref().and_then(|t| around(t, p, *values)));
        let all_in = |sheet: &CubeTensor| here().all(|(t, p)| t.as_ref().is_none_or(|t| lies_in(t, p, sheet)));
        match found.filter(all_in) {
            Some(sheet) => {
                lacking
                    .iter_mut()
                    .zip(&layout.places)
                    .filter(|(_, p)| p.is_some_and(|p| p.sheet == index))
                    .for_each(|(t, _)| *t = None);
                sheets.push(sheet);
            }
            None => sheets.push(empty(like, [*values])),
        }
    }
    pack(layout, &sheets, &lacking);
    sheets
}

/// Sheets that hold all of `tensors`: the memory that many of them share, as after [`collect`], else new ones.
pub(crate) fn found(tensors: Vec<CubeTensor>, like: &CubeTensor) -> (Layout, Vec<CubeTensor>) {
    let packed = Layout::new(tensors.iter().map(|t| Some(t.shape().num_elements())));
    let mut shared = Layout::default();
    let mut sheets: Vec<CubeTensor> = Vec::new();
    for tensor in &tensors {
        let (memory, start) = position(tensor);
        let sheet = sheets.iter().position(|s| position(s).0 == memory).unwrap_or(sheets.len());
        if sheet == sheets.len() {
            let values = tensor.handle.size() as usize / size_of::<f32>() / BLOCK * BLOCK;
            let place = Place { sheet, start: start as usize / size_of::<f32>(), count: 0 };
            sheets.extend(around(tensor, place, values));
            shared.sheets.push(values);
        }
        let place = Place { sheet, start: start as usize / size_of::<f32>(), count: tensor.shape().num_elements() };
        shared.places.push(Some(place));
    }
    let in_place = |(tensor, place): (&CubeTensor, &Option<Place>)| {
        let (Some(place), true) = (place, tensor.dtype == DType::F32 && tensor.is_contiguous()) else { return false };
        place.start.is_multiple_of(BLOCK)
            && place.start + place.count.next_multiple_of(BLOCK) <= shared.sheets[place.sheet]
    };
    let few = sheets.len() == shared.sheets.len() && sheets.len() <= packed.sheets.len();
    let mut spans: Vec<Place> = shared.places.iter().flatten().copied().collect();
    spans.sort_by_key(|p| (p.sheet, p.start));
    let apart = spans.windows(2).all(|w| w[0].sheet != w[1].sheet || w[0].start + w[0].count <= w[1].start);
    if few && apart && tensors.iter().zip(&shared.places).all(in_place) {
        return (shared, sheets);
    }
    let sheets = gather(&packed, &tensors.into_iter().map(Some).collect::<Vec<_>>(), like);
    (packed, sheets)
}

/// The blocks of a sheet or a range of one.
pub(crate) fn blocks(sheet: &CubeTensor) -> usize {
    sheet.shape().num_elements() / BLOCK
}

/// Ranges of sheets of one size that are small enough to be bound, with the number of the first block of each.
pub(crate) fn ranges<const N: usize>(sheets: [&CubeTensor; N]) -> impl Iterator<Item = (usize, [CubeTensor; N])> {
    let values = sheets.first().map_or(0, |s| s.shape().num_elements());
    (0..values)
        .step_by(MOST)
        .map(move |start| (start / BLOCK, sheets.map(|s| view(s, start, [MOST.min(values - start)]))))
}

/// The sheet that a tensor at its place would lie in, if its memory has room for it.
fn around(tensor: &CubeTensor, place: Place, values: usize) -> Option<CubeTensor> {
    let before = (place.start * size_of::<f32>()) as u64;
    let mut handle = tensor.handle.clone();
    let origin = handle.offset_start.unwrap_or(0).checked_sub(before).filter(|o| o.is_multiple_of(ALIGNMENT))?;
    let after = handle.size().checked_sub(origin + (values * size_of::<f32>()) as u64)?;
    (handle.offset_start, handle.offset_end) = (Some(origin), Some(after));
    Some(CubeTensor::new_contiguous(tensor.client.clone(), tensor.device.clone(), [values].into(), handle, DType::F32))
}

fn lies_in(tensor: &CubeTensor, place: Place, sheet: &CubeTensor) -> bool {
    let (memory, origin) = position(sheet);
    let whole = tensor.dtype == DType::F32 && tensor.is_contiguous() && tensor.shape().num_elements() == place.count;
    whole && position(tensor) == (memory, origin + (place.start * size_of::<f32>()) as u64)
}

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

/// Sums over the rows of [S, D] as [D]; one row is that already and stays where it is.
pub(crate) fn column_sums(rows: CubeTensor, width: usize) -> CubeTensor {
    let sums = if rows.shape()[0] == 1 { rows } else { CubeBackend::float_sum_dim(rows, 0) };
    CubeBackend::float_reshape(sums, [width].into())
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
