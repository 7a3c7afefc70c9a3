//! Which keys a query keeps where attention looks at the most alike only (Chen et al., MixedAE, CVPR 2023, section 3.2).

use burn::backend::Dispatch;
use burn::tensor::{Int, Tensor};
use burn_backend::TensorMetadata as _;
use burn_cubecl::tensor::CubeTensor;
use burn_flex::FlexTensor;
use masquerade_twins::attention as twins;

use super::Largest;
use crate::kernels::launch::{KernelInfo, Launch, empty, floats, word};
use crate::kernels::{KernelOps as _, twin};

const WORKGROUP: u32 = 64;

/// The most tokens of the kernel, whose products lie in workgroup memory.
pub const MOST_TOKENS: usize = 4096;

/// `largest_keys.wgsl`
pub const LARGEST: KernelInfo = KernelInfo {
    stem: "largest_keys",
    template: shader!("attention/largest_keys"),
    examples: &[&[("workgroup", WORKGROUP), ("keys", 64)], &[("workgroup", WORKGROUP), ("keys", MOST_TOKENS as u32)]],
};

/// A bias for [`super::attention`] that leaves each query the keys of the largest products with it: 0 for these, −10³⁰ for
/// all others.
///
/// `qkv` is [B, T, 3 · heads · dim] as attention takes it, T at most [`MOST_TOKENS`]; the result is [B, heads, T, T]. The
/// choice is made for every query and head; of equal products the lower index comes first. It carries no gradient.
pub fn largest_keys(qkv: Tensor<3>, heads: usize, largest: Largest) -> Tensor<4> {
    debug_assert!(heads > 0 && qkv.dims()[2].is_multiple_of(3 * heads) && largest.keys > 0);
    if crate::kernels::choice::stock() || qkv.dims()[1] > MOST_TOKENS {
        return stock(qkv, heads, largest);
    }
    Tensor::from_dispatch(Dispatch::largest_keys(qkv.into_dispatch(), heads, largest))
}

/// [`largest_keys`] by burn's own operations.
pub fn stock(qkv: Tensor<3>, heads: usize, Largest { keys, always }: Largest) -> Tensor<4> {
    let [batch, tokens, width] = qkv.dims();
    let (dim, device) = (width / (3 * heads), qkv.device());
    let plane = |plane: usize| {
        let narrow = qkv.clone().detach().narrow(2, plane * heads * dim, heads * dim);
        narrow.reshape([batch, tokens, heads, dim]).swap_dims(1, 2)
    };
    let products = plane(0).matmul(plane(1).transpose()); // [B, heads, T, T]
    let of_key = products.clone().unsqueeze_dim::<5>(4); // [B, heads, T, key, 1]
    let of_other = products.narrow(3, always, tokens - always).unsqueeze_dim::<5>(3); // [B, heads, T, 1, other]
    let number = |from: usize| Tensor::<1, Int>::arange(from as i64..tokens as i64, &device);
    let key = number(0).reshape([1, 1, 1, tokens, 1]);
    let other = number(always).reshape([1, 1, 1, 1, tokens - always]);
    let equal = of_other.clone().equal(of_key.clone()).bool_and(other.lower(key));
    let before = of_other.greater(of_key).bool_or(equal).int().sum_dim(4).squeeze_dim::<4>(4);
    let first = |shape| number(0).reshape(shape).lower_elem(always as i64).expand([batch, heads, tokens, tokens]);
    let kept = before.lower_elem(keys as i64);
    let kept = kept.bool_or(first([1, 1, 1, tokens])).bool_or(first([1, 1, tokens, 1]));
    kept.bool_not().float().mul_scalar(twins::NEVER)
}

pub(crate) fn on_gpu(qkv: CubeTensor, heads: usize, Largest { keys, always }: Largest) -> CubeTensor {
    let qkv = floats(qkv);
    let [batch, tokens, width] = qkv.shape().dims();
    let bias = empty(&qkv, [batch, heads, tokens, tokens]);
    let rows = batch * heads * tokens;
    Launch {
        info: &LARGEST,
        values: &[("keys", word(tokens.next_power_of_two().max(WORKGROUP as usize)))],
        workgroup: WORKGROUP,
        groups: rows,
        inputs: &[&qkv],
        outputs: &[&bias],
        params: &[rows, tokens, heads, width / (3 * heads), keys, always].map(word),
    }
    .run();
    bias
}

pub(crate) fn on_cpu(qkv: FlexTensor, heads: usize, Largest { keys, always }: Largest) -> FlexTensor {
    let [batch, tokens, width] = qkv.shape().dims();
    let sizes = twins::Sizes { batch, queries: tokens, keys: tokens, heads, dim: width / (3 * heads) };
    let bias = twins::largest_keys(sizes, &twin::Floats::new(qkv), keys, always);
    twin::tensor(bias, [batch, heads, tokens, tokens])
}
