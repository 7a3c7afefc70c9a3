//! Which tokens are hidden. A mask is `true = hidden` everywhere; every sample of a batch has the same number of visible tokens.

pub mod block;
pub mod grid;

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::error::{Error, Result};
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

impl Mask {
    /// Keep the `kept` tokens of lowest noise, in the order of the noise (stable, so that ties are deterministic).
    ///
    /// # Shapes
    /// `noise` is [samples, tokens].
    pub fn from_noise(noise: &[f32], tokens: usize, kept: usize) -> Self {
        let samples = noise.len() / tokens.max(1);
        let mut mask =
            Self { samples, tokens, kept, ids_keep: Vec::new(), ids_restore: vec![0; noise.len()], hidden: vec![true; noise.len()] };
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

    /// [samples, kept]
    pub fn keep_tensor(&self, device: &Device) -> Tensor<2, Int> {
        Tensor::from_data(TensorData::new(self.ids_keep.clone(), [self.samples, self.kept]), device)
    }

    /// [samples, tokens]
    pub fn restore_tensor(&self, device: &Device) -> Tensor<2, Int> {
        Tensor::from_data(TensorData::new(self.ids_restore.clone(), [self.samples, self.tokens]), device)
    }

    /// [samples, tokens]: 1 = hidden.
    pub fn hidden_tensor(&self, device: &Device) -> Tensor<2> {
        let values: Vec<f32> = self.hidden.iter().map(|h| f32::from(u8::from(*h))).collect();
        Tensor::from_data(TensorData::new(values, [self.samples, self.tokens]), device)
    }
}
