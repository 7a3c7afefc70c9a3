//! Small matrix products for the CPU twins: operands in any stride of a larger tensor, sums in registers.

/// Rows and columns of the block whose sums stay in registers.
const ROWS: usize = 4;
const COLUMNS: usize = 8;

/// The left operand: value (i, p) is at `i · row + p · column`, so a transposed matrix needs no copy.
#[derive(Clone, Copy)]
pub(super) struct Left<'a> {
    pub values: &'a [f32],
    pub row: usize,
    pub column: usize,
}

/// `c += a b` with `a` [m, k], `b` [k, n] with `b_row` values from row to row, and `c` [m, n] with `c_row`.
#[inline(always)]
pub(super) fn add_product([m, k, n]: [usize; 3], a: Left, (b, b_row): (&[f32], usize), (c, c_row): (&mut [f32], usize)) {
    for column in (0..n).step_by(COLUMNS) {
        let b = &b[column..];
        let whole = n - column >= COLUMNS;
        let mut row = 0;
        while row < m {
            let (a, c) = (Left { values: &a.values[row * a.row..], ..a }, &mut c[row * c_row + column..]);
            let rows = if whole && m - row >= ROWS { ROWS } else { 1 };
            match (whole, rows) {
                (true, ROWS) => block::<ROWS>(k, a, (b, b_row), (c, c_row)),
                (true, _) => block::<1>(k, a, (b, b_row), (c, c_row)),
                (false, _) => edge(k, a, (b, b_row), &mut c[..n - column]),
            }
            row += rows;
        }
    }
}

/// `R` rows and [`COLUMNS`] columns.
#[inline(always)]
fn block<const R: usize>(k: usize, a: Left, (b, b_row): (&[f32], usize), (c, c_row): (&mut [f32], usize)) {
    let mut sums = [[0.0_f32; COLUMNS]; R];
    for p in 0..k {
        let Some(b) = b[p * b_row..].first_chunk::<COLUMNS>() else { return };
        let a = Left { values: &a.values[p * a.column..], ..a };
        for (i, sums) in sums.iter_mut().enumerate() {
            let factor = a.values[i * a.row];
            sums.iter_mut().zip(b).for_each(|(sum, b)| *sum += factor * b);
        }
    }
    for (i, sums) in sums.iter().enumerate() {
        c[i * c_row..].iter_mut().zip(sums).for_each(|(c, sum)| *c += sum);
    }
}

/// One row and the few columns of `c`, fewer than [`COLUMNS`].
#[inline(always)]
fn edge(k: usize, a: Left, (b, b_row): (&[f32], usize), c: &mut [f32]) {
    for p in 0..k {
        let factor = a.values[p * a.column];
        c.iter_mut().zip(&b[p * b_row..]).for_each(|(c, b)| *c += factor * b);
    }
}

#[cfg(test)]
mod tests {
    use super::{Left, add_product};

    #[test]
    fn products_of_odd_sizes_and_transposed_operands() {
        for [m, k, n] in [[1, 1, 1], [4, 3, 8], [5, 7, 9], [13, 2, 17]] {
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
