//! A step of a moving average of weights.

use burn::tensor::Tensor;
use burn_backend::TensorMetadata as _;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;
use burn_flex::{Flex, FlexTensor};
use masquerade_twins::optimisers;

use crate::kernels::launch::{KernelInfo, Launch, word};
use crate::kernels::sheet::{self, Layout};
use crate::kernels::twin;

const WORKGROUP: u32 = 256;

/// `average.wgsl`
pub const AVERAGE: KernelInfo =
    KernelInfo { stem: "average", template: shader!("optimisers/average"), examples: &[&[("workgroup", WORKGROUP)]] };

/// `decay · a + (1 − decay) · w` for every pair.
///
/// Both lists have the same lengths in the same order; the tensors are flat, on one device, without autodiff. What is
/// `None` in `weights` stays as it is. On the CPU averages that nobody else holds are changed in place.
pub fn average(
    averages: Vec<Option<Tensor<1>>>,
    weights: Vec<Option<Tensor<1>>>,
    decay: f32,
) -> Vec<Option<Tensor<1>>> {
    debug_assert_eq!(averages.len(), weights.len());
    if crate::kernels::choice::stock() {
        return stock(averages, weights, decay);
    }
    let held: Vec<_> = averages
        .iter()
        .zip(&weights)
        .map(|(a, w)| (a.as_ref().and_then(sheet::on_gpu), w.as_ref().and_then(sheet::on_gpu)))
        .collect();
    if held.iter().any(|(a, _)| a.is_some()) {
        return on_gpu(held, decay)
            .into_iter()
            .zip(averages)
            .map(|(new, old)| new.map(Tensor::from_primitive::<CubeBackend>).or(old))
            .collect();
    }
    on_cpu(averages, weights, decay)
}

fn stock(averages: Vec<Option<Tensor<1>>>, weights: Vec<Option<Tensor<1>>>, decay: f32) -> Vec<Option<Tensor<1>>> {
    let one = |(a, w): (Option<Tensor<1>>, Option<Tensor<1>>)| match (a, w) {
        (Some(a), Some(w)) => Some(a.mul_scalar(decay).add(w.mul_scalar(1.0 - decay))),
        (a, _) => a,
    };
    averages.into_iter().zip(weights).map(one).collect()
}

fn on_gpu(pairs: Vec<(Option<CubeTensor>, Option<CubeTensor>)>, decay: f32) -> Vec<Option<CubeTensor>> {
    let pairs = pairs.into_iter().map(|(a, w)| a.zip(w).unzip());
    let (averages, weights): (Vec<Option<CubeTensor>>, Vec<Option<CubeTensor>>) = pairs.unzip();
    let Some(like) = averages.iter().flatten().next().cloned() else { return averages };
    let layout = Layout::new(averages.iter().map(|a| a.as_ref().map(|a| a.shape().num_elements())));
    let (old, weights) = (sheet::gather(&layout, &averages, &like), sheet::gather(&layout, &weights, &like));
    let new = sheet::blank(&layout, &like);
    for ((old, weights), new) in old.iter().zip(&weights).zip(&new) {
        for (_, [old, weights, new]) in sheet::ranges([old, weights, new]) {
            let count = old.shape().num_elements() / 4;
            Launch {
                info: &AVERAGE,
                values: &[],
                workgroup: WORKGROUP,
                groups: count.div_ceil(WORKGROUP as usize),
                inputs: &[&old, &weights],
                outputs: &[&new],
                params: &[word(count), decay.to_bits()],
            }
            .run();
        }
    }
    sheet::views(&layout, &new).collect()
}

fn on_cpu(averages: Vec<Option<Tensor<1>>>, weights: Vec<Option<Tensor<1>>>, decay: f32) -> Vec<Option<Tensor<1>>> {
    let flex = |tensor: Option<Tensor<1>>| tensor.and_then(|t| t.try_into_primitive::<Flex>().ok());
    let weights: Vec<_> = weights.into_iter().map(|w| flex(w).map(twin::Floats::new)).collect();
    let mut averages: Vec<Option<FlexTensor>> = averages.into_iter().map(|a| flex(a).map(twin::owned)).collect();
    let pairs = averages.iter_mut().zip(&weights).filter_map(|(average, weight)| average.as_mut().zip(weight.as_ref()));
    let pairs = pairs.map(|(average, weight)| (average.storage_mut::<f32>(), &**weight));
    optimisers::average(pairs.collect(), decay);
    averages.into_iter().map(|a| a.map(Tensor::from_primitive::<Flex>)).collect()
}
