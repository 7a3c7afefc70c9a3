//! The nearest neighbours of points in space, nearest first.

use burn::backend::Dispatch;
use burn::tensor::{Int, Tensor};
use burn_backend::TensorMetadata as _;
use burn_cubecl::tensor::CubeTensor;
use burn_flex::FlexTensor;
use masquerade_twins::points as twins;

use crate::kernels::launch::{KernelInfo, Launch, empty_integers, floats, word};
use crate::kernels::{KernelOps as _, twin};

const WORKGROUP: u32 = 64;

/// `nearest_points.wgsl`
pub const NEAREST: KernelInfo = KernelInfo {
    stem: "nearest_points",
    template: shader!("points/nearest_points"),
    examples: &[&[("workgroup", WORKGROUP)]],
};

/// The `count` points of each cloud that are nearest to each centre, by Euclidean distance, nearest first; the lower
/// index comes first of equals.
///
/// `points` is [B, N, 3], `centres` [B, G, 3], `count` at most N; the result is [B, G, `count`]. It carries no
/// gradient.
pub fn nearest_points(points: Tensor<3>, centres: Tensor<3>, count: usize) -> Tensor<3, Int> {
    debug_assert_eq!(points.dims()[0], centres.dims()[0]);
    debug_assert!(count <= points.dims()[1]);
    if crate::kernels::choice::stock() {
        return stock(points, centres, count);
    }
    Tensor::from_dispatch(Dispatch::nearest_points(points.into_dispatch(), centres.into_dispatch(), count))
}

/// [`nearest_points`] by burn's own operations.
pub fn stock(points: Tensor<3>, centres: Tensor<3>, count: usize) -> Tensor<3, Int> {
    let apart = centres.unsqueeze_dim::<4>(2) - points.unsqueeze_dim::<4>(1); // [B, G, N, 3]
    let mut distances = apart.square().sum_dim(3).squeeze_dim::<3>(3);
    let mut found = Vec::new();
    for _ in 0..count {
        let nearest = distances.clone().argmin(2);
        let [batch, centres, _] = nearest.dims();
        let taken = Tensor::<3>::full([batch, centres, 1], f32::MAX, &distances.device());
        distances = distances.scatter(2, nearest.clone(), taken, burn::tensor::IndexingUpdateOp::Add);
        found.push(nearest);
    }
    Tensor::cat(found, 2)
}

pub(crate) fn on_gpu(points: CubeTensor, centres: CubeTensor, count: usize) -> CubeTensor {
    let (points, centres) = (floats(points), floats(centres));
    let ([batch, total, _], [_, groups, _]) = (points.shape().dims(), centres.shape().dims());
    let index = empty_integers(&points, [batch, groups, count]);
    Launch {
        info: &NEAREST,
        values: &[],
        workgroup: WORKGROUP,
        groups: (batch * groups).div_ceil(WORKGROUP as usize),
        inputs: &[&points, &centres],
        outputs: &[&index],
        params: &[batch * groups, total, groups, count].map(word),
    }
    .run();
    index
}

pub(crate) fn on_cpu(points: FlexTensor, centres: FlexTensor, count: usize) -> FlexTensor {
    let [batch, groups, _] = centres.shape().dims();
    let (points, centres) = (twin::Floats::new(points), twin::Floats::new(centres));
    twin::integers(twins::nearest(batch, &points, &centres, count), [batch, groups, count])
}
