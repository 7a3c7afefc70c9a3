//! Which tokens are hidden. A mask is `true = hidden` everywhere; every sample of a batch has the same number of
//! visible tokens.

pub mod block;
pub mod grid;
pub mod nodes;

use std::ops::Range;

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::error::{Error, Result};
use crate::placed::Placed;
use crate::rng::Rng;

/// The masks of a batch, on the host.
#[derive(Debug, Clone, PartialEq)]
pub struct Mask {
    pub samples: usize,
    pub tokens: usize,
    /// Visible tokens of each sample.
    pub kept: usize,
    /// [samples, kept]: indices of the visible tokens, in the (shuffled) order the encoder sees them.
    pub ids_keep: Vec<i32>,
    /// [samples, tokens]: where each token stands in visible-then-hidden order (the inverse permutation).
    pub ids_restore: Vec<i32>,
    /// [samples, tokens]: true = hidden.
    pub hidden: Vec<bool>,
    placed: Placed<OnDevice>,
}

#[derive(Debug, Clone)]
struct OnDevice {
    keep: Tensor<2, Int>,
    restore: Tensor<2, Int>,
    hidden: Tensor<2>,
}

/// Visible tokens at a mask ratio: ⌊tokens · (1 − ratio)⌋ in f64, truncated (25 tokens at 0.8 leave 4, not 5).
///
/// # Errors
/// [`Error::Request`] when nothing would be left to see.
pub fn visible_tokens(tokens: usize, ratio: f64) -> Result<usize> {
    let kept = (tokens as f64 * (1.0 - ratio)) as usize;
    if kept == 0 {
        let why = format!("{ratio} of {tokens} tokens leaves none to see");
        return Err(Error::request("The mask hides everything", why, "Lower the mask ratio or use smaller patches"));
    }
    Ok(kept)
}

/// Whether a mask that leaves `kept` of `tokens` tokens hides some and shows some: the mean over the hidden tokens of one
/// that hides nothing is 0 / 0.
///
/// # Errors
/// [`Error::Request`] where it does not.
pub fn hides_and_shows(tokens: usize, kept: usize) -> Result<()> {
    if kept == 0 {
        let why = format!("none of {tokens} tokens is left to see");
        return Err(Error::request("The mask hides everything", why, "Lower the mask ratio or use smaller patches"));
    }
    if kept >= tokens {
        let why = format!("all {tokens} tokens are visible, and the loss is the mean over hidden ones");
        return Err(Error::request("The mask hides nothing", why, "Raise the mask ratio or use smaller patches"));
    }
    Ok(())
}

impl Mask {
    /// Keep the `kept` tokens of lowest noise, in the order of the noise (stable, so that ties are deterministic).
    ///
    /// # Shapes
    /// `noise` is [samples, tokens].
    pub fn from_noise(noise: &[f32], tokens: usize, kept: usize) -> Self {
        let samples = noise.len() / tokens.max(1);
        let (ids_restore, hidden) = (vec![0; noise.len()], vec![true; noise.len()]);
        let mut mask =
            Self { samples, tokens, kept, ids_keep: Vec::new(), ids_restore, hidden, placed: Placed::default() };
        for (sample, row) in noise.chunks_exact(tokens).enumerate() {
            let mut order: Vec<usize> = (0..tokens).collect();
            order.sort_by(|a, b| row[*a].total_cmp(&row[*b]));
            for (place, token) in order.into_iter().enumerate() {
                mask.ids_restore[sample * tokens + token] = place as i32;
                if place < kept {
                    mask.ids_keep.push(token as i32);
                    mask.hidden[sample * tokens + token] = false;
                }
            }
        }
        mask
    }

    /// The masks of the samples at these places.
    #[must_use]
    pub fn part(self, range: Range<usize>) -> Self {
        if range == (0..self.samples) {
            return self;
        }
        let of = |values: &[i32], each: usize| -> Vec<i32> {
            values.get(range.start * each..range.end * each).unwrap_or_default().to_vec()
        };
        Self {
            samples: range.len(),
            ids_keep: of(&self.ids_keep, self.kept),
            ids_restore: of(&self.ids_restore, self.tokens),
            hidden: self.hidden.get(range.start * self.tokens..range.end * self.tokens).unwrap_or_default().to_vec(),
            placed: Placed::default(),
            ..self
        }
    }

    /// Hide a uniformly random choice of tokens in each sample.
    pub fn random(samples: usize, tokens: usize, kept: usize, rng: &Rng) -> Self {
        let noise: Vec<f32> = (0..samples)
            .flat_map(|s| {
                let mut r = rng.at(s as u64);
                (0..tokens).map(move |_| r.uniform())
            })
            .collect();
        Self::from_noise(&noise, tokens, kept)
    }

    /// The mask of one sample as given (painted by hand, or by a rule); visible tokens in ascending order.
    pub fn painted(hidden: &[bool]) -> Self {
        let noise: Vec<f32> = hidden.iter().map(|h| f32::from(u8::from(*h))).collect();
        Self::from_noise(&noise, hidden.len(), hidden.iter().filter(|h| !**h).count())
    }

    /// Nothing hidden, order kept.
    pub fn none(samples: usize, tokens: usize) -> Self {
        Self::from_noise(&vec![0.0; samples * tokens], tokens, tokens)
    }

    /// Put all that a model needs of the mask on `device` now. An upload in the midst of a step cuts the step's
    /// launches into two submits, so a step asks for this at its beginning; without it the first of the tensors below
    /// does the same.
    pub fn upload(&self, device: &Device) {
        self.on(device);
    }

    /// [samples, kept]
    pub fn keep_tensor(&self, device: &Device) -> Tensor<2, Int> {
        let keep = self.on(device).keep;
        if device.is_autodiff() { Tensor::from_inner(keep) } else { keep }
    }

    /// [samples, tokens]
    pub fn restore_tensor(&self, device: &Device) -> Tensor<2, Int> {
        let restore = self.on(device).restore;
        if device.is_autodiff() { Tensor::from_inner(restore) } else { restore }
    }

    /// [samples, tokens]: 1 = hidden.
    pub fn hidden_tensor(&self, device: &Device) -> Tensor<2> {
        let hidden = self.on(device).hidden;
        if device.is_autodiff() { Tensor::from_inner(hidden) } else { hidden }
    }

    fn on(&self, device: &Device) -> OnDevice {
        self.placed.on(device, |device| {
            let hidden: Vec<f32> = self.hidden.iter().map(|h| f32::from(u8::from(*h))).collect();
            OnDevice {
                keep: Tensor::from_data(TensorData::new(self.ids_keep.clone(), [self.samples, self.kept]), device),
                restore: Tensor::from_data(
                    TensorData::new(self.ids_restore.clone(), [self.samples, self.tokens]),
                    device,
                ),
                hidden: Tensor::from_data(TensorData::new(hidden, [self.samples, self.tokens]), device),
            }
        })
    }
}
