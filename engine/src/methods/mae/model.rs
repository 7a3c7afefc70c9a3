//! MAE's encoder and decoder, with the functions of the paper's figure.

use burn::tensor::Tensor;

use crate::blocks::decoders::token_decoder::TokenDecoder;
use crate::blocks::encoders::transformer::TransformerConfig;
use crate::blocks::encoders::vit::{VitConfig, VitEncoder};
use crate::blocks::masks::{Mask, block, grid, hides_and_shows, visible_tokens};
use crate::blocks::objectives::pixel_error;
use crate::blocks::tokenizers::image_patches::{patches_channel_first, patches_channel_last};
use crate::error::{Error, Result};
use crate::kernels::attention::MAX_DIM;
use crate::kernels::losses::patch_error;
use crate::knobs::KnobTable;
use crate::limits::{Need, Needs};
use crate::methods::mae::card::MaeKnobs;
pub use crate::methods::mae::card::Sampling;
use crate::rng::Rng;
use crate::settings::Settings;
use crate::weights::Weights;

/// Every size and switch of MAE.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub img_size: usize,
    pub patch_size: usize,
    pub in_chans: usize,
    pub encoder: TransformerConfig,
    pub decoder: TransformerConfig,
    pub mask_ratio: f64,
    pub sampling: Sampling,
    pub norm_pix: bool,
}

impl Config {
    /// The sizes and switches of a run's knobs.
    ///
    /// # Errors
    /// [`Error::Request`] when the sizes do not fit one another.
    pub fn of(settings: &Settings) -> Result<Self> {
        let knobs = MaeKnobs::of(settings)?;
        let stack = |dim, depth, heads| TransformerConfig { dim, depth, heads, mlp_ratio: 4.0, ln_eps: 1e-6 };
        let config = Self {
            img_size: knobs.img_size,
            patch_size: knobs.patch_size,
            in_chans: settings.data.channels,
            encoder: stack(knobs.dim, knobs.depth, knobs.heads),
            decoder: stack(knobs.dec_dim, knobs.dec_depth, knobs.dec_heads),
            mask_ratio: knobs.mask_ratio,
            sampling: knobs.sampling,
            norm_pix: knobs.norm_pix,
        };
        config.check()?;
        hides_and_shows(config.side() * config.side(), config.visible()?)?;
        Ok(config)
    }

    /// Patches that stay visible by the rule of the knobs.
    ///
    /// # Errors
    /// [`Error::Request`] when nothing would be left to see, or a grid would hide nothing.
    pub fn visible(&self) -> Result<usize> {
        match self.sampling {
            Sampling::Grid => Ok(grid::visible_tokens(self.side(), self.side(), grid::stride(self.mask_ratio)?)),
            Sampling::Random | Sampling::Block => visible_tokens(self.side() * self.side(), self.mask_ratio),
        }
    }

    /// Patches along one side.
    pub fn side(&self) -> usize {
        self.img_size / self.patch_size
    }

    /// The encoder's sizes.
    pub fn vit(&self) -> VitConfig {
        VitConfig { channels: self.in_chans, patch: self.patch_size, side: self.side(), blocks: self.encoder }
    }

    /// Whether the sizes fit one another.
    ///
    /// # Errors
    /// [`Error::Request`] naming the sizes that do not.
    pub fn check(&self) -> Result<()> {
        let refuse = |why: String| Err(Error::request("These sizes do not fit together", why, "Change one of them"));
        if self.patch_size == 0 || self.img_size == 0 || !self.img_size.is_multiple_of(self.patch_size) {
            return refuse(format!(
                "a picture of {} pixels cannot be cut into patches of {}",
                self.img_size, self.patch_size
            ));
        }
        for (name, part) in [("encoder", self.encoder), ("decoder", self.decoder)] {
            if part.heads == 0 || part.dim == 0 || !part.dim.is_multiple_of(part.heads) || !part.dim.is_multiple_of(4) {
                return refuse(format!(
                    "the {name}'s width {} must be a multiple of 4 and of its {} heads",
                    part.dim, part.heads
                ));
            }
        }
        if let Some(part) = [self.encoder, self.decoder].iter().find(|p| p.dim / p.heads > MAX_DIM) {
            return refuse(format!("{} numbers in {} heads are more than {MAX_DIM} a head", part.dim, part.heads));
        }
        if self.side() * self.side() > 4096 {
            return refuse(format!("{} patches are more than 4,096", self.side() * self.side()));
        }
        if self.encoder.dim * self.encoder.dim * self.encoder.depth * 12 > 2_000_000_000 {
            return refuse("the encoder would have over two billion weights".into());
        }
        visible_tokens(self.side() * self.side(), self.mask_ratio).map(|_| ())
    }
}

impl Config {
    /// What a training step needs: its largest tensors, and an estimate of all that is held until the backward pass has
    /// used it.
    pub fn needs(&self) -> Needs {
        let tokens = self.side() * self.side();
        let kept = self.visible().unwrap_or(tokens);
        let values = self.patch_size * self.patch_size * self.in_chans;
        let stacks = [("encoder", self.encoder, 1 + kept), ("decoder", self.decoder, 1 + tokens)];
        let mut tensors = vec![Need::of_samples("the prediction", tokens * values)];
        let mut together = Need { what: "training".into(), fixed: 0, per_sample: 4 * 6 * (tokens * values) as u64 };
        for (name, stack, rows) in stacks.into_iter().filter(|(_, stack, _)| stack.depth > 0) {
            let hidden = (stack.dim as f64 * stack.mlp_ratio) as usize;
            tensors.push(Need::of_samples(format!("the hidden layer of the {name}"), rows * hidden));
            tensors.push(Need::of_samples(format!("queries, keys and values of the {name}"), rows * 3 * stack.dim));
            tensors.push(Need::of_weights(format!("a weight of the {name}"), stack.dim * hidden));
            // Of each block: queries, keys and values, the hidden layer before and after GELU, six more of its width.
            let block = rows * (9 * stack.dim + 2 * hidden);
            // Weights, gradients and two moments.
            let weights = stack.dim * (4 * stack.dim + 2 * hidden);
            together.per_sample += 4 * (stack.depth * block) as u64;
            together.fixed += 16 * (stack.depth * weights) as u64;
        }
        let whole = (1 + tokens) * self.encoder.dim;
        let unmasked = vec![
            Need::of_samples("the hidden layer of the encoder", (whole as f64 * self.encoder.mlp_ratio) as usize),
            Need::of_samples("queries, keys and values of the encoder", 3 * whole),
            Need::of_samples("the pictures", tokens * values),
        ];
        Needs { tensors, unmasked, together }
    }
}

/// The whole system: encoder and decoder.
#[derive(Debug, Clone)]
pub struct Mae {
    pub config: Config,
    pub encoder: VitEncoder,
    pub decoder: TokenDecoder,
}

impl Mae {
    /// Declare all weights under their official names.
    ///
    /// # Errors
    /// [`Error::Request`] when the sizes do not fit one another.
    pub fn new(config: Config, weights: &mut Weights) -> Result<Self> {
        config.check()?;
        let mut scope = weights.root();
        let encoder = VitEncoder::new(&mut scope, config.vit());
        let outputs = config.patch_size * config.patch_size * config.in_chans;
        let decoder =
            TokenDecoder::new(&mut scope, config.encoder.dim, (config.side(), config.side()), outputs, config.decoder);
        Ok(Self { config, encoder, decoder })
    }

    /// Draw the masks of a batch by the rule of the knobs.
    ///
    /// # Errors
    /// [`Error::Request`] when nothing would be left to see, or a grid would hide nothing.
    pub fn random_masking(&self, samples: usize, rng: &Rng) -> Result<Mask> {
        let side = self.config.side();
        let kept = self.config.visible()?;
        Ok(match self.config.sampling {
            Sampling::Random => Mask::random(samples, side * side, kept, rng),
            Sampling::Block => block::block(samples, side, side, kept, rng),
            Sampling::Grid => grid::grid(samples, side, side, grid::stride(self.config.mask_ratio)?),
        })
    }

    /// # Shapes
    /// [batch, channels, height, width] → latent [batch, 1 + kept, dim]
    pub fn forward_encoder(&self, w: &Weights, pictures: Tensor<4>, mask: &Mask) -> Tensor<3> {
        self.encoder.forward(w, pictures, mask)
    }

    /// # Shapes
    /// latent [batch, 1 + kept, dim] → prediction [batch, tokens, p · p · channels], (row, column, channel)
    pub fn forward_decoder(&self, w: &Weights, latent: Tensor<3>, mask: &Mask) -> Tensor<3> {
        let restore = mask.restore_tensor(&latent.device());
        self.decoder.forward(w, latent, restore)
    }

    /// What the prediction is compared with: the pixels, standardised patch by patch where `norm_pix` is on.
    ///
    /// # Shapes
    /// [batch, channels, height, width] → [batch, tokens, p · p · channels]
    pub fn target(&self, pictures: Tensor<4>) -> Tensor<3> {
        let target = patches_channel_last(pictures, self.config.patch_size);
        if self.config.norm_pix { pixel_error::standardised(target) } else { target }
    }

    /// The loss of one pass over a batch.
    ///
    /// # Shapes
    /// → [1]
    pub fn forward_loss(&self, w: &Weights, pictures: Tensor<4>, mask: &Mask) -> Tensor<1> {
        mask.upload(&pictures.device());
        let p = self.config.patch_size;
        self.loss_of_patches(w, patches_channel_first(pictures.clone(), p), patches_channel_last(pictures, p), mask)
    }

    /// The loss of one pass over a batch that is cut into patches.
    ///
    /// # Shapes
    /// patches (channel, row, column) and target (row, column, channel): two of [batch, tokens, p · p · channels] → [1]
    pub fn loss_of_patches(&self, w: &Weights, patches: Tensor<3>, target: Tensor<3>, mask: &Mask) -> Tensor<1> {
        let latent = self.encoder.forward_patches(w, patches, mask);
        let prediction = self.forward_decoder(w, latent, mask);
        let hidden = mask.hidden_tensor(&prediction.device());
        pixel_error::masked_mean(patch_error(prediction, target, hidden.clone(), self.config.norm_pix), hidden)
    }
}
