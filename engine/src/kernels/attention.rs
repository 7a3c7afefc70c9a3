//! Self-attention (Vaswani et al. 2017) of all heads from one tensor of queries, keys and values, without a matrix of
//! tokens × tokens in memory (online softmax; Dao et al. 2022). The CPU twin is in `attention_twin.rs`.

use burn::backend::Dispatch;
use burn::tensor::Tensor;
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn_backend::TensorMetadata as _;
use burn_backend::tensor::FloatTensor;
use burn_cubecl::tensor::CubeTensor;

use super::launch::{KernelInfo, Launch, Values, empty, floats, word};
use super::{KernelGradients, KernelOps, Tracked};

/// The largest head dimension a launch can take: queries, keys and sums of one invocation live in registers.
pub const MAX_DIM: usize = 128;

const EXAMPLES: &[Values] = &[
    &[("workgroup", 32), ("dim", 5), ("tile", 32)],
    &[("workgroup", 64), ("dim", 64), ("tile", 31)],
    &[("workgroup", 64), ("dim", 128), ("tile", 15)],
];

/// `attention.wgsl`
pub const FORWARD: KernelInfo =
    KernelInfo { stem: "attention", template: include_str!("../../../shaders/attention.wgsl"), examples: EXAMPLES };

/// `attention_queries.wgsl`
pub const QUERIES: KernelInfo =
    KernelInfo { stem: "attention_queries", template: include_str!("../../../shaders/attention_queries.wgsl"), examples: EXAMPLES };

/// `attention_keys.wgsl`
pub const KEYS: KernelInfo =
    KernelInfo { stem: "attention_keys", template: include_str!("../../../shaders/attention_keys.wgsl"), examples: EXAMPLES };

/// `softmax(q kᵀ / √dim) v` for every head.
///
/// `qkv` is [B, T, 3 · heads · dim], laid out [which, head, dim] in its last dimension, with dim at most [`MAX_DIM`]; the
/// result is [B, T, heads · dim]. The gradient flows to `qkv`.
pub fn attention(qkv: Tensor<3>, heads: usize) -> Tensor<3> {
    debug_assert!(heads > 0 && qkv.dims()[2].is_multiple_of(3 * heads) && qkv.dims()[2] / (3 * heads) <= MAX_DIM);
    Tensor::from_dispatch(Dispatch::self_attention(qkv.into_dispatch(), heads).0)
}

/// What the sizes of one call are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub batch: usize,
    pub tokens: usize,
    pub heads: usize,
    pub dim: usize,
}

impl Sizes {
    /// From the shape of `qkv`.
    pub fn new([batch, tokens, width]: [usize; 3], heads: usize) -> Self {
        let heads = heads.max(1);
        Self { batch, tokens, heads, dim: width / (3 * heads) }
    }

    /// Values of one token in the result.
    pub fn width(&self) -> usize {
        self.heads * self.dim
    }

    /// What products of queries and keys are multiplied by.
    pub fn scale(&self) -> f32 {
        1.0 / (self.dim.max(1) as f32).sqrt()
    }

    fn launch(&self, info: &'static KernelInfo, inputs: &[&CubeTensor], outputs: &[&CubeTensor]) {
        let workgroup = if self.tokens <= 32 { 32 } else { 64 };
        let blocks = self.tokens.div_ceil(workgroup);
        let groups = self.batch * self.heads * blocks;
        // Two tiles and two more numbers a token fill at most the 16 KiB that every device has.
        let tile = (4096 / (2 * self.dim + 2)).clamp(1, 32);
        Launch {
            info,
            values: &[("dim", word(self.dim)), ("tile", word(tile))],
            workgroup: word(workgroup),
            groups,
            inputs,
            outputs,
            params: &[word(groups), word(self.tokens), word(self.heads), word(blocks), self.scale().to_bits()],
        }
        .run();
    }
}

/// The result, and the log of the sum of exponentials [B, heads, T].
pub(super) fn on_gpu(qkv: CubeTensor, heads: usize) -> (CubeTensor, CubeTensor) {
    let qkv = floats(qkv);
    let sizes = Sizes::new(qkv.shape().dims(), heads);
    let out = empty(&qkv, [sizes.batch, sizes.tokens, sizes.width()]);
    let lse = empty(&qkv, [sizes.batch, sizes.heads, sizes.tokens]);
    sizes.launch(&FORWARD, &[&qkv], &[&out, &lse]);
    (out, lse)
}

pub(super) fn backward_on_gpu(grad: CubeTensor, qkv: CubeTensor, out: CubeTensor, lse: CubeTensor, heads: usize) -> CubeTensor {
    let (grad, qkv, out, lse) = (floats(grad), floats(qkv), floats(out), floats(lse));
    let sizes = Sizes::new(qkv.shape().dims(), heads);
    let (d_qkv, delta) = (empty(&qkv, qkv.shape()), empty(&qkv, lse.shape()));
    sizes.launch(&QUERIES, &[&grad, &qkv, &out, &lse], &[&d_qkv, &delta]);
    sizes.launch(&KEYS, &[&grad, &qkv, &lse, &delta], &[&d_qkv]);
    d_qkv
}

#[derive(Debug)]
struct Step;

impl<B: KernelGradients> Backward<B, 1> for Step {
    type State = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>, usize);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (qkv, out, lse, heads) = ops.state;
        unary::<B, _>(ops.parents, ops.node, gradients, |grad| B::self_attention_backward(grad, qkv, out, lse, heads));
    }
}

pub(super) fn tracked<B: KernelOps + KernelGradients, C: CheckpointStrategy>(
    qkv: Tracked<B, C>,
    heads: usize,
) -> (Tracked<B, C>, FloatTensor<B>) {
    let (qkv, node) = qkv.into_parts();
    let (out, lse) = B::self_attention(qkv.clone(), heads);
    let out = match Step.prepare::<C>([node]).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish((qkv, out.clone(), lse.clone(), heads), out),
        OpsKind::UnTracked(step) => step.finish(out),
    };
    (out, lse)
}
