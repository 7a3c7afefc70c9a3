//! The paper's section 3: three encoders with relative positions, a contrast of the sensors, a reconstruction of both.

use burn::tensor::Tensor;

use crate::blocks::decoders::grid_decoder::{GridDecoder, GridDecoderConfig};
use crate::blocks::encoders::attention::Given;
use crate::blocks::encoders::transformer::BlockInput;
use crate::blocks::linear::{LayerNorm, Linear, Start};
use crate::blocks::masks::Mask;
use crate::blocks::objectives::info_nce::{Scale, Targets, info_nce, symmetric};
use crate::blocks::objectives::pixel_error;
use crate::error::{Error, Result};
use crate::kernels::losses::patch_error;
use crate::kernels::products::mlp;
use crate::methods::croma::config::{Config, Masking, SelfBias, Shown};
use crate::methods::croma::encoders::{FusionEncoder, Places, UnimodalEncoder, names};
use crate::rng::Rng;
use crate::weights::{Init, Scope, Slot, Weights};

/// Start of the logit scale: ln (1 / 0.07).
const LOGIT_SCALE: f32 = 2.659_26;

/// Scenes as their patches, in 0 … 1.
#[derive(Debug, Clone)]
pub struct Scenes {
    /// [batch, tokens, radar channels · p²], each in the order channel, row, column.
    pub radar: Tensor<3>,
    /// [batch, tokens, optical channels · p²]
    pub optical: Tensor<3>,
}

/// What is hidden of each sensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Masks {
    pub radar: Mask,
    pub optical: Mask,
}

/// What the encoders make of scenes.
#[derive(Debug, Clone)]
pub struct Encodings {
    /// [batch, radar tokens, dim]
    pub radar: Tensor<3>,
    /// [batch, optical tokens, dim]
    pub optical: Tensor<3>,
    /// [batch, radar tokens, dim]
    pub joint: Tensor<3>,
}

/// The losses, each [1]; those that are turned off are not there.
#[derive(Debug, Clone)]
pub struct Losses {
    pub contrast: Option<Tensor<1>>,
    /// Error of the hidden patches of the optical and of the radar pictures.
    pub rebuilt: Option<[Tensor<1>; 2]>,
    pub total: Tensor<1>,
}

/// LN → dim → 4 dim → GELU → dim of the mean token.
#[derive(Debug, Clone)]
pub struct GapFfn {
    norm: LayerNorm,
    layers: [Linear; 2],
}

impl GapFfn {
    fn new(mut scope: Scope<'_>, config: &Config) -> Self {
        let dim = config.encoder.dim;
        let hidden = (dim as f64 * config.encoder.mlp_ratio) as usize;
        Self {
            norm: LayerNorm::new(scope.at(0), dim, config.encoder.ln_eps),
            layers: [
                Linear::new(scope.at(1), dim, hidden, Start::Uniform, true),
                Linear::new(scope.at(3), hidden, dim, Start::Uniform, true),
            ],
        }
    }

    /// # Shapes
    /// [batch, tokens, dim] → [batch, dim]
    pub fn forward(&self, w: &Weights, tokens: Tensor<3>) -> Tensor<2> {
        let mean: Tensor<2> = tokens.mean_dim(1).squeeze_dim(1);
        let [first, second] = self.layers.each_ref().map(|layer| layer.with_bias(w));
        mlp(self.norm.forward(w, mean), first, second, None)
    }
}

/// The whole system.
#[derive(Debug, Clone)]
pub struct Croma {
    pub config: Config,
    pub radar: UnimodalEncoder,
    pub optical: UnimodalEncoder,
    pub fusion: FusionEncoder,
    pub gap_radar: GapFfn,
    pub gap_optical: GapFfn,
    pub decoder: GridDecoder,
    radar_proj: Linear,
    optical_proj: Linear,
    logit_scale: Slot<1>,
    /// Where the patches of training lie.
    pub places: Places,
}

impl Croma {
    /// Declare all weights under their official names.
    ///
    /// # Errors
    /// [`Error::Request`] when the sizes do not fit one another.
    pub fn new(config: Config, weights: &mut Weights) -> Result<Self> {
        config.check()?;
        let (dim, values) = (config.encoder.dim, config.values());
        let mut scope = weights.root();
        let linear = |scope: Scope<'_>| Linear::new(scope, dim, dim, Start::Uniform, true);
        let (radar, fusion, last) =
            (config.stack(config.radar_layers), config.stack(config.fusion_layers), config.encoder.depth);
        let radar = UnimodalEncoder::new(scope.at("radar_encoder"), values[1], radar, last);
        let optical = UnimodalEncoder::new(scope.at("optical_encoder"), values[0], config.encoder, last);
        let fusion = FusionEncoder::new(scope.at("cross_encoder"), fusion, last);
        let decoder = GridDecoderConfig {
            inputs: dim,
            grid: [config.side(); 2],
            outputs: values[0] + values[1],
            blocks: config.decoder,
            form: names(Start::Uniform),
        };
        Ok(Self {
            gap_radar: GapFfn::new(scope.at("GAP_FFN_radar"), &config),
            gap_optical: GapFfn::new(scope.at("GAP_FFN_optical"), &config),
            decoder: GridDecoder::new(scope.at("decoder"), decoder),
            radar_proj: linear(scope.at("global_contrast_loss").at("radar_proj")),
            optical_proj: linear(scope.at("global_contrast_loss").at("optical_proj")),
            logit_scale: scope.at("global_contrast_loss").weight("logit_scale", [1], Init::Values(vec![LOGIT_SCALE])),
            places: Places::new(&config, [config.side(); 2]),
            radar,
            optical,
            fusion,
            config,
        })
    }

    /// Masking: which patches of each sensor are hidden, as many in both.
    ///
    /// # Errors
    /// [`Error::Request`] when nothing would be left to see.
    pub fn masks(&self, samples: usize, rng: &Rng) -> Result<Masks> {
        let (tokens, kept) = (self.config.tokens(), self.config.visible()?);
        let noise = |stream: u64| -> Vec<f32> {
            let draw = |sample: usize| {
                let mut rng = rng.at(stream).at(sample as u64);
                (0..tokens).map(move |_| rng.uniform())
            };
            (0..samples).flat_map(draw).collect()
        };
        let radar = noise(0);
        let optical = match self.config.masks {
            Masking::Independent => noise(1),
            Masking::Shared => radar.clone(),
            // What radar would see last, the optical encoder sees first.
            Masking::Disjoint => radar.iter().map(|value| -value).collect(),
        };
        let [radar, optical] = [radar, optical].map(|noise| Mask::from_noise(&noise, tokens, kept));
        Ok(Masks { radar, optical })
    }

    /// The radar encoder and the optical one, each on what its mask leaves.
    ///
    /// # Shapes
    /// patches [batch, tokens, values] → [batch, seen radar, dim] and [batch, seen optical, dim]
    pub fn unimodal(&self, w: &Weights, scenes: &Scenes, masks: &Masks) -> [Tensor<3>; 2] {
        [
            self.radar.forward(w, scenes.radar.clone(), Some(&masks.radar), &self.places),
            self.optical.forward(w, scenes.optical.clone(), Some(&masks.optical), &self.places),
        ]
    }

    /// What the fusion encoder's two attentions are given. Officially its self-attention, between radar tokens, takes the
    /// bias of radar and optical ones too, which needs as many of either.
    pub fn fusion_input(&self, optical: Tensor<3>, masks: &Masks) -> BlockInput {
        let device = optical.device();
        let cross = self.places.bias(Some(&masks.radar), Some(&masks.optical), &device);
        let own = match self.config.fusion_self_bias {
            SelfBias::Cross if masks.radar.kept == masks.optical.kept => cross.clone(),
            _ => self.places.bias(Some(&masks.radar), Some(&masks.radar), &device),
        };
        let given = |bias| Given { bias, ..Given::default() };
        BlockInput { own: given(own), context: Some((optical, given(cross))) }
    }

    /// All three encoders on the patches that the masks leave.
    ///
    /// # Shapes
    /// See [`Encodings`].
    pub fn encode(&self, w: &Weights, scenes: &Scenes, masks: &Masks) -> Encodings {
        let [radar, optical] = self.unimodal(w, scenes, masks);
        let joint = self.fusion.forward(w, radar.clone(), &self.fusion_input(optical.clone(), masks));
        Encodings { radar, optical, joint }
    }

    /// All three encoders with nothing hidden, on a grid of any size: what is deployed.
    ///
    /// # Shapes
    /// See [`Encodings`]; every patch is a token.
    pub fn encode_all(&self, w: &Weights, scenes: &Scenes, places: &Places) -> Encodings {
        let radar = self.radar.forward(w, scenes.radar.clone(), None, places);
        let optical = self.optical.forward(w, scenes.optical.clone(), None, places);
        let bias = places.bias(None, None, &optical.device());
        let given = Given { bias, ..Given::default() };
        let input = BlockInput { own: given.clone(), context: Some((optical.clone(), given)) };
        Encodings { joint: self.fusion.forward(w, radar.clone(), &input), radar, optical }
    }

    /// z and w: what is contrasted, before it is made of length 1.
    ///
    /// # Shapes
    /// pooled [batch, dim] each → the same: radar, optical
    pub fn projections(&self, w: &Weights, radar: Tensor<2>, optical: Tensor<2>) -> [Tensor<2>; 2] {
        [self.radar_proj.forward(w, radar), self.optical_proj.forward(w, optical)]
    }

    /// What cosines are multiplied by: the exponential of a learnt number, not clamped. [1]
    pub fn scale(&self, w: &Weights) -> Tensor<1> {
        w.get(self.logit_scale).exp()
    }

    /// L_con: each sensor's picture of a place finds the other's among those of the batch. Officially the side that is
    /// searched gets no gradient.
    ///
    /// # Shapes
    /// [batch, dim] each → [1]
    pub fn contrast(&self, w: &Weights, radar: Tensor<2>, optical: Tensor<2>, pairs: &Targets) -> Tensor<1> {
        let scale = Scale::Learned(self.scale(w));
        if !self.config.detach_keys {
            return symmetric(optical, radar, [pairs, pairs], &scale);
        }
        one_sided(optical, radar, pairs, &scale)
    }

    /// The target: each patch of both sensors together, less its mean and divided by its deviation.
    ///
    /// # Shapes
    /// → [batch, tokens, all channels · p²], optical ones first
    pub fn target(&self, scenes: &Scenes) -> Tensor<3> {
        let both = Tensor::cat(vec![scenes.optical.clone(), scenes.radar.clone()], 2);
        let (mean, deviation) = pixel_error::patch_statistics_of(both.clone(), self.config.target_eps);
        (both - mean) / deviation
    }

    /// L_O and L_R: the mean over the hidden patches of each sensor of their mean squared error.
    ///
    /// # Shapes
    /// prediction and target [batch, tokens, all channels · p²] → [1] each: optical, radar
    pub fn rebuilt(&self, prediction: &Tensor<3>, target: &Tensor<3>, masks: &Masks) -> [Tensor<1>; 2] {
        self.errors(prediction, target, masks).map(|(error, hidden)| pixel_error::masked_mean(error, hidden))
    }

    /// The error of every hidden patch and the mask it has, optical and radar.
    ///
    /// # Shapes
    /// → [batch, tokens] all
    pub fn errors(&self, prediction: &Tensor<3>, target: &Tensor<3>, masks: &Masks) -> [(Tensor<2>, Tensor<2>); 2] {
        let [optical, radar] = self.config.values();
        [(0, optical, &masks.optical), (optical, radar, &masks.radar)].map(|(start, length, mask)| {
            let hidden = mask.hidden_tensor(&prediction.device());
            let of = |x: &Tensor<3>| x.clone().narrow(2, start, length);
            (patch_error(of(prediction), of(target), hidden.clone(), false), hidden)
        })
    }

    /// Both objectives on scenes that all have both sensors; `pairs` says that scene i belongs to scene i.
    ///
    /// # Errors
    /// [`Error::Request`] when both objectives are off.
    pub fn forward(&self, w: &Weights, scenes: &Scenes, masks: &Masks, pairs: &Targets) -> Result<Losses> {
        let Config { lambda_contrast, lambda_mae, .. } = self.config;
        let [radar, optical] = self.unimodal(w, scenes, masks);
        let contrast = (lambda_contrast > 0.0).then(|| {
            let pooled = [self.gap_radar.forward(w, radar.clone()), self.gap_optical.forward(w, optical.clone())];
            let [radar, optical] = pooled;
            let [z, w_optical] = self.projections(w, radar, optical);
            self.contrast(w, z, w_optical, pairs)
        });
        let rebuilt = (lambda_mae > 0.0).then(|| {
            let joint = self.fusion.forward(w, radar, &self.fusion_input(optical, masks));
            let prediction = self.decoder.forward(w, joint, &masks.radar);
            self.rebuilt(&prediction, &self.target(scenes), masks)
        });
        let weighted = |loss: &Tensor<1>, weight: f64| {
            if weight == 1.0 { loss.clone() } else { loss.clone().mul_scalar(weight) }
        };
        let terms = contrast
            .iter()
            .map(|loss| weighted(loss, lambda_contrast))
            .chain(rebuilt.iter().map(|[optical, radar]| weighted(&(optical.clone() + radar.clone()), lambda_mae)));
        let total = terms.reduce(|a, b| a + b).ok_or_else(|| {
            Error::request(
                "There is nothing to learn",
                "both objectives have the weight 0",
                "Give the contrast or the reconstruction a weight",
            )
        })?;
        Ok(Losses { contrast, rebuilt, total })
    }
}

/// The mean of both directions of InfoNCE whose keys get no gradient.
fn one_sided(a: Tensor<2>, b: Tensor<2>, pairs: &Targets, scale: &Scale) -> Tensor<1> {
    (info_nce(a.clone(), b.clone().detach(), pairs, scale) + info_nce(b, a.detach(), pairs, scale)).mul_scalar(0.5)
}

/// The model and how it is shown.
#[derive(Debug, Clone)]
pub(super) struct System {
    pub croma: Croma,
    pub shown: Shown,
}
