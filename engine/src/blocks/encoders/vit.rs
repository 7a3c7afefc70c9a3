//! ViT's encoder (Dosovitskiy et al., ICLR 2021, arXiv 2010.11929) as MAE uses it: only visible patches are embedded and
//! encoded; and the classifier that is fine-tuned on it. Names are timm's: `patch_embed.proj`, `cls_token`, `pos_embed`, `blocks.{i}`, `norm`.

use burn::tensor::Tensor;

use crate::blocks::dropout::DropPath;
use crate::blocks::encoders::transformer::{Block, TransformerConfig, stack};
use crate::blocks::linear::{LayerNorm, Linear};
use crate::blocks::masks::Mask;
use crate::blocks::positions::sincos::sincos_2d;
use crate::blocks::tokenizers::image_patches::{PatchEmbed, Pictures};
use crate::kernels::pictures::Order;
use crate::kernels::tokens::gather_tokens;
use crate::rng::Rng;
use crate::weights::{Init, Scope, Slot, Weights};

/// Sizes of the encoder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VitConfig {
    pub channels: usize,
    /// Side of a patch in pixels.
    pub patch: usize,
    /// Patches along one side of a picture.
    pub side: usize,
    pub blocks: TransformerConfig,
}

/// The encoder: patches, fixed positions, class token, blocks, a last norm.
#[derive(Debug, Clone)]
pub struct VitEncoder {
    pub patch_embed: PatchEmbed,
    cls_token: Slot<3>,
    pos_embed: Slot<3>,
    pub blocks: Vec<Block>,
    pub norm: LayerNorm,
}

impl VitEncoder {
    /// Declare the encoder's weights under their official names.
    pub fn new(scope: &mut Scope<'_>, config: VitConfig) -> Self {
        let (dim, side) = (config.blocks.dim, config.side);
        Self {
            cls_token: scope.layer(0).weight("cls_token", [1, 1, dim], Init::Normal(0.02)),
            pos_embed: scope.layer(0).fixed("pos_embed", [1, 1 + side * side, dim], sincos_2d(dim, side, side)),
            patch_embed: PatchEmbed::new(scope.at("patch_embed").layer(0), config.channels, config.patch, dim),
            blocks: stack(scope, "blocks", config.blocks),
            norm: LayerNorm::new(scope.at("norm"), dim, config.blocks.ln_eps),
        }
    }

    /// Class token and visible patch tokens with their positions: what enters the first block. Only visible patches are
    /// embedded.
    ///
    /// # Shapes
    /// pictures [batch, channels, height, width] → [batch, 1 + kept, dim]
    pub fn input(&self, w: &Weights, imgs: &Pictures, mask: &Mask) -> Tensor<3> {
        let patches = imgs.patches(self.patch_embed.patch(), Order::ChannelFirst); // [batch, tokens, channels · p · p]
        self.input_of(w, patches, Some(mask))
    }

    /// The same from all patches of pictures, the embedding's order; without a mask all are visible.
    ///
    /// # Shapes
    /// [batch, tokens, channels · p · p] → [batch, 1 + kept, dim]
    pub fn input_of(&self, w: &Weights, patches: Tensor<3>, mask: Option<&Mask>) -> Tensor<3> {
        let batch = patches.dims()[0];
        let positions = w.get(self.pos_embed); // [1, 1 + tokens, dim]
        let [_, with_class, dim] = positions.dims();
        let class = (w.get(self.cls_token) + positions.clone().narrow(1, 0, 1)).expand([batch, 1, dim]);
        let Some(mask) = mask else {
            let places = positions.narrow(1, 1, with_class - 1);
            return Tensor::cat(vec![class, self.patch_embed.forward(w, patches) + places], 1);
        };
        if mask.kept == 0 {
            return class;
        }
        let keep = mask.keep_tensor(&patches.device());
        let tokens = self.patch_embed.forward(w, gather_tokens(patches, keep.clone())); // [batch, kept, dim]
        let places = positions.narrow(1, 1, with_class - 1).expand([batch, with_class - 1, dim]);
        Tensor::cat(vec![class, tokens + gather_tokens(places, keep)], 1)
    }

    /// The normalised output of the last block, class token first.
    ///
    /// # Shapes
    /// pictures [batch, channels, height, width] → [batch, 1 + kept, dim]
    pub fn forward(&self, w: &Weights, imgs: &Pictures, mask: &Mask) -> Tensor<3> {
        mask.upload(w.device());
        let x = self.input(w, imgs, mask);
        self.norm.forward(w, self.blocks.iter().fold(x, |x, block| block.forward(w, x)))
    }
}

/// The classifier that MAE fine-tunes; here the position table is trained too, and nothing is hidden.
#[derive(Debug, Clone)]
pub struct VitClassifier {
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

impl VitClassifier {
    /// Declare the weights under their official names; the position table starts as the given one and is trained.
    pub fn new(config: VitConfig, classes: usize, global_pool: bool, drop_path: f64, weights: &mut Weights) -> Self {
        let (dim, tokens) = (config.blocks.dim, config.side * config.side);
        let table = sincos_2d(dim, config.side, config.side);
        let mut scope = weights.root();
        Self {
            cls_token: scope.layer(0).weight("cls_token", [1, 1, dim], Init::Normal(0.02)),
            pos_embed: scope.layer(0).weight("pos_embed", [1, 1 + tokens, dim], Init::Values(table)),
            patch_embed: PatchEmbed::new(scope.at("patch_embed").layer(0), config.channels, config.patch, dim),
            blocks: stack(&mut scope, "blocks", config.blocks),
            norm: LayerNorm::new(scope.at(if global_pool { "fc_norm" } else { "norm" }), dim, config.blocks.ln_eps),
            head: Linear::with(scope.at("head"), dim, classes, Init::TruncatedNormal(2e-5)),
            global_pool,
            drop_path,
        }
    }

    /// The vector that the head sees: the normalised mean of the patch tokens (class token excluded), or the class token of
    /// the normalised tokens.
    ///
    /// # Shapes
    /// pictures [batch, channels, height, width] → [batch, dim]
    pub fn feature(&self, w: &Weights, imgs: &Pictures, rng: Option<&Rng>) -> Tensor<2> {
        let patches = imgs.patches(self.patch_embed.patch(), Order::ChannelFirst);
        let tokens = self.patch_embed.forward(w, patches); // [batch, tokens, dim]
        let [batch, count, dim] = tokens.dims();
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
    /// [batch, dim] → [batch, classes]
    pub fn scores(&self, w: &Weights, feature: Tensor<2>) -> Tensor<2> {
        self.head.forward(w, feature)
    }
}
