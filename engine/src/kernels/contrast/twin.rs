//! The CPU twin of [`super::contrast`]: scores in square tiles, a task for every pair of blocks.
//!
//! A tile serves both of its blocks at once: its rows and, where that is asked for, its columns. Tasks that run
//! together must then share no block, so the pairs of blocks are played in the rounds of a tournament; the sums keep
//! their order whatever the number of threads is.

use std::borrow::Cow;

use burn_backend::TensorMetadata as _;
use burn_flex::FlexTensor;
use macerator::Simd;

use super::rounds::{match_of_two, play, tournament};
use super::{Given, How, Kept, Sizes, Slopes};
use crate::kernels::products::gemm::{Matrix, Packed, product};
use crate::kernels::smooth::exp;
use crate::kernels::twin::{self, Floats};

/// A score that does not count; it is far below all others and can still be subtracted from.
const MASKED: f32 = -1e30;
/// Scores of a tile.
const TILE: usize = 128 * 128;
/// Blocks are multiples of this, so that products have few edges.
const PAD: usize = 16;

/// Which pairs there are, and which of them count.
pub(crate) struct Pairs<'a> {
    /// Rows [N, D] and then keys [M, D], ready to be multiplied; only the rows where these are the keys too.
    pub scaled: &'a [f32],
    pub rows: usize,
    pub keys: usize,
    pub width: usize,
    /// The keys are the rows.
    pub same: bool,
    /// The key that belongs to each row.
    pub positive: &'a [Option<usize>],
    /// Groups of the rows and then of the keys, whose pairs do not count.
    pub groups: Option<&'a [Option<usize>]>,
    /// What the softmax over the keys of a row counts, and that over the rows of a key.
    pub weights: [f32; 2],
}

/// Running sums of exponentials of a block of rows: the largest score, and the sum relative to it.
#[derive(Default)]
struct Sums {
    tops: Vec<f32>,
    totals: Vec<f32>,
}

impl Sums {
    fn new(count: usize) -> Self {
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
struct Tiles<'a> {
    pairs: &'a Pairs<'a>,
    /// Rows and keys of a block.
    block: [usize; 2],
    /// Blocks of keys, each as the right operand [D, block] of scores.
    turned: Vec<Packed>,
}

impl<'a> Tiles<'a> {
    fn new(pairs: &'a Pairs<'a>) -> Self {
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

    fn counts(&self) -> [usize; 2] {
        [self.pairs.rows.div_ceil(self.block[0]), self.pairs.keys.div_ceil(self.block[1])]
    }

    /// The numbers of the blocks' states for every task of every round.
    fn rounds(&self) -> Vec<Vec<[usize; 2]>> {
        let [rows, keys] = self.counts();
        if self.pairs.same { tournament(rows) } else { match_of_two(rows, keys) }
    }

    /// First row, rows, first key and keys of a task.
    #[inline(always)]
    fn place(&self, [i, j]: [usize; 2]) -> Place {
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

impl Pairs<'_> {
    fn key_rows(&self) -> &[f32] {
        if self.same { self.scaled } else { &self.scaled[self.rows * self.width..] }
    }

    /// The key of a row, where it has one.
    fn positive(&self, row: usize) -> Option<usize> {
        self.positive[row].filter(|key| *key < self.keys && !(self.same && *key == row))
    }

    /// Blocks of columns are needed too.
    fn both(&self) -> bool {
        self.weights[1] > 0.0
    }
}

#[derive(Clone, Copy)]
struct Place {
    row: usize,
    key: usize,
    rows: usize,
    keys: usize,
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
        sums.add(i, top, twin::sum_by(row, row, |v, _| exp(v - top)));
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

fn forward_tile(tiles: &Tiles<'_>, at: Place, rows: &mut Sums, keys: &mut Sums) {
    let mut scores = tiles.scores(at);
    if tiles.pairs.both() && !at.diagonal {
        sum_columns(&tiles.masked(at, true, &scores), at.keys, keys);
    }
    tiles.mask(at, false, &mut scores);
    sum_rows(&scores, at.keys, rows);
}

/// The log of the sums of exponentials of the rows, and of the keys where their softmax counts and they are others; and
/// the sum of the losses of all rows. A row without a positive has no loss, and the largest number as its log.
pub(crate) fn forward(pairs: &Pairs<'_>) -> (Vec<f32>, f64) {
    let tiles = Tiles::new(pairs);
    let [rows, keys] = tiles.counts();
    let size = |number: usize, count: usize, block: usize| block.min(count - number * block);
    let mut states: Vec<Sums> = (0..rows).map(|i| Sums::new(size(i, pairs.rows, tiles.block[0]))).collect();
    if !pairs.same {
        states.extend((0..keys).map(|j| Sums::new(if pairs.both() { size(j, pairs.keys, tiles.block[1]) } else { 0 })));
    }
    play(&mut states, &tiles.rounds(), |at, rows, keys| forward_tile(&tiles, tiles.place(at), rows, keys));
    let sums = states.iter().flat_map(|state| state.tops.iter().zip(&state.totals));
    let mut lse: Vec<f32> = sums.map(|(top, total)| top + total.ln()).collect();
    let mut loss = 0.0;
    let weight = if pairs.same { 1.0 } else { pairs.weights[0] };
    for (i, lse) in lse.iter_mut().take(pairs.rows).enumerate() {
        match pairs.positive(i) {
            Some(key) => loss += f64::from(weight * *lse) - f64::from(score(pairs, i, key)),
            None => *lse = f32::MAX,
        }
    }
    loss += lse[pairs.rows..].iter().map(|lse| f64::from(pairs.weights[1] * lse)).sum::<f64>();
    (lse, loss)
}

fn score(pairs: &Pairs<'_>, row: usize, key: usize) -> f32 {
    let width = pairs.width;
    twin::sum_by(&pairs.scaled[row * width..][..width], &pairs.key_rows()[key * width..][..width], |a, b| a * b)
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
fn slopes(tiles: &Tiles<'_>, at: Place, lse: &[f32]) -> Vec<f32> {
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

/// The gradient of the sum of losses with respect to the scaled rows [N, D], followed by that of the keys [M, D] if
/// `with_keys` and they are others.
pub(crate) fn backward(pairs: &Pairs<'_>, lse: &[f32], with_keys: bool) -> Vec<f32> {
    let tiles = Tiles::new(pairs);
    let width = pairs.width;
    let packed = |values: &[f32], block: usize| -> Vec<Packed> {
        let blocks = values.chunks(block * width.max(1));
        blocks
            .map(|rows| Packed::new([rows.len() / width, width], Matrix { values: rows, row: width, column: 1 }))
            .collect()
    };
    let keys = packed(pairs.key_rows(), tiles.block[1]);
    let others =
        if with_keys && !pairs.same { packed(&pairs.scaled[..pairs.rows * width], tiles.block[0]) } else { Vec::new() };
    let rows = if pairs.same { &keys } else { &others };
    let size = |number: usize, count: usize, block: usize| block.min(count - number * block) * width;
    let counts = tiles.counts();
    let mut states: Vec<Vec<f32>> = (0..counts[0]).map(|i| vec![0.0; size(i, pairs.rows, tiles.block[0])]).collect();
    if !pairs.same {
        states
            .extend((0..counts[1]).map(|j| vec![0.0; if with_keys { size(j, pairs.keys, tiles.block[1]) } else { 0 }]));
    }
    play(&mut states, &tiles.rounds(), |at, d_rows, d_keys| {
        let at = tiles.place(at);
        let slopes = slopes(&tiles, at, lse);
        let along = Matrix { values: &slopes, row: at.keys, column: 1 };
        product([at.rows, at.keys, width], along, &keys[at.key / tiles.block[1]], (d_rows, width), true);
        if !d_keys.is_empty() {
            let across = Matrix { values: &slopes, row: 1, column: at.keys };
            product([at.keys, at.rows, width], across, &rows[at.row / tiles.block[0]], (d_keys, width), true);
        }
    });
    states.concat()
}

/// `x` times the square root of the scale, divided by its length if asked for; returns the inverse length.
fn scaled_row(x: &[f32], scale: f32, normalise: bool, out: &mut [f32]) -> f32 {
    let squares = twin::sum_by(x, x, |a, b| a * b);
    let inverse = match normalise {
        true if squares >= 1e-24 => 1.0 / squares.sqrt(),
        true => 0.0,
        false => 1.0,
    };
    out.iter_mut().zip(x).for_each(|(out, x)| *out = x * (inverse * scale.sqrt()));
    inverse
}

fn scale_of(how: How, scale: Option<&FlexTensor>) -> f32 {
    let learned = scale.and_then(|scale| Floats::new(scale.clone()).first().copied());
    how.scale * learned.unwrap_or(1.0)
}

impl Sizes {
    fn pairs<'a>(
        self,
        scaled: &'a [f32],
        positive: &'a [Option<usize>],
        groups: Option<&'a [Option<usize>]>,
        how: How,
    ) -> Pairs<'a> {
        let Self { rows, keys, width, same } = self;
        Pairs { scaled, rows, keys, width, same, positive, groups, weights: self.weights(how) }
    }
}

/// The loss, the scaled rows and keys, their inverse norms, and logs of sums of exponentials.
pub(crate) fn on_cpu(
    rows: FlexTensor,
    keys: FlexTensor,
    scale: FlexTensor,
    positive: FlexTensor,
    groups: FlexTensor,
    given: Given,
) -> (FlexTensor, FlexTensor, FlexTensor, FlexTensor) {
    let how = given.how;
    let (keys, scale, groups) = given.only(keys, scale, groups);
    let sizes = Sizes::new(rows.shape().dims(), keys.as_ref().map(|keys| keys.shape().dims()));
    let scale = scale_of(how, scale.as_ref());
    let (rows, keys) = (Floats::new(rows), keys.map(Floats::new));
    let (mut scaled, mut inverse) = (Vec::new(), Vec::new());
    for side in std::iter::once(&rows).chain(&keys) {
        let start = scaled.len();
        scaled.resize(start + side.len(), 0.0);
        for (x, out) in side.chunks(sizes.width.max(1)).zip(scaled[start..].chunks_mut(sizes.width.max(1))) {
            inverse.push(scaled_row(x, scale, how.normalise, out));
        }
    }
    let (positive, groups) = (twin::indices(positive), groups.map(twin::indices));
    let (lse, loss) = forward(&sizes.pairs(&scaled, &positive, groups.as_deref(), how));
    let loss = (loss / sizes.rows.max(1) as f64) as f32;
    let (count, sums) = (inverse.len(), lse.len());
    (
        twin::tensor(vec![loss], [1]),
        twin::tensor(scaled, [count, sizes.width]),
        twin::tensor(inverse, [count]),
        twin::tensor(lse, [sums]),
    )
}

/// The gradients that are wanted, of rows, keys and scale.
pub(crate) fn backward_on_cpu(
    grad: FlexTensor,
    kept: Kept<FlexTensor, FlexTensor>,
    wanted: [bool; 3],
) -> Slopes<FlexTensor> {
    let Kept { unit, inverse, lse, scale, positive, groups, sizes, how } = kept;
    let scale = scale_of(how, scale.as_ref());
    let (scaled, inverse, lse) = (Floats::new(unit), Floats::new(inverse), Floats::new(lse));
    let (positive, groups) = (twin::indices(positive), groups.map(twin::indices));
    let [of_rows, of_keys, of_scale] = wanted;
    let mut slopes = backward(&sizes.pairs(&scaled, &positive, groups.as_deref(), how), &lse, of_keys);
    let factor = Floats::new(grad).first().copied().unwrap_or(0.0) / sizes.rows.max(1) as f32;
    let width = sizes.width.max(1);
    let mut along = 0.0;
    for (i, (slopes, scaled)) in slopes.chunks_mut(width).zip(scaled.chunks(width)).enumerate() {
        let product = twin::sum_by(slopes, scaled, |a, b| a * b) / scale;
        if i < sizes.rows {
            along += f64::from(product);
        }
        let (times, inwards) = (factor * scale.sqrt() * inverse[i], if how.normalise { product } else { 0.0 });
        slopes.iter_mut().zip(scaled).for_each(|(slope, v)| *slope = times * (*slope - v * inwards));
    }
    let keys = of_keys.then(|| twin::tensor(slopes.split_off(sizes.rows * sizes.width), [sizes.keys, sizes.width]));
    // A pair of the same rows has its part in the slopes of both.
    let share = f64::from(factor * how.scale) * if sizes.same { 0.5 } else { 1.0 };
    let scale = of_scale.then(|| twin::tensor(vec![(along * share) as f32], [1]));
    [of_rows.then(|| twin::tensor(slopes, [sizes.rows, sizes.width])), keys, scale]
}
