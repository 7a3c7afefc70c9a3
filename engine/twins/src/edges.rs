//! Sums, products and softmaxes along the edges of a graph.

use std::ops::Range;

use macerator::Simd;

use crate::smooth::exp;
use crate::{sums, threads};

/// The edges of a graph by the node at one end.
#[derive(Debug, Clone, Copy)]
pub struct List<'a> {
    /// The edges of node v stand at `starts[v]` … `starts[v + 1]` − 1 of the lists below.
    pub starts: &'a [i32],
    /// The node at the other end.
    pub ends: &'a [i32],
    /// The number of the edge, where that is not its place.
    pub numbers: Option<&'a [i32]>,
}

/// Nodes whose edges are worth a task of their own.
const ROWS_PER_TASK: usize = 512;

impl List<'_> {
    /// Nodes whose edges are listed.
    pub fn rows(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Places of a node's edges.
    #[inline(always)]
    fn of(&self, row: usize) -> Range<usize> {
        self.starts[row] as usize..self.starts[row + 1] as usize
    }

    /// The other end of the edge at a place.
    #[inline(always)]
    fn end(&self, place: usize) -> usize {
        self.ends[place] as usize
    }

    /// The number of the edge at a place.
    #[inline(always)]
    fn number(&self, place: usize) -> usize {
        self.numbers.map_or(place, |numbers| numbers[place] as usize)
    }

    /// Run `body` for every node over all threads, with the part of `out` that belongs to its edges, `width` values for
    /// each. Only where edges are numbered by place.
    fn each_row(&self, out: &mut [f32], width: usize, body: impl Fn(usize, &mut [f32]) + Sync + Send) {
        let mut rest = out;
        let mut tasks = Vec::new();
        for start in (0..self.rows()).step_by(ROWS_PER_TASK) {
            let end = (start + ROWS_PER_TASK).min(self.rows());
            let count = (self.starts[end] - self.starts[start]) as usize * width;
            let (part, others) = std::mem::take(&mut rest).split_at_mut(count);
            rest = others;
            tasks.push((start..end, part));
        }
        threads::each(tasks, |(rows, part)| {
            let mut rest = part;
            for row in rows {
                let (own, others) = std::mem::take(&mut rest).split_at_mut(self.of(row).len() * width);
                rest = others;
                body(row, own);
            }
        });
    }

    /// The sums [rows, width] of `x` over the other ends, weighted with `weights` [edges, heads] unless these are empty.
    #[inline(never)]
    pub fn propagate(&self, x: &[f32], width: usize, weights: &[f32], heads: usize) -> Vec<f32> {
        let mut out = vec![0.0; self.rows() * width];
        threads::rows(&mut out, width, |node, out| gather(self, node, x, weights, heads, out));
        out
    }

    /// The products [edges, heads] of `y` [rows, width] with `x` [nodes, width] at the other ends.
    #[inline(never)]
    pub fn dot(&self, count: usize, x: &[f32], y: &[f32], width: usize, heads: usize) -> Vec<f32> {
        let mut out = vec![0.0; count * heads];
        self.each_row(&mut out, heads, |node, out| {
            products(self, node, x, &y[node * width..(node + 1) * width], heads, out)
        });
        out
    }

    /// The softmax of scores [edges, heads] over the edges of every node.
    #[inline(never)]
    pub fn softmax(&self, scores: &[f32], heads: usize) -> Vec<f32> {
        let mut out = vec![0.0; scores.len()];
        self.each_row(&mut out, heads, |node, out| {
            soften(&scores[self.of(node).start * heads..][..out.len()], heads, out)
        });
        out
    }

    /// The gradient of the scores from that of their softmax and the softmax.
    #[inline(never)]
    pub fn softmax_backward(&self, grad: &[f32], weights: &[f32], heads: usize) -> Vec<f32> {
        let mut out = vec![0.0; weights.len()];
        self.each_row(&mut out, heads, |node, out| {
            let own = self.of(node).start * heads;
            soften_backward(&grad[own..][..out.len()], &weights[own..][..out.len()], heads, out);
        });
        out
    }
}

/// The sum of one node.
#[macerator::with_simd]
fn gather<'a, S: Simd>(list: &List<'a>, node: usize, x: &[f32], weights: &[f32], heads: usize, out: &mut [f32]) {
    let width = out.len();
    for place in list.of(node) {
        let from = list.end(place) * width;
        let Some(sent) = x.get(from..from + width) else { continue };
        if weights.is_empty() {
            out.iter_mut().zip(sent).for_each(|(out, x)| *out += x);
            continue;
        }
        let weights = &weights[list.number(place) * heads..][..heads];
        let part = width / heads;
        for ((out, x), weight) in out.chunks_exact_mut(part).zip(sent.chunks_exact(part)).zip(weights) {
            out.iter_mut().zip(x).for_each(|(out, x)| *out += weight * x);
        }
    }
}

/// The products of one node with the other ends of its edges.
#[macerator::with_simd]
fn products<'a, S: Simd>(list: &List<'a>, node: usize, x: &[f32], y: &[f32], heads: usize, out: &mut [f32]) {
    let (width, part) = (y.len(), y.len() / heads.max(1));
    for (place, out) in list.of(node).zip(out.chunks_exact_mut(heads.max(1))) {
        let from = list.end(place) * width;
        let Some(x) = x.get(from..from + width) else { continue };
        for ((out, x), y) in out.iter_mut().zip(x.chunks_exact(part)).zip(y.chunks_exact(part)) {
            *out = sums::sum_by(x, y, |x, y| x * y);
        }
    }
}

/// The softmax of every column of the rows of one node.
#[macerator::with_simd]
fn soften<S: Simd>(scores: &[f32], heads: usize, out: &mut [f32]) {
    for head in 0..heads {
        let column = || scores.iter().skip(head).step_by(heads);
        let largest = column().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut sum = 0.0;
        for (out, score) in out.iter_mut().skip(head).step_by(heads).zip(column()) {
            *out = exp(score - largest);
            sum += *out;
        }
        out.iter_mut().skip(head).step_by(heads).for_each(|out| *out /= sum);
    }
}

#[macerator::with_simd]
fn soften_backward<S: Simd>(grad: &[f32], weights: &[f32], heads: usize, out: &mut [f32]) {
    for head in 0..heads {
        let pairs = || grad.iter().zip(weights).skip(head).step_by(heads);
        let sum: f32 = pairs().map(|(g, w)| g * w).sum();
        out.iter_mut().skip(head).step_by(heads).zip(pairs()).for_each(|(out, (g, w))| *out = w * (g - sum));
    }
}
