//! A tile of scores: what it adds to the sums of exponentials of its rows and columns, and the slopes of its scores.

use std::borrow::Cow;

use macerator::Simd;

use super::Pairs;
use super::rounds::{match_of_two, tournament};
use crate::gemm::{Matrix, Packed, product};
use crate::smooth::exp;
use crate::sums;

/// A score that does not count; it is far below all others and can still be subtracted from.
const MASKED: f32 = -1e30;
/// Scores of a tile.
const TILE: usize = 128 * 128;
/// Blocks are multiples of this, so that products have few edges.
const PAD: usize = 16;

/// Running sums of exponentials of a block of rows: the largest score, and the sum relative to it.
#[derive(Default)]
pub(super) struct Sums {
    pub tops: Vec<f32>,
    pub totals: Vec<f32>,
}

impl Sums {
    pub fn new(count: usize) -> Self {
        Self { tops: vec![MASKED; count], totals: vec![0.0; count] }
    }

    #[inline(always)]
    fn add(&mut self, i: usize, top: f32, total: f32) {
        let high = self.tops[i].max(top);
        self.totals[i] = self.totals[i] * exp(self.tops[i] - high) + total * exp(top - high);
        self.tops[i] = high;
    }
}

/// [`Pairs`], cut into blocks.
pub(super) struct Tiles<'a> {
    pub pairs: &'a Pairs<'a>,
    /// Rows and keys of a block.
    pub block: [usize; 2],
    /// Blocks of keys, each as the right operand [D, block] of scores.
    turned: Vec<Packed>,
}

impl<'a> Tiles<'a> {
    pub fn new(pairs: &'a Pairs<'a>) -> Self {
        // Eight blocks keep four tasks busy; more rows make more blocks.
        let side = |count: usize, most: usize| count.div_ceil(8).next_multiple_of(PAD).clamp(PAD, most);
        let rows = side(pairs.rows, 128);
        let block = if pairs.same { [rows, rows] } else { [rows, side(pairs.keys, TILE / rows)] };
        let width = pairs.width;
        let keys = pairs.key_rows().chunks(block[1] * width.max(1));
        let turned =
            keys.map(|keys| Packed::new([width, keys.len() / width], Matrix { values: keys, row: 1, column: width }));
        Self { pairs, block, turned: turned.collect() }
    }

    pub fn counts(&self) -> [usize; 2] {
        [self.pairs.rows.div_ceil(self.block[0]), self.pairs.keys.div_ceil(self.block[1])]
    }

    /// The numbers of the blocks' states for every task of every round.
    pub fn rounds(&self) -> Vec<Vec<[usize; 2]>> {
        let [rows, keys] = self.counts();
        if self.pairs.same { tournament(rows) } else { match_of_two(rows, keys) }
    }

    /// First row, rows, first key and keys of a task.
    #[inline(always)]
    pub fn place(&self, [i, j]: [usize; 2]) -> Place {
        let j = if self.pairs.same { j } else { j - self.counts()[0] };
        let (row, key) = (i * self.block[0], j * self.block[1]);
        Place {
            row,
            key,
            rows: self.block[0].min(self.pairs.rows - row),
            keys: self.block[1].min(self.pairs.keys - key),
            diagonal: self.pairs.same && i == j,
        }
    }

    /// The scores of a tile, without those of rows with themselves.
    fn scores(&self, at: Place) -> Vec<f32> {
        let width = self.pairs.width;
        let mut scores = vec![0.0; at.rows * at.keys];
        let rows = Matrix { values: &self.pairs.scaled[at.row * width..], row: width, column: 1 };
        product([at.rows, width, at.keys], rows, &self.turned[at.key / self.block[1]], (&mut scores, at.keys), false);
        if at.diagonal {
            (0..at.rows).for_each(|i| scores[i * at.keys + i] = MASKED);
        }
        scores
    }

    /// A copy of the scores without what [`Self::mask`] takes out, or the scores themselves.
    fn masked<'b>(&self, at: Place, over_rows: bool, scores: &'b [f32]) -> Cow<'b, [f32]> {
        let mut scores = Cow::Borrowed(scores);
        if self.pairs.groups.is_some() {
            self.mask(at, over_rows, scores.to_mut());
        }
        scores
    }

    /// Mask what does not count in the softmax over the keys of a row, or over the rows of a key.
    fn mask(&self, at: Place, over_rows: bool, scores: &mut [f32]) {
        let pairs = self.pairs;
        let Some(groups) = pairs.groups else { return };
        let keys_from = if pairs.same { 0 } else { pairs.rows };
        for (i, scores) in (at.row..at.row + at.rows).zip(scores.chunks_mut(at.keys)) {
            for (j, score) in (at.key..at.key + at.keys).zip(scores) {
                let positive =
                    if over_rows && pairs.same { pairs.positive[j] == Some(i) } else { pairs.positive[i] == Some(j) };
                if groups[i].is_some() && groups[i] == groups[keys_from + j] && !positive {
                    *score = MASKED;
                }
            }
        }
    }
}

#[derive(Clone, Copy)]
pub(super) struct Place {
    pub row: usize,
    pub key: usize,
    pub rows: usize,
    pub keys: usize,
    diagonal: bool,
}

/// The largest value of a row, with vector registers.
#[inline(always)]
fn largest(row: &[f32]) -> f32 {
    let mut tops = [MASKED; 16];
    let blocks = row.chunks_exact(16);
    let rest = blocks.remainder().iter().fold(MASKED, |top, v| if *v > top { *v } else { top });
    for block in blocks {
        tops.iter_mut().zip(block).for_each(|(top, v)| *top = if *v > *top { *v } else { *top });
    }
    tops.iter().fold(rest, |top, v| top.max(*v))
}

/// Add a tile to the sums of its rows.
#[macerator::with_simd]
fn sum_rows<S: Simd>(scores: &[f32], width: usize, sums: &mut Sums) {
    for (i, row) in scores.chunks_exact(width).enumerate() {
        let top = largest(row);
        sums.add(i, top, sums::sum_by(row, row, |v, _| exp(v - top)));
    }
}

/// Add a tile to the sums of its columns.
#[macerator::with_simd]
fn sum_columns<S: Simd>(scores: &[f32], width: usize, sums: &mut Sums) {
    let (mut tops, mut totals) = (vec![MASKED; width], vec![0.0; width]);
    for row in scores.chunks_exact(width) {
        tops.iter_mut().zip(row).for_each(|(top, v)| *top = if *v > *top { *v } else { *top });
    }
    for row in scores.chunks_exact(width) {
        totals.iter_mut().zip(&tops).zip(row).for_each(|((total, top), v)| *total += exp(v - top));
    }
    tops.into_iter().zip(totals).enumerate().for_each(|(j, (top, total))| sums.add(j, top, total));
}

pub(super) fn sum_tile(tiles: &Tiles<'_>, at: Place, rows: &mut Sums, keys: &mut Sums) {
    let mut scores = tiles.scores(at);
    if tiles.pairs.both() && !at.diagonal {
        sum_columns(&tiles.masked(at, true, &scores), at.keys, keys);
    }
    tiles.mask(at, false, &mut scores);
    sum_rows(&scores, at.keys, rows);
}

/// Turn scores into their shares in the softmax over the keys of their row, `weight` times.
#[macerator::with_simd]
fn share_rows<S: Simd>(scores: &mut [f32], lse: &[f32], weight: f32) {
    for (row, lse) in scores.chunks_exact_mut(scores.len() / lse.len().max(1)).zip(lse) {
        row.iter_mut().for_each(|score| *score = weight * exp(*score - lse));
    }
}

/// The same, and their shares in the softmax over the rows of their key, which is that of `turned`.
#[macerator::with_simd]
fn share_both<S: Simd>(scores: &mut [f32], turned: &[f32], lse: &[f32], lse_of_keys: &[f32], weights: [f32; 2]) {
    let width = lse_of_keys.len().max(1);
    let [own, other] = weights;
    for ((row, turned), lse) in scores.chunks_exact_mut(width).zip(turned.chunks_exact(width)).zip(lse) {
        for ((score, turned), lse_of_key) in row.iter_mut().zip(turned).zip(lse_of_keys) {
            *score = own * exp(*score - lse) + other * exp(*turned - lse_of_key);
        }
    }
}

/// The same where both softmaxes count the same pairs.
#[macerator::with_simd]
fn share_alike<S: Simd>(scores: &mut [f32], lse: &[f32], lse_of_keys: &[f32], weights: [f32; 2]) {
    let width = lse_of_keys.len().max(1);
    let [own, other] = weights;
    for (row, lse) in scores.chunks_exact_mut(width).zip(lse) {
        for (score, lse_of_key) in row.iter_mut().zip(lse_of_keys) {
            *score = own * exp(*score - lse) + other * exp(*score - lse_of_key);
        }
    }
}

/// Slopes of the scores of a tile.
pub(super) fn slopes(tiles: &Tiles<'_>, at: Place, lse: &[f32]) -> Vec<f32> {
    let pairs = tiles.pairs;
    let mut scores = tiles.scores(at);
    let of_rows = &lse[at.row..][..at.rows];
    if pairs.both() {
        let of_keys = &lse[if pairs.same { 0 } else { pairs.rows } + at.key..][..at.keys];
        if pairs.groups.is_some() {
            let turned = tiles.masked(at, true, &scores).into_owned();
            tiles.mask(at, false, &mut scores);
            share_both(&mut scores, &turned, of_rows, of_keys, pairs.weights);
        } else {
            share_alike(&mut scores, of_rows, of_keys, pairs.weights);
        }
    } else {
        tiles.mask(at, false, &mut scores);
        share_rows(&mut scores, of_rows, pairs.weights[0]);
    }
    for i in 0..at.rows {
        if let Some(key) =
            pairs.positive(at.row + i).and_then(|key| key.checked_sub(at.key)).filter(|key| *key < at.keys)
        {
            scores[i * at.keys + key] -= 1.0;
        }
    }
    for j in 0..if pairs.same { at.keys } else { 0 } {
        if let Some(row) =
            pairs.positive(at.key + j).and_then(|row| row.checked_sub(at.row)).filter(|row| *row < at.rows)
        {
            scores[row * at.keys + j] -= 1.0;
        }
    }
    scores
}
