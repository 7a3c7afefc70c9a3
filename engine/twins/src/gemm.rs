//! Matrix products for the CPU twins. The right operand is cut into panels of a few vectors' width once; then tiles of
//! the result stay in registers while a micro-kernel walks down a panel and along some rows of the left operand.

mod buffer;
mod packed;
mod tile;
mod turn;

use macerator::Simd;

use crate::threads;
pub(crate) use packed::Packed;

/// A matrix of any layout: value (i, p) is at `values[i * row + p * column]`, so a transposed matrix needs no copy.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a> {
    pub values: &'a [f32],
    pub row: usize,
    pub column: usize,
}

impl Matrix<'_> {
    /// What is left from this row and column on.
    #[inline(always)]
    pub fn from(self, row: usize, column: usize) -> Self {
        Self { values: self.values.get(row * self.row + column * self.column..).unwrap_or_default(), ..self }
    }
}

/// Terms of a sum that are added in one go: so much of a panel stays in the fast caches while all rows pass by.
const DEPTH: usize = 384;
/// Rows of a task, about: fewer would read the panels too often, more would not stay in the cache until the caller's
/// next step.
const TASK_ROWS: usize = 96;
/// Multiplications that are worth a task of their own.
const TASK_WORK: usize = 1 << 18;

/// `out` [m, n] = `a` [m, k] · `b` [k, n], added to what `out` holds if `add`; `out_row` values from row to row of
/// `out`.
///
/// One thread: the caller spreads blocks of [`rows_per_task`] rows, so that its next step finds them in the cache.
pub(crate) fn product([m, k, n]: [usize; 3], a: Matrix, b: &Packed, (out, out_row): (&mut [f32], usize), add: bool) {
    if m == 0 || n == 0 {
        return;
    }
    debug_assert!(b.holds([k, n]) && out_row >= n && out.len() >= (m - 1) * out_row + n);
    debug_assert!(k == 0 || a.values.len() > (m - 1) * a.row + (k - 1) * a.column);
    if k == 0 {
        if !add {
            out.chunks_mut(out_row).take(m).for_each(|row| row[..n].fill(0.0));
        }
    } else if a.column == 1 || (a.row == 1 && a.column >= m) {
        panels([m, k, n], a, b, (out, out_row), add);
    } else {
        let values: Vec<f32> = (0..m * k).map(|i| a.values[i / k * a.row + i % k * a.column]).collect();
        panels([m, k, n], Matrix { values: &values, row: k, column: 1 }, b, (out, out_row), add);
    }
}

/// The whole product, over all threads: `out` [m, n] = `a` [m, k] · `b` [k, n].
pub(crate) fn spread([m, k, n]: [usize; 3], a: Matrix, b: &Packed, out: &mut [f32]) {
    let rows = rows_per_task(m, k, n);
    threads::parts([&mut out[..m * n]], [rows * n], |i, [out]| {
        let start = i * rows;
        product([rows.min(m - start), k, n], a.from(start, 0), b, (out, n), false);
    });
}

/// Rows of `a` in one task, so that all threads are busy and what a task writes stays in the cache.
pub(crate) fn rows_per_task(m: usize, k: usize, n: usize) -> usize {
    let threads = threads::count();
    // As many for every thread, but none that is not worth it.
    let tasks = ((m + TASK_ROWS * threads / 2) / (TASK_ROWS * threads)).max(1) * threads;
    let tasks = tasks.min(m.saturating_mul(k).saturating_mul(n) / TASK_WORK).max(1);
    m.div_ceil(tasks).max(1).next_multiple_of(tile::height(packed::lanes()))
}

/// All panels of the right operand, from the top down in blocks of equal depth.
#[macerator::with_simd]
fn panels<'a, S: Simd>(sizes: [usize; 3], a: Matrix<'a>, b: &Packed, out: (&mut [f32], usize), add: bool) {
    let ([m, k, n], (out, out_row)) = (sizes, out);
    let depth = k.div_ceil(k.div_ceil(DEPTH));
    for start in (0..k).step_by(depth) {
        let depth = depth.min(k - start);
        for column in (0..n).step_by(b.width()) {
            let (panel, width) = b.panel(column);
            let panel = &panel[start * width..(start + depth) * width];
            let place = tile::Place {
                values: &mut out[column..],
                row: out_row,
                width: width.min(n - column),
                add: add || start > 0,
            };
            tile::rows::<S>([m, depth], a.from(0, start), panel, width, place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Matrix, Packed, product, rows_per_task, spread};

    /// Values whose products are sums of whole sixteenths, exact in both precisions.
    fn values(len: usize, seed: usize) -> Vec<f32> {
        (0..len).map(|i| ((i * 7919 + seed * 104_729) % 61) as f32 / 4.0 - 7.5).collect()
    }

    /// `values` [rows, columns] in row-major order, as a matrix that is stored turned or not.
    fn stored(values: &[f32], [rows, columns]: [usize; 2], turned: bool) -> (Vec<f32>, [usize; 2]) {
        if !turned {
            return (values.to_vec(), [columns, 1]);
        }
        ((0..rows * columns).map(|i| values[i % rows * columns + i / rows]).collect(), [1, rows])
    }

    fn check([m, k, n]: [usize; 3]) {
        let (a, b) = (values(m * k, 1), values(k * n, 2));
        let mut wanted = vec![0.0_f64; m * n];
        for (i, wanted) in wanted.iter_mut().enumerate() {
            *wanted = (0..k).map(|p| f64::from(a[i / n * k + p]) * f64::from(b[p * n + i % n])).sum();
        }
        for (a_turned, b_turned) in [(false, false), (false, true), (true, false), (true, true)] {
            let (a, [row, column]) = stored(&a, [m, k], a_turned);
            let a = Matrix { values: &a, row, column };
            let (b, [row, column]) = stored(&b, [k, n], b_turned);
            let b = Packed::new([k, n], Matrix { values: &b, row, column });
            let name = format!("{m} × {k} × {n}, turned: {a_turned}, {b_turned}");
            let mut out = vec![f32::NAN; m * n];
            spread([m, k, n], a, &b, &mut out);
            assert!(out.iter().zip(&wanted).all(|(out, wanted)| f64::from(*out) == *wanted), "{name}");
            // In rows with a gap between them, which stays as it is.
            let mut wide = vec![1.0; m * (n + 3)];
            for add in [false, true] {
                product([m, k, n], a, &b, (&mut wide, n + 3), add);
                let times = if add { 2.0 } else { 1.0 };
                let right =
                    |i: usize| if i % (n + 3) < n { times * wanted[i / (n + 3) * n + i % (n + 3)] } else { 1.0 };
                assert!(wide.iter().enumerate().all(|(i, out)| f64::from(*out) == right(i)), "{name}, add: {add}");
            }
        }
    }

    #[test]
    fn products_are_exact_in_every_layout() {
        for sizes in [
            [1, 1, 1],
            [15, 1, 20],
            [2, 3, 5],
            [4, 8, 16],
            [5, 7, 47],
            [13, 2, 33],
            [197, 192, 49],
            [31, 257, 96],
            [9, 700, 100],
            [200, 5, 7],
        ] {
            check(sizes);
        }
    }

    #[test]
    fn edges_of_tiles_and_panels() {
        for m in 1..26 {
            check([m, 9, 50]);
        }
        for n in 1..101 {
            check([7, 6, n]);
        }
    }

    #[test]
    fn empty_products() {
        for sizes in [[0, 3, 4], [3, 0, 4], [3, 4, 0], [0, 0, 0]] {
            check(sizes);
        }
    }

    #[test]
    fn rounding_stays_small() {
        let (m, k, n) = (25, 3000, 50);
        let (a, b): (Vec<f32>, Vec<f32>) = (0..n * k).map(|i| ((i as f32).sin(), (1.7 * i as f32).cos())).unzip();
        let packed = Packed::new([k, n], Matrix { values: &b, row: 1, column: k });
        let mut out = vec![0.0; m * n];
        spread([m, k, n], Matrix { values: &a, row: k, column: 1 }, &packed, &mut out);
        for (i, out) in out.iter().enumerate() {
            let pairs = a[i / n * k..][..k].iter().zip(&b[i % n * k..][..k]);
            let exact: f64 = pairs.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            assert!((f64::from(*out) - exact).abs() < 2e-4, "{i}: {out} instead of {exact}");
        }
    }

    #[test]
    fn operands_with_gaps() {
        let (m, k, n) = (11, 6, 19);
        let (a, b) = (values(m * k * 6, 3), values(k * n * 6, 4));
        let (left, right) =
            (Matrix { values: &a, row: 2 * k * 3, column: 3 }, Matrix { values: &b, row: 2, column: 2 * k * 3 });
        let mut out = vec![0.0; m * n];
        product([m, k, n], left, &Packed::new([k, n], right), (&mut out, n), false);
        for (i, out) in out.iter().enumerate() {
            let terms = (0..k).map(|p| a[i / n * left.row + p * left.column] * b[p * right.row + i % n * right.column]);
            assert_eq!(*out, terms.sum::<f32>());
        }
    }

    #[test]
    fn tasks_are_whole_tiles() {
        for sizes in [[1, 1, 1], [197, 768, 192], [4160, 96, 384], [0, 0, 0]] {
            let rows = rows_per_task(sizes[0], sizes[1], sizes[2]);
            assert!(rows > 0 && (rows.is_multiple_of(6) || rows.is_multiple_of(8)), "{rows}");
        }
    }
}
