//! Layer normalisation (Ba et al. 2016) in one kernel forward and two backward.

use burn::backend::Dispatch;
use burn::tensor::Tensor;
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_backend::TensorMetadata as _;
use burn_backend::tensor::FloatTensor;
use burn_cubecl::tensor::CubeTensor;
use burn_flex::FlexTensor;
use masquerade_twins::norms;

use crate::kernels::launch::{KernelInfo, Launch, empty, floats, row_groups, row_lanes, word};
use crate::kernels::twin::{self, Floats};
use crate::kernels::{KernelGradients, KernelOps, Tracked, sheet};

const WORKGROUP: u32 = 64;
const WEIGHTS_WORKGROUP: u32 = 256;
/// Columns that a workgroup of `layer_norm_weights.wgsl` owns.
const COLUMNS: usize = 16;
/// Rows that are summed in one piece before the pieces are.
const STRIPE: usize = 512;
/// Rows up to which the GPU sums all in one piece: a launch more takes longer than these.
const ONE_PIECE: usize = 8192;

/// `layer_norm.wgsl`
pub const FORWARD: KernelInfo = KernelInfo {
    stem: "layer_norm",
    template: shader!("norms/layer_norm", "shared/row_sum", "shared/own_row", "shared/row_moments"),
    examples: &[&[("workgroup", WORKGROUP), ("lanes", 1)], &[("workgroup", WORKGROUP), ("lanes", WORKGROUP)]],
};

/// `layer_norm_backward.wgsl`
pub const BACKWARD: KernelInfo = KernelInfo {
    stem: "layer_norm_backward",
    template: shader!("norms/layer_norm_backward", "shared/row_sum", "shared/own_row", "shared/row_moments"),
    examples: &[&[("workgroup", WORKGROUP), ("lanes", 1)], &[("workgroup", WORKGROUP), ("lanes", WORKGROUP)]],
};

/// `layer_norm_weights.wgsl`
pub const WEIGHTS: KernelInfo = KernelInfo {
    stem: "layer_norm_weights",
    template: shader!("norms/layer_norm_weights"),
    examples: &[&[("workgroup", WEIGHTS_WORKGROUP)]],
};

/// `y = (x − mean) / √(variance + eps) · gamma + beta` over the last dimension, with the biased variance.
///
/// `x` has any rank and last dimension D, `gamma` and `beta` are [D]; the result has the shape of `x`. The gradient
/// flows to all three.
pub fn layer_norm<const R: usize>(x: Tensor<R>, gamma: Tensor<1>, beta: Tensor<1>, eps: f32) -> Tensor<R> {
    debug_assert_eq!(x.dims().last(), gamma.dims().last());
    debug_assert_eq!(gamma.dims(), beta.dims());
    if crate::kernels::choice::stock() {
        return stock(x, gamma, beta, eps);
    }
    Tensor::from_dispatch(Dispatch::layer_norm_rows(
        x.into_dispatch(),
        gamma.into_dispatch(),
        beta.into_dispatch(),
        eps,
    ))
}

/// [`layer_norm`] by burn's own operations.
pub fn stock<const R: usize>(x: Tensor<R>, gamma: Tensor<1>, beta: Tensor<1>, eps: f32) -> Tensor<R> {
    let off = x.clone() - x.mean_dim(R - 1);
    let variance = off.clone().square().mean_dim(R - 1);
    off / (variance + eps).sqrt() * gamma.unsqueeze() + beta.unsqueeze()
}

/// Rows and width of a tensor seen as a matrix.
fn matrix(shape: &[usize]) -> [usize; 2] {
    let width = shape.last().copied().unwrap_or(1);
    [shape.iter().product::<usize>() / width.max(1), width]
}

pub(crate) fn on_gpu(x: CubeTensor, gamma: CubeTensor, beta: CubeTensor, eps: f32) -> CubeTensor {
    let (x, gamma, beta) = (floats(x), floats(gamma), floats(beta));
    let [rows, width] = matrix(&x.shape());
    let out = empty(&x, x.shape());
    Launch {
        info: &FORWARD,
        values: &[("lanes", row_lanes(WORKGROUP))],
        workgroup: WORKGROUP,
        groups: row_groups(rows, WORKGROUP),
        inputs: &[&x, &gamma, &beta],
        outputs: &[&out],
        params: &[word(rows), word(width), eps.to_bits()],
    }
    .run();
    out
}

/// Gradients of `x`, gamma and beta.
pub(crate) fn backward_on_gpu(
    grad: CubeTensor,
    x: CubeTensor,
    gamma: CubeTensor,
    beta: CubeTensor,
    eps: f32,
) -> [CubeTensor; 3] {
    let (grad, x) = (floats(grad), floats(x));
    let [rows, width] = matrix(&x.shape());
    let (dx, stats) = (empty(&x, x.shape()), empty(&x, [rows, 2]));
    Launch {
        info: &BACKWARD,
        values: &[("lanes", row_lanes(WORKGROUP))],
        workgroup: WORKGROUP,
        groups: row_groups(rows, WORKGROUP),
        inputs: &[&grad, &x, &floats(gamma.clone())],
        outputs: &[&dx, &stats],
        params: &[word(rows), word(width), eps.to_bits()],
    }
    .run();
    let stripe = if rows <= ONE_PIECE { rows.max(1) } else { STRIPE };
    let (stripes, blocks) = (rows.div_ceil(stripe), width.div_ceil(COLUMNS));
    let place = |weight: &CubeTensor| if stripes == 1 { sheet::claim(weight, [1, width]) } else { None };
    let [d_gamma, d_beta] = [&gamma, &beta].map(|weight| place(weight).unwrap_or_else(|| empty(&x, [stripes, width])));
    Launch {
        info: &WEIGHTS,
        values: &[],
        workgroup: WEIGHTS_WORKGROUP,
        groups: stripes * blocks,
        inputs: &[&grad, &x, &stats],
        outputs: &[&d_gamma, &d_beta],
        params: &[stripes * blocks, rows, width, blocks, stripe].map(word),
    }
    .run();
    let [d_gamma, d_beta] = [d_gamma, d_beta].map(|sums| sheet::column_sums(sums, width));
    [dx, d_gamma, d_beta]
}

pub(crate) fn on_cpu(x: FlexTensor, gamma: FlexTensor, beta: FlexTensor, eps: f32) -> FlexTensor {
    let shape = x.shape();
    let (x, gamma, beta) = (Floats::new(x), Floats::new(gamma), Floats::new(beta));
    twin::tensor(norms::layer_norm(&x, &gamma, &beta, eps), shape)
}

pub(crate) fn backward_on_cpu(grad: FlexTensor, x: FlexTensor, gamma: FlexTensor, eps: f32) -> [FlexTensor; 3] {
    let (shape, width) = (x.shape(), gamma.shape());
    let (grad, x, gamma) = (Floats::new(grad), Floats::new(x), Floats::new(gamma));
    let [dx, d_gamma, d_beta] = norms::layer_norm_backward(&grad, &x, &gamma, eps);
    [twin::tensor(dx, shape), twin::tensor(d_gamma, width.clone()), twin::tensor(d_beta, width)]
}

#[derive(Debug)]
struct Step;

impl<B: KernelGradients> Backward<B, 3> for Step {
    type State = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>, f32);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (x, gamma, beta, eps) = ops.state;
        let all = B::layer_norm_backward(gradients.consume::<B>(&ops.node), x, gamma, beta, eps);
        for (parent, gradient) in ops.parents.into_iter().zip(all) {
            if let Some(parent) = parent {
                gradients.register::<B>(parent.id, gradient);
            }
        }
    }
}

pub(crate) fn tracked<B: KernelOps + KernelGradients, C: CheckpointStrategy>(
    x: Tracked<B, C>,
    gamma: Tracked<B, C>,
    beta: Tracked<B, C>,
    eps: f32,
) -> Tracked<B, C> {
    let ((x, x_node), (gamma, gamma_node), (beta, beta_node)) = (x.into_parts(), gamma.into_parts(), beta.into_parts());
    match Step.prepare::<C>([x_node, gamma_node, beta_node]).compute_bound().stateful() {
        OpsKind::Tracked(step) => {
            step.finish((x.clone(), gamma.clone(), beta.clone(), eps), B::layer_norm_rows(x, gamma, beta, eps))
        }
        OpsKind::UnTracked(step) => step.finish(B::layer_norm_rows(x, gamma, beta, eps)),
    }
}
