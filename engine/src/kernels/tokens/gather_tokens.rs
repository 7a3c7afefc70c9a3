//! Picking tokens by index, and its adjoint: the visible tokens of a masked autoencoder go into the encoder with
//! [`gather_tokens`] and back to their places with [`scatter_tokens`].

use burn::backend::Dispatch;
use burn::tensor::{IndexingUpdateOp, Int, Tensor};
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn_backend::TensorMetadata as _;
use burn_backend::tensor::IntTensor;
use burn_cubecl::tensor::CubeTensor;
use burn_flex::FlexTensor;
use masquerade_twins::tokens;

use crate::kernels::launch::{KernelInfo, Launch, empty, floats, integers, software, word};
use crate::kernels::{KernelOps, Tracked, twin};

const WORKGROUP: u32 = 256;

/// `gather_tokens.wgsl`
pub const GATHER: KernelInfo = KernelInfo {
    stem: "gather_tokens",
    template: shader!("tokens/gather_tokens"),
    examples: &[&[("workgroup", WORKGROUP)]],
};

/// `scatter_tokens.wgsl`
pub const SCATTER: KernelInfo = KernelInfo {
    stem: "scatter_tokens",
    template: shader!("tokens/scatter_tokens"),
    examples: &[&[("workgroup", WORKGROUP), ("piece", 1)], &[("workgroup", WORKGROUP), ("piece", 32)]],
};

/// Pick tokens: `out[b, k] = x[b, index[b, k]]`.
///
/// `x` is [B, T, D], `index` [B, K] with values in 0 … T − 1; the result is [B, K, D]. An index out of range gives a
/// token of zeros. The gradient flows to `x` ([`scatter_tokens`]).
pub fn gather_tokens(x: Tensor<3>, index: Tensor<2, Int>) -> Tensor<3> {
    debug_assert_eq!(x.dims()[0], index.dims()[0]);
    if crate::kernels::choice::stock() {
        return stock_gather(x, index);
    }
    Tensor::from_dispatch(Dispatch::gather_tokens(x.into_dispatch(), index.into_dispatch()))
}

/// Put tokens to places: `out[b, t]` is the sum of `x[b, k]` over all k with `index[b, k] = t`, zero where there is
/// none.
///
/// `x` is [B, K, D], `index` [B, K]; the result is [B, `tokens`, D]. The gradient flows to `x` ([`gather_tokens`]).
pub fn scatter_tokens(x: Tensor<3>, index: Tensor<2, Int>, tokens: usize) -> Tensor<3> {
    debug_assert_eq!(x.dims()[..2], index.dims());
    if crate::kernels::choice::stock() {
        return stock_scatter(x, index, tokens);
    }
    Tensor::from_dispatch(Dispatch::scatter_tokens(x.into_dispatch(), index.into_dispatch(), tokens))
}

/// [`gather_tokens`] by burn's own operations.
pub fn stock_gather(x: Tensor<3>, index: Tensor<2, Int>) -> Tensor<3> {
    let [_, tokens, width] = x.dims();
    let (index, there) = within(index, tokens);
    x.gather(1, index.repeat_dim(2, width)) * there
}

/// [`scatter_tokens`] by burn's own operations.
pub fn stock_scatter(x: Tensor<3>, index: Tensor<2, Int>, tokens: usize) -> Tensor<3> {
    let [batch, _, width] = x.dims();
    let (index, there) = within(index, tokens);
    let zeros = Tensor::zeros([batch, tokens, width], &x.device());
    zeros.scatter(1, index.repeat_dim(2, width), x * there, IndexingUpdateOp::Add)
}

/// The index [B, K, 1] with values that burn takes, and 1 where it had such a value before, else 0.
fn within(index: Tensor<2, Int>, tokens: usize) -> (Tensor<3, Int>, Tensor<3>) {
    let last = tokens as i64 - 1;
    let inside = index.clone().clamp(0, last);
    let there = inside.clone().equal(index).float();
    (inside.unsqueeze_dim(2), there.unsqueeze_dim(2))
}

pub(crate) fn gather_on_gpu(x: CubeTensor, index: CubeTensor) -> CubeTensor {
    let (x, index) = (floats(x), integers(index));
    let [batch, tokens, width] = x.shape().dims();
    let [_, picks] = index.shape().dims();
    let out = empty(&x, [batch, picks, width]);
    launch(&GATHER, &[], &x, &index, &out, [batch * picks * width, tokens, picks, width]);
    out
}

pub(crate) fn scatter_on_gpu(x: CubeTensor, index: CubeTensor, tokens: usize) -> CubeTensor {
    let (x, index) = (floats(x), integers(index));
    let [batch, picks, width] = x.shape().dims();
    let out = empty(&x, [batch, tokens, width]);
    let piece = if software() { 32 } else { 1 };
    let count = batch * tokens * width.div_ceil(piece as usize);
    launch(&SCATTER, &[("piece", piece)], &x, &index, &out, [count, tokens, picks, width]);
    out
}

fn launch(
    info: &'static KernelInfo,
    values: &[(&'static str, u32)],
    x: &CubeTensor,
    index: &CubeTensor,
    out: &CubeTensor,
    sizes: [usize; 4],
) {
    Launch {
        info,
        values,
        workgroup: WORKGROUP,
        groups: sizes[0].div_ceil(WORKGROUP as usize),
        inputs: &[x, index],
        outputs: &[out],
        params: &sizes.map(word),
    }
    .run();
}

pub(crate) fn gather_on_cpu(x: FlexTensor, index: FlexTensor) -> FlexTensor {
    let ([batch, count, width], [_, picks]) = (x.shape().dims(), index.shape().dims());
    let out = tokens::gather([batch, count, picks, width], &twin::Floats::new(x), &twin::indices(index));
    twin::tensor(out, [batch, picks, width])
}

pub(crate) fn scatter_on_cpu(x: FlexTensor, index: FlexTensor, count: usize) -> FlexTensor {
    let [batch, picks, width] = x.shape().dims();
    let out = tokens::scatter([batch, count, picks, width], &twin::Floats::new(x), &twin::indices(index));
    twin::tensor(out, [batch, count, width])
}

#[derive(Debug)]
struct Gather;

impl<B: KernelOps> Backward<B, 1> for Gather {
    type State = (IntTensor<B>, usize);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (index, tokens) = ops.state;
        unary::<B, _>(ops.parents, ops.node, gradients, |grad| B::scatter_tokens(grad, index, tokens));
    }
}

pub(crate) fn gather_tracked<B: KernelOps, C: CheckpointStrategy>(
    x: Tracked<B, C>,
    index: IntTensor<B>,
) -> Tracked<B, C> {
    let (x, node) = x.into_parts();
    let tokens = x.shape()[1];
    match Gather.prepare::<C>([node]).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish((index.clone(), tokens), B::gather_tokens(x, index)),
        OpsKind::UnTracked(step) => step.finish(B::gather_tokens(x, index)),
    }
}

#[derive(Debug)]
struct Scatter;

impl<B: KernelOps> Backward<B, 1> for Scatter {
    type State = IntTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        unary::<B, _>(ops.parents, ops.node, gradients, |grad| B::gather_tokens(grad, ops.state));
    }
}

pub(crate) fn scatter_tracked<B: KernelOps, C: CheckpointStrategy>(
    x: Tracked<B, C>,
    index: IntTensor<B>,
    tokens: usize,
) -> Tracked<B, C> {
    let (x, node) = x.into_parts();
    match Scatter.prepare::<C>([node]).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish(index.clone(), B::scatter_tokens(x, index, tokens)),
        OpsKind::UnTracked(step) => step.finish(B::scatter_tokens(x, index, tokens)),
    }
}
