//! Fine-tuning: the classifier in training, and what of it is trained.

use std::rc::Rc;

use burn::tensor::Tensor;

use crate::batch::{Batch, CLASS};
use crate::blocks::batch_norm::Pass;
use crate::error::Result;
use crate::knobs::KnobTable;
use crate::method::{Loss, StepContext, Tuned};
use crate::methods::pointcmae::card::PointCmaeKnobs;
use crate::methods::pointcmae::classifier::{HeadSizes, PointClassifier, Tuning};
use crate::methods::pointcmae::clouds;
use crate::methods::pointcmae::config::Config;
use crate::methods::pointcmae::model::onto;
use crate::rng::Rng;
use crate::settings::Settings;
use crate::train::groups::layer_decay_groups;
use crate::train::losses::{cross_entropy, smooth_targets, target_tensor};
use crate::train::recipe::Recipe;
use crate::weights::{Weights, plain};

/// The authors' limit of the gradients' norm.
const MAX_NORM: f64 = 10.0;

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
    for index in 0..own.list.len() {
        // The authors start the class token anew; that of the first branch is as good a start, and was trained.
        let name = &own.list[index].name;
        let suffix = if name.starts_with("cls_token") || name.starts_with("cls_pos") { "1" } else { "" };
        if let Some(source) = weights.by_name(&format!("MAE_encoder.{name}{suffix}")) {
            own.replace(index, plain(source.value.clone()));
        }
    }
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
