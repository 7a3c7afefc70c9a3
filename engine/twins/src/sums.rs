//! Sums of rows, in partial sums that fit vector registers.

/// Partial sums that most sums run in at once, so that the compiler can use vector registers.
const LANES: usize = 16;

/// The sum of a row.
#[inline(always)]
pub(crate) fn sum(row: &[f32]) -> f32 {
    sum_by(row, row, |a, _| a)
}

/// The sum of `term` over two rows of equal length.
#[inline(always)]
pub(crate) fn sum_by(a: &[f32], b: &[f32], term: impl Fn(f32, f32) -> f32) -> f32 {
    sum_in::<LANES>(a, b, term)
}

/// The same in so many partial sums.
#[inline(always)]
pub(crate) fn sum_in<const N: usize>(a: &[f32], b: &[f32], term: impl Fn(f32, f32) -> f32) -> f32 {
    let mut sums = [0.0; N];
    let (a_blocks, b_blocks) = (a.chunks_exact(N), b.chunks_exact(N));
    let rest: f32 = a_blocks.remainder().iter().zip(b_blocks.remainder()).map(|(a, b)| term(*a, *b)).sum();
    for (a, b) in a_blocks.zip(b_blocks) {
        for lane in 0..N {
            sums[lane] += term(a[lane], b[lane]);
        }
    }
    sums.iter().sum::<f32>() + rest
}

/// The sum of all rows of `width` values.
pub(crate) fn columns(rows: &[f32], width: usize) -> Vec<f32> {
    let mut sums = vec![0.0; width];
    for row in rows.chunks(width.max(1)) {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
    sums
}
