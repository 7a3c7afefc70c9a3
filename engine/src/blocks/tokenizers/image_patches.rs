//! Pictures cut into square patches, tokens in row-major order.

use burn::tensor::Tensor;

use crate::kernels::products::linear;
use crate::weights::{Init, Scope, Slot, Weights};

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
