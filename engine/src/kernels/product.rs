//! Small matrix products for the CPU twins: operands in any stride of a larger tensor, sums in registers.

/// Rows of the block whose sums stay in registers.
const ROWS: usize = 4;
/// Its columns: as many as the registers hold, or what is left of the width.
const WIDE: usize = if cfg!(target_arch = "wasm32") { 8 } else { 16 };
const NARROW: usize = 8;

/// The left operand: value (i, p) is at `i · row + p · column`, so a transposed matrix needs no copy.
#[derive(Clone, Copy)]
pub(super) struct Left<'a> {
    pub values: &'a [f32],
    pub row: usize,
    pub column: usize,
}

impl Left<'_> {
    #[inline(always)]
    fn from(self, row: usize) -> Self {
        Self { values: &self.values[row * self.row..], ..self }
    }
}

/// `c += a b` with `a` [m, k], `b` [k, n] with `b_row` values from row to row, and `c` [m, n] with `c_row`.
///
/// It is inlined, so that it uses the vector registers that its caller was compiled for.
#[inline(always)]
pub(super) fn add_product([m, k, n]: [usize; 3], a: Left, (b, b_row): (&[f32], usize), (c, c_row): (&mut [f32], usize)) {
    let mut column = 0;
    while column < n {
        let (b, c) = ((&b[column..], b_row), (&mut c[column..], c_row));
        let left = n - column;
        if left >= WIDE {
            strip::<WIDE>([m, k], a, b, c);
            column += WIDE;
        } else if left >= NARROW {
            strip::<NARROW>([m, k], a, b, c);
            column += NARROW;
        } else {
            edge([m, k, left], a, b, c);
            column = n;
        }
    }
}

/// `N` columns and all rows.
#[inline(always)]
fn strip<const N: usize>([m, k]: [usize; 2], a: Left, b: (&[f32], usize), (c, c_row): (&mut [f32], usize)) {
    let mut row = 0;
    while row + ROWS <= m {
        block::<ROWS, N>(k, a.from(row), b, (&mut c[row * c_row..], c_row));
        row += ROWS;
    }
    while row < m {
        block::<1, N>(k, a.from(row), b, (&mut c[row * c_row..], c_row));
        row += 1;
    }
}

/// `R` rows and `N` columns.
#[inline(always)]
fn block<const R: usize, const N: usize>(k: usize, a: Left, (b, b_row): (&[f32], usize), (c, c_row): (&mut [f32], usize)) {
    let mut sums = [[0.0_f32; N]; R];
    for p in 0..k {
        let Some(b) = b[p * b_row..].first_chunk::<N>() else { return };
        let factors = &a.values[p * a.column..];
        for (i, sums) in sums.iter_mut().enumerate() {
            let factor = factors[i * a.row];
            sums.iter_mut().zip(b).for_each(|(sum, b)| *sum += factor * b);
        }
    }
    for (i, sums) in sums.iter().enumerate() {
        c[i * c_row..].iter_mut().zip(sums).for_each(|(c, sum)| *c += sum);
    }
}

/// All rows and the few columns at the right, fewer than [`NARROW`].
#[inline(always)]
fn edge([m, k, n]: [usize; 3], a: Left, (b, b_row): (&[f32], usize), (c, c_row): (&mut [f32], usize)) {
    for row in 0..m {
        let (a, c) = (a.from(row), &mut c[row * c_row..][..n]);
        for p in 0..k {
            let factor = a.values[p * a.column];
            c.iter_mut().zip(&b[p * b_row..]).for_each(|(c, b)| *c += factor * b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Left, add_product};

    #[test]
    fn products_of_odd_sizes_and_transposed_operands() {
        for [m, k, n] in [[1, 1, 1], [4, 3, 8], [5, 7, 9], [13, 2, 29]] {
            let a: Vec<f32> = (0..m * k).map(|i| (i % 7) as f32 - 3.0).collect();
            let b: Vec<f32> = (0..k * n).map(|i| (i % 5) as f32 - 2.0).collect();
            let turned: Vec<f32> = (0..m * k).map(|i| a[i % m * k + i / m]).collect();
            let mut wanted = vec![1.0; m * n];
            for (i, wanted) in wanted.iter_mut().enumerate() {
                *wanted += (0..k).map(|p| a[i / n * k + p] * b[p * n + i % n]).sum::<f32>();
            }
            for (values, row, column) in [(&a, k, 1), (&turned, 1, m)] {
                let mut c = vec![1.0; m * n];
                add_product([m, k, n], Left { values, row, column }, (&b, n), (&mut c, n));
                assert_eq!(c, wanted, "{m} × {k} × {n}");
            }
        }
    }
}
