//! The two linear layers of a transformer block with GELU in between: y = GELU(x W₁ᵀ + b₁) W₂ᵀ + b₂ + r, keeping only
//! what is before the GELU for the backward pass.

use burn::backend::Dispatch;
use burn::tensor::Tensor;
use burn::tensor::activation::gelu;
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_backend::tensor::FloatTensor;
use burn_cubecl::tensor::CubeTensor;
use burn_flex::FlexTensor;
use masquerade_twins::products;

use super::linear::{self, LayerGradients, Wanted, sizes, tensors, weights_on_gpu};
use super::matmul::{Finish, Layout, product};
use crate::kernels::launch::floats;
use crate::kernels::twin::{self, Floats};
use crate::kernels::{KernelGradients, KernelOps, Tracked};

/// Weight [out, in] and bias [out] of a layer.
pub type Layer = (Tensor<2>, Tensor<1>);

/// `GELU(x W₁ᵀ + b₁) W₂ᵀ + b₂ + residual`, with the exact (erf) GELU.
///
/// `x` is [R, K], the layers K → H and H → N, `residual` [R, N]; the result is [R, N]. The gradient flows to all.
pub fn mlp(x: Tensor<2>, first: Layer, second: Layer, residual: Option<Tensor<2>>) -> Tensor<2> {
    debug_assert_eq!(x.dims()[1], first.0.dims()[1]);
    debug_assert_eq!(first.0.dims()[0], second.0.dims()[1]);
    if crate::kernels::choice::stock() {
        return stock(x, first, second, residual);
    }
    let ((w1, b1), (w2, b2)) = (first, second);
    let [x, w1, w2] = [x, w1, w2].map(Tensor::into_dispatch);
    let out =
        Dispatch::mlp(x, w1, b1.into_dispatch(), w2, b2.into_dispatch(), residual.map(Tensor::into_dispatch).into());
    Tensor::from_dispatch(out.0)
}

/// [`mlp`] by burn's own operations.
pub fn stock(x: Tensor<2>, (w1, b1): Layer, (w2, b2): Layer, residual: Option<Tensor<2>>) -> Tensor<2> {
    linear::stock(gelu(linear::stock(x, w1, Some(b1), None)), w2, Some(b2), residual)
}

/// Gradients of both layers: of the input and the first layer, and of the second layer's weight and bias.
pub type MlpGradients<T> = (LayerGradients<T>, (Option<T>, Option<T>));

/// The result and the preactivation.
pub(crate) fn on_gpu(
    x: CubeTensor,
    w1: CubeTensor,
    b1: CubeTensor,
    w2: CubeTensor,
    b2: CubeTensor,
    residual: Option<CubeTensor>,
) -> (CubeTensor, CubeTensor) {
    let (preactivation, activation) = product(Layout::Nt, &floats(x), &floats(w1), Finish::Gelu(&floats(b1)));
    let activation = activation.unwrap_or_else(|| preactivation.clone());
    (linear::on_gpu(activation, w2, Some(b2), residual), preactivation)
}

pub(crate) fn backward_on_gpu(
    grad: CubeTensor,
    x: CubeTensor,
    preactivation: CubeTensor,
    [w1, w2]: [CubeTensor; 2],
    [b1, b2]: [CubeTensor; 2],
    wanted: [Wanted; 2],
) -> MlpGradients<CubeTensor> {
    let (grad, preactivation) = (floats(grad), floats(preactivation));
    let (inner, activation) = product(Layout::Nn, &grad, &floats(w2.clone()), Finish::GeluBackward(&preactivation));
    let second = weights_on_gpu(&grad, &activation.unwrap_or_else(|| preactivation.clone()), &w2, Some(&b2), wanted[1]);
    (linear::backward_on_gpu(inner, x, w1, Some(b1), wanted[0]), second)
}

/// The result and the preactivation.
pub(crate) fn on_cpu(
    x: FlexTensor,
    w1: FlexTensor,
    b1: FlexTensor,
    w2: FlexTensor,
    b2: FlexTensor,
    residual: Option<FlexTensor>,
) -> (FlexTensor, FlexTensor) {
    let ([rows, k], [n, hidden]) = (sizes(&x), sizes(&w2));
    let [x, w1, b1, w2, b2] = [x, w1, b1, w2, b2].map(Floats::new);
    let residual = residual.map(Floats::new);
    let (out, preactivation) = products::mlp([rows, k, hidden, n], &x, [&w1, &w2], [&b1, &b2], residual.as_deref());
    (twin::tensor(out, [rows, n]), twin::tensor(preactivation, [rows, hidden]))
}

pub(crate) fn backward_on_cpu(
    grad: FlexTensor,
    x: FlexTensor,
    preactivation: FlexTensor,
    w1: FlexTensor,
    w2: FlexTensor,
    wanted: [Wanted; 2],
) -> MlpGradients<FlexTensor> {
    let ([rows, n], [hidden, k]) = (sizes(&grad), sizes(&w1));
    let [grad, x, preactivation, w1, w2] = [grad, x, preactivation, w1, w2].map(Floats::new);
    let sizes = [rows, k, hidden, n];
    let (first, (d_w2, d_b2)) = products::mlp_backward(sizes, &grad, &x, &preactivation, [&w1, &w2], wanted);
    let second = tensors([rows, hidden, n], (None, d_w2, d_b2));
    (tensors([rows, k, hidden], first), (second.1, second.2))
}

#[derive(Debug)]
struct Step {
    residual: bool,
}

impl<B: KernelGradients> Backward<B, 6> for Step {
    type State = [FloatTensor<B>; 6];

    fn backward(self, ops: Ops<Self::State, 6>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [x, preactivation, w1, w2, b1, b2] = ops.state;
        let grad = gradients.consume::<B>(&ops.node);
        let [x_node, w1_node, b1_node, w2_node, b2_node, residual_node] = ops.parents;
        let first = Wanted { x: x_node.is_some(), weight: w1_node.is_some(), bias: b1_node.is_some() };
        let second = Wanted { x: false, weight: w2_node.is_some(), bias: b2_node.is_some() };
        let ((dx, d_w1, d_b1), (d_w2, d_b2)) =
            B::mlp_backward(grad.clone(), x, preactivation, [w1, w2], [b1, b2], [first, second]);
        let residual = (residual_node.filter(|_| self.residual), Some(grad));
        let all = [(x_node, dx), (w1_node, d_w1), (b1_node, d_b1), (w2_node, d_w2), (b2_node, d_b2), residual];
        for (node, gradient) in all.into_iter().filter_map(|(node, gradient)| node.zip(gradient)) {
            gradients.register::<B>(node.id, gradient);
        }
    }
}

pub(crate) fn tracked<B: KernelOps + KernelGradients, C: CheckpointStrategy>(
    x: Tracked<B, C>,
    [w1, w2]: [Tracked<B, C>; 2],
    [b1, b2]: [Tracked<B, C>; 2],
    residual: Option<Tracked<B, C>>,
) -> (Tracked<B, C>, FloatTensor<B>) {
    // A residual that is not there is replaced by `x` among the parents, and the step leaves it alone.
    let nodes = [x.node(), w1.node(), b1.node(), w2.node(), b2.node(), residual.as_ref().unwrap_or(&x).node()];
    let step = Step { residual: residual.is_some() };
    let [x, w1, w2, b1, b2] = [x, w1, w2, b1, b2].map(|t| t.into_primitive());
    let residual = residual.map(|r| r.into_primitive()).into();
    let (out, preactivation) = B::mlp(x.clone(), w1.clone(), b1.clone(), w2.clone(), b2.clone(), residual);
    let out = match step.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish([x, preactivation.clone(), w1, w2, b1, b2], out),
        OpsKind::UnTracked(step) => step.finish(out),
    };
    (out, preactivation)
}
