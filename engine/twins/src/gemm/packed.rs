//! The right operand in the order in which the micro-kernel reads it.

use macerator::Simd;

use super::Matrix;
use super::buffer::Buffer;
use super::turn::{self, SIDE};
use crate::threads;

/// Bytes of a line of the cache, and the values it holds.
const LINE: usize = 64;
const LINE_VALUES: usize = LINE / size_of::<f32>();

/// Values that are worth a thread of their own.
const VALUES_PER_TASK: usize = 1 << 16;

/// A matrix [k, n] cut into panels of [`Packed::width`] columns. Each panel is in row-major order; the last one may be
/// narrower and is filled up with zeros to whole vectors.
pub(crate) struct Packed {
    values: Buffer,
    /// The first value that lies at the start of a line.
    start: usize,
    k: usize,
    n: usize,
    lanes: usize,
}

/// Values of a vector on this machine.
#[macerator::with_simd]
pub(super) fn lanes<S: Simd>() -> usize {
    S::lanes32()
}

impl Packed {
    /// Pack `b` [k, n], over all threads.
    pub fn new([k, n]: [usize; 2], b: Matrix) -> Self {
        let lanes = lanes();
        let len = n.next_multiple_of(lanes) * k;
        let mut values = Buffer::new(len + LINE_VALUES);
        let start = values.as_ptr().align_offset(LINE).min(LINE_VALUES);
        let width = panel_width(lanes);
        if len > 0 {
            let panels = (VALUES_PER_TASK / (k * width)).max(1);
            threads::parts([&mut values[start..][..len]], [k * width * panels], |i, [part]| {
                for (j, panel) in part.chunks_mut(k * width).enumerate() {
                    let column = (i * panels + j) * width;
                    pack(b.from(0, column), width.min(n - column), panel, panel.len() / k);
                }
            });
        }
        Self { values, start, k, n, lanes }
    }

    /// Whether this is a matrix [k, n].
    pub(super) fn holds(&self, sizes: [usize; 2]) -> bool {
        [self.k, self.n] == sizes
    }

    /// Columns of a panel: what the micro-kernel's tiles hold.
    #[inline(always)]
    pub(super) fn width(&self) -> usize {
        panel_width(self.lanes)
    }

    /// The panel that begins with this column, and its width with the zeros.
    #[inline(always)]
    pub(super) fn panel(&self, column: usize) -> (&[f32], usize) {
        let width = (self.n - column).min(self.width()).next_multiple_of(self.lanes);
        (&self.values[self.start + column * self.k..][..width * self.k], width)
    }
}

fn panel_width(lanes: usize) -> usize {
    super::tile::vectors(lanes) * lanes
}

/// Fill a panel with the first `n` columns of `b`.
fn pack(b: Matrix, n: usize, panel: &mut [f32], width: usize) {
    if n < width {
        panel.chunks_exact_mut(width).for_each(|row| row[n..].fill(0.0));
    }
    if b.column == 1 {
        for (p, out) in panel.chunks_exact_mut(width).enumerate() {
            // Block by block: a call that copies so little takes longer than the copy.
            let (blocks, rest) = b.from(p, 0).values[..n].as_chunks::<8>();
            let (out_blocks, out_rest) = out[..n].as_chunks_mut::<8>();
            out_blocks.iter_mut().zip(blocks).for_each(|(out, block)| *out = *block);
            out_rest.iter_mut().zip(rest).for_each(|(out, value)| *out = *value);
        }
    } else if b.row == 1 {
        // As many columns side by side as a line holds where there are so many, so that whole lines are written.
        let (wide, whole) = (n / LINE_VALUES * LINE_VALUES, n / SIDE * SIDE);
        (0..wide)
            .step_by(LINE_VALUES)
            .for_each(|column| pack_turned::<LINE_VALUES>(b.from(0, column), &mut panel[column..], width));
        (wide..whole)
            .step_by(SIDE)
            .for_each(|column| pack_turned::<SIDE>(b.from(0, column), &mut panel[column..], width));
        for column in whole..n {
            let rows = panel[column..].chunks_mut(width);
            rows.zip(b.from(0, column).values).for_each(|(row, value)| row[0] = *value);
        }
    } else {
        for (p, out) in panel.chunks_exact_mut(width).enumerate() {
            let row = b.from(p, 0).values.iter().step_by(b.column);
            out[..n].iter_mut().zip(row).for_each(|(out, value)| *out = *value);
        }
    }
}

/// Fill the first `N` columns of a panel from `b`, which is stored column by column.
fn pack_turned<const N: usize>(b: Matrix, panel: &mut [f32], width: usize) {
    let depth = panel.len().div_ceil(width);
    let columns: [&[f32]; N] = std::array::from_fn(|i| &b.from(0, i).values[..depth]);
    let blocks = columns.map(|column| column.as_chunks::<SIDE>().0);
    for (i, rows) in panel.chunks_mut(SIDE * width).take(depth / SIDE).enumerate() {
        for column in (0..N).step_by(SIDE) {
            let turned = turn::turned(std::array::from_fn(|j| blocks[column + j][i]));
            turned
                .iter()
                .enumerate()
                .for_each(|(j, values)| rows[j * width + column..][..SIDE].copy_from_slice(values));
        }
    }
    for (i, row) in panel.chunks_mut(width).enumerate().skip(depth / SIDE * SIDE) {
        row.iter_mut().zip(columns).for_each(|(out, column)| *out = column[i]);
    }
}
