//! Grid sampling: the top left of every square of tokens stays, the rest is hidden.

use crate::blocks::masks::Mask;

/// Keep the top left of every `stride` × `stride` square; a stride of 2 hides 75 %.
pub fn grid(samples: usize, rows: usize, columns: usize, stride: usize) -> Mask {
    let hidden = |token: usize| !(token / columns).is_multiple_of(stride) || !(token % columns).is_multiple_of(stride);
    let noise: Vec<f32> = (0..rows * columns).map(|t| f32::from(u8::from(hidden(t)))).collect();
    let kept = noise.iter().filter(|n| **n == 0.0).count();
    Mask::from_noise(&noise.repeat(samples), rows * columns, kept)
}

/// The stride whose grid hides about this share: 0.75 → 2, 0.89 → 3.
pub fn stride_for(ratio: f64) -> usize {
    (1.0 / (1.0 - ratio.clamp(0.0, 0.99))).sqrt().round().max(1.0) as usize
}
