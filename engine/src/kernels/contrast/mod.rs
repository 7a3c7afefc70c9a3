//! Contrastive losses over cosine similarities, without a matrix of rows × keys in memory: NT-Xent (Chen et al. 2020)
//! and InfoNCE (van den Oord et al. 2018), one-sided (He et al. 2020) and symmetric (Radford et al. 2021).
//!
//! The launches for a GPU are in `gpu.rs` and `gpu_backward.rs`, the CPU twin is in `twin.rs`. Both keep the rows scaled so
//! that their products are the scores, the inverse norms, and the log of the sum of exponentials of every row; backward
//! passes compute scores again, a block at a time.

pub(crate) mod gpu;
pub(crate) mod gpu_backward;
pub(crate) mod shaders;
pub(crate) mod twin;

use burn::backend::Dispatch;
use burn::tensor::{Int, Tensor, activation};
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_backend::TensorMetadata as _;
use burn_backend::tensor::{FloatTensor, IntTensor};

use crate::kernels::{KernelGradients, KernelOps, Tracked};

/// How rows and keys are compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct How {
    /// What products of rows and keys are multiplied by: 1 / temperature. Above zero.
    pub scale: f32,
    /// Divide rows and keys by their lengths, so that products are cosines; those shorter than 10⁻¹² become zero.
    pub normalise: bool,
    /// The mean of both directions instead of that from rows to keys. It counts only where the keys are given.
    pub symmetric: bool,
}

/// SimCLR's loss, NT-Xent (Chen et al. 2020, eq. 1): the mean over all rows of
/// `−log exp(s_ip / τ) / Σ_{k ≠ i} exp(s_ik / τ)`, s the cosine similarity and p the positive of i.
///
/// `rows` are [2N, D] and need no normalisation, `positive` [2N] has the number of the positive of each row. Pairs of
/// the same number in `excluded` [2N] do not count, unless they are positive (numbers below zero exclude nothing). A
/// row whose positive is not there has no loss. Returns [1]; the gradient flows to `rows`.
pub fn nt_xent(
    rows: Tensor<2>,
    positive: Tensor<1, Int>,
    temperature: f64,
    excluded: Option<Tensor<1, Int>>,
) -> Tensor<1> {
    contrast(
        rows,
        None,
        None,
        positive,
        excluded,
        How { scale: (1.0 / temperature) as f32, normalise: true, symmetric: false },
    )
}

/// InfoNCE (van den Oord et al. 2018): the mean over all queries of the cross-entropy of the positive among the keys,
/// on cosine similarities divided by the temperature. `symmetric` is the mean of that and of the same from keys to
/// queries (Radford et al. 2021); there must then be as many keys as queries and `positive` a permutation.
///
/// `queries` [N, D] and `keys` [M, D] need no normalisation; `positive` [N] has the key of each query. Pairs of the
/// same number in `excluded` ([N] and [M]) do not count, unless they are positive (numbers below zero exclude nothing).
/// A query whose positive is not there has no loss. Returns [1]; the gradient flows to both, and costs nothing for keys
/// that need none.
pub fn info_nce(
    queries: Tensor<2>,
    keys: Tensor<2>,
    positive: Tensor<1, Int>,
    temperature: f64,
    excluded: Option<(Tensor<1, Int>, Tensor<1, Int>)>,
    symmetric: bool,
) -> Tensor<1> {
    let groups = excluded.map(|(queries, keys)| Tensor::cat(vec![queries, keys], 0));
    contrast(
        queries,
        Some(keys),
        None,
        positive,
        groups,
        How { scale: (1.0 / temperature) as f32, normalise: true, symmetric },
    )
}

/// The operation behind [`nt_xent`] and [`info_nce`].
///
/// `rows` [N, D] are compared with `keys` [M, D], or with each other (but not with themselves) without keys. Products
/// are multiplied by [`How::scale`] and by `scale` [1], which may be learned and must be above zero. `positive` is [N];
/// `groups` [N + M] (or [N] without keys) are numbers of rows and then of keys: what is equal does not count, unless it
/// is positive or below zero. Returns [1]; the gradient flows to rows, keys and scale.
pub fn contrast(
    rows: Tensor<2>,
    keys: Option<Tensor<2>>,
    scale: Option<Tensor<1>>,
    positive: Tensor<1, Int>,
    groups: Option<Tensor<1, Int>>,
    how: How,
) -> Tensor<1> {
    debug_assert_eq!(rows.dims()[0], positive.dims()[0]);
    debug_assert!(keys.as_ref().is_none_or(|keys| keys.dims()[1] == rows.dims()[1]));
    debug_assert!(how.scale > 0.0);
    if crate::kernels::choice::stock() {
        return stock(rows, keys, scale, positive, groups, how);
    }
    let given = Given { how, keys: keys.is_some(), scale: scale.is_some(), groups: groups.is_some() };
    let keys = keys.unwrap_or_else(|| rows.clone()).into_dispatch();
    let groups = groups.unwrap_or_else(|| positive.clone()).into_dispatch();
    let (rows, positive) = (rows.into_dispatch(), positive.into_dispatch());
    let scale = scale.map_or_else(|| rows.clone(), Tensor::into_dispatch);
    Tensor::from_dispatch(Dispatch::contrast(rows, keys, scale, positive, groups, given).0)
}

/// [`contrast`] by burn's own operations, with matrices of rows × keys.
pub fn stock(
    rows: Tensor<2>,
    keys: Option<Tensor<2>>,
    scale: Option<Tensor<1>>,
    positive: Tensor<1, Int>,
    groups: Option<Tensor<1, Int>>,
    how: How,
) -> Tensor<1> {
    let unit = |x: Tensor<2>| match how.normalise {
        true => x.clone() / x.square().sum_dim(1).sqrt().clamp_min(1e-12),
        false => x,
    };
    let (same, device) = (keys.is_none(), rows.device());
    let rows = unit(rows);
    let keys = keys.map_or_else(|| rows.clone(), unit);
    let [count, others] = [rows.dims()[0], keys.dims()[0]];
    let mut scores = rows.matmul(keys.transpose()).mul_scalar(how.scale);
    if let Some(scale) = scale {
        scores = scores * scale.reshape([1, 1]);
    }
    let column = |numbers: Tensor<1, Int>| numbers.reshape([count, 1]).repeat_dim(1, others);
    let row = |numbers: Tensor<1, Int>| numbers.reshape([1, others]).repeat_dim(0, count);
    let numbers = |count: usize| Tensor::<1, Int>::arange(0..count as i64, &device);
    let mut positive = column(positive).equal(row(numbers(others)));
    if let Some(groups) = groups {
        let of_keys = groups.clone().narrow(0, if same { 0 } else { count }, others);
        let of_rows = column(groups.narrow(0, 0, count));
        let excluded = of_rows.clone().equal(row(of_keys)).bool_and(of_rows.greater_equal_elem(0));
        scores = scores.mask_fill(excluded.bool_and(positive.clone().bool_not()), -1e30);
    }
    if same {
        let diagonal = column(numbers(count)).equal(row(numbers(count)));
        scores = scores.mask_fill(diagonal.clone(), -1e30);
        positive = positive.bool_and(diagonal.bool_not());
    }
    let positive = positive.float();
    let mut shares = activation::log_softmax(scores.clone(), 1);
    if how.symmetric && !same {
        shares = (shares + activation::log_softmax(scores, 0)).mul_scalar(0.5);
    }
    (shares * positive).sum().mul_scalar(-1.0 / count as f64)
}

/// Which tensors of a call are given; others hold the places of those that are not.
#[derive(Debug, Clone, Copy)]
pub struct Given {
    pub(crate) how: How,
    keys: bool,
    scale: bool,
    groups: bool,
}

impl Given {
    pub(crate) fn only<F, I>(self, keys: F, scale: F, groups: I) -> (Option<F>, Option<F>, Option<I>) {
        (self.keys.then_some(keys), self.scale.then_some(scale), self.groups.then_some(groups))
    }
}

/// The sizes of one call, and whether the keys are the rows.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    pub(crate) rows: usize,
    pub(crate) keys: usize,
    pub(crate) width: usize,
    pub(crate) same: bool,
}

impl Sizes {
    pub(crate) fn new(rows: [usize; 2], keys: Option<[usize; 2]>) -> Self {
        let [rows, width] = rows;
        Self { rows, keys: keys.map_or(rows, |[keys, _]| keys), width, same: keys.is_none() }
    }

    /// What the softmax over the keys of a row counts, and that over the rows of a key.
    pub(crate) fn weights(self, how: How) -> [f32; 2] {
        match (self.same, how.symmetric) {
            // Both directions are softmaxes over the keys of a row, of different rows.
            (true, _) => [1.0, 1.0],
            (false, true) => [0.5, 0.5],
            (false, false) => [1.0, 0.0],
        }
    }
}

/// What the forward pass keeps: tensors of one backend, whose layout is its own affair.
#[derive(Debug, Clone)]
pub struct Kept<F, I> {
    pub(crate) unit: F,
    pub(crate) inverse: F,
    pub(crate) lse: F,
    pub(crate) scale: Option<F>,
    pub(crate) positive: I,
    pub(crate) groups: Option<I>,
    pub(crate) sizes: Sizes,
    pub(crate) how: How,
}

/// The gradients of rows, keys and scale.
pub(crate) type Slopes<F> = [Option<F>; 3];

#[derive(Debug)]
struct Step;

impl<B: KernelGradients> Backward<B, 3> for Step {
    type State = Kept<FloatTensor<B>, IntTensor<B>>;

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let grad = gradients.consume::<B>(&ops.node);
        let [rows, keys, scale] = ops.parents;
        // Where there are no keys or no scale, their places are taken by the rows.
        let parents = [rows, keys.filter(|_| !ops.state.sizes.same), scale.filter(|_| ops.state.scale.is_some())];
        let wanted = parents.each_ref().map(Option::is_some);
        let slopes = B::contrast_backward(grad, ops.state, wanted);
        for (parent, slope) in parents.into_iter().zip(slopes) {
            if let Some((parent, slope)) = parent.zip(slope) {
                gradients.register::<B>(parent.id, slope);
            }
        }
    }
}

pub(crate) fn tracked<B: KernelOps + KernelGradients, C: CheckpointStrategy>(
    rows: Tracked<B, C>,
    keys: Tracked<B, C>,
    scale: Tracked<B, C>,
    positive: IntTensor<B>,
    groups: IntTensor<B>,
    given: Given,
) -> (Tracked<B, C>, [FloatTensor<B>; 3]) {
    let ((rows, rows_node), (keys, keys_node), (scale, scale_node)) =
        (rows.into_parts(), keys.into_parts(), scale.into_parts());
    let sizes = Sizes::new(rows.shape().dims(), given.keys.then(|| keys.shape().dims()));
    let (loss, unit, inverse, lse) = B::contrast(rows, keys, scale.clone(), positive.clone(), groups.clone(), given);
    let kept = [unit.clone(), inverse.clone(), lse.clone()];
    let loss = match Step.prepare::<C>([rows_node, keys_node, scale_node]).compute_bound().stateful() {
        OpsKind::Tracked(step) => {
            let (scale, groups) = (given.scale.then_some(scale), given.groups.then_some(groups));
            step.finish(Kept { unit, inverse, lse, scale, positive, groups, sizes, how: given.how }, loss)
        }
        OpsKind::UnTracked(step) => step.finish(loss),
    };
    (loss, kept)
}
