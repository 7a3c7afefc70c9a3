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
use macerator::Simd;

use super::gemm::{self, Matrix, Packed};
use super::linear::{self, LayerGradients, Wanted, sizes, turned, weights_on_cpu, weights_on_gpu};
use super::matmul::{Finish, Layout, product};
use crate::kernels::launch::floats;
use crate::kernels::smooth::normal;
use crate::kernels::{KernelGradients, KernelOps, Tracked, twin};

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

#[macerator::with_simd]
fn activate<S: Simd>(preactivation: &mut [f32], bias: &[f32], activation: &mut [f32]) {
    let width = bias.len().max(1);
    for (z, h) in preactivation.chunks_mut(width).zip(activation.chunks_mut(width)) {
        for ((z, h), b) in z.iter_mut().zip(h).zip(bias) {
            *z += b;
            *h = *z * normal(*z).0;
        }
    }
}

#[macerator::with_simd]
fn activate_backward<S: Simd>(grad: &mut [f32], preactivation: &[f32], activation: &mut [f32]) {
    for ((g, z), h) in grad.iter_mut().zip(preactivation).zip(activation) {
        let (distribution, density) = normal(*z);
        *g *= distribution + z * density;
        *h = z * distribution;
    }
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
    let ([rows, k], [hidden, _]) = (sizes(&x), sizes(&w1));
    let (x, w1, b1) = (twin::Floats::new(x), twin::Floats::new(w1), twin::Floats::new(b1));
    let packed = turned(&w1, [hidden, k]);
    let block = gemm::rows_per_task(rows, k, hidden);
    let (mut preactivation, mut activation) = (vec![0.0; rows * hidden], vec![0.0; rows * hidden]);
    twin::parts([&mut preactivation, &mut activation], [block * hidden; 2], |number, [z, h]| {
        let a = Matrix { values: &x[number * block * k..], row: k, column: 1 };
        gemm::product([z.len() / hidden.max(1), k, hidden], a, &packed, (z, hidden), false);
        activate(z, &b1, h);
    });
    let activation = twin::tensor(activation, [rows, hidden]);
    (linear::on_cpu(activation, w2, Some(b2), residual), twin::tensor(preactivation, [rows, hidden]))
}

pub(crate) fn backward_on_cpu(
    grad: FlexTensor,
    x: FlexTensor,
    preactivation: FlexTensor,
    w1: FlexTensor,
    w2: FlexTensor,
    wanted: [Wanted; 2],
) -> MlpGradients<FlexTensor> {
    let ([rows, n], [_, hidden]) = (sizes(&grad), sizes(&preactivation));
    let (grad, z, w2) = (twin::Floats::new(grad), twin::Floats::new(preactivation), twin::Floats::new(w2));
    let packed = Packed::new([n, hidden], Matrix { values: &w2, row: hidden, column: 1 });
    let block = gemm::rows_per_task(rows, n, hidden);
    let (mut inner, mut activation) = (vec![0.0; rows * hidden], vec![0.0; rows * hidden]);
    twin::parts([&mut inner, &mut activation], [block * hidden; 2], |number, [inner, h]| {
        let a = Matrix { values: &grad[number * block * n..], row: n, column: 1 };
        gemm::product([inner.len() / hidden.max(1), n, hidden], a, &packed, (inner, hidden), false);
        activate_backward(inner, &z[number * block * hidden..], h);
    });
    let second = weights_on_cpu(&grad, &activation, [rows, n, hidden], wanted[1]);
    (linear::backward_on_cpu(twin::tensor(inner, [rows, hidden]), x, w1, wanted[0]), second)
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
