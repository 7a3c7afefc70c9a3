//! Attention of one head of one sample on the CPU: matrix products of small blocks.

use macerator::Simd;

use crate::gemm::{Matrix, Packed, product};
use crate::smooth::exp;
use crate::sums;

/// Scores that are computed at once.
const BLOCK: usize = 1 << 14;
/// Rows of scores are padded to a multiple of this, so that loops over them have no edge.
const PAD: usize = 8;
/// The score of a key that may not be looked at; sums above half of it have seen none.
const NONE: f32 = -3.0e38;
/// What is that far below the largest score has no weight.
const FAINT: f32 = -86.0;

/// One head of one sample: rows of `dim` values within larger tensors.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    pub queries: usize,
    pub keys: usize,
    pub dim: usize,
    pub scale: f32,
    pub q: Matrix<'a>,
    pub k: Matrix<'a>,
    pub v: Matrix<'a>,
    /// Added to the scaled scores: [queries, keys], or nothing.
    pub bias: &'a [f32],
    /// Above a half for keys that may be looked at: [keys], or nothing.
    pub mask: &'a [f32],
}

/// Gradients and results of one head that its backward pass reads.
#[derive(Clone, Copy)]
pub(crate) struct Back<'a> {
    pub grad: Matrix<'a>,
    pub out: Matrix<'a>,
    pub lse: &'a [f32],
}

impl<'a> Head<'a> {
    fn padded(&self) -> usize {
        self.keys.next_multiple_of(PAD)
    }

    /// Queries whose scores are computed at once.
    fn rows(&self) -> usize {
        (BLOCK / self.padded().max(1)).max(PAD).min(self.queries)
    }

    /// The transpose of a matrix of all keys, as a right operand.
    fn turned(&self, matrix: Matrix) -> Packed {
        Packed::new([self.dim, self.keys], Matrix { row: 1, column: matrix.row, ..matrix })
    }

    fn scores(&self, start: usize, rows: usize, keys: &Packed, scores: &mut [f32]) {
        product([rows, self.dim, self.keys], self.q.from(start, 0), keys, (scores, self.padded()), false);
    }

    /// The scores of one query from its products: scaled, with bias and mask; the padding is never looked at.
    #[inline(always)]
    fn finish(&self, query: usize, scores: &mut [f32]) {
        scores.iter_mut().for_each(|score| *score *= self.scale);
        if !self.bias.is_empty() {
            let bias = &self.bias[query * self.keys..][..self.keys];
            scores.iter_mut().zip(bias).for_each(|(score, bias)| *score += bias);
        }
        if !self.mask.is_empty() {
            scores.iter_mut().zip(self.mask).for_each(|(score, mask)| *score = if *mask > 0.5 { *score } else { NONE });
        }
        scores[self.keys..].fill(NONE);
    }

    /// Turn products of queries from `start` on into weights, and keep the logs of the sums of exponentials.
    #[inline(always)]
    fn soften(&self, start: usize, scores: &mut [f32], lse: &mut [f32]) {
        for (i, (scores, lse)) in scores.chunks_exact_mut(self.padded()).zip(lse).enumerate() {
            self.finish(start + i, scores);
            let top = top(scores);
            scores.iter_mut().for_each(|score| *score = weight(*score - top));
            let total = sums::sum(scores);
            let some = top > 0.5 * NONE;
            let factor = if some { 1.0 / total } else { 0.0 };
            scores.iter_mut().for_each(|weight| *weight *= factor);
            *lse = if some { top + total.ln() } else { 0.0 };
        }
    }

    /// Turn products of queries from `start` on into weights, and products of gradients and values into slopes of the
    /// scores.
    #[inline(always)]
    fn slopes(&self, back: Back, start: usize, weights: &mut [f32], slopes: &mut [f32]) {
        let padded = self.padded();
        for (i, (weights, slopes)) in weights.chunks_exact_mut(padded).zip(slopes.chunks_exact_mut(padded)).enumerate()
        {
            let t = start + i;
            self.finish(t, weights);
            let (grad, out) = (&back.grad.from(t, 0).values[..self.dim], &back.out.from(t, 0).values[..self.dim]);
            let (delta, lse) = (sums::sum_by(grad, out, |g, o| g * o), back.lse[t]);
            for (weight_of, slope) in weights.iter_mut().zip(slopes) {
                *weight_of = weight(*weight_of - lse);
                *slope = *weight_of * (*slope - delta);
            }
        }
    }
}

/// The largest of some scores, whose number is a multiple of [`PAD`].
#[inline(always)]
fn top(scores: &[f32]) -> f32 {
    let mut tops = [NONE; PAD];
    for block in scores.as_chunks::<PAD>().0 {
        tops.iter_mut().zip(block).for_each(|(top, score)| *top = if *score > *top { *score } else { *top });
    }
    tops.into_iter().fold(NONE, f32::max)
}

/// eˣ, without the tiny numbers that processors are slow with.
#[inline(always)]
fn weight(x: f32) -> f32 {
    let weight = exp(x);
    if x > FAINT { weight } else { 0.0 }
}

#[macerator::with_simd]
fn soften<'a, S: Simd>(head: Head<'a>, start: usize, scores: &mut [f32], lse: &mut [f32]) {
    head.soften(start, scores, lse);
}

#[macerator::with_simd]
fn slopes<'a, S: Simd>(head: Head<'a>, back: Back<'a>, start: usize, weights: &mut [f32], slopes: &mut [f32]) {
    head.slopes(back, start, weights, slopes);
}

/// The result into rows of `out` that are `step` values apart, and the logs of the sums of exponentials.
pub(crate) fn forward(head: Head, (out, step): (&mut [f32], usize), lse: &mut [f32]) {
    let Head { queries, keys, dim, .. } = head;
    let padded = head.padded();
    let (turned, values) = (head.turned(head.k), Packed::new([keys, dim], head.v));
    let mut scores = vec![0.0; head.rows() * padded];
    for start in (0..queries).step_by(head.rows().max(1)) {
        let rows = head.rows().min(queries - start);
        let scores = &mut scores[..rows * padded];
        head.scores(start, rows, &turned, scores);
        soften(head, start, scores, &mut lse[start..start + rows]);
        let weights = Matrix { values: scores, row: padded, column: 1 };
        product([rows, keys, dim], weights, &values, (&mut out[start * step..], step), false);
    }
}

/// Where gradients of queries, keys and values go: the first value, in the tensor of that number, and values from row
/// to row.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub tensor: usize,
    pub start: usize,
    pub step: usize,
}

/// The gradients of queries, keys and values into their places in `tensors`.
pub(crate) fn backward(head: Head, back: Back, tensors: &mut [&mut [f32]], [dq, dk, dv]: [Place; 3]) {
    let Head { queries, keys, dim, scale, .. } = head;
    let padded = head.padded();
    let (turned_keys, turned_values) = (head.turned(head.k), head.turned(head.v));
    let right_keys = Packed::new([keys, dim], head.k);
    let (mut weights, mut slopes_of) = (vec![0.0; head.rows() * padded], vec![0.0; head.rows() * padded]);
    for start in (0..queries).step_by(head.rows().max(1)) {
        let rows = head.rows().min(queries - start);
        let (weights, slopes_of) = (&mut weights[..rows * padded], &mut slopes_of[..rows * padded]);
        head.scores(start, rows, &turned_keys, weights);
        let grad = back.grad.from(start, 0);
        product([rows, dim, keys], grad, &turned_values, (slopes_of, padded), false);
        slopes(head, back, start, weights, slopes_of);
        let mut add = |place: Place, first: usize, sizes, left: Matrix, right: &Packed, more| {
            let out = &mut tensors[place.tensor][place.start + first * place.step..];
            product(sizes, left, right, (out, place.step), more);
        };
        let turned = |values| Matrix { values, row: 1, column: padded };
        add(dv, 0, [keys, rows, dim], turned(weights), &Packed::new([rows, dim], grad), start > 0);
        slopes_of.iter_mut().for_each(|slope| *slope *= scale);
        add(dk, 0, [keys, rows, dim], turned(slopes_of), &Packed::new([rows, dim], head.q.from(start, 0)), start > 0);
        add(dq, start, [rows, keys, dim], Matrix { values: slopes_of, row: padded, column: 1 }, &right_keys, false);
    }
}

/// Add the slopes of the scores of some queries from `start` on to `d_bias` [rows, keys].
pub(crate) fn add_bias(head: Head, back: Back, start: usize, d_bias: &mut [f32]) {
    let Head { keys, dim, .. } = head;
    let (padded, rows) = (head.padded(), d_bias.len() / keys.max(1));
    let (mut weights, mut slopes_of) = (vec![0.0; rows * padded], vec![0.0; rows * padded]);
    head.scores(start, rows, &head.turned(head.k), &mut weights);
    product([rows, dim, keys], back.grad.from(start, 0), &head.turned(head.v), (&mut slopes_of, padded), false);
    slopes(head, back, start, &mut weights, &mut slopes_of);
    for (out, slopes) in d_bias.chunks_exact_mut(keys.max(1)).zip(slopes_of.chunks_exact(padded)) {
        out.iter_mut().zip(slopes).for_each(|(out, slope)| *out += slope);
    }
}
