//! Farthest point sampling: the centres of a point cloud's groups (Qi et al., PointNet++, NeurIPS 2017, arXiv
//! 1706.02413).

use burn::backend::Dispatch;
use burn::tensor::{Int, Tensor};
use burn_backend::TensorMetadata as _;
use burn_cubecl::tensor::CubeTensor;
use burn_flex::FlexTensor;
use masquerade_twins::points as twins;

use crate::kernels::launch::{KernelInfo, Launch, empty, empty_integers, floats, word};
use crate::kernels::tokens::gather_tokens::stock_gather;
use crate::kernels::{KernelOps as _, twin};

const WORKGROUP: u32 = 256;
/// Farther than any two points of a cloud: the squared distance to the chosen points before there is one.
const FAR: f32 = 1e10;
/// No squared norm is below this: nothing is left out.
const EVERYWHERE: f32 = -1.0;

/// `farthest_points.wgsl`
pub const FARTHEST: KernelInfo = KernelInfo {
    stem: "farthest_points",
    template: shader!("points/farthest_points"),
    examples: &[&[("workgroup", WORKGROUP)]],
};

/// `count` points of each cloud, each the farthest from all before it; the first is point 0, and the first of equals is
/// taken.
///
/// With `origin`, points whose squared norm is not above it are never chosen and 0 stands where there is no other: the
/// authors' sampling leaves out what lies at the origin, where padding does. `points` is [B, N, 3]; the result is [B,
/// `count`]. It carries no gradient.
pub fn farthest_points(points: Tensor<3>, count: usize, origin: Option<f32>) -> Tensor<2, Int> {
    debug_assert_eq!(points.dims()[2], 3);
    if crate::kernels::choice::stock() {
        return stock(points, count, origin);
    }
    Tensor::from_dispatch(Dispatch::farthest_points(points.into_dispatch(), count, origin.unwrap_or(EVERYWHERE)))
}

/// [`farthest_points`] by burn's own operations.
pub fn stock(points: Tensor<3>, count: usize, origin: Option<f32>) -> Tensor<2, Int> {
    let [batch, total, _] = points.dims();
    let device = points.device();
    let left_out =
        points.clone().square().sum_dim(2).squeeze_dim::<2>(2).lower_equal_elem(origin.unwrap_or(EVERYWHERE));
    let mut nearest = Tensor::<2>::full([batch, total], FAR, &device);
    let mut last = Tensor::<2, Int>::zeros([batch, 1], &device);
    let mut chosen = vec![last.clone()];
    for _ in 1..count {
        let apart = points.clone() - stock_gather(points.clone(), last);
        nearest = nearest.min_pair(apart.square().sum_dim(2).squeeze_dim(2));
        last = nearest.clone().mask_fill(left_out.clone(), -1.0).argmax(1);
        chosen.push(last.clone());
    }
    Tensor::cat(chosen, 1)
}

pub(crate) fn on_gpu(points: CubeTensor, count: usize, origin: f32) -> CubeTensor {
    let points = floats(points);
    let [batch, total, _] = points.shape().dims();
    let (index, nearest) = (empty_integers(&points, [batch, count]), empty(&points, [batch, total]));
    Launch {
        info: &FARTHEST,
        values: &[],
        workgroup: WORKGROUP,
        groups: batch,
        inputs: &[&points],
        outputs: &[&index, &nearest],
        params: &[word(batch), word(total), word(count), origin.to_bits()],
    }
    .run();
    index
}

pub(crate) fn on_cpu(points: FlexTensor, count: usize, origin: f32) -> FlexTensor {
    let batch = points.shape()[0];
    twin::integers(twins::farthest(batch, &twin::Floats::new(points), count, origin), [batch, count])
}
