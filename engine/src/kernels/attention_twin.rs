//! The CPU twin of `attention.rs`: matrix products of small blocks, a task for every head of every sample.

use burn_backend::TensorMetadata as _;
use burn_flex::FlexTensor;
use macerator::Simd;

use super::attention::Sizes;
use super::product::{Left, add_product};
use super::smooth::exp;
use super::twin::{self, Floats};

/// Queries whose scores are computed at once.
const BLOCK: usize = 32;
/// Rows of scores are padded to a multiple of this, so that products have no edge.
const PAD: usize = 8;

/// One head of one sample within a tensor [B, T, planes, heads, dim].
struct Head<'a> {
    sizes: Sizes,
    /// Values from the first of this head on.
    values: &'a [f32],
    planes: usize,
}

impl<'a> Head<'a> {
    fn new(sizes: Sizes, values: &'a [f32], planes: usize, number: usize) -> Self {
        let start = number / sizes.heads * sizes.tokens * planes * sizes.width() + number % sizes.heads * sizes.dim;
        Self { sizes, values: &values[start..], planes }
    }

    /// Values from one token to the next.
    fn step(&self) -> usize {
        self.planes * self.sizes.width()
    }

    /// Values of one plane from `token` on.
    #[inline(always)]
    fn from(&self, plane: usize, token: usize) -> &'a [f32] {
        &self.values[plane * self.sizes.width() + token * self.step()..]
    }

    #[inline(always)]
    fn left(&self, plane: usize, token: usize) -> Left<'a> {
        Left { values: self.from(plane, token), row: self.step(), column: 1 }
    }

    /// One plane, transposed to [dim, padded tokens] and scaled.
    #[inline(always)]
    fn turned(&self, plane: usize, scale: f32) -> Vec<f32> {
        let padded = padded(self.sizes.tokens);
        let mut turned = vec![0.0; self.sizes.dim * padded];
        for t in 0..self.sizes.tokens {
            let row = &self.from(plane, t)[..self.sizes.dim];
            row.iter().enumerate().for_each(|(c, value)| turned[c * padded + t] = value * scale);
        }
        turned
    }
}

fn padded(tokens: usize) -> usize {
    tokens.next_multiple_of(PAD)
}

/// Turn scores of one query into weights; returns the log of the sum of their exponentials.
#[inline(always)]
fn softmax(scores: &mut [f32], tokens: usize) -> f32 {
    let (scores, padding) = scores.split_at_mut(tokens);
    padding.fill(0.0);
    let top = scores.iter().fold(f32::MIN, |top, score| top.max(*score));
    scores.iter_mut().for_each(|score| *score = exp(*score - top));
    let sum = twin::sum(scores);
    scores.iter_mut().for_each(|weight| *weight /= sum);
    top + sum.ln()
}

#[macerator::with_simd]
fn head_forward<'a, S: Simd>(head: Head<'a>, out: &mut [f32], lse: &mut [f32]) {
    let Sizes { tokens, dim, .. } = head.sizes;
    let padded = padded(tokens);
    let keys = head.turned(1, head.sizes.scale());
    let mut scores = vec![0.0; BLOCK * padded];
    for start in (0..tokens).step_by(BLOCK) {
        let rows = BLOCK.min(tokens - start);
        scores.fill(0.0);
        add_product([rows, dim, padded], head.left(0, start), (&keys, padded), (&mut scores, padded));
        let weights = scores.chunks_mut(padded).zip(&mut lse[start..start + rows]);
        weights.for_each(|(scores, lse)| *lse = softmax(scores, tokens));
        let weights = Left { values: &scores, row: padded, column: 1 };
        add_product([rows, tokens, dim], weights, (head.from(2, 0), head.step()), (&mut out[start * dim..], dim));
    }
}

#[macerator::with_simd]
fn head_backward<'a, S: Simd>(grad: Head<'a>, head: Head<'a>, out: Head<'a>, lse: &[f32], d_qkv: &mut [f32]) {
    let Sizes { tokens, dim, .. } = head.sizes;
    let (padded, scale) = (padded(tokens), head.sizes.scale());
    let (d_queries, rest) = d_qkv.split_at_mut(tokens * dim);
    let (d_keys, d_values) = rest.split_at_mut(tokens * dim);
    let (keys, values) = (head.turned(1, scale), head.turned(2, 1.0));
    let (mut weights, mut slopes) = (vec![0.0; BLOCK * padded], vec![0.0; BLOCK * padded]);
    for start in (0..tokens).step_by(BLOCK) {
        let rows = BLOCK.min(tokens - start);
        weights.fill(0.0);
        slopes.fill(0.0);
        add_product([rows, dim, padded], head.left(0, start), (&keys, padded), (&mut weights, padded));
        add_product([rows, dim, padded], grad.left(0, start), (&values, padded), (&mut slopes, padded));
        for (i, (weights, slopes)) in weights.chunks_mut(padded).zip(slopes.chunks_mut(padded)).take(rows).enumerate() {
            let t = start + i;
            let delta = twin::sum_by(&grad.from(0, t)[..dim], &out.from(0, t)[..dim], |g, o| g * o);
            for (weight, slope) in weights.iter_mut().zip(slopes) {
                *weight = exp(*weight - lse[t]);
                *slope = *weight * (*slope - delta) * scale;
            }
        }
        // The transposed operands read the first `tokens` columns only, so the padding needs no care.
        let [weights, turned] = [&weights, &slopes].map(|values| Left { values, row: 1, column: padded });
        add_product([tokens, rows, dim], weights, (grad.from(0, start), grad.step()), (&mut *d_values, dim));
        add_product([tokens, rows, dim], turned, (head.from(0, start), head.step()), (&mut *d_keys, dim));
        let slopes = Left { values: &slopes, row: padded, column: 1 };
        add_product([rows, tokens, dim], slopes, (head.from(1, 0), head.step()), (&mut d_queries[start * dim..], dim));
    }
}

pub(super) fn on_cpu(qkv: FlexTensor, heads: usize) -> (FlexTensor, FlexTensor) {
    let sizes = Sizes::new(qkv.shape().dims(), heads);
    let Sizes { batch, tokens, heads, dim } = sizes;
    let qkv = Floats::new(qkv);
    let (mut out, mut lse) = (vec![0.0; batch * heads * tokens * dim], vec![0.0; batch * heads * tokens]);
    twin::parts([&mut out, &mut lse], [tokens * dim, tokens], |number, [out, lse]| {
        head_forward(Head::new(sizes, &qkv, 3, number), out, lse)
    });
    (twin::tensor(interleave(&out, sizes, 1), [batch, tokens, heads * dim]), twin::tensor(lse, [batch, heads, tokens]))
}

pub(super) fn backward_on_cpu(grad: FlexTensor, qkv: FlexTensor, out: FlexTensor, lse: FlexTensor, heads: usize) -> FlexTensor {
    let sizes = Sizes::new(qkv.shape().dims(), heads);
    let Sizes { batch, tokens, heads, dim } = sizes;
    let (grad, qkv, out, lse) = (Floats::new(grad), Floats::new(qkv), Floats::new(out), Floats::new(lse));
    let mut d_qkv = vec![0.0; qkv.len()];
    twin::parts([&mut d_qkv], [3 * tokens * dim], |number, [d_qkv]| {
        let [grad, out] = [&grad, &out].map(|values| Head::new(sizes, values, 1, number));
        head_backward(grad, Head::new(sizes, &qkv, 3, number), out, &lse[number * tokens..(number + 1) * tokens], d_qkv);
    });
    twin::tensor(interleave(&d_qkv, sizes, 3), [batch, tokens, 3 * heads * dim])
}

/// From [B, heads, planes, T, dim], in which the tasks write, to [B, T, planes, heads, dim].
fn interleave(values: &[f32], sizes: Sizes, planes: usize) -> Vec<f32> {
    let Sizes { tokens, heads, dim, .. } = sizes;
    let mut out = vec![0.0; values.len()];
    twin::rows(&mut out, planes * heads * dim, |row, out| {
        let (sample, token) = (row / tokens, row % tokens);
        for (place, out) in out.chunks_exact_mut(dim.max(1)).enumerate() {
            let (plane, head) = (place / heads, place % heads);
            let from = (((sample * heads + head) * planes + plane) * tokens + token) * dim;
            out.copy_from_slice(&values[from..from + dim]);
        }
    });
    out
}
