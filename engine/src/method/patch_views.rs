//! What systems on patches of pictures share on the stage: values as pictures, and the light of patches whose prediction has
//! none of its own.

use burn::tensor::{Device, Tensor, TensorData};

use crate::pixel_bytes::PixelBytes;
use crate::trace::Picture;

/// Weights that average over the visible patches of a picture, nearer ones more (1 / distance⁴); each row sums to 1.
///
/// # Shapes
/// hidden [tokens] of a square grid → [1, tokens, tokens]
pub fn nearness(hidden: &[bool], side: usize, device: &Device) -> Tensor<3> {
    let tokens = hidden.len();
    let mut weights = vec![0.0_f32; tokens * tokens];
    for (token, row) in weights.chunks_mut(tokens.max(1)).enumerate() {
        for (other, weight) in row.iter_mut().enumerate().filter(|(other, _)| !hidden[*other]) {
            let (down, across) = ((token / side).abs_diff(other / side), (token % side).abs_diff(other % side));
            *weight = 1.0 / ((down * down + across * across).max(1) as f32).powi(2);
        }
        let sum = row.iter().sum::<f32>().max(f32::MIN_POSITIVE);
        row.iter_mut().for_each(|weight| *weight /= sum);
    }
    Tensor::from_data(TensorData::new(weights, [1, tokens, tokens]), device)
}

/// Normalised values [channels, size, size] as a picture with a grid of `side` × `side` patches; `pixels`: what they were
/// normalised as.
pub fn picture(pixels: Option<&PixelBytes>, [channels, size, side]: [usize; 3], values: &[f32]) -> Picture {
    let plane = size * size;
    let (means, deviations) = pixels.map_or((&[][..], &[][..]), PixelBytes::statistics);
    let byte = |channel: usize, pixel: usize| {
        let value = values.get(channel * plane + pixel).copied().unwrap_or(0.0);
        let mean = means.get(channel).copied().unwrap_or(0.0);
        let std = deviations.get(channel).copied().unwrap_or(1.0);
        ((value * std + mean) * 255.0).round().clamp(0.0, 255.0) as u8
    };
    let last = channels.saturating_sub(1);
    let rgba = (0..plane).flat_map(|i| [byte(0, i), byte(1.min(last), i), byte(2.min(last), i), 255]).collect();
    let (size, side) = (size as u32, side as u32);
    Picture { width: size, height: size, rgba, grid: (side, side), hidden: Vec::new() }
}
