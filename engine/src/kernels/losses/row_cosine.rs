//! The cosine of every row of a matrix with a row of a table: what a scaled cosine error is made of (Hou et al.,
//! "GraphMAE", KDD 2022, eq. 2).

use burn::backend::Dispatch;
use burn::tensor::{Int, Tensor};
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn_backend::TensorMetadata as _;
use burn_backend::tensor::{FloatTensor, IntTensor};
use burn_cubecl::tensor::CubeTensor;
use burn_flex::FlexTensor;
use masquerade_twins::losses;

use crate::kernels::launch::{KernelInfo, Launch, empty, floats, integers, row_groups, row_lanes, word};
use crate::kernels::twin::{self, Floats};
use crate::kernels::{KernelGradients, KernelOps, Tracked};

const WORKGROUP: u32 = 64;
/// The least that a row's length counts as.
const EPS: f32 = 1e-12;

/// `row_cosine.wgsl`
pub const FORWARD: KernelInfo = KernelInfo {
    stem: "row_cosine",
    template: shader!("losses/row_cosine", "shared/row_sum", "shared/own_row", "shared/row_products"),
    examples: &[&[("workgroup", WORKGROUP), ("lanes", 1)], &[("workgroup", WORKGROUP), ("lanes", WORKGROUP)]],
};

/// `row_cosine_backward.wgsl`
pub const BACKWARD: KernelInfo = KernelInfo {
    stem: "row_cosine_backward",
    template: shader!("losses/row_cosine_backward", "shared/row_sum", "shared/own_row", "shared/row_products"),
    examples: &[&[("workgroup", WORKGROUP), ("lanes", 1)], &[("workgroup", WORKGROUP), ("lanes", WORKGROUP)]],
};

/// `out[r] = ⟨a[r], b[pick[r]]⟩ / (‖a[r]‖ ‖b[pick[r]]‖)`, where no length counts as less than 10⁻¹².
///
/// `a` is [R, W], `b` [T, W], `pick` [R] with values in 0 … T − 1; the result is [R]. A pick out of range counts as a
/// row of zeros. The gradient flows to `a` alone.
pub fn row_cosine(a: Tensor<2>, b: Tensor<2>, pick: Tensor<1, Int>) -> Tensor<1> {
    debug_assert_eq!(a.dims()[1], b.dims()[1]);
    debug_assert_eq!(a.dims()[0], pick.dims()[0]);
    if crate::kernels::choice::stock() {
        return stock(a, b, pick);
    }
    Tensor::from_dispatch(Dispatch::row_cosine(a.into_dispatch(), b.into_dispatch(), pick.into_dispatch()))
}

/// [`row_cosine`] by burn's own operations; every pick must be in range.
pub fn stock(a: Tensor<2>, b: Tensor<2>, pick: Tensor<1, Int>) -> Tensor<1> {
    let unit = |x: Tensor<2>| x.clone() / x.square().sum_dim(1).sqrt().clamp_min(f64::from(EPS));
    (unit(a) * unit(b.select(0, pick))).sum_dim(1).squeeze_dim(1)
}

pub(crate) fn on_gpu(a: CubeTensor, b: CubeTensor, pick: CubeTensor) -> CubeTensor {
    let (a, b, pick) = (floats(a), floats(b), integers(pick));
    let out = empty(&a, [a.shape()[0]]);
    launch(&FORWARD, &[&a, &b, &pick], &out, [&a, &b]);
    out
}

pub(crate) fn backward_on_gpu(grad: CubeTensor, a: CubeTensor, b: CubeTensor, pick: CubeTensor) -> CubeTensor {
    let (grad, a, b, pick) = (floats(grad), floats(a), floats(b), integers(pick));
    let out = empty(&a, a.shape());
    launch(&BACKWARD, &[&grad, &a, &b, &pick], &out, [&a, &b]);
    out
}

fn launch(info: &'static KernelInfo, inputs: &[&CubeTensor], out: &CubeTensor, [a, b]: [&CubeTensor; 2]) {
    let ([rows, width], [others, _]) = (a.shape().dims(), b.shape().dims());
    Launch {
        info,
        values: &[("lanes", row_lanes(WORKGROUP))],
        workgroup: WORKGROUP,
        groups: row_groups(rows, WORKGROUP),
        inputs,
        outputs: &[out],
        params: &[word(rows), word(width), word(others), EPS.to_bits()],
    }
    .run();
}

pub(crate) fn on_cpu(a: FlexTensor, b: FlexTensor, pick: FlexTensor) -> FlexTensor {
    let [rows, width] = a.shape().dims();
    let out = losses::row_cosine([rows, width], &Floats::new(a), &Floats::new(b), &twin::indices(pick));
    twin::tensor(out, [rows])
}

pub(crate) fn backward_on_cpu(grad: FlexTensor, a: FlexTensor, b: FlexTensor, pick: FlexTensor) -> FlexTensor {
    let [rows, width] = a.shape().dims();
    let (grad, a, b, pick) = (Floats::new(grad), Floats::new(a), Floats::new(b), twin::indices(pick));
    twin::tensor(losses::row_cosine_backward(&grad, &a, &b, &pick, width), [rows, width])
}

#[derive(Debug)]
struct Step;

impl<B: KernelGradients> Backward<B, 1> for Step {
    type State = (FloatTensor<B>, FloatTensor<B>, IntTensor<B>);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (a, b, pick) = ops.state;
        unary::<B, _>(ops.parents, ops.node, gradients, |grad| B::row_cosine_backward(grad, a, b, pick));
    }
}

pub(crate) fn tracked<B: KernelOps + KernelGradients, C: CheckpointStrategy>(
    a: Tracked<B, C>,
    b: Tracked<B, C>,
    pick: IntTensor<B>,
) -> Tracked<B, C> {
    let (a, node) = a.into_parts();
    let b = b.into_primitive();
    match Step.prepare::<C>([node]).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish((a.clone(), b.clone(), pick.clone()), B::row_cosine(a, b, pick)),
        OpsKind::UnTracked(step) => step.finish(B::row_cosine(a, b, pick)),
    }
}
