//! The contrast of neighbours (Graph-MLP, Hu et al. 2021; SCGC, Kulatilleke et al. 2022), without a matrix of nodes ×
//! nodes in memory: sums of exponentials over all pairs a block at a time, and weighted ones over the pairs that have a
//! weight.
//!
//! The launches for a GPU are in `gpu.rs`, the CPU twin is in `twin.rs`.

pub(crate) mod gpu;
pub(crate) mod twin;

use burn::backend::Dispatch;
use burn::tensor::{Device, IndexingUpdateOp, Int, Tensor, TensorData};
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn_backend::tensor::{FloatTensor, IntTensor};

use crate::kernels::launch::{KernelInfo, Values};
use crate::kernels::{KernelGradients, KernelOps, Tracked};

/// Invocations of a workgroup.
pub(crate) const WORKGROUP: u32 = 64;

const EXAMPLES: &[Values] = &[&[("workgroup", WORKGROUP), ("quads", 1)], &[("workgroup", WORKGROUP), ("quads", 3)]];

/// `neighbour_contrast_unit.wgsl`
pub const UNIT: KernelInfo = KernelInfo {
    stem: "neighbour_contrast_unit",
    template: shader!("neighbour_contrast/neighbour_contrast_unit"),
    examples: &[&[("workgroup", WORKGROUP)]],
};

/// `neighbour_contrast_scores.wgsl`
pub const SCORES: KernelInfo = KernelInfo {
    stem: "neighbour_contrast_scores",
    template: shader!("neighbour_contrast/neighbour_contrast_scores"),
    examples: EXAMPLES,
};

/// `neighbour_contrast_rows.wgsl`
pub const ROWS: KernelInfo = KernelInfo {
    stem: "neighbour_contrast_rows",
    template: shader!("neighbour_contrast/neighbour_contrast_rows"),
    examples: EXAMPLES,
};

/// `neighbour_contrast_slopes.wgsl`
pub const SLOPES: KernelInfo = KernelInfo {
    stem: "neighbour_contrast_slopes",
    template: shader!("neighbour_contrast/neighbour_contrast_slopes"),
    examples: EXAMPLES,
};

/// `neighbour_contrast_backward.wgsl`
pub const BACKWARD: KernelInfo = KernelInfo {
    stem: "neighbour_contrast_backward",
    template: shader!("neighbour_contrast/neighbour_contrast_backward"),
    examples: EXAMPLES,
};

/// The numbers of the loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct How {
    /// What cosines are multiplied by before the exponential.
    pub tau: f32,
    /// Added to the share of the neighbours before the logarithm.
    pub eps: f32,
    /// Rows shorter than this count as zero and get no gradient.
    pub least_norm: f32,
}

/// The pairs that have a weight, on a device: every pair (i, j) stands for both directions, with its weights in both.
#[derive(Debug, Clone)]
pub struct Pairs {
    /// First places of the pairs of each row [N + 1], then the column of each pair [P].
    places: Tensor<1, Int>,
    /// Weights of (i, j) and (j, i) [P, 2].
    weights: Tensor<2>,
    nodes: usize,
}

impl Pairs {
    /// Pairs row by row: `starts` [N + 1], `columns` [P] below N, `weights` [P, 2] with the weight of (i, j) and then
    /// that of (j, i). If one of the two directions has a weight, both pairs (i, j) and (j, i) must be there.
    pub fn new(starts: &[u32], columns: &[u32], weights: &[f32], device: &Device) -> Self {
        debug_assert_eq!(columns.len() * 2, weights.len());
        let nodes = starts.len().saturating_sub(1);
        debug_assert!(columns.iter().all(|column| (*column as usize) < nodes));
        let places: Vec<i32> = starts.iter().chain(columns).map(|v| *v as i32).collect();
        let count = places.len();
        Self {
            places: Tensor::from_data(TensorData::new(places, [count]), device),
            weights: Tensor::from_data(TensorData::new(weights.to_vec(), [columns.len(), 2]), device),
            nodes,
        }
    }

    /// Number of rows.
    pub fn nodes(&self) -> usize {
        self.nodes
    }
}

/// The loss of every row i:
/// `−ln(Σ_j exp(τ s_ij) a_ij / Σ_j exp(τ s_ij) + ε)`, s the cosine similarity with s_ii = 0, a the weights, j over all
/// rows.
///
/// `rows` are [N, D] and need no normalisation; there is at least one pair. Returns [N]; the gradient flows to `rows`.
pub fn neighbour_contrast(rows: Tensor<2>, pairs: &Pairs, how: How) -> Tensor<1> {
    debug_assert_eq!(rows.dims()[0], pairs.nodes);
    if crate::kernels::choice::stock() {
        return stock(rows, pairs, how);
    }
    let (places, weights) = (pairs.places.clone().into_dispatch(), pairs.weights.clone().into_dispatch());
    Tensor::from_dispatch(Dispatch::neighbour_contrast(rows.into_dispatch(), places, weights, how).0)
}

/// [`neighbour_contrast`] by burn's own operations, with matrices of rows × rows.
pub fn stock(rows: Tensor<2>, pairs: &Pairs, how: How) -> Tensor<1> {
    let (nodes, device) = (pairs.nodes, rows.device());
    let exponentials = cosines(rows, how.least_norm).mul_scalar(how.tau).exp();
    let (starts, columns) =
        (pairs.places.clone().narrow(0, 1, nodes), pairs.places.clone().narrow(0, nodes + 1, pairs.weights.dims()[0]));
    // The row of a pair is the number of rows that end at or before it.
    let count = columns.dims()[0];
    let numbers = Tensor::<1, Int>::arange(0..count as i64, &device).reshape([count, 1]).repeat_dim(1, nodes);
    let owners = starts.reshape([1, nodes]).repeat_dim(0, count).lower_equal(numbers).int().sum_dim(1).reshape([count]);
    let cells = owners.mul_scalar(nodes as i64) + columns;
    let there = pairs.weights.clone().narrow(1, 0, 1).reshape([count]);
    let weights = Tensor::<1>::zeros([nodes * nodes], &device)
        .scatter(0, cells, there, IndexingUpdateOp::Add)
        .reshape([nodes, nodes]);
    let near = (exponentials.clone() * weights).sum_dim(1);
    -((near / exponentials.sum_dim(1)).add_scalar(how.eps).log()).squeeze_dim::<1>(1)
}

/// The cosine of every row with every other, zero on the diagonal; rows shorter than `least_norm` count as if of that
/// length.
///
/// # Shapes
/// [N, D] → [N, N]
pub fn cosines(rows: Tensor<2>, least_norm: f32) -> Tensor<2> {
    let nodes = rows.dims()[0];
    let unit = rows.clone() / rows.square().sum_dim(1).sqrt().clamp_min(least_norm);
    let off_diagonal = Tensor::<2>::eye(nodes, &unit.device()).neg().add_scalar(1.0);
    unit.clone().matmul(unit.transpose()) * off_diagonal
}

/// What the forward pass keeps.
#[derive(Debug, Clone)]
pub struct Kept<F, I> {
    /// Rows divided by their lengths; on a GPU with zeros behind them.
    pub(crate) unit: F,
    /// The inverse lengths [N].
    pub(crate) inverse: F,
    /// Slopes of the loss of each row with respect to the sum of exponentials and to the weighted one, times τ [N, 2].
    pub(crate) slopes: F,
    pub(crate) places: I,
    pub(crate) weights: F,
    pub(crate) how: How,
    pub(crate) width: usize,
}

#[derive(Debug)]
struct Step;

impl<B: KernelGradients> Backward<B, 1> for Step {
    type State = Kept<FloatTensor<B>, IntTensor<B>>;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        unary::<B, _>(ops.parents, ops.node, gradients, |grad| B::neighbour_contrast_backward(grad, ops.state));
    }
}

pub(crate) fn tracked<B: KernelOps + KernelGradients, C: CheckpointStrategy>(
    rows: Tracked<B, C>,
    places: IntTensor<B>,
    weights: Tracked<B, C>,
    how: How,
) -> (Tracked<B, C>, [FloatTensor<B>; 3]) {
    use burn_backend::TensorMetadata as _;
    let ((rows, node), weights) = (rows.into_parts(), weights.into_primitive());
    let width = rows.shape()[1];
    let (loss, unit, inverse, slopes) = B::neighbour_contrast(rows, places.clone(), weights.clone(), how);
    let kept = [unit.clone(), inverse.clone(), slopes.clone()];
    let loss = match Step.prepare::<C>([node]).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish(Kept { unit, inverse, slopes, places, weights, how, width }, loss),
        OpsKind::UnTracked(step) => step.finish(loss),
    };
    (loss, kept)
}
