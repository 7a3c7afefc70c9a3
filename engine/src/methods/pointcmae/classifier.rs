//! Fine-tuning: the encoder on all groups, with a class head on the class token and the largest of each channel.

use std::rc::Rc;

use burn::tensor::activation::relu;
use burn::tensor::{Tensor, TensorData};

use crate::batch::{Batch, CLASS};
use crate::blocks::batch_norm::{BatchNorm, Pass};
use crate::blocks::dropout::DropPath;
use crate::blocks::linear::{Linear, Start};
use crate::blocks::tokenizers::point_groups::{Groups, group};
use crate::error::Result;
use crate::knobs::KnobTable;
use crate::method::{Loss, StepContext, Tuned};
use crate::methods::pointcmae::card::PointCmaeKnobs;
pub use crate::methods::pointcmae::card::Tuning;
use crate::methods::pointcmae::clouds;
use crate::methods::pointcmae::config::Config;
use crate::methods::pointcmae::encoder::PointEncoder;
use crate::methods::pointcmae::model::onto;
use crate::rng::Rng;
use crate::settings::Settings;
use crate::train::groups::layer_decay_groups;
use crate::train::losses::{cross_entropy, smooth_targets, target_tensor};
use crate::train::recipe::Recipe;
use crate::weights::{Scope, Upkeep, Weights};

/// The authors' limit of the gradients' norm.
const MAX_NORM: f64 = 10.0;
/// Weights of the head at their start.
const START: Start = Start::Normal(0.02);

/// A hidden layer of the head: linear, batch normalisation, ReLU, dropout.
#[derive(Debug, Clone)]
struct Hidden {
    linear: Linear,
    norm: BatchNorm,
}

/// The class head; layers have the numbers of the authors' sequence.
#[derive(Debug, Clone)]
struct Head {
    hidden: Vec<Hidden>,
    last: Linear,
    dropout: f64,
}

/// Widths of the head.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeadSizes {
    pub hidden: usize,
    pub classes: usize,
    pub dropout: f64,
}

impl Head {
    fn new(mut scope: Scope<'_>, config: &Config, tuning: Tuning, sizes: HeadSizes) -> Self {
        let inputs = 2 * config.encoder.dim;
        let widths: &[usize] = if tuning == Tuning::Linear { &[] } else { &[sizes.hidden, sizes.hidden] };
        let mut from = inputs;
        let mut hidden = Vec::new();
        for (number, width) in widths.iter().enumerate() {
            hidden.push(Hidden {
                linear: Linear::new(scope.at(4 * number), from, *width, START, true),
                norm: config.normalising.layer(scope.at(4 * number + 1), *width),
            });
            from = *width;
        }
        Self {
            last: Linear::new(scope.at(4 * widths.len()), from, sizes.classes, START, true),
            hidden,
            dropout: sizes.dropout,
        }
    }

    fn forward(&self, w: &Weights, mut x: Tensor<2>, pass: &Pass, rng: Option<&Rng>) -> Tensor<2> {
        for (number, layer) in self.hidden.iter().enumerate() {
            x = relu(layer.norm.forward(w, layer.linear.forward(w, x), pass));
            if let Some(rng) = rng {
                x = dropped_out(x, self.dropout, &rng.at(number as u64));
            }
        }
        self.last.forward(w, x)
    }
}

/// Each value is zero with probability `rate`, else as much larger as keeps the mean.
pub(super) fn dropped_out(x: Tensor<2>, rate: f64, rng: &Rng) -> Tensor<2> {
    if rate <= 0.0 {
        return x;
    }
    let (shape, keep, mut rng) = (x.dims(), 1.0 - rate, rng.clone());
    let factors: Vec<f32> =
        (0..shape[0] * shape[1]).map(|_| if rng.chance(keep) { (1.0 / keep) as f32 } else { 0.0 }).collect();
    let factors = Tensor::from_data(TensorData::new(factors, shape), &x.device());
    x * factors
}

/// The authors' `PointTransformer`.
#[derive(Debug, Clone)]
pub struct PointClassifier {
    pub config: Config,
    pub encoder: PointEncoder,
    head: Head,
}

impl PointClassifier {
    /// Declare the weights under their official names; those that `tuning` leaves alone are fixed.
    pub fn new(config: Config, tuning: Tuning, sizes: HeadSizes, weights: &mut Weights) -> Self {
        let encoder = PointEncoder::new(&mut weights.root(), &config, &[""], 0);
        let head = Head::new(weights.root().at("cls_head_finetune"), &config, tuning, sizes);
        if tuning != Tuning::Full {
            let frozen = weights.list.iter().filter(|weight| weight.trains() && !weight.name.contains("cls"));
            for name in frozen.map(|weight| weight.name.clone()).collect::<Vec<_>>() {
                weights.set_upkeep(&name, Upkeep::Fixed);
            }
        }
        Self { config, encoder, head }
    }

    /// Cut clouds into groups.
    ///
    /// # Shapes
    /// points [batch, N, 3]
    pub fn group(&self, points: Tensor<3>) -> Groups {
        group(points, self.config.groups, self.config.group_size, self.config.origin)
    }

    /// The normalised tokens, class token first.
    ///
    /// # Shapes
    /// points [batch, N, 3] → [batch, 1 + groups, dim]
    pub fn tokens(&self, w: &Weights, points: Tensor<3>, pass: &Pass, rng: Option<&Rng>) -> Tensor<3> {
        let groups = self.group(points);
        let tokens = self.encoder.point_net.forward(w, groups.points, pass);
        let drop = DropPath::training(self.config.drop_path, rng);
        self.encoder.forward(w, tokens, groups.centres, Some(0), drop.as_ref())
    }

    /// What the head sees: the class token beside the largest of each channel over the groups.
    ///
    /// # Shapes
    /// [batch, 1 + groups, dim] → [batch, 2 · dim]
    pub fn feature(tokens: Tensor<3>) -> Tensor<2> {
        let groups = tokens.dims()[1] - 1;
        let (class, largest) = (tokens.clone().narrow(1, 0, 1), tokens.narrow(1, 1, groups).max_dim(1));
        Tensor::cat(vec![class, largest], 2).squeeze_dim(1)
    }

    /// # Shapes
    /// feature [batch, 2 · dim] → [batch, classes]; with `rng` the head drops values out
    pub fn scores(&self, w: &Weights, feature: Tensor<2>, pass: &Pass, rng: Option<&Rng>) -> Tensor<2> {
        self.head.forward(w, feature, pass, rng)
    }
}

/// The classifier while it is fine-tuned.
struct FineTuned {
    model: PointClassifier,
    classes: usize,
    smoothing: f64,
}

/// A classifier on the encoder.
pub(super) fn tuned(
    config: &Config,
    weights: &Weights,
    classes: usize,
    settings: &Settings,
) -> Result<(Rc<dyn Tuned>, Weights)> {
    let mut own = Weights::new(weights.device(), settings.seed);
    let knobs = PointCmaeKnobs::of(settings)?;
    let sizes = HeadSizes { hidden: knobs.head_width.max(1), classes, dropout: knobs.dropout };
    let model = PointClassifier::new(config.clone(), knobs.tuning, sizes, &mut own);
    own.start_from(weights, |name| {
        // The authors start the class token anew; that of the first branch is as good a start, and was trained.
        let suffix = if name.starts_with("cls_token") || name.starts_with("cls_pos") { "1" } else { "" };
        format!("MAE_encoder.{name}{suffix}")
    });
    Ok((Rc::new(FineTuned { model, classes, smoothing: knobs.smoothing }), own))
}

impl FineTuned {
    /// # Shapes
    /// points [batch, points, 3] → scores [batch, classes]
    fn scores(&self, weights: &Weights, points: Tensor<3>, pass: &Pass, rng: Option<&Rng>) -> Tensor<2> {
        let [dropping_blocks, dropping_values] = [1, 2].map(|stream| rng.map(|rng| rng.at(stream)));
        let points = onto(points, weights.device());
        let tokens = self.model.tokens(weights, points, pass, dropping_blocks.as_ref());
        self.model.scores(weights, PointClassifier::feature(tokens), pass, dropping_values.as_ref())
    }
}

impl Tuned for FineTuned {
    fn recipe(&self, _phase: usize, settings: &Settings, weights: &Weights, _batch: usize) -> Result<Recipe> {
        let knobs = PointCmaeKnobs::of(settings)?;
        let groups = layer_decay_groups(weights, knobs.layer_decay, knobs.weight_decay, &["cls_token"]);
        let rate = if knobs.tuning == Tuning::Full { knobs.tune_lr } else { knobs.head_lr };
        let recipe = Recipe::fine_tuning(rate, knobs.tune_steps as u64, groups);
        Ok(Recipe { max_norm: Some(MAX_NORM), ..recipe })
    }

    fn loss(&self, weights: &Weights, batch: &Batch, context: &StepContext) -> Result<Loss> {
        let (device, pass, rng) = (weights.device(), Pass::training(), context.rng.at(1));
        let targets =
            target_tensor(smooth_targets(batch.classes(CLASS), self.classes, self.smoothing)?, self.classes, device);
        let points = clouds::for_training(batch, self.model.config.points, &rng.at(0), device)?;
        let total = cross_entropy(self.scores(weights, points, &pass, Some(&rng)), targets);
        Ok(Loss { terms: vec![("cross entropy".into(), total.clone())], total, updates: pass.updates() })
    }

    fn answer(&self, weights: &Weights, batch: &Batch) -> Result<Tensor<2>> {
        let points = clouds::for_evaluation(batch, self.model.config.points, weights.device())?;
        Ok(self.scores(weights, points, &Pass::evaluation(), None))
    }
}
