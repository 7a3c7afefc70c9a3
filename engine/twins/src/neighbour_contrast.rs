//! The contrast of neighbours: a row against blocks of all others, whose values lie beside each other for each dimension,
//! so that the loops over them use vector registers.

use macerator::Simd;

use crate::smooth::exp;
use crate::{sums, threads};

/// How rows are compared: see the operation.
#[derive(Debug, Clone, Copy)]
pub struct How {
    pub tau: f32,
    pub eps: f32,
    pub least_norm: f32,
}

/// Rows of a task.
const TASK: usize = 32;
/// Keys of a block: their scores and exponentials stay in the nearest cache.
const BLOCK: usize = 512;

/// Pairs of rows: columns and both weights.
#[derive(Debug, Clone, Copy)]
pub struct Pairs<'a> {
    /// The first pair of every row and the end of the last, [N + 1], then the column of every pair.
    pub places: &'a [Option<usize>],
    /// Of every pair the weight there and the weight back.
    pub weights: &'a [f32],
    /// N.
    pub rows: usize,
}

impl Pairs<'_> {
    /// Column, weight there, weight back.
    fn of(&self, row: usize) -> impl Iterator<Item = (usize, f32, f32)> {
        let place = |at: usize| self.places.get(at).copied().flatten();
        let range = place(row).unwrap_or(0)..place(row + 1).unwrap_or(0);
        let columns = self.rows + 1;
        range.filter_map(move |pair| Some((place(columns + pair)?, self.weights[2 * pair], self.weights[2 * pair + 1])))
    }
}

/// All rows, as they are and turned.
struct Rows {
    unit: Vec<f32>,
    turned: Vec<f32>,
    width: usize,
    count: usize,
    tau: f32,
}

impl Rows {
    fn new(unit: Vec<f32>, width: usize, tau: f32) -> Self {
        let count = unit.len() / width.max(1);
        let mut turned = vec![0.0; unit.len()];
        for (i, row) in unit.chunks(width.max(1)).enumerate() {
            row.iter().enumerate().for_each(|(d, value)| turned[d * count + i] = *value);
        }
        Self { unit, turned, width, count, tau }
    }

    fn row(&self, row: usize) -> &[f32] {
        &self.unit[row * self.width..(row + 1) * self.width]
    }

    /// exp(τ s) of a row with the keys from `first` on.
    #[inline(always)]
    fn exponentials(&self, row: usize, first: usize, out: &mut [f32]) {
        out.fill(0.0);
        for (value, keys) in self.row(row).iter().zip(self.turned.chunks_exact(self.count)) {
            let keys = &keys[first..first + out.len()];
            out.iter_mut().zip(keys).for_each(|(score, key)| *score += value * key);
        }
        // The diagonal counts as a cosine of zero.
        if let Some(own) = row.checked_sub(first).and_then(|own| out.get_mut(own)) {
            *own = 0.0;
        }
        out.iter_mut().for_each(|score| *score = exp(self.tau * *score));
    }

    #[inline(always)]
    fn exponential(&self, row: usize, key: usize) -> f32 {
        if row == key { 1.0 } else { exp(self.tau * sums::sum_by(self.row(row), self.row(key), |a, b| a * b)) }
    }
}

#[macerator::with_simd]
fn task_forward<'a, S: Simd>(
    rows: &Rows,
    pairs: &Pairs<'a>,
    how: How,
    first: usize,
    loss: &mut [f32],
    slopes: &mut [f32],
) {
    let mut block = [0.0; BLOCK];
    for (i, (loss, slopes)) in loss.iter_mut().zip(slopes.chunks_exact_mut(2)).enumerate() {
        let row = first + i;
        let mut all = 0.0_f64;
        for first in (0..rows.count).step_by(BLOCK) {
            let block = &mut block[..BLOCK.min(rows.count - first)];
            rows.exponentials(row, first, block);
            all += f64::from(sums::sum(block));
        }
        let near: f64 = pairs.of(row).map(|(key, there, _)| f64::from(there * rows.exponential(row, key))).sum();
        let eps = f64::from(how.eps);
        *loss = -(near / all + eps).ln() as f32;
        let below = near + eps * all;
        slopes[0] = (f64::from(how.tau) * near / (all * below)) as f32;
        slopes[1] = (-f64::from(how.tau) / below) as f32;
    }
}

#[macerator::with_simd]
fn task_backward<'a, S: Simd>(
    rows: &Rows,
    pairs: &Pairs<'a>,
    slopes: &[[f32; 2]],
    inverse: &[f32],
    first: usize,
    dx: &mut [f32],
) {
    let mut block = [0.0; BLOCK];
    let all: Vec<f32> = slopes.iter().map(|slope| slope[0]).collect();
    for (i, dx) in dx.chunks_exact_mut(rows.width).enumerate() {
        let row = first + i;
        for first in (0..rows.count).step_by(BLOCK) {
            let block = &mut block[..BLOCK.min(rows.count - first)];
            rows.exponentials(row, first, block);
            block.iter_mut().zip(&all[first..]).for_each(|(value, slope)| *value *= all[row] + slope);
            if let Some(own) = row.checked_sub(first).and_then(|own| block.get_mut(own)) {
                *own = 0.0;
            }
            for (slope, keys) in dx.iter_mut().zip(rows.turned.chunks_exact(rows.count)) {
                *slope += sums::sum_by(block, &keys[first..first + block.len()], |a, b| a * b);
            }
        }
        for (key, there, back) in pairs.of(row).filter(|pair| pair.0 != row) {
            let times = rows.exponential(row, key) * (slopes[row][1] * there + slopes[key][1] * back);
            dx.iter_mut().zip(rows.row(key)).for_each(|(slope, value)| *slope += times * value);
        }
        let along = sums::sum_by(dx, rows.row(row), |a, b| a * b);
        dx.iter_mut().zip(rows.row(row)).for_each(|(slope, value)| *slope = inverse[row] * (*slope - along * value));
    }
}

/// What the forward pass gives: the losses [N], the unit rows [N, D], their inverse norms [N], and the slopes of the losses
/// [N, 2].
#[derive(Debug, Clone)]
pub struct Losses {
    pub loss: Vec<f32>,
    pub unit: Vec<f32>,
    pub inverse: Vec<f32>,
    pub slopes: Vec<f32>,
}

/// The losses of rows [N, D].
#[inline(never)]
pub fn forward(x: &[f32], width: usize, pairs: &Pairs<'_>, how: How) -> Losses {
    let count = pairs.rows;
    let (mut unit, mut inverse) = (x.to_vec(), vec![0.0; count]);
    for (row, inverse) in unit.chunks_mut(width.max(1)).zip(&mut inverse) {
        let norm = sums::sum_by(row, row, |a, b| a * b).sqrt();
        *inverse = if norm >= how.least_norm { 1.0 / norm } else { 0.0 };
        row.iter_mut().for_each(|value| *value *= *inverse);
    }
    let rows = Rows::new(unit, width, how.tau);
    let (mut loss, mut slopes) = (vec![0.0; count], vec![0.0; 2 * count]);
    threads::parts([&mut loss, &mut slopes], [TASK, 2 * TASK], |task, [loss, slopes]| {
        task_forward(&rows, pairs, how, task * TASK, loss, slopes);
    });
    Losses { loss, unit: rows.unit, inverse, slopes }
}

/// The gradient of the rows [N, D] from that of their losses and what the forward pass gave.
#[inline(never)]
pub fn backward(
    grad: &[f32],
    unit: &[f32],
    inverse: &[f32],
    slopes: &[f32],
    width: usize,
    pairs: &Pairs<'_>,
    tau: f32,
) -> Vec<f32> {
    let count = grad.len();
    let slopes: Vec<[f32; 2]> =
        slopes.as_chunks::<2>().0.iter().zip(grad).map(|(slope, grad)| slope.map(|s| s * grad)).collect();
    let rows = Rows::new(unit.to_vec(), width, tau);
    let mut dx = vec![0.0; count * width];
    if width > 0 {
        threads::parts([&mut dx], [TASK * width], |task, [dx]| {
            task_backward(&rows, pairs, &slopes, inverse, task * TASK, dx)
        });
    }
    dx
}
