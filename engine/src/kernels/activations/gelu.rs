//! The Gaussian error linear unit (Hendrycks and Gimpel 2016), in its exact form, of a linear layer's output and bias.

use burn::backend::Dispatch;
use burn::tensor::{Tensor, activation};
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_backend::TensorMetadata as _;
use burn_backend::tensor::FloatTensor;
use burn_cubecl::tensor::CubeTensor;
use burn_flex::FlexTensor;
use masquerade_twins::activations;

use crate::kernels::launch::{KernelInfo, Launch, empty, floats, word};
use crate::kernels::twin::{self, Floats};
use crate::kernels::{KernelGradients, KernelOps, Tracked, sheet};

const WORKGROUP: u32 = 256;
/// Columns that a workgroup of `gelu_bias.wgsl` owns.
const COLUMNS: usize = 16;
/// Rows whose gradients of the bias are summed in one piece before the pieces are.
const STRIPE: usize = 128;
/// Rows up to which the GPU sums all in one piece: a launch more takes longer than these.
const ONE_PIECE: usize = 8192;

/// `gelu.wgsl`
pub const FORWARD: KernelInfo = KernelInfo {
    stem: "gelu",
    template: shader!("activations/gelu", "shared/normal"),
    examples: &[&[("workgroup", WORKGROUP)]],
};

/// `gelu_backward.wgsl`
pub const BACKWARD: KernelInfo = KernelInfo {
    stem: "gelu_backward",
    template: shader!("activations/gelu_backward", "shared/normal"),
    examples: &[&[("workgroup", WORKGROUP)]],
};

/// `gelu_bias.wgsl`
pub const BIAS: KernelInfo = KernelInfo {
    stem: "gelu_bias",
    template: shader!("activations/gelu_bias"),
    examples: &[&[("workgroup", WORKGROUP)]],
};

/// `z · Φ(z)` with `z = x + bias` and Φ the standard normal distribution.
///
/// `x` has any rank and last dimension D, `bias` is [D]; the result has the shape of `x`. The gradient flows to both.
pub fn bias_gelu<const R: usize>(x: Tensor<R>, bias: Tensor<1>) -> Tensor<R> {
    debug_assert_eq!(x.dims().last(), bias.dims().last());
    if crate::kernels::choice::stock() {
        return stock(x, bias);
    }
    Tensor::from_dispatch(Dispatch::bias_gelu(x.into_dispatch(), bias.into_dispatch()))
}

/// [`bias_gelu`] by burn's own operations.
pub fn stock<const R: usize>(x: Tensor<R>, bias: Tensor<1>) -> Tensor<R> {
    activation::gelu(x + bias.unsqueeze())
}

pub(crate) fn on_gpu(x: CubeTensor, bias: CubeTensor) -> CubeTensor {
    let (x, bias) = (floats(x), floats(bias));
    let out = empty(&x, x.shape());
    launch(&FORWARD, &[&x, &bias], &out, bias.shape()[0]);
    out
}

/// The gradients of `x` and the bias.
pub(crate) fn backward_on_gpu(grad: CubeTensor, x: CubeTensor, bias: CubeTensor) -> [CubeTensor; 2] {
    let (grad, x) = (floats(grad), floats(x));
    let (count, width) = (x.shape().num_elements(), bias.shape()[0]);
    let dx = empty(&x, x.shape());
    launch(&BACKWARD, &[&grad, &x, &floats(bias.clone())], &dx, width);
    let rows = count / width.max(1);
    let stripe = if rows <= ONE_PIECE { rows.max(1) } else { STRIPE };
    let (stripes, blocks) = (rows.div_ceil(stripe), width.div_ceil(COLUMNS));
    let place = if stripes == 1 { sheet::claim(&bias, [1, width]) } else { None };
    let d_bias = place.unwrap_or_else(|| empty(&dx, [stripes, width]));
    Launch {
        info: &BIAS,
        values: &[],
        workgroup: WORKGROUP,
        groups: stripes * blocks,
        inputs: &[&dx],
        outputs: &[&d_bias],
        params: &[stripes * blocks, rows, width, blocks, stripe].map(word),
    }
    .run();
    [dx, sheet::column_sums(d_bias, width)]
}

fn launch(info: &'static KernelInfo, inputs: &[&CubeTensor], out: &CubeTensor, width: usize) {
    let count = out.shape().num_elements();
    Launch {
        info,
        values: &[],
        workgroup: WORKGROUP,
        groups: count.div_ceil(WORKGROUP as usize),
        inputs,
        outputs: &[out],
        params: &[count, width].map(word),
    }
    .run();
}

pub(crate) fn on_cpu(x: FlexTensor, bias: FlexTensor) -> FlexTensor {
    let shape = x.shape();
    twin::tensor(activations::bias_gelu(&Floats::new(x), &Floats::new(bias)), shape)
}

pub(crate) fn backward_on_cpu(grad: FlexTensor, x: FlexTensor, bias: FlexTensor) -> [FlexTensor; 2] {
    let shapes = [x.shape(), bias.shape()];
    let [dx, d_bias] = activations::bias_gelu_backward(&Floats::new(grad), &Floats::new(x), &Floats::new(bias));
    let [of_x, of_bias] = shapes;
    [twin::tensor(dx, of_x), twin::tensor(d_bias, of_bias)]
}

#[derive(Debug)]
struct Step;

impl<B: KernelGradients> Backward<B, 2> for Step {
    type State = (FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (x, bias) = ops.state;
        let all = B::bias_gelu_backward(gradients.consume::<B>(&ops.node), x, bias);
        for (parent, gradient) in ops.parents.into_iter().zip(all) {
            if let Some(parent) = parent {
                gradients.register::<B>(parent.id, gradient);
            }
        }
    }
}

pub(crate) fn tracked<B: KernelOps + KernelGradients, C: CheckpointStrategy>(
    x: Tracked<B, C>,
    bias: Tracked<B, C>,
) -> Tracked<B, C> {
    let ((x, x_node), (bias, bias_node)) = (x.into_parts(), bias.into_parts());
    match Step.prepare::<C>([x_node, bias_node]).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish((x.clone(), bias.clone()), B::bias_gelu(x, bias)),
        OpsKind::UnTracked(step) => step.finish(B::bias_gelu(x, bias)),
    }
}
