//! Both networks together: sizes and switches, pictures as the networks take them, the two losses.

use burn::tensor::{Device, Tensor, TensorData};

use crate::augment::Recipe;
use crate::batch::{Batch, Role};
use crate::blocks::batch_norm::Pass;
use crate::blocks::convolution::keras::Norm;
use crate::blocks::objectives::info_nce::{Scale, Targets, nt_xent};
use crate::error::{Error, Result};
use crate::knobs::KnobTable;
use crate::limits::{Need, Needs};
use crate::methods::gsimclr::autoencoder::{Autoencoder, AutoencoderConfig, reconstruction_error};
pub use crate::methods::gsimclr::card::Batches;
use crate::methods::gsimclr::card::{Augmentation, GsimclrKnobs, Tap};
use crate::methods::gsimclr::encoder::{Encoder, EncoderConfig};
use crate::methods::gsimclr::found::Found;
use crate::rng::Rng;
use crate::settings::Settings;
use crate::trace::Grid;
use crate::weights::Weights;

/// Numbers of the phases.
pub(super) const DENOISING: usize = 0;
pub(super) const CONTRAST: usize = 1;

/// Colour channels of the networks: grey pictures are repeated.
pub const CHANNELS: usize = 3;

/// The views of the CIFAR-10 notebook as it runs: one draw a batch and view, mirroring and weak colour jitter half of the
/// time; its colour drop does nothing.
pub const PUBLISHED: Recipe =
    Recipe { shared: true, smallest_crop: 1.0, jitter_chance: 0.5, strength: 0.2, grey_chance: 0.0, blur_chance: 0.0 };
/// The same with a draw for each picture, as the paper's text has it.
pub const PER_PICTURE: Recipe = Recipe { shared: false, ..PUBLISHED };

/// Every size and switch of G-SimCLR.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub img_size: usize,
    pub autoencoder: AutoencoderConfig,
    pub encoder: EncoderConfig,
    pub batches: Batches,
    pub recipe: Recipe,
    /// Standard deviation of the noise that the autoencoder takes away.
    pub noise: f32,
    pub tau: f64,
    /// Layers of the head that features are taken after: 0 the pooled feature (P3), 1 (P2), 2 (P1).
    pub tap: usize,
    /// Pictures that are trained on; 0: all.
    pub pictures: usize,
    /// Clusters for each place of a batch.
    pub clusters: usize,
    pub autoencoder_steps: usize,
    pub steps: usize,
}

impl Config {
    /// The sizes and switches of a run's knobs.
    ///
    /// # Errors
    /// [`Error::Request`] when the sizes do not fit one another.
    pub fn of(settings: &Settings) -> Result<Self> {
        let knobs = GsimclrKnobs::of(settings)?;
        let norm = Norm { momentum: knobs.momentum, ..Norm::default() };
        let config = Self {
            img_size: knobs.img_size,
            autoencoder: AutoencoderConfig {
                channels: CHANNELS,
                widths: (0..knobs.ae_depth.min(12)).map(|layer| knobs.ae_width << layer).collect(),
                side: knobs.ae_side,
                norm,
            },
            encoder: EncoderConfig {
                channels: CHANNELS,
                stem: knobs.width_1,
                widths: vec![knobs.width_1, knobs.width_2, knobs.width_3],
                expansions: vec![4, 2, 2],
                strides: vec![1, 2, 2],
                identity_blocks: knobs.n_blocks,
                head: vec![knobs.head_1, knobs.head_2, knobs.head_3],
                norm,
            },
            batches: knobs.batches,
            recipe: match knobs.augmentation {
                Augmentation::Published => PUBLISHED,
                Augmentation::PerPicture => PER_PICTURE,
                Augmentation::Cropped => Recipe::SIMCLR_SMALL,
            },
            noise: knobs.noise as f32,
            tau: knobs.tau,
            tap: match knobs.tap {
                Tap::P3 => 0,
                Tap::P2 => 1,
                Tap::P1 => 2,
            },
            pictures: knobs.pictures,
            clusters: knobs.clusters,
            autoencoder_steps: knobs.ae_steps,
            steps: knobs.steps,
        };
        config.check()?;
        Ok(config)
    }

    /// Side of the pictures with the border that lets every layer of the autoencoder halve them.
    pub fn side(&self) -> usize {
        self.img_size.next_multiple_of(1 << self.autoencoder.widths.len())
    }

    fn check(&self) -> Result<()> {
        let refuse = |why: &str| Err(Error::request("These sizes do not fit together", why, "Change one of them"));
        let sizes = [&self.autoencoder.widths, &self.encoder.widths, &self.encoder.head];
        if self.img_size == 0 || sizes.iter().any(|sizes| sizes.is_empty() || sizes.contains(&0)) {
            return refuse("every layer needs at least one channel, and a picture one pixel");
        }
        if self.side() > 1024 || sizes.iter().any(|sizes| sizes.iter().any(|width| *width > 8192)) {
            return refuse("pictures may have 1,024 pixels a side with their border, and a layer 8,192 channels");
        }
        if !self.tau.is_finite() || self.tau <= 0.0 {
            return refuse("the temperature must be above zero");
        }
        Ok(())
    }

    /// What a training step needs, estimated: the largest maps, and what the backward passes hold.
    pub fn needs(&self) -> Needs {
        let pixels = self.side() * self.side();
        let maps = |width: usize, halvings: usize| (pixels >> (2 * halvings).min(20)) * width;
        let groups = self.encoder.widths.iter().zip(&self.encoder.expansions).enumerate();
        let groups: Vec<[usize; 2]> =
            groups.map(|(number, (inner, by))| [maps(*inner, number), maps(inner * by, number)]).collect();
        let largest = groups.iter().flatten().copied().max().unwrap_or(0);
        let autoencoder: Vec<usize> =
            self.autoencoder.widths.iter().enumerate().map(|(number, width)| maps(*width, number)).collect();
        let decoded = autoencoder.first().copied().unwrap_or(0) * 2;
        // Of each layer: the map before and after normalisation and after ReLU, and what the normalisation keeps.
        let block = |[inner, outer]: &[usize; 2]| 2 * 6 * inner + 7 * outer;
        let contrast = 2 * groups.iter().map(|group| (1 + self.encoder.identity_blocks) * block(group)).sum::<usize>();
        let rebuilt = 2 * 7 * autoencoder.iter().sum::<usize>() + 4 * decoded;
        let tensors = vec![
            Need::of_samples("the widest map of the encoder", largest),
            Need::of_samples("the widest map of the autoencoder", decoded),
        ];
        let together = Need { what: "training".into(), fixed: 0, per_sample: 4 * contrast.max(rebuilt) as u64 };
        Needs { unmasked: tensors.clone(), tensors, together }
    }

    /// The pictures of a batch on the host, [batch, side, side, 3] with values in 0 … 1, a black border around them.
    ///
    /// # Errors
    /// [`Error::Data`] when the batch has no pictures of the right size.
    pub fn pictures(&self, batch: &Batch) -> Result<Vec<f32>> {
        let (count, size, side) = (batch.samples()?, self.img_size, self.side());
        let pictures = batch.pixels(Role::Imgs)?;
        let (Some(bytes), &[_, height, width, channels]) = (pictures.raw(), pictures.shape()) else {
            return Err(Error::data("The pictures do not fit", "they should be bytes", "Choose other pictures"));
        };
        if (height, width) != (size, size) {
            let why = format!("they should have {size} × {size} pixels");
            return Err(Error::data("The pictures do not fit", why, "Please report this"));
        }
        let border = (side - size) / 2;
        let mut out = vec![0.0; count * side * side * CHANNELS];
        for (row, values) in bytes.chunks_exact(size * channels).enumerate() {
            let start = ((row / size * side + row % size + border) * side + border) * CHANNELS;
            for (pixel, out) in values.chunks_exact(channels).zip(out[start..].chunks_exact_mut(CHANNELS)) {
                out.iter_mut()
                    .enumerate()
                    .for_each(|(channel, out)| *out = f32::from(pixel[channel % channels]) / 255.0);
            }
        }
        Ok(out)
    }

    /// Pictures of the host as the networks take them.
    ///
    /// # Shapes
    /// → [batch, side, side, 3]
    pub fn tensor(&self, pictures: Vec<f32>, device: &Device) -> Tensor<4> {
        let side = self.side();
        let count = pictures.len() / (side * side * CHANNELS);
        Tensor::from_data(TensorData::new(pictures, [count, side, side, CHANNELS]), device)
    }
}

/// Noise for the autoencoder's pictures.
pub fn noisy(pictures: &[f32], deviation: f32, rng: &Rng) -> Vec<f32> {
    let mut rng = rng.clone();
    pictures.iter().map(|value| value + deviation * rng.normal()).collect()
}

/// Both networks.
#[derive(Debug, Clone)]
pub struct Networks {
    pub autoencoder: Autoencoder,
    pub encoder: Encoder,
}

impl Networks {
    /// Declare all weights: the autoencoder's under `ae.`, the encoder's at the root.
    pub fn new(config: &Config, weights: &mut Weights) -> Self {
        let autoencoder = Autoencoder::new(weights.root().at("ae"), &config.autoencoder);
        Self { autoencoder, encoder: Encoder::new(weights.root(), &config.encoder) }
    }

    /// The loss of the first phase: the mean squared error of the pictures rebuilt from noisy ones.
    pub fn denoising_loss(
        &self,
        w: &Weights,
        config: &Config,
        pictures: Vec<f32>,
        rng: &Rng,
        pass: &Pass,
    ) -> Tensor<1> {
        let noisy = config.tensor(noisy(&pictures, config.noise, rng), w.device());
        let clean = config.tensor(pictures, w.device());
        let latent = self.autoencoder.encode(w, noisy, pass);
        reconstruction_error(self.autoencoder.decode(w, latent, pass), clean)
    }

    /// The head's output for two views of every picture, view after view: two passes, each with batch statistics of its
    /// own.
    ///
    /// # Shapes
    /// [batch, side, side, 3] → [2 · batch, width]
    pub fn views(&self, w: &Weights, config: &Config, pictures: &[f32], rng: &Rng, pass: &Pass) -> Tensor<2> {
        let side = config.side();
        let views = [1, 2].map(|number| {
            let mut view = pictures.to_vec();
            config.recipe.apply(&mut view, [side, side], CHANNELS, &rng.at(number));
            config.tensor(view, w.device())
        });
        Tensor::cat(views.map(|view| self.encoder.forward(w, view, pass)).to_vec(), 0)
    }

    /// The loss of the second phase: NT-Xent of two views of every picture.
    pub fn contrast_loss(&self, w: &Weights, config: &Config, pictures: &[f32], rng: &Rng, pass: &Pass) -> Tensor<1> {
        let rows = self.views(w, config, pictures, rng, pass);
        let pictures = rows.dims()[0] / 2;
        nt_xent(rows, &Targets::two_views(pictures), &Scale::Temperature(config.tau))
    }
}

/// The system: both networks with their knobs. The clusters, once they are found, are the loader's and lie among the weights.
#[derive(Debug, Clone)]
pub struct Gsimclr {
    pub config: Config,
    pub networks: Networks,
    /// Where the clusters lie.
    pub(super) found: Found,
    /// What its views are divided into.
    pub(super) grids: Vec<Grid>,
}
