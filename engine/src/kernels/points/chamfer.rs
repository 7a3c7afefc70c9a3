//! How far two sets of points lie apart: every point to the nearest of the other set (Fan et al., CVPR 2017, arXiv
//! 1612.00603).

use burn::backend::Dispatch;
use burn::tensor::Tensor;
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_backend::TensorMetadata as _;
use burn_backend::tensor::{FloatTensor, IntTensor};
use burn_cubecl::tensor::CubeTensor;
use burn_flex::FlexTensor;
use masquerade_twins::points as twins;

use crate::kernels::launch::{KernelInfo, Launch, empty, empty_integers, floats, integers, word};
use crate::kernels::twin::{self, Floats};
use crate::kernels::{KernelGradients, KernelOps, Tracked};

const WORKGROUP: u32 = 64;

/// `chamfer.wgsl`
pub const FORWARD: KernelInfo =
    KernelInfo { stem: "chamfer", template: shader!("points/chamfer"), examples: &[&[("workgroup", WORKGROUP)]] };

/// `chamfer_backward.wgsl`
pub const BACKWARD: KernelInfo = KernelInfo {
    stem: "chamfer_backward",
    template: shader!("points/chamfer_backward"),
    examples: &[&[("workgroup", WORKGROUP)]],
};

/// Squared distances to the nearest point of the other set: `min_t |a_s − b_t|²` and `min_s |a_s − b_t|²`.
///
/// `a` is [M, S, 3], `b` [M, T, 3] with S, T > 0; the results are [M, S] and [M, T]. The gradient flows to both sets
/// through the nearest pairs, the first of equals.
pub fn chamfer(a: Tensor<3>, b: Tensor<3>) -> [Tensor<2>; 2] {
    debug_assert_eq!(a.dims()[0], b.dims()[0]);
    if crate::kernels::choice::stock() {
        return stock(a, b);
    }
    let (of_a, of_b) = (a.dims()[1], b.dims()[1]);
    let both = Tensor::<2>::from_dispatch(Dispatch::chamfer(a.into_dispatch(), b.into_dispatch()).0);
    [both.clone().narrow(1, 0, of_a), both.narrow(1, of_a, of_b)]
}

/// [`chamfer`] by burn's own operations.
pub fn stock(a: Tensor<3>, b: Tensor<3>) -> [Tensor<2>; 2] {
    let apart = a.unsqueeze_dim::<4>(2) - b.unsqueeze_dim::<4>(1); // [M, S, T, 3]
    let distances = apart.square().sum_dim(3).squeeze_dim::<3>(3);
    [distances.clone().min_dim(2).squeeze_dim(2), distances.min_dim(1).squeeze_dim(1)]
}

/// The distances, and which points are the nearest.
pub(crate) fn on_gpu(a: CubeTensor, b: CubeTensor) -> (CubeTensor, CubeTensor) {
    let (a, b) = (floats(a), floats(b));
    let ([sets, of_a, _], [_, of_b, _]) = (a.shape().dims(), b.shape().dims());
    let count = sets * (of_a + of_b);
    let (out, nearest) = (empty(&a, [sets, of_a + of_b]), empty_integers(&a, [sets, of_a + of_b]));
    Launch {
        info: &FORWARD,
        values: &[],
        workgroup: WORKGROUP,
        groups: count.div_ceil(WORKGROUP as usize),
        inputs: &[&a, &b],
        outputs: &[&out, &nearest],
        params: &[count, of_a, of_b].map(word),
    }
    .run();
    (out, nearest)
}

pub(crate) fn backward_on_gpu(
    grad: CubeTensor,
    a: CubeTensor,
    b: CubeTensor,
    nearest: CubeTensor,
    wanted: [bool; 2],
) -> [Option<CubeTensor>; 2] {
    let (grad, a, b, nearest) = (floats(grad), floats(a), floats(b), integers(nearest));
    let ([sets, of_a, _], [_, of_b, _]) = (a.shape().dims(), b.shape().dims());
    let of = |own: &CubeTensor, other: &CubeTensor, [of_own, of_other, own_start, other_start]: [usize; 4]| {
        let out = empty(own, [sets, of_own, 3]);
        Launch {
            info: &BACKWARD,
            values: &[],
            workgroup: WORKGROUP,
            groups: (sets * of_own).div_ceil(WORKGROUP as usize),
            inputs: &[&grad, own, other, &nearest],
            outputs: &[&out],
            params: &[sets * of_own, of_own, of_other, own_start, other_start].map(word),
        }
        .run();
        out
    };
    [wanted[0].then(|| of(&a, &b, [of_a, of_b, 0, of_a])), wanted[1].then(|| of(&b, &a, [of_b, of_a, of_a, 0]))]
}

pub(crate) fn on_cpu(a: FlexTensor, b: FlexTensor) -> (FlexTensor, FlexTensor) {
    let ([sets, of_a, _], [_, of_b, _]) = (a.shape().dims(), b.shape().dims());
    let (out, nearest) = twins::chamfer([sets, of_a, of_b], &Floats::new(a), &Floats::new(b));
    (twin::tensor(out, [sets, of_a + of_b]), twin::integers(nearest, [sets, of_a + of_b]))
}

pub(crate) fn backward_on_cpu(
    grad: FlexTensor,
    a: FlexTensor,
    b: FlexTensor,
    nearest: FlexTensor,
    wanted: [bool; 2],
) -> [Option<FlexTensor>; 2] {
    let ([sets, of_a, _], [_, of_b, _]) = (a.shape().dims(), b.shape().dims());
    let (grad, a, b, nearest) = (Floats::new(grad), Floats::new(a), Floats::new(b), twin::indices(nearest));
    let [da, db] = twins::chamfer_backward([sets, of_a, of_b], &grad, &a, &b, &nearest);
    [wanted[0].then(|| twin::tensor(da, [sets, of_a, 3])), wanted[1].then(|| twin::tensor(db, [sets, of_b, 3]))]
}

#[derive(Debug)]
struct Step;

impl<B: KernelGradients> Backward<B, 2> for Step {
    type State = (FloatTensor<B>, FloatTensor<B>, IntTensor<B>);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (a, b, nearest) = ops.state;
        let grad = gradients.consume::<B>(&ops.node);
        let wanted = [ops.parents[0].is_some(), ops.parents[1].is_some()];
        let found = B::chamfer_backward(grad, a, b, nearest, wanted);
        for (parent, gradient) in
            ops.parents.into_iter().zip(found).filter_map(|(parent, gradient)| parent.zip(gradient))
        {
            gradients.register::<B>(parent.id, gradient);
        }
    }
}

pub(crate) fn tracked<B: KernelOps + KernelGradients, C: CheckpointStrategy>(
    a: Tracked<B, C>,
    b: Tracked<B, C>,
) -> (Tracked<B, C>, IntTensor<B>) {
    let ((a, a_node), (b, b_node)) = (a.into_parts(), b.into_parts());
    let (out, nearest) = B::chamfer(a.clone(), b.clone());
    let out = match Step.prepare::<C>([a_node, b_node]).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish((a, b, nearest.clone()), out),
        OpsKind::UnTracked(step) => step.finish(out),
    };
    (out, nearest)
}
