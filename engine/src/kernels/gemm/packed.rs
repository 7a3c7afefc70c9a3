//! The right operand in the order in which the micro-kernel reads it.

use macerator::Simd;

use super::super::twin;
use super::Matrix;

/// Bytes of a line of the cache, and the values it holds.
const LINE: usize = 64;
const LINE_VALUES: usize = LINE / size_of::<f32>();

/// A matrix [k, n] cut into panels of [`Packed::width`] columns. Each panel is in row-major order; the last one may be
/// narrower and is filled up with zeros to whole vectors.
pub(in super::super) struct Packed {
    values: Vec<f32>,
    /// The first value that lies at the start of a line.
    start: usize,
    k: usize,
    n: usize,
    lanes: usize,
}

#[macerator::with_simd]
fn lanes<S: Simd>() -> usize {
    S::lanes32()
}

impl Packed {
    pub fn new([k, n]: [usize; 2], b: Matrix) -> Self {
        let lanes = lanes();
        let len = n.next_multiple_of(lanes) * k;
        let mut values = vec![0.0; len + LINE_VALUES];
        let start = values.as_ptr().align_offset(LINE).min(LINE_VALUES);
        let packed = Self { values: Vec::new(), start, k, n, lanes };
        if len > 0 {
            twin::parts([&mut values[start..][..len]], [k * packed.width()], |i, [panel]| {
                let column = i * packed.width();
                pack(b.from(0, column), packed.width().min(n - column), panel, panel.len() / k);
            });
        }
        Self { values, ..packed }
    }

    /// Columns of a panel: what the micro-kernel's tiles hold.
    #[inline(always)]
    pub(super) fn width(&self) -> usize {
        super::tile::vectors(self.lanes) * self.lanes
    }

    /// The panel that begins with this column, and its width with the zeros.
    #[inline(always)]
    pub(super) fn panel(&self, column: usize) -> (&[f32], usize) {
        let width = (self.n - column).min(self.width()).next_multiple_of(self.lanes);
        (&self.values[self.start + column * self.k..][..width * self.k], width)
    }
}

/// Fill a panel with the first `n` columns of `b`.
fn pack(b: Matrix, n: usize, panel: &mut [f32], width: usize) {
    if b.column == 1 {
        for (out, row) in panel.chunks_exact_mut(width).zip(b.values.chunks(b.row)) {
            out[..n].copy_from_slice(&row[..n]);
        }
        return;
    }
    // A few rows at a time, so that what one column writes is still in the cache when the next one comes.
    for (block, panel) in panel.chunks_mut(LINE_VALUES * width).enumerate() {
        let b = b.from(block * LINE_VALUES, 0);
        for column in 0..n {
            let values = b.from(0, column).values.iter().step_by(b.row);
            panel[column..].iter_mut().step_by(width).zip(values).for_each(|(out, value)| *out = *value);
        }
    }
}
