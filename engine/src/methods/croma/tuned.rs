//! Fine-tuning: the encoders that a feature is made by, and a linear head on it.

use std::rc::Rc;

use burn::tensor::Tensor;

use crate::batch::{Batch, CLASS};
use crate::blocks::linear::Linear;
use crate::error::Result;
use crate::knobs::KnobTable;
use crate::method::{Loss, StepContext, Tuned};
use crate::methods::croma::card::CromaKnobs;
use crate::methods::croma::config::{Config, Feature};
use crate::methods::croma::model::Croma;
use crate::settings::Settings;
use crate::train::groups::layer_decay_groups;
use crate::train::losses::{cross_entropy, smooth_targets, target_tensor};
use crate::train::recipe::Recipe;
use crate::train::schedule::scaled_by_batch;
use crate::weights::{Init, Upkeep, Weights};

/// A class head on what the encoders give, while both are trained.
struct Classifier {
    croma: Croma,
    head: Linear,
    classes: usize,
    feature: Feature,
    smoothing: f64,
}

/// A classifier on the feature that the knob `feature` names. Weights that the feature does not pass through are left out
/// of training.
pub(super) fn tuned(
    config: &Config,
    weights: &Weights,
    classes: usize,
    settings: &Settings,
) -> Result<(Rc<dyn Tuned>, Weights)> {
    let knobs = CromaKnobs::of(settings)?;
    let mut own = Weights::new(weights.device(), settings.seed);
    let croma = Croma::new(config.clone(), &mut own)?;
    own.start_from(weights, str::to_string);
    let through = |name: &str| match knobs.feature {
        Feature::Joint => ["radar_encoder.", "optical_encoder.", "cross_encoder."].iter().any(|s| name.starts_with(s)),
        Feature::Radar => name.starts_with("radar_encoder.") || name.starts_with("GAP_FFN_radar."),
        Feature::Optical => name.starts_with("optical_encoder.") || name.starts_with("GAP_FFN_optical."),
    };
    let idle: Vec<String> = own.list.iter().map(|weight| weight.name.clone()).filter(|name| !through(name)).collect();
    idle.iter().for_each(|name| own.set_upkeep(name, Upkeep::Fixed));
    let head = Linear::with(own.root().at("head"), config.encoder.dim, classes, Init::TruncatedNormal(2e-5));
    let tuned = Classifier { croma, head, classes, feature: knobs.feature, smoothing: knobs.smoothing };
    Ok((Rc::new(tuned), own))
}

impl Tuned for Classifier {
    fn recipe(&self, _phase: usize, settings: &Settings, weights: &Weights, batch: usize) -> Result<Recipe> {
        let knobs = CromaKnobs::of(settings)?;
        let groups = layer_decay_groups(weights, knobs.layer_decay, knobs.weight_decay, &[]);
        Ok(Recipe::fine_tuning(scaled_by_batch(knobs.tune_lr, batch), knobs.tune_steps as u64, groups))
    }

    fn loss(&self, weights: &Weights, batch: &Batch, _context: &StepContext) -> Result<Loss> {
        let targets = smooth_targets(batch.classes(CLASS), self.classes, self.smoothing)?;
        // The targets go up before the first launch, with the pictures.
        let targets = target_tensor(targets, self.classes, weights.device());
        let total = cross_entropy(self.answer(weights, batch)?, targets);
        Ok(Loss::new(total.clone(), vec![("cross entropy".into(), total)]))
    }

    fn answer(&self, weights: &Weights, batch: &Batch) -> Result<Tensor<2>> {
        Ok(self.head.forward(weights, self.croma.feature(weights, batch, self.feature)?))
    }
}
