//! Fine-tuning: MAE's encoder with a class head.

use burn::tensor::Tensor;

use crate::batch::{Batch, Role};
use crate::blocks::dropout::DropPath;
use crate::blocks::encoders::transformer::{Block, stack};
use crate::blocks::linear::{LayerNorm, Linear};
use crate::blocks::tokenizers::image_patches::{PatchEmbed, patches_channel_first};
use crate::error::Result;
use crate::method::Classifier;
use crate::methods::mae::model::Config;
use crate::rng::Rng;
use crate::weights::{Init, Slot, Weights};

/// The fine-tuned classifier; here the position table is trained too.
#[derive(Debug, Clone)]
pub struct MaeClassifier {
    patch_embed: PatchEmbed,
    cls_token: Slot<3>,
    pos_embed: Slot<3>,
    blocks: Vec<Block>,
    /// `fc_norm` after global pooling, `norm` before taking the class token.
    norm: LayerNorm,
    head: Linear,
    global_pool: bool,
    drop_path: f64,
}

impl MaeClassifier {
    /// Declare the weights under their official names; the position table starts as the given one and is trained.
    pub fn new(config: &Config, classes: usize, global_pool: bool, drop_path: f64, weights: &mut Weights) -> Self {
        let (dim, tokens) = (config.encoder.dim, config.side() * config.side());
        let table = crate::blocks::positions::sincos::sincos_2d(dim, config.side(), config.side());
        let mut scope = weights.root();
        Self {
            cls_token: scope.layer(0).weight("cls_token", [1, 1, dim], Init::Normal(0.02)),
            pos_embed: scope.layer(0).weight("pos_embed", [1, 1 + tokens, dim], Init::Values(table)),
            patch_embed: PatchEmbed::new(scope.at("patch_embed").layer(0), config.in_chans, config.patch_size, dim),
            blocks: stack(&mut scope, "blocks", config.encoder),
            norm: LayerNorm::new(scope.at(if global_pool { "fc_norm" } else { "norm" }), dim, config.encoder.ln_eps),
            head: Linear::with(scope.at("head"), dim, classes, Init::TruncatedNormal(2e-5)),
            global_pool,
            drop_path,
        }
    }

    /// The vector the head sees: the normalised mean of the patch tokens (class token excluded), or the class token of
    /// the normalised tokens.
    ///
    /// # Shapes
    /// [batch, channels, height, width] → [batch, dim]
    pub fn feature(&self, w: &Weights, pictures: Tensor<4>, rng: Option<&Rng>) -> Tensor<2> {
        let batch = pictures.dims()[0];
        let tokens = self.patch_embed.forward(w, patches_channel_first(pictures, self.patch_embed.patch()));
        let [_, count, dim] = tokens.dims();
        let class = w.get(self.cls_token).expand([batch, 1, dim]);
        let mut x = Tensor::cat(vec![class, tokens], 1) + w.get(self.pos_embed);
        let drop = DropPath::training(self.drop_path, rng);
        for (block, mut drop) in self.blocks.iter().zip(DropPath::ramp(drop.as_ref(), self.blocks.len())) {
            x = block.forward_dropping(w, x, &mut drop);
        }
        if self.global_pool {
            self.norm.forward(w, x.narrow(1, 1, count).mean_dim(1).squeeze_dim(1))
        } else {
            self.norm.forward(w, x).narrow(1, 0, 1).squeeze_dim(1)
        }
    }

    /// # Shapes
    /// feature [batch, dim] → [batch, classes]
    pub fn scores(&self, w: &Weights, feature: Tensor<2>) -> Tensor<2> {
        self.head.forward(w, feature)
    }
}

impl Classifier for MaeClassifier {
    fn logits(&self, weights: &Weights, batch: &Batch, rng: Option<&Rng>) -> Result<Tensor<2>> {
        let pictures = batch.tensor(Role::Imgs, weights.device())?;
        Ok(self.scores(weights, self.feature(weights, pictures, rng)))
    }

    fn not_decayed(&self) -> &'static [&'static str] {
        &["pos_embed", "cls_token"]
    }
}
