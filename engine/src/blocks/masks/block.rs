//! Block sampling: one random rectangle of the grid is hidden.

use crate::blocks::masks::Mask;
use crate::rng::Rng;

/// Hide one random rectangle in each sample, cut (row by row) to exactly `tokens − kept` cells.
pub fn block(samples: usize, rows: usize, columns: usize, kept: usize, rng: &Rng) -> Mask {
    let quota = rows * columns - kept;
    let noise: Vec<f32> = (0..samples).flat_map(|s| rectangle(rows, columns, quota, rng.at(s as u64))).collect();
    Mask::from_noise(&noise, rows * columns, kept)
}

/// Noise in [0, 1) outside the rectangle and in [1, 2) inside.
fn rectangle(rows: usize, columns: usize, quota: usize, mut rng: Rng) -> Vec<f32> {
    let aspect = f64::from(rng.between(-0.5, 0.5)).exp();
    let height =
        ((quota as f64 * aspect).sqrt().round() as usize).clamp(quota.div_ceil(columns.max(1)).max(1), rows.max(1));
    let width = quota.div_ceil(height).clamp(1, columns.max(1));
    let (top, left) = (rng.below(rows - height + 1), rng.below(columns - width + 1));
    let mut left_to_hide = quota;
    (0..rows * columns)
        .map(|token| {
            let (row, column) = (token / columns, token % columns);
            let inside =
                (top..top + height).contains(&row) && (left..left + width).contains(&column) && left_to_hide > 0;
            left_to_hide -= usize::from(inside);
            rng.uniform() + f32::from(u8::from(inside))
        })
        .collect()
}
