//! MAE's decoder: visible tokens go back to their places, mask tokens fill the others, a few blocks predict the pixels.

use burn::tensor::Tensor;

use crate::blocks::encoders::transformer::{Block, TransformerConfig};
use crate::blocks::linear::{LayerNorm, Linear};
use crate::blocks::masks::Mask;
use crate::blocks::positions::sincos::sincos_2d;
use crate::kernels::tokens::gather_tokens;
use crate::weights::{Init, Scope, Slot, Weights};

/// The decoder with its own width and its own position table.
#[derive(Debug, Clone)]
pub struct TokenDecoder {
    embed: Linear,
    mask_token: Slot<3>,
    pos_embed: Slot<3>,
    pub blocks: Vec<Block>,
    norm: LayerNorm,
    pred: Linear,
    dim: usize,
}

impl TokenDecoder {
    /// A decoder for a `rows` × `columns` grid that predicts `outputs` numbers for each token.
    pub fn new(
        scope: &mut Scope<'_>,
        encoder_dim: usize,
        grid: (usize, usize),
        outputs: usize,
        config: TransformerConfig,
    ) -> Self {
        let (rows, columns) = grid;
        let dim = config.dim;
        Self {
            embed: Linear::xavier(scope.at("decoder_embed"), encoder_dim, dim),
            mask_token: scope.weight("mask_token", [1, 1, dim], Init::Normal(0.02)),
            pos_embed: scope.fixed("decoder_pos_embed", [1, 1 + rows * columns, dim], sincos_2d(dim, rows, columns)),
            blocks: (0..config.depth).map(|i| Block::new(scope.at("decoder_blocks").at(i), config)).collect(),
            norm: LayerNorm::new(scope.at("decoder_norm"), dim, config.ln_eps),
            pred: Linear::xavier(scope.at("decoder_pred"), dim, outputs),
            dim,
        }
    }

    /// All tokens, class token first, with positions: what enters the first block.
    ///
    /// # Shapes
    /// latent [batch, 1 + kept, encoder dim] → [batch, 1 + tokens, dim]
    pub fn input(&self, w: &Weights, latent: Tensor<3>, mask: &Mask) -> Tensor<3> {
        let ids_restore = mask.restore_tensor(&latent.device()); // [batch, tokens]
        let x = self.embed.tokens(w, latent);
        let [batch, with_class, _] = x.dims();
        let (kept, tokens) = (with_class - 1, ids_restore.dims()[1]);
        let class = x.clone().narrow(1, 0, 1);
        let mut parts = Vec::new();
        if kept > 0 {
            parts.push(x.narrow(1, 1, kept));
        }
        if tokens > kept {
            parts.push(w.get(self.mask_token).expand([batch, tokens - kept, self.dim]));
        }
        let shuffled = Tensor::cat(parts, 1); // [batch, tokens, dim], visible first
        let restored = gather_tokens(shuffled, ids_restore);
        Tensor::cat(vec![class, restored], 1) + w.get(self.pos_embed)
    }

    /// Several sequences from one of all tokens, class token first: each has its own tokens, mask tokens elsewhere, and the
    /// class token of all. Positions are not added yet.
    ///
    /// # Shapes
    /// latent [batch, 1 + tokens, encoder dim], hidden [batch · sequences, tokens] with 1 for a mask token → [batch ·
    /// sequences, 1 + tokens, dim]
    pub fn unmixed(&self, w: &Weights, latent: Tensor<3>, hidden: Tensor<2>) -> Tensor<3> {
        let x = self.embed.tokens(w, latent);
        let ([batch, with_class, dim], [all, _]) = (x.dims(), hidden.dims());
        let copies = x.unsqueeze_dim::<4>(1).expand([batch, all / batch.max(1), with_class, dim]);
        let copies = copies.reshape([all, with_class, dim]);
        let of_class = Tensor::zeros([all, 1], &hidden.device());
        let masked = Tensor::cat(vec![of_class, hidden], 1).unsqueeze_dim::<3>(2); // [all, 1 + tokens, 1]
        copies * masked.clone().neg().add_scalar(1.0) + w.get(self.mask_token) * masked
    }

    /// The prediction from all tokens without positions, class token first.
    ///
    /// # Shapes
    /// [batch, 1 + tokens, dim] → [batch, tokens, outputs]
    pub fn decode(&self, w: &Weights, x: Tensor<3>) -> Tensor<3> {
        let x = x + w.get(self.pos_embed);
        self.predict(w, self.blocks.iter().fold(x, |x, block| block.forward(w, x)))
    }

    /// The prediction from the output of the last block; the class token is dropped.
    ///
    /// # Shapes
    /// [batch, 1 + tokens, dim] → [batch, tokens, outputs]
    pub fn predict(&self, w: &Weights, x: Tensor<3>) -> Tensor<3> {
        let tokens = x.dims()[1] - 1;
        self.pred.tokens(w, self.norm.forward(w, x).narrow(1, 1, tokens))
    }

    /// # Shapes
    /// latent [batch, 1 + kept, encoder dim] → [batch, tokens, outputs]
    pub fn forward(&self, w: &Weights, latent: Tensor<3>, mask: &Mask) -> Tensor<3> {
        let x = self.input(w, latent, mask);
        self.predict(w, self.blocks.iter().fold(x, |x, block| block.forward(w, x)))
    }
}
