//! Every size and switch of CROMA.

use crate::batch::Role;
use crate::blocks::encoders::transformer::TransformerConfig;
use crate::blocks::masks::{hides_and_shows, visible_tokens};
use crate::error::{Error, Result};
use crate::knobs::KnobTable;
use crate::limits::{Need, Needs};
use crate::methods::croma::card::{Composite, CromaKnobs, Extent};
pub use crate::methods::croma::card::{Feature, Masking, Positions, SelfBias};
use crate::settings::Settings;

/// Most patches that are encoded at once.
pub const MOST_PATCHES: usize = 4096;

/// Every size and switch of CROMA.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Sides of a scene and of a patch, in pixels.
    pub img_size: usize,
    pub patch_size: usize,
    pub optical_channels: usize,
    pub radar_channels: usize,
    /// The optical encoder; the others have its width and heads.
    pub encoder: TransformerConfig,
    pub radar_layers: usize,
    pub fusion_layers: usize,
    pub decoder: TransformerConfig,
    pub mask_ratio: f64,
    pub masks: Masking,
    pub positions: Positions,
    pub fusion_self_bias: SelfBias,
    pub detach_keys: bool,
    /// Weights of the two objectives; 0: off.
    pub lambda_contrast: f64,
    pub lambda_mae: f64,
    /// Added to the variance of a target's patch.
    pub target_eps: f64,
    /// How many deviations to either side of the mean are kept of a channel.
    pub sigmas: f64,
    /// What probes and fine-tuning take.
    pub feature: Feature,
}

impl Config {
    /// The sizes and switches of a run's knobs.
    ///
    /// # Errors
    /// [`Error::Request`] when the sizes do not fit one another; [`Error::Data`] when the data lacks a sensor.
    pub fn of(settings: &Settings) -> Result<Self> {
        let knobs = CromaKnobs::of(settings)?;
        let stack = |dim, depth, heads| TransformerConfig { dim, depth, heads, mlp_ratio: 4.0, ln_eps: 1e-5 };
        let half = (knobs.depth / 2).max(1);
        let config = Self {
            img_size: knobs.img_size,
            patch_size: knobs.patch_size,
            optical_channels: settings.data.input(Role::Optical)?.channels(),
            radar_channels: settings.data.input(Role::Radar)?.channels(),
            encoder: stack(knobs.dim, knobs.depth, knobs.heads),
            radar_layers: half,
            fusion_layers: half,
            decoder: stack(knobs.dec_dim, knobs.dec_depth, knobs.dec_heads),
            mask_ratio: knobs.mask_ratio,
            masks: knobs.masks,
            positions: knobs.positions,
            fusion_self_bias: knobs.fusion_self_bias,
            detach_keys: knobs.detach_keys,
            lambda_contrast: knobs.contrast,
            lambda_mae: knobs.reconstruction,
            target_eps: 1e-6,
            sigmas: knobs.sigmas,
            feature: knobs.feature,
        };
        config.check()?;
        if config.lambda_mae > 0.0 {
            hides_and_shows(config.tokens(), config.visible()?)?;
        }
        Ok(config)
    }

    /// Patches along one side.
    pub fn side(&self) -> usize {
        self.img_size / self.patch_size.max(1)
    }

    /// Patches of a scene.
    pub fn tokens(&self) -> usize {
        self.side() * self.side()
    }

    /// Patches of each sensor that stay visible.
    ///
    /// # Errors
    /// [`Error::Request`] when none would.
    pub fn visible(&self) -> Result<usize> {
        visible_tokens(self.tokens(), self.mask_ratio)
    }

    /// Numbers of a patch: optical, radar.
    pub fn values(&self) -> [usize; 2] {
        [self.optical_channels, self.radar_channels].map(|channels| channels * self.patch_size * self.patch_size)
    }

    /// The encoder's sizes with so many layers.
    pub fn stack(&self, depth: usize) -> TransformerConfig {
        TransformerConfig { depth, ..self.encoder }
    }

    /// Whether the sizes fit one another.
    ///
    /// # Errors
    /// [`Error::Request`] naming the sizes that do not.
    pub fn check(&self) -> Result<()> {
        let refuse = |why: String| Err(Error::request("These sizes do not fit together", why, "Change one of them"));
        if self.patch_size == 0 || self.img_size == 0 || !self.img_size.is_multiple_of(self.patch_size) {
            let (scene, patch) = (self.img_size, self.patch_size);
            return refuse(format!("a scene of {scene} pixels cannot be cut into patches of {patch}"));
        }
        self.encoder.check("encoders")?;
        self.decoder.check("decoder")?;
        if self.tokens() > MOST_PATCHES {
            return refuse(format!("{} patches are more than 4,096", self.tokens()));
        }
        self.visible().map(|_| ())
    }

    /// What a training step needs: its largest tensors, and an estimate of all that is held until the backward pass has
    /// used it.
    pub fn needs(&self) -> Needs {
        let (tokens, heads) = (self.tokens(), self.encoder.heads);
        let kept = self.visible().unwrap_or(tokens);
        let values: usize = self.values().iter().sum();
        let per_sample = 4 * (6 * tokens * values + tokens * tokens + 3 * heads * kept * kept) as u64;
        let mut unmasked = self.encoder.tensors("encoders", tokens);
        unmasked.push(Need::of_weights("the biases of attention", heads * tokens * tokens));
        unmasked.push(Need::of_samples("the scenes", tokens * values));
        let mut needs = Needs {
            tensors: vec![
                Need::of_samples("the prediction", tokens * values),
                Need::of_samples("the biases of attention", heads * kept * kept),
            ],
            unmasked,
            together: Need { what: "training".into(), fixed: 0, per_sample },
        };
        // The fusion encoder's layers have two attentions.
        let layers = self.encoder.depth + self.radar_layers + 2 * self.fusion_layers;
        self.stack(layers).add_needs("encoders", kept, &mut needs);
        self.decoder.add_needs("decoder", tokens, &mut needs);
        needs
    }
}

/// Scenes of a batch that are compared at most.
const COMPARED: usize = 32;

/// How scenes are shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shown {
    pub composite: Composite,
    /// Counted from 0.
    pub head: usize,
    /// Scenes of a batch.
    pub batch: usize,
    /// Side of what inputs and similarities show, in pixels.
    pub window: usize,
}

impl Shown {
    /// As the knobs say.
    ///
    /// # Errors
    /// [`Error::Request`] when more is to be shown than the positions serve.
    pub fn of(settings: &Settings) -> Result<Self> {
        let knobs = CromaKnobs::of(settings)?;
        if knobs.extent != Extent::Own && knobs.positions == Positions::SineCosine {
            return Err(Error::request(
                "The extent cannot be turned",
                "a sine-cosine table has places for a grid of the training's size only",
                "Choose ALiBi as positions, or the extent \"own\"",
            ));
        }
        let (own, patch, room) = (knobs.img_size, knobs.patch_size.max(1), settings.data.room);
        let window = match knobs.extent {
            Extent::Own => own,
            Extent::Twice => (2 * own).min(room),
            Extent::FourTimes => (4 * own).min(room),
            Extent::Scene => room,
        };
        Ok(Self {
            composite: knobs.composite,
            head: knobs.head.saturating_sub(1),
            batch: knobs.batch,
            window: (window / patch * patch).max(own),
        })
    }

    /// Scenes of a batch that the matrix compares.
    pub fn compared(&self) -> usize {
        self.batch.min(COMPARED)
    }
}
