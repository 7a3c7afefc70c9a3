//! Which keys a query keeps where attention looks at the most alike only.

use macerator::Simd;

use super::Sizes;
use crate::{sums, threads};

/// The bias of a key that is not kept.
pub const NEVER: f32 = -1e30;

/// 0 for the `keep` keys of the largest products with each query of `qkv` [B, T, 3 · heads · dim], [`NEVER`] for all others,
/// [B, heads, T, T]. The first `always` keys are kept besides, and the first `always` queries keep all keys.
#[inline(never)]
pub fn largest_keys(sizes: Sizes, qkv: &[f32], keep: usize, always: usize) -> Vec<f32> {
    let mut bias = vec![0.0; sizes.batch * sizes.heads * sizes.queries * sizes.queries];
    threads::parts([&mut bias], [sizes.queries * sizes.queries], |head, [bias]| {
        of_head(sizes, qkv, [head / sizes.heads, head % sizes.heads], [keep, always], bias);
    });
    bias
}

#[macerator::with_simd]
fn of_head<S: Simd>(sizes: Sizes, qkv: &[f32], place: [usize; 2], counts: [usize; 2], bias: &mut [f32]) {
    let ([sample, head], [keep, always]) = (place, counts);
    let (tokens, dim, width) = (sizes.queries, sizes.dim, sizes.heads * sizes.dim);
    let row = |token: usize, plane: usize| {
        let start = ((sample * tokens + token) * 3 + plane) * width + head * dim;
        &qkv[start..start + dim]
    };
    let mut products = vec![0.0_f32; tokens];
    let mut order: Vec<usize> = Vec::with_capacity(tokens);
    for query in always..tokens {
        let own = row(query, 0);
        for (key, product) in products.iter_mut().enumerate().skip(always) {
            // Both zeros are one.
            *product = sums::sum_by(own, row(key, 1), |a, b| a * b) + 0.0;
        }
        order.clear();
        order.extend(always..tokens);
        if keep < order.len() {
            let before = |a: &usize, b: &usize| products[*b].total_cmp(&products[*a]).then(a.cmp(b));
            order.select_nth_unstable_by(keep, before);
            order[keep..].iter().for_each(|key| bias[query * tokens + key] = NEVER);
        }
    }
}
