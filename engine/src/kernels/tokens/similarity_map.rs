//! How much every token of a sample points the same way as one chosen token: the picture under the cursor.

use burn::backend::Dispatch;
use burn::tensor::Tensor;
use burn_backend::TensorMetadata as _;
use burn_cubecl::tensor::CubeTensor;
use burn_flex::FlexTensor;
use masquerade_twins::tokens;

use crate::kernels::launch::{KernelInfo, Launch, Values, empty, floats, row_groups, row_lanes, software, word};
use crate::kernels::{KernelOps as _, twin};

const WORKGROUP: u32 = 64;
const LEAST_NORM: f32 = 1e-12;

const EXAMPLES: &[Values] = &[
    &[("workgroup", WORKGROUP), ("lanes", 1), ("neighbours", 8)],
    &[("workgroup", WORKGROUP), ("lanes", WORKGROUP), ("neighbours", 1)],
];

/// `similarity_map.wgsl`, where the width is a multiple of four
pub const FOURS: KernelInfo = KernelInfo {
    stem: "similarity_map_fours",
    template: shader!("tokens/similarity_map", "shared/row_sum", "shared/parts_four"),
    examples: EXAMPLES,
};

/// `similarity_map.wgsl`, for any width
pub const SINGLE: KernelInfo = KernelInfo {
    stem: "similarity_map",
    template: shader!("tokens/similarity_map", "shared/row_sum", "shared/parts_one"),
    examples: EXAMPLES,
};

/// Cosine of token `query` of every sample with every token of that sample; norms below 1e-12 count as 1e-12.
///
/// `tokens` is [B, T, D], `query` is in 0 … T − 1; the result is [B, T], from −1 to 1. A query out of range gives
/// zeros. It carries no gradient.
pub fn similarity_map(tokens: Tensor<3>, query: usize) -> Tensor<2> {
    if crate::kernels::choice::stock() {
        return stock(tokens, query);
    }
    Tensor::from_dispatch(Dispatch::similarity_map(tokens.into_dispatch(), query))
}

/// [`similarity_map`] by burn's own operations.
pub fn stock(tokens: Tensor<3>, query: usize) -> Tensor<2> {
    let [batch, count, _] = tokens.dims();
    if query >= count {
        return Tensor::zeros([batch, count], &tokens.device());
    }
    let chosen = tokens.clone().narrow(1, query, 1);
    let norm = |x: Tensor<3>| x.square().sum_dim(2).sqrt().clamp_min(LEAST_NORM);
    let along = tokens.clone().matmul(chosen.clone().transpose());
    (along / (norm(tokens) * norm(chosen))).squeeze_dim(2)
}

pub(crate) fn on_gpu(x: CubeTensor, query: usize) -> CubeTensor {
    let x = floats(x);
    let [batch, tokens, width] = x.shape().dims();
    let out = empty(&x, [batch, tokens]);
    let (info, parts) = if width.is_multiple_of(4) { (&FOURS, 4) } else { (&SINGLE, 1) };
    let neighbours = if software() { 8 } else { 1 };
    let blocks = tokens.div_ceil(neighbours as usize);
    Launch {
        info,
        values: &[("lanes", row_lanes(WORKGROUP)), ("neighbours", neighbours)],
        workgroup: WORKGROUP,
        groups: row_groups(batch * blocks, WORKGROUP),
        inputs: &[&x],
        outputs: &[&out],
        params: &[batch * blocks, blocks, tokens, width / parts, query.min(tokens)].map(word),
    }
    .run();
    out
}

pub(crate) fn on_cpu(x: FlexTensor, query: usize) -> FlexTensor {
    let [batch, count, width] = x.shape().dims();
    twin::tensor(tokens::similarity([batch, count, width], &twin::Floats::new(x), query), [batch, count])
}
