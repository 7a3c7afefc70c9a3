//! The paper's section 3: masking, encoder, decoder, reconstruction; then pre-training and fine-tuning with them.

use std::rc::Rc;

use burn::tensor::Tensor;

use crate::batch::{Batch, Role};
use crate::blocks::decoders::token_decoder::TokenDecoder;
use crate::blocks::encoders::transformer::TransformerConfig;
use crate::blocks::encoders::vit::{VitConfig, VitEncoder};
use crate::blocks::masks::{Mask, block, grid, hides_and_shows, visible_tokens};
use crate::blocks::objectives::pixel_error;
use crate::blocks::tokenizers::image_patches::Pictures;
use crate::checkpoint::keys::{Layout, vit_mae};
use crate::error::{Error, Result};
use crate::kernels::losses::patch_error;
use crate::kernels::pictures::Order;
use crate::knobs::KnobTable;
use crate::knobs::shared::Training;
use crate::limits::{Need, Needs};
use crate::method::tuned_vit::tuned_vit;
use crate::method::{Loss, Method, StepContext, Tuned};
pub use crate::methods::mae::card::Sampling;
use crate::methods::mae::card::{MaeKnobs, Pool};
use crate::rng::Rng;
use crate::settings::Settings;
use crate::train::recipe::Recipe;
use crate::weights::{Weights, plain};

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

    /// Reconstruction (equations 1 and 2): the mean over the hidden patches of the mean squared error to their target,
    /// which is their pixels, standardised patch by patch where `norm_pix` is on.
    ///
    /// # Shapes
    /// pictures [batch, channels, height, width], prediction [batch, tokens, p · p · channels] → [1]
    pub fn forward_loss(&self, imgs: &Pictures, prediction: Tensor<3>, mask: &Mask) -> Tensor<1> {
        let m = mask.hidden_tensor(&prediction.device()); // [batch, tokens], 1 = hidden
        let x = imgs.patches(self.config.patch_size, Order::ChannelLast); // [batch, tokens, p · p · channels]
        let error = patch_error(prediction, x, m.clone(), self.config.norm_pix); // m · mean (pred − t)², t from x
        pixel_error::masked_mean(error, m) // Σ m · error / Σ m
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

    /// The encoder's patch tokens with nothing hidden.
    ///
    /// # Shapes
    /// pictures [batch, channels, height, width] → [batch, tokens, dim]
    pub fn tokens(&self, w: &Weights, imgs: &Pictures, samples: usize) -> Tensor<3> {
        let tokens = self.config.side() * self.config.side();
        self.forward_encoder(w, imgs, &Mask::none(samples, tokens)).narrow(1, 1, tokens)
    }
}

/// Build MAE from the knobs of a run.
pub(super) fn build(settings: &Settings, weights: &mut Weights) -> Result<Rc<dyn Method>> {
    Ok(Rc::new(Mae::new(Config::of(settings)?, weights)?))
}

impl Method for Mae {
    fn adjusted(&self, settings: &Settings) -> Result<Rc<dyn Method>> {
        let mut turned = self.clone();
        turned.config = Config::of(settings)?;
        Ok(Rc::new(turned))
    }

    fn loss(&self, weights: &Weights, batch: &Batch, context: &StepContext) -> Result<Loss> {
        let (first, samples) = (context.offset, batch.samples()?);
        let mask = self.random_masking(first + samples, &context.rng)?.part(first..first + samples);
        let total = self.forward(weights, &batch.pictures(Role::Imgs, weights.device())?, &mask);
        Ok(Loss::new(total.clone(), vec![("reconstruction".into(), total)]))
    }

    fn recipe(&self, _phase: usize, settings: &Settings, weights: &Weights) -> Result<Recipe> {
        let knobs = MaeKnobs::of(settings)?;
        let at_once = (knobs.at_once > 0).then_some(knobs.at_once);
        Ok(Recipe { at_once, ..Recipe::pretraining(&Training::of(settings)?, weights) })
    }

    fn whole_batch(&self, _phase: usize) -> Option<&'static str> {
        // Every picture hides as many patches, so the loss is the mean of its pictures' losses.
        None
    }

    fn embed(&self, weights: &Weights, batch: &Batch) -> Result<Tensor<2>> {
        let imgs = batch.pictures(Role::Imgs, weights.device())?;
        Ok(plain(self.tokens(weights, &imgs, batch.samples()?).mean_dim(1).squeeze_dim(1)))
    }

    fn needs(&self) -> Needs {
        self.config.needs()
    }

    fn layouts(&self) -> &'static [Layout] {
        vit_mae::LAYOUTS
    }

    fn tuned(&self, weights: &Weights, classes: usize, settings: &Settings) -> Result<(Rc<dyn Tuned>, Weights)> {
        let pool = MaeKnobs::of(settings)?.pool;
        tuned_vit(self.config.vit(), classes, pool == Pool::Mean, settings, weights)
    }
}
