//! Contrastive losses: scores in square tiles, a task for every pair of blocks.
//!
//! A tile serves both of its blocks at once: its rows and, where that is asked for, its columns. Tasks that run
//! together must then share no block, so the pairs of blocks are played in the rounds of a tournament; the sums keep
//! their order whatever the number of threads is.

mod rounds;
mod tiles;

use self::rounds::play;
use self::tiles::{Sums, Tiles, slopes, sum_tile};
use crate::gemm::{Matrix, Packed, product};
use crate::sums;

/// Which pairs there are, and which of them count.
#[derive(Debug, Clone, Copy)]
pub struct Pairs<'a> {
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

impl Pairs<'_> {
    fn key_rows(&self) -> &[f32] {
        if self.same { self.scaled } else { &self.scaled[self.rows * self.width..] }
    }

    /// The key of a row, where it has one.
    pub(crate) fn positive(&self, row: usize) -> Option<usize> {
        self.positive[row].filter(|key| *key < self.keys && !(self.same && *key == row))
    }

    /// Blocks of columns are needed too.
    fn both(&self) -> bool {
        self.weights[1] > 0.0
    }
}

/// The log of the sums of exponentials of the rows, and of the keys where their softmax counts and they are others; and
/// the sum of the losses of all rows. A row without a positive has no loss, and the largest number as its log.
fn log_sums(pairs: &Pairs<'_>) -> (Vec<f32>, f64) {
    let tiles = Tiles::new(pairs);
    let [rows, keys] = tiles.counts();
    let size = |number: usize, count: usize, block: usize| block.min(count - number * block);
    let mut states: Vec<Sums> = (0..rows).map(|i| Sums::new(size(i, pairs.rows, tiles.block[0]))).collect();
    if !pairs.same {
        states.extend((0..keys).map(|j| Sums::new(if pairs.both() { size(j, pairs.keys, tiles.block[1]) } else { 0 })));
    }
    play(&mut states, &tiles.rounds(), |at, rows, keys| sum_tile(&tiles, tiles.place(at), rows, keys));
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
    sums::sum_by(&pairs.scaled[row * width..][..width], &pairs.key_rows()[key * width..][..width], |a, b| a * b)
}

/// The gradient of the sum of losses with respect to the scaled rows [N, D], followed by that of the keys [M, D] if
/// `with_keys` and they are others.
fn row_slopes(pairs: &Pairs<'_>, lse: &[f32], with_keys: bool) -> Vec<f32> {
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
    let squares = sums::sum_by(x, x, |a, b| a * b);
    let inverse = match normalise {
        true if squares >= 1e-24 => 1.0 / squares.sqrt(),
        true => 0.0,
        false => 1.0,
    };
    out.iter_mut().zip(x).for_each(|(out, x)| *out = x * (inverse * scale.sqrt()));
    inverse
}

/// Rows of one side times the square root of the scale, divided by their lengths if `normalise`, and the inverse lengths.
#[inline(never)]
pub fn scaled(rows: &[f32], width: usize, scale: f32, normalise: bool) -> (Vec<f32>, Vec<f32>) {
    let width = width.max(1);
    let mut scaled = vec![0.0; rows.len()];
    let pairs = rows.chunks(width).zip(scaled.chunks_mut(width));
    let inverse = pairs.map(|(x, out)| scaled_row(x, scale, normalise, out)).collect();
    (scaled, inverse)
}

/// The mean loss of the rows, and the logs of sums of exponentials.
#[inline(never)]
pub fn forward(pairs: &Pairs<'_>) -> (f32, Vec<f32>) {
    let (lse, loss) = log_sums(pairs);
    ((loss / pairs.rows.max(1) as f64) as f32, lse)
}

/// The gradients of the mean loss times `grad`: of the rows [N, D] as they were before [`scaled`], followed by those of
/// the keys [M, D] if `with_keys` and they are others, and of the scale that products are multiplied by, as if all of it
/// were learned.
#[inline(never)]
pub fn backward(
    pairs: &Pairs<'_>,
    inverse: &[f32],
    lse: &[f32],
    grad: f32,
    (scale, normalise): (f32, bool),
    with_keys: bool,
) -> (Vec<f32>, f64) {
    let mut slopes = row_slopes(pairs, lse, with_keys);
    let factor = grad / pairs.rows.max(1) as f32;
    let width = pairs.width.max(1);
    let mut along = 0.0;
    for (i, (slopes, scaled)) in slopes.chunks_mut(width).zip(pairs.scaled.chunks(width)).enumerate() {
        let product = sums::sum_by(slopes, scaled, |a, b| a * b) / scale;
        if i < pairs.rows {
            along += f64::from(product);
        }
        let (times, inwards) = (factor * scale.sqrt() * inverse[i], if normalise { product } else { 0.0 });
        slopes.iter_mut().zip(scaled).for_each(|(slope, v)| *slope = times * (*slope - v * inwards));
    }
    (slopes, along)
}
