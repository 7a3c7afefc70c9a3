//! Pictures cut into square patches, tokens in row-major order.

use std::cell::OnceCell;

use burn::tensor::{Device, Tensor};

use crate::error::Result;
use crate::kernels::pictures::Order;
use crate::kernels::products::linear;
use crate::pixel_bytes::PixelBytes;
use crate::weights::{Init, Scope, Slot, Weights};

/// Pictures on a device, to be taken whole or cut into patches: numbers, or bytes that are normalised as they are cut.
#[derive(Debug, Clone)]
pub struct Pictures {
    values: Values,
    /// Patches of one channel, which both orders have in common, and their side.
    grey: OnceCell<(usize, Tensor<3>)>,
}

#[derive(Debug, Clone)]
// There is one a batch.
#[allow(clippy::large_enum_variant)]
enum Values {
    Floats(Tensor<4>),
    Pixels(PixelBytes, Device),
}

impl From<Tensor<4>> for Pictures {
    /// Normalised pictures [batch, channels, height, width].
    fn from(pictures: Tensor<4>) -> Self {
        Self { values: Values::Floats(pictures), grey: OnceCell::new() }
    }
}

impl Pictures {
    /// Pictures that came as pixels, put on the device now.
    pub fn of_pixels(pixels: PixelBytes, device: &Device) -> Self {
        pixels.upload(device);
        Self { values: Values::Pixels(pixels, device.clone()), grey: OnceCell::new() }
    }

    /// # Shapes
    /// → [batch, channels, height, width]
    ///
    /// # Errors
    /// [`Error::Data`](crate::error::Error::Data) when these are clips or volumes.
    pub fn whole(&self) -> Result<Tensor<4>> {
        match &self.values {
            Values::Floats(pictures) => Ok(pictures.clone()),
            Values::Pixels(pixels, device) => pixels.tensor(device),
        }
    }

    /// Patches of `p` × `p` pixels, tokens in row-major order, values in that of the order.
    ///
    /// # Shapes
    /// → [batch, tokens, p · p · channels]
    pub fn patches(&self, p: usize, order: Order) -> Tensor<3> {
        let cut = || match (&self.values, order) {
            (Values::Pixels(pixels, device), _) => pixels.patches(p, order, device),
            (Values::Floats(pictures), Order::ChannelFirst) => patches_channel_first(pictures.clone(), p),
            (Values::Floats(pictures), Order::ChannelLast) => patches_channel_last(pictures.clone(), p),
        };
        let channels = match &self.values {
            Values::Floats(pictures) => pictures.dims()[1],
            Values::Pixels(pixels, _) => pixels.shape().last().copied().unwrap_or(0),
        };
        if channels != 1 {
            return cut();
        }
        match self.grey.get_or_init(|| (p, cut())) {
            (side, patches) if *side == p => patches.clone(),
            _ => cut(),
        }
    }
}

/// A patch of p × p pixels → one token: the stride-p convolution of ViT as a linear layer.
#[derive(Debug, Clone)]
pub struct PatchEmbed {
    weight: Slot<4>,
    bias: Slot<1>,
    patch: usize,
}

impl PatchEmbed {
    /// Weight [dim, channels, p, p] Xavier-uniform as if flattened; the bias keeps the convolution's own start ±1/√(c
    /// p²).
    pub fn new(mut scope: Scope<'_>, channels: usize, patch: usize, dim: usize) -> Self {
        let inputs = channels * patch * patch;
        Self {
            weight: scope.weight(
                "proj.weight",
                [dim, channels, patch, patch],
                Init::Xavier { fan_in: inputs, fan_out: dim },
            ),
            bias: scope.weight("proj.bias", [dim], Init::Uniform(1.0 / (inputs as f32).sqrt())),
            patch,
        }
    }

    /// # Shapes
    /// patches [batch, picked, channels · p · p] in (channel, row, column) order → [batch, picked, dim]
    pub fn forward(&self, w: &Weights, patches: Tensor<3>) -> Tensor<3> {
        let [batch, picked, inputs] = patches.dims();
        let weight: Tensor<2> = w.get(self.weight).flatten(1, 3);
        let dim = weight.dims()[0];
        let y = linear(patches.reshape([batch * picked, inputs]), weight, Some(w.get(self.bias)), None);
        y.reshape([batch, picked, dim])
    }

    /// Side of a patch in pixels.
    pub fn patch(&self) -> usize {
        self.patch
    }
}

/// Patches in the embedding's order.
///
/// # Shapes
/// [batch, channels, height, width] → [batch, tokens, channels · p · p], last axis (channel, row, column)
pub fn patches_channel_first(pictures: Tensor<4>, p: usize) -> Tensor<3> {
    let [batch, channels, height, width] = pictures.dims();
    let (rows, columns) = (height / p, width / p);
    let cells = pictures.reshape([batch, channels, rows, p, columns, p]).permute([0, 2, 4, 1, 3, 5]);
    cells.reshape([batch, rows * columns, channels * p * p])
}

/// Patches in the order of MAE's target and prediction.
///
/// # Shapes
/// [batch, channels, height, width] → [batch, tokens, p · p · channels], last axis (row, column, channel)
pub fn patches_channel_last(pictures: Tensor<4>, p: usize) -> Tensor<3> {
    let [batch, channels, height, width] = pictures.dims();
    let (rows, columns) = (height / p, width / p);
    let cells = pictures.reshape([batch, channels, rows, p, columns, p]).permute([0, 2, 4, 3, 5, 1]);
    cells.reshape([batch, rows * columns, p * p * channels])
}

/// The inverse of [`patches_channel_last`].
///
/// # Shapes
/// [batch, rows · columns, p · p · channels] → [batch, channels, rows · p, columns · p]
pub fn pictures_from_patches(patches: Tensor<3>, rows: usize, p: usize) -> Tensor<4> {
    let [batch, tokens, values] = patches.dims();
    let (columns, channels) = (tokens / rows, values / (p * p));
    let cells = patches.reshape([batch, rows, columns, p, p, channels]).permute([0, 5, 1, 3, 2, 4]);
    cells.reshape([batch, channels, rows * p, columns * p])
}
