//! A linear layer with what is added to its result in the same pass: y = x Wᵀ + b + r.

use burn::backend::Dispatch;
use burn::tensor::Tensor;
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_backend::TensorMetadata as _;
use burn_backend::tensor::FloatTensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;
use burn_flex::FlexTensor;
use masquerade_twins::products;
pub use masquerade_twins::products::{LayerGradients, Wanted};

use super::matmul::{Finish, Layout, fits, product, weight_gradients};
use crate::kernels::launch::{empty, floats};
use crate::kernels::twin::{self, Floats};
use crate::kernels::{KernelGradients, KernelOps, Maybe, Tracked, sheet};

/// `x Wᵀ + bias + residual`, the last two where they are given.
///
/// `x` is [R, K], `weight` [N, K] as in official checkpoints, `bias` [N], `residual` [R, N]; the result is [R, N]. The
/// gradient flows to all.
pub fn linear(x: Tensor<2>, weight: Tensor<2>, bias: Option<Tensor<1>>, residual: Option<Tensor<2>>) -> Tensor<2> {
    debug_assert_eq!(x.dims()[1], weight.dims()[1]);
    if crate::kernels::choice::stock() {
        return stock(x, weight, bias, residual);
    }
    let (bias, residual) = (bias.map(Tensor::into_dispatch).into(), residual.map(Tensor::into_dispatch).into());
    Tensor::from_dispatch(Dispatch::linear(x.into_dispatch(), weight.into_dispatch(), bias, residual))
}

/// [`linear`] by burn's own operations.
pub fn stock(x: Tensor<2>, weight: Tensor<2>, bias: Option<Tensor<1>>, residual: Option<Tensor<2>>) -> Tensor<2> {
    let y = x.matmul(weight.transpose());
    let y = bias.map_or(y.clone(), |bias| y + bias.unsqueeze_dim(0));
    residual.map_or(y.clone(), |residual| residual + y)
}

pub(crate) fn on_gpu(
    x: CubeTensor,
    weight: CubeTensor,
    bias: Option<CubeTensor>,
    residual: Option<CubeTensor>,
) -> CubeTensor {
    let (x, weight) = (floats(x), floats(weight));
    let bias = bias.map(floats);
    match (bias, residual.map(floats)) {
        (Some(bias), Some(residual)) => product(Layout::Nt, &x, &weight, Finish::Residual(&bias, &residual)).0,
        (Some(bias), None) => product(Layout::Nt, &x, &weight, Finish::Bias(&bias)).0,
        (None, residual) => {
            let y = product(Layout::Nt, &x, &weight, Finish::Store).0;
            match residual {
                Some(residual) => {
                    <CubeBackend as burn_backend::ops::FloatTensorOps<CubeBackend>>::float_add(y, residual)
                }
                None => y,
            }
        }
    }
}

pub(crate) fn backward_on_gpu(
    grad: CubeTensor,
    x: CubeTensor,
    weight: CubeTensor,
    bias: Option<CubeTensor>,
    wanted: Wanted,
) -> LayerGradients<CubeTensor> {
    let (grad, x) = (floats(grad), floats(x));
    let dx = wanted.x.then(|| product(Layout::Nn, &grad, &floats(weight.clone()), Finish::Store).0);
    let (d_weight, d_bias) = weights_on_gpu(&grad, &x, &weight, bias.as_ref(), wanted);
    (dx, d_weight, d_bias)
}

/// Gradients of weight and bias from the gradient of the result [R, N] and the input [R, K].
pub(crate) fn weights_on_gpu(
    grad: &CubeTensor,
    x: &CubeTensor,
    weight: &CubeTensor,
    bias: Option<&CubeTensor>,
    wanted: Wanted,
) -> (Option<CubeTensor>, Option<CubeTensor>) {
    if !wanted.weight && !wanted.bias {
        return (None, None);
    }
    let ([_, n], [_, k]) = (grad.shape().dims(), x.shape().dims());
    if fits(n, k) {
        let weight = sheet::claim(weight, [n, k]).unwrap_or_else(|| empty(grad, [n, k]));
        let bias = bias.and_then(|bias| sheet::claim(bias, [n])).unwrap_or_else(|| empty(grad, [n]));
        weight_gradients(grad, x, &weight, &bias);
        return (Some(weight), Some(bias));
    }
    let bias = wanted.bias.then(|| {
        let sum = <CubeBackend as burn_backend::ops::FloatTensorOps<CubeBackend>>::float_sum_dim(grad.clone(), 0);
        CubeTensor::new_contiguous(sum.client.clone(), sum.device.clone(), [n].into(), sum.handle.clone(), sum.dtype)
    });
    (Some(product(Layout::Tn, grad, x, Finish::Store).0), bias)
}

/// Rows and columns of a matrix.
pub(crate) fn sizes(tensor: &FlexTensor) -> [usize; 2] {
    tensor.shape().dims()
}

pub(crate) fn on_cpu(
    x: FlexTensor,
    weight: FlexTensor,
    bias: Option<FlexTensor>,
    residual: Option<FlexTensor>,
) -> FlexTensor {
    let ([rows, k], [n, _]) = (sizes(&x), sizes(&weight));
    let (x, weight) = (Floats::new(x), Floats::new(weight));
    let (bias, residual) = (bias.map(Floats::new), residual.map(Floats::new));
    let out = products::linear([rows, k, n], &x, &weight, bias.as_deref(), residual.as_deref());
    twin::tensor(out, [rows, n])
}

pub(crate) fn backward_on_cpu(
    grad: FlexTensor,
    x: FlexTensor,
    weight: FlexTensor,
    wanted: Wanted,
) -> LayerGradients<FlexTensor> {
    let ([rows, n], [_, k]) = (sizes(&grad), sizes(&x));
    let (grad, x, weight) = (Floats::new(grad), Floats::new(x), Floats::new(weight));
    tensors([rows, k, n], products::linear_backward([rows, k, n], &grad, &x, &weight, wanted))
}

/// The gradients of a layer as tensors.
pub(crate) fn tensors(
    [rows, k, n]: [usize; 3],
    (dx, d_weight, d_bias): LayerGradients<Vec<f32>>,
) -> LayerGradients<FlexTensor> {
    (
        dx.map(|values| twin::tensor(values, [rows, k])),
        d_weight.map(|values| twin::tensor(values, [n, k])),
        d_bias.map(|values| twin::tensor(values, [n])),
    )
}

#[derive(Debug)]
struct Step {
    bias: bool,
    residual: bool,
}

impl<B: KernelGradients> Backward<B, 4> for Step {
    type State = (FloatTensor<B>, FloatTensor<B>, Option<FloatTensor<B>>);

    fn backward(self, ops: Ops<Self::State, 4>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (x, weight, bias) = ops.state;
        let grad = gradients.consume::<B>(&ops.node);
        let [x_node, weight_node, bias_node, residual_node] = ops.parents;
        let (bias_node, residual_node) = (bias_node.filter(|_| self.bias), residual_node.filter(|_| self.residual));
        let wanted = Wanted { x: x_node.is_some(), weight: weight_node.is_some(), bias: bias_node.is_some() };
        let (dx, d_weight, d_bias) = B::linear_backward(grad.clone(), x, weight, bias, wanted);
        let all = [(x_node, dx), (weight_node, d_weight), (bias_node, d_bias), (residual_node, Some(grad))];
        for (node, gradient) in all.into_iter().filter_map(|(node, gradient)| node.zip(gradient)) {
            gradients.register::<B>(node.id, gradient);
        }
    }
}

pub(crate) fn tracked<B: KernelOps + KernelGradients, C: CheckpointStrategy>(
    x: Tracked<B, C>,
    weight: Tracked<B, C>,
    bias: Option<Tracked<B, C>>,
    residual: Option<Tracked<B, C>>,
) -> Tracked<B, C> {
    // What is not there takes the place of `x` among the parents, and the step leaves it alone.
    let nodes = [x.node(), weight.node(), bias.as_ref().unwrap_or(&x).node(), residual.as_ref().unwrap_or(&x).node()];
    let step = Step { bias: bias.is_some(), residual: residual.is_some() };
    let (x, weight) = (x.into_primitive(), weight.into_primitive());
    let [bias, residual] = [bias, residual].map(|added| added.map(|a| a.into_primitive()));
    let forward = |x, weight, bias| <B as KernelOps>::linear(x, weight, Maybe::from(bias), Maybe::from(residual));
    match step.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish((x.clone(), weight.clone(), bias.clone()), forward(x, weight, bias)),
        OpsKind::UnTracked(step) => step.finish(forward(x, weight, bias)),
    }
}
