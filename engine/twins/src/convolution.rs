//! Convolutions as matrix products of what each place sees, some rows at a time, which never leave the cache.

use crate::gemm::{self, Matrix, Packed};
use crate::products::{LayerGradients, Wanted, turned};
use crate::threads;

/// Rows that are unfolded at a time in the backward pass.
const ROWS: usize = 128;
/// Parts of a batch whose gradients of the weight are summed on their own, however many threads there are: sums stay
/// the same.
const PARTS: usize = 16;

/// A map, and which of its pixels each place of a convolution's result sees.
#[derive(Debug, Clone, Copy)]
pub struct Unfolding {
    /// Batch, height, width, channels.
    pub map: [usize; 4],
    /// Rows and columns that are seen.
    pub sides: [usize; 2],
    pub stride: usize,
    /// Rows above and columns left of the map that count as zero.
    pub before: [usize; 2],
    /// Rows and columns of the result.
    pub out: [usize; 2],
}

impl Unfolding {
    /// Places of all results.
    pub fn rows(&self) -> usize {
        self.map[0] * self.out[0] * self.out[1]
    }

    /// Values that a place sees.
    pub fn values(&self) -> usize {
        self.sides[0] * self.sides[1] * self.map[3]
    }

    /// For each run of values that row number `row` sees: where it lies in the row, where in the map, and how long it
    /// is.
    #[inline(always)]
    fn runs(&self, row: usize, mut run: impl FnMut(usize, usize, usize)) {
        let Self { map: [_, height, width, channels], sides, stride, before, out } = *self;
        let (x, y, sample) = (row % out[1] * stride, row / out[1] % out[0] * stride, row / (out[0] * out[1]));
        let first = before[1].saturating_sub(x).min(sides[1]);
        let last = (width + before[1]).saturating_sub(x).clamp(first, sides[1]);
        for j in 0..sides[0] {
            let at = (y + j).wrapping_sub(before[0]);
            if at < height && first < last {
                let from = ((sample * height + at) * width + x + first - before[1]) * channels;
                run((j * sides[1] + first) * channels, from, (last - first) * channels);
            }
        }
    }

    /// Unfold the rows from number `from` on into `seen`.
    fn unfold(&self, map: &[f32], from: usize, seen: &mut [f32]) {
        for (i, seen) in seen.chunks_exact_mut(self.values().max(1)).enumerate() {
            seen.fill(0.0);
            self.runs(from + i, |at, place, count| seen[at..at + count].copy_from_slice(&map[place..place + count]));
        }
    }

    /// Add unfolded rows from number `from` on to the map they came from, of which `map` is the part that begins with
    /// value `start`.
    fn fold(&self, seen: &[f32], from: usize, (start, map): (usize, &mut [f32])) {
        for (i, seen) in seen.chunks_exact(self.values().max(1)).enumerate() {
            self.runs(from + i, |at, place, count| {
                let to = map[place - start..][..count].iter_mut();
                to.zip(&seen[at..at + count]).for_each(|(to, value)| *to += value);
            });
        }
    }

    /// The result [rows, n] for a weight [n, values] and a bias [n].
    #[inline(never)]
    pub fn forward(&self, map: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
        let (rows, n, k) = (self.rows(), bias.len(), self.values());
        let packed = turned(weight, [n, k]);
        let block = gemm::rows_per_task(rows, k, n);
        let mut out = vec![0.0; rows * n];
        threads::parts([&mut out], [block * n], |number, [out]| {
            let count = out.len() / n.max(1);
            let mut seen = vec![0.0; count * k];
            self.unfold(map, number * block, &mut seen);
            gemm::product([count, k, n], Matrix { values: &seen, row: k, column: 1 }, &packed, (out, n), false);
            out.chunks_mut(n.max(1)).for_each(|out| out.iter_mut().zip(bias).for_each(|(out, b)| *out += b));
        });
        out
    }

    /// The gradients of map, weight and bias from that of the result [rows, n].
    #[inline(never)]
    pub fn backward(
        &self,
        n: usize,
        grad: &[f32],
        map: &[f32],
        weight: &[f32],
        wanted: Wanted,
    ) -> LayerGradients<Vec<f32>> {
        let [batch, height, width, channels] = self.map;
        let (k, sample, places) = (self.values(), height * width * channels, self.out[0] * self.out[1]);
        let packed = Packed::new([n, k], Matrix { values: weight, row: k, column: 1 });
        let part = batch.div_ceil(PARTS).max(1);
        let mut d_map = vec![0.0; if wanted.x { batch * sample } else { 0 }];
        let mut maps = d_map.chunks_mut((part * sample).max(1));
        let tasks = (0..batch).step_by(part).map(|first| (first, maps.next().unwrap_or_default())).collect();
        let sums = threads::each(tasks, |(first, d_map): (usize, &mut [f32])| {
            let mut sums = (vec![0.0; if wanted.weight { k * n } else { 0 }], vec![0.0; n]);
            let (from, to) = (first * places, (first + part).min(batch) * places);
            let mut seen = vec![0.0; ROWS * k];
            for start in (from..to).step_by(ROWS) {
                let count = ROWS.min(to - start);
                let grad = Matrix { values: &grad[start * n..(start + count) * n], row: n, column: 1 };
                let seen = &mut seen[..count * k];
                if wanted.weight {
                    self.unfold(map, start, seen);
                    let turned = Matrix { values: seen, row: 1, column: k };
                    gemm::product([k, count, n], turned, &Packed::new([count, n], grad), (&mut sums.0, n), true);
                }
                grad.values
                    .chunks_exact(n.max(1))
                    .for_each(|grad| sums.1.iter_mut().zip(grad).for_each(|(sum, g)| *sum += g));
                if wanted.x {
                    gemm::product([count, n, k], grad, &packed, (seen, k), false);
                    self.fold(seen, start, (first * sample, d_map));
                }
            }
            sums
        });
        let mut total = (vec![0.0; if wanted.weight { k * n } else { 0 }], vec![0.0; n]);
        for (weight, bias) in sums {
            total.0.iter_mut().zip(weight).for_each(|(total, sum)| *total += sum);
            total.1.iter_mut().zip(bias).for_each(|(total, sum)| *total += sum);
        }
        let d_weight = wanted.weight.then(|| (0..n * k).map(|i| total.0[i % k * n + i / k]).collect());
        (wanted.x.then_some(d_map), d_weight, wanted.bias.then_some(total.1))
    }
}
