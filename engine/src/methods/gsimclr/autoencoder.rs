//! The denoising autoencoder whose latent is clustered: its clusters are the pseudo labels.

use burn::tensor::{Tensor, activation};

use crate::blocks::batch_norm::Pass;
use crate::blocks::convolution::keras::{Convolution, Norm, NormedConvolution, Start};
use crate::blocks::convolution::{global_average, max_pool, upsample};
use crate::weights::{Scope, Weights};

/// Sizes of the autoencoder. Shallow (CIFAR-10): widths 32, 64, 128 and windows of 3; deep (ImageNet): 64 … 1024 and
/// windows of 5.
#[derive(Debug, Clone, PartialEq)]
pub struct AutoencoderConfig {
    pub channels: usize,
    /// Filters of each layer of the encoder; the decoder has the same the other way round.
    pub widths: Vec<usize>,
    /// Side of the windows.
    pub side: usize,
    pub norm: Norm,
}

/// Layers of [convolution, batch normalisation, ReLU, max-pool 2] down to the latent, then of [nearest upsampling,
/// convolution, batch normalisation, ReLU] up again, a last convolution and a sigmoid.
#[derive(Debug, Clone)]
pub struct Autoencoder {
    down: Vec<NormedConvolution>,
    up: Vec<NormedConvolution>,
    output: Convolution,
}

impl Autoencoder {
    /// Declare the weights: `conv0` … and `bn0` … in the order of the layers, the output layer last.
    pub fn new(mut scope: Scope<'_>, config: &AutoencoderConfig) -> Self {
        let mut layers = Vec::new();
        let mut inputs = config.channels;
        for (number, width) in config.widths.iter().chain(config.widths.iter().rev()).enumerate() {
            let convolution =
                Convolution::new(scope.at(format!("conv{number}")), [config.side, inputs, *width], 1, Start::Glorot);
            let norm = config.norm.layer(scope.at(format!("bn{number}")), *width);
            layers.push(NormedConvolution { convolution, norm });
            inputs = *width;
        }
        let sizes = [config.side, inputs, config.channels];
        let output = Convolution::new(scope.at(format!("conv{}", layers.len())), sizes, 1, Start::Glorot);
        let up = layers.split_off(config.widths.len());
        Self { down: layers, up, output }
    }

    /// # Shapes
    /// [batch, rows, columns, channels] → latent [batch, rows / 2ⁿ, columns / 2ⁿ, last width]
    pub fn encode(&self, w: &Weights, pictures: Tensor<4>, pass: &Pass) -> Tensor<4> {
        self.down.iter().fold(pictures, |map, layer| max_pool(layer.activated(w, map, pass)))
    }

    /// # Shapes
    /// latent → reconstruction [batch, rows, columns, channels], in 0 … 1
    pub fn decode(&self, w: &Weights, latent: Tensor<4>, pass: &Pass) -> Tensor<4> {
        let map = self.up.iter().fold(latent, |map, layer| layer.activated(w, upsample(map), pass));
        activation::sigmoid(self.output.forward(w, map))
    }

    /// What is clustered: the global average of the latent, with the running statistics and without noise.
    ///
    /// # Shapes
    /// [batch, rows, columns, channels] → [batch, last width]
    pub fn embed(&self, w: &Weights, pictures: Tensor<4>) -> Tensor<2> {
        global_average(self.encode(w, pictures, &Pass::evaluation()))
    }
}

/// The mean squared error of a reconstruction against the clean pictures.
///
/// # Shapes
/// twice [batch, rows, columns, channels] → [1]
pub fn reconstruction_error(reconstruction: Tensor<4>, clean: Tensor<4>) -> Tensor<1> {
    (reconstruction - clean).powi_scalar(2).mean()
}
