//! Softmax cross-entropy against soft targets (label smoothing, mixtures of labels), one kernel forward and one
//! backward.

use burn::backend::Dispatch;
use burn::tensor::{Tensor, activation};
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn_backend::TensorMetadata as _;
use burn_backend::tensor::FloatTensor;
use burn_cubecl::tensor::CubeTensor;
use burn_flex::FlexTensor;
use masquerade_twins::losses;

use crate::kernels::launch::{KernelInfo, Launch, empty, floats, word};
use crate::kernels::twin::{self, Floats};
use crate::kernels::{KernelGradients, KernelOps, Tracked};

const WORKGROUP: u32 = 64;
const BACKWARD_WORKGROUP: u32 = 256;
/// Classes from which on a workgroup computes a row together.
const LONG: usize = 256;

/// `cross_entropy.wgsl`
pub const FORWARD: KernelInfo = KernelInfo {
    stem: "cross_entropy",
    template: shader!("losses/cross_entropy"),
    examples: &[&[("workgroup", WORKGROUP), ("lanes", 1)], &[("workgroup", WORKGROUP), ("lanes", WORKGROUP)]],
};

/// `cross_entropy_backward.wgsl`
pub const BACKWARD: KernelInfo = KernelInfo {
    stem: "cross_entropy_backward",
    template: shader!("losses/cross_entropy_backward"),
    examples: &[&[("workgroup", BACKWARD_WORKGROUP)]],
};

/// `−Σ_c t_c log softmax(x)_c` of every row.
///
/// `logits` and `targets` are [N, C], where a row of targets need not sum to one; returns [N]. The gradient flows to
/// the logits alone.
pub fn cross_entropy(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    debug_assert_eq!(logits.dims(), targets.dims());
    if crate::kernels::choice::stock() {
        return stock(logits, targets);
    }
    Tensor::from_dispatch(Dispatch::soft_cross_entropy(logits.into_dispatch(), targets.into_dispatch()).0)
}

/// [`cross_entropy`] by burn's own operations.
pub fn stock(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    -(activation::log_softmax(logits, 1) * targets).sum_dim(1).squeeze_dim::<1>(1)
}

/// The losses, and the log of the sum of exponentials and the sum of targets of every row.
pub(crate) fn on_gpu(logits: CubeTensor, targets: CubeTensor) -> (CubeTensor, CubeTensor) {
    let (logits, targets) = (floats(logits), floats(targets));
    let [rows, width] = logits.shape().dims();
    let (loss, kept) = (empty(&logits, [rows]), empty(&logits, [rows, 2]));
    let lanes = if width < LONG { 1 } else { WORKGROUP };
    let groups = rows.div_ceil((WORKGROUP / lanes) as usize);
    Launch {
        info: &FORWARD,
        values: &[("lanes", lanes)],
        workgroup: WORKGROUP,
        groups,
        inputs: &[&logits, &targets],
        outputs: &[&loss, &kept],
        params: &[groups, rows, width].map(word),
    }
    .run();
    (loss, kept)
}

pub(crate) fn backward_on_gpu(
    grad: CubeTensor,
    logits: CubeTensor,
    targets: CubeTensor,
    kept: CubeTensor,
) -> CubeTensor {
    let (grad, logits, targets, kept) = (floats(grad), floats(logits), floats(targets), floats(kept));
    let [rows, width] = logits.shape().dims();
    let dx = empty(&logits, [rows, width]);
    Launch {
        info: &BACKWARD,
        values: &[],
        workgroup: BACKWARD_WORKGROUP,
        groups: (rows * width).div_ceil(BACKWARD_WORKGROUP as usize),
        inputs: &[&grad, &logits, &targets, &kept],
        outputs: &[&dx],
        params: &[rows * width, width].map(word),
    }
    .run();
    dx
}

pub(crate) fn on_cpu(logits: FlexTensor, targets: FlexTensor) -> (FlexTensor, FlexTensor) {
    let [rows, width] = logits.shape().dims();
    let (loss, kept) = losses::cross_entropy([rows, width], &Floats::new(logits), &Floats::new(targets));
    (twin::tensor(loss, [rows]), twin::tensor(kept, [rows, 2]))
}

pub(crate) fn backward_on_cpu(
    grad: FlexTensor,
    logits: FlexTensor,
    targets: FlexTensor,
    kept: FlexTensor,
) -> FlexTensor {
    let shape = logits.shape();
    let (grad, kept, logits, targets) =
        (Floats::new(grad), Floats::new(kept), Floats::new(logits), Floats::new(targets));
    twin::tensor(losses::cross_entropy_backward(&grad, &logits, &targets, &kept), shape)
}

#[derive(Debug)]
struct Step;

impl<B: KernelGradients> Backward<B, 1> for Step {
    type State = [FloatTensor<B>; 3];

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [logits, targets, kept] = ops.state;
        unary::<B, _>(ops.parents, ops.node, gradients, |grad| {
            B::soft_cross_entropy_backward(grad, logits, targets, kept)
        });
    }
}

pub(crate) fn tracked<B: KernelOps + KernelGradients, C: CheckpointStrategy>(
    logits: Tracked<B, C>,
    targets: Tracked<B, C>,
) -> (Tracked<B, C>, FloatTensor<B>) {
    let ((logits, node), targets) = (logits.into_parts(), targets.into_primitive());
    let (loss, kept) = B::soft_cross_entropy(logits.clone(), targets.clone());
    let loss = match Step.prepare::<C>([node]).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish([logits, targets, kept.clone()], loss),
        OpsKind::UnTracked(step) => step.finish(loss),
    };
    (loss, kept)
}
