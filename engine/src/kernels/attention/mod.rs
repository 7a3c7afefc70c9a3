//! Attention (Vaswani et al. 2017) of all heads in one launch, without a matrix of tokens × tokens in memory (online
//! softmax; Dao et al. 2022), with biases, masked keys and keys of another sequence where these are given.
//!
//! | attention of | call | queries | keys and values | result |
//! |---|---|---|---|---|
//! | tokens to each other | [`attention`] | `qkv` [B, T, 3 · heads · dim] | behind the queries | [B, T, heads · dim] |
//! | tokens to another sequence | [`cross_attention`] | `q` [B, Tq, heads · dim] | `kv` [B, Tk, 2 · heads · dim] | [B, Tq, heads · dim] |
//!
//! Both take [`Extras`]: a bias on the scores of every head (relative positions) [B or 1, heads or 1, Tq, Tk], a mask of
//! keys (padding, sensors that a sample lacks) [B, Tk], and a scale. Rotary positions turn queries and keys before the
//! call. Where a query looks at its most alike keys only, [`largest_keys`] gives the bias.
//!
//! The launches are in `gpu.rs`, the CPU twin is called from `twin.rs`.

pub mod gpu;
pub mod largest_keys;
pub(crate) mod twin;
mod widths;

use burn::backend::Dispatch;
use burn::tensor::{Tensor, activation};
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_backend::TensorMetadata;
use burn_backend::tensor::FloatTensor;

use crate::kernels::{KernelGradients, KernelOps, Maybe, Tracked};
pub use largest_keys::{MOST_TOKENS, largest_keys};

/// The largest head dimension of the kernels, which hold a query in registers; [`stock`] takes what is larger.
pub const MAX_DIM: usize = 128;

/// What attention can be given besides queries, keys and values. All tensors are on the device of the queries.
#[derive(Debug, Clone, Default)]
pub struct Extras {
    /// Added to the scaled scores: [B or 1, heads or 1, Tq, Tk]. The gradient flows to it, and costs nothing if it
    /// needs none.
    pub bias: Option<Tensor<4>>,
    /// [B, Tk]: 1 for keys that may be looked at, 0 for others. A query that may look at none gives zeros.
    pub key_mask: Option<Tensor<2>>,
    /// What products of queries and keys are multiplied by, instead of 1 / √dim.
    pub scale: Option<f32>,
}

/// `softmax(scale · q kᵀ + bias) v` for every head, of tokens with themselves.
///
/// `qkv` is [B, T, 3 · heads · dim], laid out [which, head, dim] in its last dimension; the result is [B, T, heads ·
/// dim]. The gradient flows to `qkv` and the bias.
pub fn attention(qkv: Tensor<3>, heads: usize, extras: Extras) -> Tensor<3> {
    debug_assert!(heads > 0 && qkv.dims()[2].is_multiple_of(3 * heads));
    run(qkv, None, heads, extras)
}

/// `softmax(scale · q kᵀ + bias) v` for every head, of tokens with those of another sequence.
///
/// `q` is [B, Tq, heads · dim] and `kv` [B, Tk, 2 · heads · dim], laid out [which, head, dim] in its last dimension;
/// the result is [B, Tq, heads · dim]. The gradient flows to both and the bias, and costs nothing for what needs none.
pub fn cross_attention(q: Tensor<3>, kv: Tensor<3>, heads: usize, extras: Extras) -> Tensor<3> {
    debug_assert!(heads > 0 && q.dims()[2].is_multiple_of(heads));
    debug_assert_eq!([q.dims()[0], 2 * q.dims()[2]], [kv.dims()[0], kv.dims()[2]]);
    run(q, Some(kv), heads, extras)
}

fn run(q: Tensor<3>, kv: Option<Tensor<3>>, heads: usize, extras: Extras) -> Tensor<3> {
    let sizes = Sizes::new(q.dims(), kv.as_ref().map(Tensor::dims), heads);
    debug_assert!(extras.key_mask.as_ref().is_none_or(|mask| mask.dims() == [sizes.batch, sizes.keys]));
    debug_assert!(extras.bias.as_ref().is_none_or(|bias| sizes.takes(bias.dims())));
    if crate::kernels::choice::stock() || sizes.dim > MAX_DIM {
        return stock(q, kv, heads, extras);
    }
    let form = Form { heads, scale: extras.scale.unwrap_or_else(|| sizes.scale()) };
    let kv = kv.map(Tensor::into_dispatch).into();
    let (bias, mask) =
        (extras.bias.map(Tensor::into_dispatch).into(), extras.key_mask.map(Tensor::into_dispatch).into());
    Tensor::from_dispatch(Dispatch::attention(q.into_dispatch(), kv, bias, mask, form).0)
}

/// [`attention`] of `q` without and [`cross_attention`] with `kv`, by burn's own operations.
pub fn stock(q: Tensor<3>, kv: Option<Tensor<3>>, heads: usize, extras: Extras) -> Tensor<3> {
    let Sizes { batch, queries, keys, heads, dim } = Sizes::new(q.dims(), kv.as_ref().map(Tensor::dims), heads);
    // From [B, T, planes · heads · dim] to one plane [B, heads, T, dim].
    let plane = |x: &Tensor<3>, tokens: usize, plane: usize| {
        let narrow = x.clone().narrow(2, plane * heads * dim, heads * dim);
        narrow.reshape([batch, tokens, heads, dim]).swap_dims(1, 2)
    };
    let (k, v) = match &kv {
        Some(kv) => (plane(kv, keys, 0), plane(kv, keys, 1)),
        None => (plane(&q, keys, 1), plane(&q, keys, 2)),
    };
    let scale = extras.scale.unwrap_or(1.0 / (dim.max(1) as f32).sqrt());
    let mut scores = plane(&q, queries, 0).matmul(k.transpose()).mul_scalar(scale);
    if let Some(bias) = extras.bias {
        scores = scores + bias;
    }
    let mask = extras.key_mask.map(|mask| mask.reshape([batch, 1, 1, keys]));
    let weights = match mask {
        // The product makes zeros of the even weights that a query has whose keys are all masked.
        Some(mask) => activation::softmax(scores + mask.clone().sub_scalar(1.0).mul_scalar(1e30), 3) * mask,
        None => activation::softmax(scores, 3),
    };
    weights.matmul(v).swap_dims(1, 2).reshape([batch, queries, heads * dim])
}

/// Which keys a query keeps: those of the largest products with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Largest {
    /// How many, at least one.
    pub keys: usize,
    /// So many first tokens (a class token) are kept by every query and do not count, and keep all keys themselves.
    pub always: usize,
}

/// What of a call is no tensor.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    pub(crate) heads: usize,
    pub(crate) scale: f32,
}

/// The sizes of one call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub batch: usize,
    pub queries: usize,
    pub keys: usize,
    pub heads: usize,
    pub dim: usize,
}

impl Sizes {
    /// From the shapes of the queries (with keys and values behind them if there is no `kv`) and of keys and values.
    pub fn new([batch, queries, width]: [usize; 3], kv: Option<[usize; 3]>, heads: usize) -> Self {
        let (keys, planes) = kv.map_or((queries, 3), |[_, keys, _]| (keys, 1));
        Self { batch, queries, keys, heads: heads.max(1), dim: width / (planes * heads.max(1)) }
    }

    /// Values of one token in the result.
    pub fn width(&self) -> usize {
        self.heads * self.dim
    }

    fn scale(&self) -> f32 {
        1.0 / (self.dim.max(1) as f32).sqrt()
    }

    /// Whether a bias may have this shape.
    fn takes(&self, [batch, heads, queries, keys]: [usize; 4]) -> bool {
        [1, self.batch].contains(&batch)
            && [1, self.heads].contains(&heads)
            && [queries, keys] == [self.queries, self.keys]
    }
}

/// The tensors that a call is given.
#[derive(Debug, Clone)]
pub struct Given<F> {
    pub(crate) q: F,
    /// Keys and values, if they are not behind the queries.
    pub(crate) kv: Option<F>,
    pub(crate) bias: Option<F>,
    pub(crate) mask: Option<F>,
    pub(crate) form: Form,
}

impl<F: TensorMetadata> Given<F> {
    pub(crate) fn sizes(&self) -> Sizes {
        Sizes::new(self.q.shape().dims(), self.kv.as_ref().map(|kv| kv.shape().dims()), self.form.heads)
    }
}

/// The gradients of the queries (and what is behind them), of keys and values, and of the bias.
pub(crate) type Slopes<F> = [Option<F>; 3];

#[derive(Debug)]
struct Step;

impl<B: KernelGradients> Backward<B, 3> for Step {
    type State = (Given<FloatTensor<B>>, FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let grad = gradients.consume::<B>(&ops.node);
        let (given, out, lse) = ops.state;
        let [q, kv, bias] = ops.parents;
        // What is not there has its place taken by the queries.
        let parents = [q, kv.filter(|_| given.kv.is_some()), bias.filter(|_| given.bias.is_some())];
        let wanted = parents.each_ref().map(Option::is_some);
        let slopes = B::attention_backward(grad, given, out, lse, wanted);
        for (parent, slope) in parents.into_iter().zip(slopes) {
            if let Some((parent, slope)) = parent.zip(slope) {
                gradients.register::<B>(parent.id, slope);
            }
        }
    }
}

pub(crate) fn tracked<B: KernelOps + KernelGradients, C: CheckpointStrategy>(
    given: Given<Tracked<B, C>>,
) -> (Tracked<B, C>, FloatTensor<B>) {
    let Given { q, kv, bias, mask, form } = given;
    let nodes = [q.node(), kv.as_ref().unwrap_or(&q).node(), bias.as_ref().unwrap_or(&q).node()];
    let q = q.into_primitive();
    let [kv, bias, mask] = [kv, bias, mask].map(|tensor| tensor.map(|tensor| tensor.into_primitive()));
    let maybe = |tensor: &Option<FloatTensor<B>>| Maybe::from(tensor.clone());
    let (out, lse) = <B as KernelOps>::attention(q.clone(), maybe(&kv), maybe(&bias), maybe(&mask), form);
    let out = match Step.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish((Given { q, kv, bias, mask, form }, out.clone(), lse.clone()), out),
        OpsKind::UnTracked(step) => step.finish(out),
    };
    (out, lse)
}
