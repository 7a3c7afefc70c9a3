//! Clips: which frames of a film and which values of its sound make a sample. All roles with a time are cut to the same
//! seconds.

use crate::data::Cut;
use crate::rng::Rng;

/// A stretch of a film.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clip {
    first: usize,
    frames: usize,
    stride: usize,
    /// Frames of the film, and frames a second.
    stored: usize,
    rate: f64,
}

impl Clip {
    /// `how.frames` frames of a film of `stored` ones at `rate` frames a second, every `how.stride`th: somewhere at
    /// random in training, else in the middle. A film that is too short repeats its last frame.
    pub fn drawn(stored: usize, rate: f64, how: &Cut, rng: &mut Rng) -> Self {
        let (frames, stride) = (how.frames.max(1), how.stride.max(1));
        let free = stored.saturating_sub((frames - 1) * stride + 1);
        let first = if how.trains() { rng.below(free + 1) } else { free / 2 };
        Self { first, frames, stride, stored, rate }
    }

    /// Numbers of the frames.
    pub fn frames(&self) -> impl Iterator<Item = usize> {
        let (first, stride, last) = (self.first, self.stride, self.stored.saturating_sub(1));
        (0..self.frames).map(move |frame| (first + frame * stride).min(last))
    }

    /// Length, in seconds: each frame stands for the time until the next.
    pub fn seconds(&self) -> f64 {
        (self.frames * self.stride) as f64 / self.rate
    }

    /// What is heard meanwhile, of sound at `rate` values a second; silence where it has ended.
    pub fn sound(&self, values: &[f32], rate: f64) -> Vec<f32> {
        let start = (self.first as f64 / self.rate * rate).round() as usize;
        let length = (self.seconds() * rate).round() as usize;
        (start..start + length).map(|at| values.get(at).copied().unwrap_or(0.0)).collect()
    }
}
