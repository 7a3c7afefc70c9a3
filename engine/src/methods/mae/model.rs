//! The paper's section 3: masking, encoder, decoder, reconstruction target, loss.

use burn::tensor::Tensor;

use crate::blocks::decoders::token_decoder::TokenDecoder;
use crate::blocks::encoders::transformer::TransformerConfig;
use crate::blocks::encoders::vit::{VitConfig, VitEncoder};
use crate::blocks::masks::{Mask, block, grid, hides_and_shows, visible_tokens};
use crate::blocks::objectives::pixel_error;
use crate::blocks::tokenizers::image_patches::Pictures;
use crate::error::{Error, Result};
use crate::kernels::losses::patch_error;
use crate::kernels::pictures::Order;
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
        self.encoder.check("encoder")?;
        self.decoder.check("decoder")?;
        if self.side() * self.side() > 4096 {
            return refuse(format!("{} patches are more than 4,096", self.side() * self.side()));
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
        let together = Need { what: "training".into(), fixed: 0, per_sample: 4 * 6 * (tokens * values) as u64 };
        let mut unmasked = self.encoder.tensors("encoder", 1 + tokens);
        unmasked.push(Need::of_samples("the pictures", tokens * values));
        let mut needs =
            Needs { tensors: vec![Need::of_samples("the prediction", tokens * values)], unmasked, together };
        self.encoder.add_needs("encoder", 1 + kept, &mut needs);
        self.decoder.add_needs("decoder", 1 + tokens, &mut needs);
        needs
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

    /// Masking: which patches of each picture are seen, a few at random, a block, or a grid.
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

    /// MAE encoder: a ViT on the visible patches alone.
    ///
    /// # Shapes
    /// pictures [batch, channels, height, width] → latent [batch, 1 + kept, dim]
    pub fn forward_encoder(&self, w: &Weights, imgs: &Pictures, mask: &Mask) -> Tensor<3> {
        self.encoder.forward(w, imgs, mask)
    }

    /// MAE decoder: mask tokens take the places of the hidden patches, and every patch is predicted.
    ///
    /// # Shapes
    /// latent [batch, 1 + kept, dim] → prediction [batch, tokens, p · p · channels]
    pub fn forward_decoder(&self, w: &Weights, latent: Tensor<3>, mask: &Mask) -> Tensor<3> {
        self.decoder.forward(w, latent, mask)
    }

    /// Reconstruction target (equation 1): the pixels of each patch, less their mean and divided by their deviation
    /// where `norm_pix` is on.
    ///
    /// # Shapes
    /// pictures [batch, channels, height, width] → [batch, tokens, p · p · channels], (row, column, channel)
    pub fn target(&self, imgs: &Pictures) -> Tensor<3> {
        let pixels = imgs.patches(self.config.patch_size, Order::ChannelLast);
        if self.config.norm_pix { pixel_error::standardised(pixels) } else { pixels }
    }

    /// Equation 2: the mean over the hidden patches of the mean squared error to their target.
    ///
    /// # Shapes
    /// prediction [batch, tokens, p · p · channels] → [1]
    pub fn forward_loss(&self, imgs: &Pictures, prediction: Tensor<3>, mask: &Mask) -> Tensor<1> {
        let hidden = mask.hidden_tensor(&prediction.device()); // [batch, tokens]
        let pixels = imgs.patches(self.config.patch_size, Order::ChannelLast);
        // The error and equation 1 in one operation.
        let error = patch_error(prediction, pixels, hidden.clone(), self.config.norm_pix); // [batch, tokens]
        pixel_error::masked_mean(error, hidden)
    }

    /// The loss of one pass.
    ///
    /// # Shapes
    /// pictures [batch, channels, height, width] → [1]
    pub fn forward(&self, w: &Weights, imgs: &Pictures, mask: &Mask) -> Tensor<1> {
        let latent = self.forward_encoder(w, imgs, mask); // [batch, 1 + kept, dim]
        let prediction = self.forward_decoder(w, latent, mask); // [batch, tokens, p · p · channels]
        self.forward_loss(imgs, prediction, mask)
    }

    /// The mean of the patch tokens with nothing hidden.
    ///
    /// # Shapes
    /// pictures [batch, channels, height, width] → [batch, dim]
    pub fn feature(&self, w: &Weights, imgs: &Pictures, samples: usize) -> Tensor<2> {
        let tokens = self.config.side() * self.config.side();
        let latent = self.forward_encoder(w, imgs, &Mask::none(samples, tokens));
        latent.narrow(1, 1, tokens).mean_dim(1).squeeze_dim(1)
    }
}
