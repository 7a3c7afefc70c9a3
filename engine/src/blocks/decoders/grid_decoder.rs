//! A decoder of a masked autoencoder without a class token: visible tokens go back to their places on a grid, mask tokens
//! fill the others, a few blocks predict what every token holds. Names are CROMA's.

use burn::tensor::Tensor;

use crate::blocks::encoders::transformer::{Block, Form, TransformerConfig};
use crate::blocks::linear::{LayerNorm, Linear, Start};
use crate::blocks::masks::Mask;
use crate::blocks::positions::sincos::sincos_2d;
use crate::kernels::tokens::gather_tokens;
use crate::weights::{Init, Scope, Slot, Weights};

/// Sizes of the decoder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GridDecoderConfig {
    /// Width of the tokens it is given.
    pub inputs: usize,
    /// Rows and columns.
    pub grid: [usize; 2],
    /// Numbers that are predicted for each token.
    pub outputs: usize,
    pub blocks: TransformerConfig,
    pub form: Form,
}

/// The decoder with its own width and its own position table.
#[derive(Debug, Clone)]
pub struct GridDecoder {
    encoder_to_decoder: Linear,
    mask_token: Slot<3>,
    pos_embed: Slot<3>,
    blocks: Vec<Block>,
    norm_out: LayerNorm,
    linear_output: Linear,
}

impl GridDecoder {
    /// Declare the weights.
    pub fn new(mut scope: Scope<'_>, config: GridDecoderConfig) -> Self {
        let GridDecoderConfig { inputs, grid: [rows, columns], outputs, blocks, form } = config;
        let dim = blocks.dim;
        // The table's first row is a class token's.
        let table = sincos_2d(dim, rows, columns).split_off(dim);
        Self {
            encoder_to_decoder: Linear::new(scope.at("encoder_to_decoder"), inputs, dim, Start::Uniform, true),
            mask_token: scope.weight("mask_token", [1, 1, dim], Init::Normal(0.02)),
            pos_embed: scope.fixed("decoder_pos_embed", [1, rows * columns, dim], table),
            blocks: (0..blocks.depth)
                .map(|i| Block::formed(scope.at("decoder").at("layers").at(i), blocks, form))
                .collect(),
            norm_out: LayerNorm::new(scope.at("decoder").at("norm_out"), dim, blocks.ln_eps),
            linear_output: Linear::new(scope.at("linear_output"), dim, outputs, Start::Uniform, true),
        }
    }

    /// All tokens with their positions: what enters the first block.
    ///
    /// # Shapes
    /// latent [batch, kept, inputs] → [batch, tokens, dim]
    pub fn input(&self, w: &Weights, latent: Tensor<3>, mask: &Mask) -> Tensor<3> {
        let x = self.encoder_to_decoder.tokens(w, latent);
        let [batch, kept, dim] = x.dims();
        let restore = mask.restore_tensor(&x.device()); // [batch, tokens]
        let mut parts = vec![x];
        if mask.tokens > kept {
            parts.push(w.get(self.mask_token).expand([batch, mask.tokens - kept, dim]));
        }
        gather_tokens(Tensor::cat(parts, 1), restore) + w.get(self.pos_embed)
    }

    /// The normalised output of the last block.
    ///
    /// # Shapes
    /// [batch, tokens, dim] → the same
    pub fn decode(&self, w: &Weights, x: Tensor<3>) -> Tensor<3> {
        self.norm_out.forward(w, self.blocks.iter().fold(x, |x, block| block.forward(w, x)))
    }

    /// # Shapes
    /// [batch, tokens, dim] → [batch, tokens, outputs]
    pub fn predict(&self, w: &Weights, x: Tensor<3>) -> Tensor<3> {
        self.linear_output.tokens(w, x)
    }

    /// # Shapes
    /// latent [batch, kept, inputs] → [batch, tokens, outputs]
    pub fn forward(&self, w: &Weights, latent: Tensor<3>, mask: &Mask) -> Tensor<3> {
        let x = self.input(w, latent, mask);
        self.predict(w, self.decode(w, x))
    }
}
