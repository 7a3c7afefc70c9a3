//! The micro-kernel: a tile of the result, a few rows by a few vectors, whose sums stay in registers.

use macerator::{Scalar as _, Simd, Vector};

use super::Matrix;

type Floats<S> = Vector<S, f32>;

/// Vectors side by side in a tile.
pub(super) const fn vectors(lanes: usize) -> usize {
    if wide(lanes) { 3 } else { 2 }
}

/// Rows of a tile.
pub(super) const fn height(lanes: usize) -> usize {
    if wide(lanes) { HIGH } else { LOW }
}

/// Rows of a tile with and without [`wide`] registers.
const HIGH: usize = 8;
const LOW: usize = 6;

/// Whether there are 32 vector registers, as in AVX-512 and NEON, instead of 16.
const fn wide(lanes: usize) -> bool {
    lanes == 16 || cfg!(target_arch = "aarch64")
}

/// Where a strip of the result goes: `row` values from row to row, `width` of them to be written.
pub(super) struct Place<'a> {
    pub values: &'a mut [f32],
    pub row: usize,
    pub width: usize,
    /// Whether to add to what is there.
    pub add: bool,
}

impl Place<'_> {
    #[inline(always)]
    fn from(&mut self, row: usize) -> Place<'_> {
        Place { values: &mut self.values[row * self.row..], ..*self }
    }
}

/// All rows of `a` [m, k], in row-major or column-major order, times one panel.
#[inline(always)]
pub(super) fn rows<S: Simd>(sizes: [usize; 2], a: Matrix, panel: &[f32], width: usize, out: Place) {
    // The packed operand begins at a line, so all of the panel are whole vectors.
    let (_, panel, _) = f32::align_to::<S>(panel);
    match (wide(S::lanes32()), width / S::lanes32()) {
        (true, 3) => strip::<S, HIGH, 3>(sizes, a, panel, out),
        (true, 2) => strip::<S, HIGH, 2>(sizes, a, panel, out),
        (true, _) => strip::<S, HIGH, 1>(sizes, a, panel, out),
        (false, 2) => strip::<S, LOW, 2>(sizes, a, panel, out),
        (false, _) => strip::<S, LOW, 1>(sizes, a, panel, out),
    }
}

/// Tiles of `R` rows, and of fewer at the end.
#[inline(always)]
fn strip<S: Simd, const R: usize, const N: usize>([m, k]: [usize; 2], a: Matrix, panel: &[Floats<S>], mut out: Place) {
    let panel = &panel.as_chunks::<N>().0[..k];
    let mut row = 0;
    while row + R <= m {
        tile::<S, R, N>(k, a.from(row, 0), panel, out.from(row));
        row += R;
    }
    if row + 4 <= m {
        tile::<S, 4, N>(k, a.from(row, 0), panel, out.from(row));
        row += 4;
    }
    if row + 2 <= m {
        tile::<S, 2, N>(k, a.from(row, 0), panel, out.from(row));
        row += 2;
    }
    if row < m {
        tile::<S, 1, N>(k, a.from(row, 0), panel, out.from(row));
    }
}

/// One tile.
#[inline(always)]
fn tile<S: Simd, const R: usize, const N: usize>(k: usize, a: Matrix, panel: &[[Floats<S>; N]], out: Place) {
    let sums = if a.column == 1 { by_rows::<S, R, N>(k, a, panel) } else { by_columns::<S, R, N>(a, panel) };
    let width = N * S::lanes32();
    if out.width == width {
        for (i, sums) in sums.iter().enumerate() {
            let out_row = &mut out.values[i * out.row..][..width];
            let sums: &[f32] = bytemuck::cast_slice(sums);
            if out.add {
                out_row.iter_mut().zip(sums).for_each(|(out, sum)| *out += sum);
            } else {
                out_row.copy_from_slice(sums);
            }
        }
    } else {
        // A copy, because what is read at places that are known only at run time does not stay in registers.
        let sums = [sums; 1];
        store_part(bytemuck::cast_slice(sums.as_flattened().as_flattened()), width, out);
    }
}

/// Store the first columns of a tile.
#[inline(never)]
fn store_part(sums: &[f32], width: usize, out: Place) {
    for (out_row, sums) in out.values.chunks_mut(out.row).zip(sums.chunks_exact(width)) {
        let pairs = out_row.iter_mut().zip(&sums[..out.width]);
        if out.add {
            pairs.for_each(|(out, sum)| *out += sum);
        } else {
            pairs.for_each(|(out, sum)| *out = *sum);
        }
    }
}

/// The sums of a tile whose `a` is in row-major order.
#[inline(always)]
fn by_rows<S: Simd, const R: usize, const N: usize>(
    k: usize,
    a: Matrix,
    panel: &[[Floats<S>; N]],
) -> [[Floats<S>; N]; R] {
    let rows: [&[f32]; R] = std::array::from_fn(|i| &a.values[i * a.row..][..k]);
    let panel = &panel[..k];
    let mut sums = [[0.0_f32.splat(); N]; R];
    for p in 0..k {
        add_terms(&mut sums, |i| rows[i][p], &panel[p]);
    }
    sums
}

/// The sums of a tile whose `a` is in column-major order.
#[inline(always)]
fn by_columns<S: Simd, const R: usize, const N: usize>(a: Matrix, panel: &[[Floats<S>; N]]) -> [[Floats<S>; N]; R] {
    let mut sums = [[0.0_f32.splat(); N]; R];
    for (column, panel) in a.values.chunks(a.column).zip(panel) {
        let Some(column) = column.first_chunk::<R>() else { break };
        add_terms(&mut sums, |i| column[i], panel);
    }
    sums
}

/// Add the product of a column of `a` and a row of a panel.
#[inline(always)]
fn add_terms<S: Simd, const R: usize, const N: usize>(
    sums: &mut [[Floats<S>; N]; R],
    a: impl Fn(usize) -> f32,
    panel: &[Floats<S>; N],
) {
    for (i, sums) in sums.iter_mut().enumerate() {
        let factor: Floats<S> = a(i).splat();
        sums.iter_mut().zip(panel).for_each(|(sum, value)| *sum = factor.mul_add(*value, *sum));
    }
}
