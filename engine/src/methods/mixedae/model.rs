//! Mixing, encoder with homologous attention, unmixing, decoder, both losses.

use burn::tensor::Tensor;

use crate::blocks::decoders::token_decoder::TokenDecoder;
use crate::blocks::encoders::attention::Given;
use crate::blocks::encoders::transformer::{BlockInput, TransformerConfig};
use crate::blocks::encoders::vit::{VitConfig, VitEncoder};
use crate::blocks::masks::Mask;
use crate::blocks::objectives::homologous_contrast;
use crate::blocks::objectives::pixel_error;
use crate::blocks::tokenizers::image_patches::Pictures;
use crate::error::{Error, Result};
use crate::kernels::attention::{Largest, MOST_TOKENS};
use crate::kernels::losses::patch_error;
use crate::kernels::pictures::Order;
use crate::kernels::tokens::gather_tokens;
use crate::knobs::KnobTable;
use crate::limits::{Need, Needs};
use crate::methods::mixedae::card::{MixedaeKnobs, Mode};
use crate::methods::mixedae::mixing::Mixing;
use crate::settings::Settings;
use crate::weights::{Init, Slot, Weights};

/// Every size and switch of MixedAE.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub img_size: usize,
    pub patch_size: usize,
    pub in_chans: usize,
    pub encoder: TransformerConfig,
    pub decoder: TransformerConfig,
    /// Pictures of a mixture.
    pub mixed: usize,
    pub mode: Mode,
    pub norm_pix: bool,
    pub segments: bool,
    /// The first block of homologous attention; `None`: all blocks look at all patches.
    pub homologous_from: Option<usize>,
    /// Patches that a patch looks at there.
    pub kept_keys: usize,
    pub recognition: f64,
    pub temperature: f64,
}

impl Config {
    /// The sizes and switches of a run's knobs.
    ///
    /// # Errors
    /// [`Error::Request`] when the sizes do not fit one another.
    pub fn of(settings: &Settings) -> Result<Self> {
        let knobs = MixedaeKnobs::of(settings)?;
        let stack = |dim, depth, heads| TransformerConfig { dim, depth, heads, mlp_ratio: 4.0, ln_eps: 1e-6 };
        let mut config = Self {
            img_size: knobs.img_size,
            patch_size: knobs.patch_size,
            in_chans: settings.data.channels,
            encoder: stack(knobs.dim, knobs.depth, knobs.heads),
            decoder: stack(knobs.dec_dim, knobs.dec_depth, knobs.dec_heads),
            mixed: knobs.mixed,
            mode: knobs.mode,
            norm_pix: knobs.norm_pix,
            segments: knobs.segments,
            homologous_from: knobs.homologous.then_some(1),
            kept_keys: knobs.kept_keys,
            recognition: knobs.recognition,
            temperature: knobs.temperature,
        };
        config.check()?;
        if config.kept_keys == 0 {
            config.kept_keys = config.tokens().div_ceil(config.mixed);
        }
        let pictures = knobs.batch.min(settings.data.samples.max(1));
        if settings.data.samples > 0 && pictures < config.mixed {
            let why = format!("{pictures} pictures of a step are fewer than the {} of a mixture", config.mixed);
            return Err(Error::request("These pictures cannot be mixed", why, "Take more pictures, or mix fewer"));
        }
        Ok(config)
    }

    /// Patches along one side.
    pub fn side(&self) -> usize {
        self.img_size / self.patch_size
    }

    /// Patches of a picture.
    pub fn tokens(&self) -> usize {
        self.side() * self.side()
    }

    /// The encoder's sizes.
    pub fn vit(&self) -> VitConfig {
        VitConfig { channels: self.in_chans, patch: self.patch_size, side: self.side(), blocks: self.encoder }
    }

    /// What each patch of a block keeps; `None`: all.
    pub fn largest(&self, block: usize) -> Option<Largest> {
        let homologous = self.homologous_from.is_some_and(|first| block >= first);
        homologous.then_some(Largest { keys: self.kept_keys, always: 1 })
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
        let tokens = self.tokens();
        if tokens >= MOST_TOKENS {
            return refuse(format!("{tokens} patches and a class token are more than {MOST_TOKENS}"));
        }
        if self.mixed < 2 || tokens < 2 * self.mixed {
            return refuse(format!(
                "{tokens} patches for {} pictures leave some of them fewer than two, and a patch looks for others of its picture",
                self.mixed
            ));
        }
        Ok(())
    }

    /// What a training step needs: its largest tensors, and an estimate of all that is held until the backward pass has
    /// used it.
    pub fn needs(&self) -> Needs {
        let tokens = self.tokens();
        let rounds = if self.mode == Mode::Full { self.mixed } else { 1 };
        let values = self.patch_size * self.patch_size * self.in_chans;
        let encoded = (rounds * (1 + tokens)).div_ceil(self.mixed);
        let bias = encoded * self.encoder.heads * (1 + tokens);
        let together = Need {
            what: "training".into(),
            fixed: 0,
            per_sample: 4 * (6 * rounds * tokens * values + self.encoder.depth * bias) as u64,
        };
        let mut unmasked = self.encoder.tensors("encoder", 1 + tokens);
        unmasked.push(Need::of_samples("the pictures", tokens * values));
        let mut needs = Needs {
            tensors: vec![
                Need::of_samples("the prediction", rounds * tokens * values),
                Need::of_samples("the keys that each patch keeps", bias),
            ],
            unmasked,
            together,
        };
        self.encoder.add_needs("encoder", encoded, &mut needs);
        self.decoder.add_needs("decoder", rounds * (1 + tokens), &mut needs);
        needs
    }
}

/// The whole system: encoder, segment embedding and decoder.
#[derive(Debug, Clone)]
pub struct Mixedae {
    pub config: Config,
    pub encoder: VitEncoder,
    segment_embed: Slot<2>,
    pub decoder: TokenDecoder,
}

/// What one pass gives.
#[derive(Debug, Clone)]
pub struct Losses {
    pub reconstruction: Tensor<1>,
    /// Where it has a weight.
    pub recognition: Option<Tensor<1>>,
    pub total: Tensor<1>,
}

impl Mixedae {
    /// Declare all weights under MAE's names, and `segment_embed.weight`.
    ///
    /// # Errors
    /// [`Error::Request`] when the sizes do not fit one another.
    pub fn new(config: Config, weights: &mut Weights) -> Result<Self> {
        config.check()?;
        let mut scope = weights.root();
        let dim = config.encoder.dim;
        let encoder = VitEncoder::new(&mut scope, config.vit());
        let segment_embed =
            scope.at("segment_embed").layer(0).weight("weight", [config.mixed, dim], Init::Normal(0.02));
        let outputs = config.patch_size * config.patch_size * config.in_chans;
        let decoder = TokenDecoder::new(&mut scope, dim, (config.side(), config.side()), outputs, config.decoder);
        Ok(Self { config, encoder, segment_embed, decoder })
    }

    /// The patches of the mixtures.
    ///
    /// # Shapes
    /// pictures [groups · pictures, channels, height, width] → [mixtures, tokens, channels · p · p] in the given order
    pub fn mix(&self, imgs: &Pictures, mixing: &Mixing, order: Order) -> Tensor<3> {
        let patches = imgs.patches(self.config.patch_size, order);
        let [_, tokens, values] = patches.dims();
        let of_groups = patches.narrow(0, 0, mixing.groups * mixing.pictures).reshape([
            mixing.groups,
            mixing.pictures * tokens,
            values,
        ]);
        let index = mixing.patches_tensor(&of_groups.device());
        gather_tokens(of_groups, index).reshape([mixing.mixtures(), tokens, values])
    }

    /// Class token and mixed patches with their positions and the segment embedding of their pictures.
    ///
    /// # Shapes
    /// patches [mixtures, tokens, channels · p · p] → [mixtures, 1 + tokens, dim]
    pub fn encoder_input(&self, w: &Weights, patches: Tensor<3>, mixing: &Mixing) -> Tensor<3> {
        let x = self.encoder.input_of(w, patches, None);
        if !self.config.segments {
            return x;
        }
        let [mixtures, _, dim] = x.dims();
        let table = w.get(self.segment_embed).unsqueeze_dim::<3>(0).expand([mixtures, mixing.pictures, dim]);
        let segments = gather_tokens(table, mixing.sources_tensor(&x.device())); // [mixtures, tokens, dim]
        let of_class = Tensor::zeros([mixtures, 1, dim], &x.device());
        x + Tensor::cat(vec![of_class, segments], 1)
    }

    /// What a block is given: which keys its patches keep.
    pub fn block_input(&self, block: usize) -> BlockInput {
        BlockInput { own: Given { largest: self.config.largest(block), ..Given::default() }, context: None }
    }

    /// The encoder on what [`Mixedae::encoder_input`] gives: homologous attention from the second block on, a last norm.
    ///
    /// # Shapes
    /// [mixtures, 1 + tokens, dim] → the same
    pub fn encode(&self, w: &Weights, x: Tensor<3>) -> Tensor<3> {
        let blocks = self.encoder.blocks.iter().enumerate();
        let x = blocks.fold(x, |x, (i, block)| block.forward_given(w, x, &self.block_input(i), &mut None));
        self.encoder.norm.forward(w, x)
    }

    /// The prediction of every picture: its own patches of the mixture, mask tokens elsewhere, through the decoder. All of
    /// a mixture's pictures share its class token.
    ///
    /// # Shapes
    /// latent [mixtures, 1 + tokens, dim] → [mixtures · pictures, tokens, p · p · channels]
    pub fn decode(&self, w: &Weights, latent: Tensor<3>, mixing: &Mixing) -> Tensor<3> {
        let hidden = mixing.hidden_tensor(&latent.device());
        self.decoder.decode(w, self.decoder.unmixed(w, latent, hidden))
    }

    /// The pictures' own patches for every prediction, row, column, channel.
    ///
    /// # Shapes
    /// → [mixtures · pictures, tokens, p · p · channels]
    pub fn pixels(&self, imgs: &Pictures, mixing: &Mixing) -> Tensor<3> {
        let patches = imgs.patches(self.config.patch_size, Order::ChannelLast);
        let [_, tokens, values] = patches.dims();
        let (groups, pictures, rounds) = (mixing.groups, mixing.pictures, mixing.rounds);
        let patches = patches.narrow(0, 0, groups * pictures);
        if rounds == 1 {
            return patches;
        }
        let of_groups = patches.reshape([groups, 1, pictures * tokens * values]);
        of_groups.expand([groups, rounds, pictures * tokens * values]).reshape([
            groups * rounds * pictures,
            tokens,
            values,
        ])
    }

    /// Reconstruction: the mean over all places that a picture does not own of the mean squared error there.
    ///
    /// # Shapes
    /// prediction [mixtures · pictures, tokens, p · p · channels] → [1]
    pub fn reconstruction(&self, prediction: Tensor<3>, pixels: Tensor<3>, mixing: &Mixing) -> Tensor<1> {
        let m = mixing.hidden_tensor(&prediction.device());
        pixel_error::masked_mean(patch_error(prediction, pixels, m.clone(), self.config.norm_pix), m)
    }

    /// The homologous contrast of each patch of the encoder's output.
    ///
    /// # Shapes
    /// latent [mixtures, 1 + tokens, dim] → [mixtures, tokens]
    pub fn recognition(&self, latent: Tensor<3>, mixing: &Mixing) -> Tensor<2> {
        let device = latent.device();
        let (homologous, itself) = (mixing.homologous_tensor(&device), mixing.itself_tensor(&device));
        homologous_contrast::per_token(latent.narrow(1, 1, mixing.tokens), homologous, itself, self.config.temperature)
    }

    /// Both losses of one pass.
    ///
    /// # Shapes
    /// pictures [groups · pictures, channels, height, width] → numbers
    pub fn forward(&self, w: &Weights, imgs: &Pictures, mixing: &Mixing) -> Losses {
        mixing.upload(w.device());
        let patches = self.mix(imgs, mixing, Order::ChannelFirst); // [mixtures, tokens, channels · p · p]
        let latent = self.encode(w, self.encoder_input(w, patches, mixing)); // [mixtures, 1 + tokens, dim]
        let prediction = self.decode(w, latent.clone(), mixing); // [mixtures · pictures, tokens, p · p · channels]
        let reconstruction = self.reconstruction(prediction, self.pixels(imgs, mixing), mixing);
        let weight = self.config.recognition;
        let recognition = (weight > 0.0).then(|| self.recognition(latent, mixing).mean());
        let total = match &recognition {
            Some(recognition) => reconstruction.clone() + recognition.clone().mul_scalar(weight),
            None => reconstruction.clone(),
        };
        Losses { reconstruction, recognition, total }
    }

    /// The encoder's patch tokens of pictures that are not mixed: ordinary attention, no segment embedding.
    ///
    /// # Shapes
    /// pictures [batch, channels, height, width] → [batch, tokens, dim]
    pub fn tokens(&self, w: &Weights, imgs: &Pictures, samples: usize) -> Tensor<3> {
        let tokens = self.config.tokens();
        self.encoder.forward(w, imgs, &Mask::none(samples, tokens)).narrow(1, 1, tokens)
    }

    /// Which keys each block keeps: 1 where a key is kept by a query (row), class token first; a block that keeps all has
    /// ones.
    ///
    /// # Shapes
    /// [mixtures, 1 + tokens, dim] → for each block [mixtures, heads, 1 + tokens, 1 + tokens]
    pub fn kept(&self, w: &Weights, mut x: Tensor<3>) -> Vec<Tensor<4>> {
        let mut kept = Vec::new();
        for (i, block) in self.encoder.blocks.iter().enumerate() {
            let input = self.block_input(i);
            kept.push(block.kept_keys(w, x.clone(), &input.own));
            x = block.forward_given(w, x, &input, &mut None);
        }
        kept
    }

    /// Of the patches that patches keep in each block, themselves included, the share that is of the same picture.
    ///
    /// # Shapes
    /// what [`Mixedae::kept`] gives → [depth]
    pub fn homologous_share(&self, kept: &[Tensor<4>], mixing: &Mixing) -> Tensor<1> {
        let tokens = mixing.tokens;
        let shares = kept.iter().map(|kept| {
            let patches = kept.clone().narrow(2, 1, tokens).narrow(3, 1, tokens);
            let same = mixing.homologous_tensor(&patches.device()).unsqueeze_dim::<4>(1);
            (patches.clone() * same).sum() / patches.sum()
        });
        Tensor::cat(shares.collect(), 0)
    }
}
