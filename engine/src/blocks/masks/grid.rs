//! Grid sampling: the top left of every square of tokens stays, the rest is hidden. A grid cannot hide just any share:
//! 75 % with squares of 2 × 2, 89 % with 3 × 3, less where the last squares are cut off (67 % of 7 × 7 tokens).

use crate::blocks::masks::Mask;
use crate::error::{Error, Result};

/// Keep the top left of every `stride` × `stride` square; a stride of 2 hides 75 %.
pub fn grid(samples: usize, rows: usize, columns: usize, stride: usize) -> Mask {
    let hidden = |token: usize| !(token / columns).is_multiple_of(stride) || !(token % columns).is_multiple_of(stride);
    let noise: Vec<f32> = (0..rows * columns).map(|t| f32::from(u8::from(hidden(t)))).collect();
    let kept = noise.iter().filter(|n| **n == 0.0).count();
    Mask::from_noise(&noise.repeat(samples), rows * columns, kept)
}

/// Tokens that [`grid`] keeps.
pub fn visible_tokens(rows: usize, columns: usize, stride: usize) -> usize {
    rows.div_ceil(stride.max(1)) * columns.div_ceil(stride.max(1))
}

/// The stride for a mask ratio, as [`stride_for`].
///
/// # Errors
/// [`Error::Request`] where the nearest grid hides nothing.
pub fn stride(ratio: f64) -> Result<usize> {
    match stride_for(ratio) {
        1 => Err(Error::request(
            "The mask hides nothing",
            format!("a grid hides 75 % or more, or nothing, and {ratio} is nearer to nothing"),
            "Raise the mask ratio to 0.56 or more, or choose another sampling",
        )),
        stride => Ok(stride),
    }
}

/// The stride whose grid hides about this share: 0.75 → 2, 0.89 → 3.
pub fn stride_for(ratio: f64) -> usize {
    (1.0 / (1.0 - ratio.clamp(0.0, 0.99))).sqrt().round().max(1.0) as usize
}
