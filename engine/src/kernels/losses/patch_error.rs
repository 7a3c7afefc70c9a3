//! Reconstruction error of the hidden patches of a masked autoencoder (He et al. 2021, section 3 and eq. 2).

use burn::backend::Dispatch;
use burn::tensor::Tensor;
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_backend::TensorMetadata as _;
use burn_backend::tensor::FloatTensor;
use burn_cubecl::tensor::CubeTensor;
use burn_flex::FlexTensor;
use masquerade_twins::losses;

use crate::kernels::launch::{KernelInfo, Launch, empty, floats, row_groups, row_lanes, word};
use crate::kernels::twin::{self, Floats};
use crate::kernels::{KernelGradients, KernelOps, Tracked};

const WORKGROUP: u32 = 64;

/// `patch_error.wgsl`
pub const FORWARD: KernelInfo = KernelInfo {
    stem: "patch_error",
    template: shader!(
        "losses/patch_error",
        "shared/row_sum",
        "shared/own_row",
        "shared/row_moments",
        "shared/patch_target"
    ),
    examples: &[&[("workgroup", WORKGROUP), ("lanes", 1)], &[("workgroup", WORKGROUP), ("lanes", WORKGROUP)]],
};

/// `patch_error_backward.wgsl`
pub const BACKWARD: KernelInfo = KernelInfo {
    stem: "patch_error_backward",
    template: shader!(
        "losses/patch_error_backward",
        "shared/row_sum",
        "shared/own_row",
        "shared/row_moments",
        "shared/patch_target"
    ),
    examples: &[&[("workgroup", WORKGROUP), ("lanes", 1)], &[("workgroup", WORKGROUP), ("lanes", WORKGROUP)]],
};

/// Mean squared error of every hidden patch: `out[b, l] = mask[b, l] · mean over p of (pred − z)²`.
///
/// `z` is the target or, with `norm_pix`, the target patch less its mean over √(unbiased variance + 10⁻⁶). `pred` and
/// `target` are [B, L, P], `mask` [B, L] with 1 where hidden; the result is [B, L], zero where the mask is. The loss is
/// its sum over the sum of the mask. The gradient flows to `pred` alone.
pub fn patch_error(pred: Tensor<3>, target: Tensor<3>, mask: Tensor<2>, norm_pix: bool) -> Tensor<2> {
    debug_assert_eq!(pred.dims(), target.dims());
    debug_assert_eq!(pred.dims()[..2], mask.dims());
    if crate::kernels::choice::stock() {
        return stock(pred, target, mask, norm_pix);
    }
    Tensor::from_dispatch(Dispatch::patch_error(
        pred.into_dispatch(),
        target.into_dispatch(),
        mask.into_dispatch(),
        norm_pix,
    ))
}

/// [`patch_error`] by burn's own operations.
pub fn stock(pred: Tensor<3>, target: Tensor<3>, mask: Tensor<2>, norm_pix: bool) -> Tensor<2> {
    let goal = if norm_pix {
        let (variance, mean) = target.clone().var_mean(2);
        (target - mean) / (variance + 1e-6).sqrt()
    } else {
        target
    };
    (pred - goal).square().mean_dim(2).squeeze_dim::<2>(2) * mask
}

pub(crate) fn on_gpu(pred: CubeTensor, target: CubeTensor, mask: CubeTensor, norm_pix: bool) -> CubeTensor {
    let (pred, target, mask) = (floats(pred), floats(target), floats(mask));
    let [batch, patches, width] = pred.shape().dims();
    let out = empty(&pred, [batch, patches]);
    launch(&FORWARD, &[&pred, &target, &mask], &out, [batch * patches, width], norm_pix);
    out
}

pub(crate) fn backward_on_gpu(
    grad: CubeTensor,
    pred: CubeTensor,
    target: CubeTensor,
    mask: CubeTensor,
    norm_pix: bool,
) -> CubeTensor {
    let (grad, pred, target, mask) = (floats(grad), floats(pred), floats(target), floats(mask));
    let [batch, patches, width] = pred.shape().dims();
    let out = empty(&pred, [batch, patches, width]);
    launch(&BACKWARD, &[&grad, &pred, &target, &mask], &out, [batch * patches, width], norm_pix);
    out
}

fn launch(
    info: &'static KernelInfo,
    inputs: &[&CubeTensor],
    out: &CubeTensor,
    [rows, width]: [usize; 2],
    norm_pix: bool,
) {
    Launch {
        info,
        values: &[("lanes", row_lanes(WORKGROUP))],
        workgroup: WORKGROUP,
        groups: row_groups(rows, WORKGROUP),
        inputs,
        outputs: &[out],
        params: &[word(rows), word(width), u32::from(norm_pix)],
    }
    .run();
}

pub(crate) fn on_cpu(pred: FlexTensor, target: FlexTensor, mask: FlexTensor, norm_pix: bool) -> FlexTensor {
    let sizes: [usize; 3] = pred.shape().dims();
    let [batch, patches, _] = sizes;
    let (pred, target, mask) = (Floats::new(pred), Floats::new(target), Floats::new(mask));
    twin::tensor(losses::patch_error(sizes, &pred, &target, &mask, norm_pix), [batch, patches])
}

pub(crate) fn backward_on_cpu(
    grad: FlexTensor,
    pred: FlexTensor,
    target: FlexTensor,
    mask: FlexTensor,
    norm_pix: bool,
) -> FlexTensor {
    let shape = pred.shape();
    let width = shape[2];
    let (grad, pred, target, mask) = (Floats::new(grad), Floats::new(pred), Floats::new(target), Floats::new(mask));
    twin::tensor(losses::patch_error_backward(&grad, &pred, &target, &mask, width, norm_pix), shape)
}

#[derive(Debug)]
struct Step;

impl<B: KernelGradients> Backward<B, 1> for Step {
    type State = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>, bool);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (pred, target, mask, norm_pix) = ops.state;
        let grad = gradients.consume::<B>(&ops.node);
        let [parent] = ops.parents;
        if let Some(parent) = parent {
            gradients.register::<B>(parent.id, B::patch_error_backward(grad, pred, target, mask, norm_pix));
        }
    }
}

pub(crate) fn tracked<B: KernelOps + KernelGradients, C: CheckpointStrategy>(
    pred: Tracked<B, C>,
    target: Tracked<B, C>,
    mask: Tracked<B, C>,
    norm_pix: bool,
) -> Tracked<B, C> {
    let (pred, node) = pred.into_parts();
    let (target, mask) = (target.into_primitive(), mask.into_primitive());
    match Step.prepare::<C>([node]).compute_bound().stateful() {
        OpsKind::Tracked(step) => {
            let out = B::patch_error(pred.clone(), target.clone(), mask.clone(), norm_pix);
            step.finish((pred, target, mask, norm_pix), out)
        }
        OpsKind::UnTracked(step) => step.finish(B::patch_error(pred, target, mask, norm_pix)),
    }
}
