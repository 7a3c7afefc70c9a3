//! Fine-tuning: MAE's encoder with a class head, on pictures that are mixed.

use std::rc::Rc;

use burn::tensor::Tensor;

use crate::batch::{Batch, CLASS, Role};
use crate::blocks::encoders::vit::VitClassifier;
use crate::error::Result;
use crate::knobs::KnobTable;
use crate::method::{Loss, StepContext, Tuned};
use crate::methods::mae::card::{MaeKnobs, Pool};
use crate::methods::mae::model::Config;
use crate::settings::Settings;
use crate::train::groups::layer_decay_groups;
use crate::train::losses::{cross_entropy, target_tensor};
use crate::train::mix::{Mix, mix};
use crate::train::recipe::Recipe;
use crate::train::schedule::scaled_by_batch;
use crate::weights::{Weights, plain};

/// The classifier while it is fine-tuned on pictures that are mixed.
struct FineTuned {
    model: VitClassifier,
    classes: usize,
    how: Mix,
}

/// A classifier on MAE's encoder.
pub(super) fn tuned(
    config: &Config,
    weights: &Weights,
    classes: usize,
    settings: &Settings,
) -> Result<(Rc<dyn Tuned>, Weights)> {
    let mut own = Weights::new(weights.device(), settings.seed);
    let knobs = MaeKnobs::of(settings)?;
    let model = VitClassifier::new(config.vit(), classes, knobs.pool == Pool::Mean, knobs.drop_path, &mut own);
    for index in 0..own.list.len() {
        if let Some(source) = weights.by_name(&own.list[index].name) {
            own.replace(index, plain(source.value.clone()));
        }
    }
    let how = Mix { mixup_alpha: knobs.mixup, cutmix_alpha: knobs.cutmix, smoothing: knobs.smoothing };
    Ok((Rc::new(FineTuned { model, classes, how }), own))
}

impl Tuned for FineTuned {
    fn recipe(&self, _phase: usize, settings: &Settings, weights: &Weights, batch: usize) -> Result<Recipe> {
        let knobs = MaeKnobs::of(settings)?;
        let groups = layer_decay_groups(weights, knobs.layer_decay, knobs.weight_decay, &["pos_embed", "cls_token"]);
        Ok(Recipe::fine_tuning(scaled_by_batch(knobs.tune_lr, batch), knobs.tune_steps as u64, groups))
    }

    fn loss(&self, weights: &Weights, batch: &Batch, context: &StepContext) -> Result<Loss> {
        let (mut batch, device) = (batch.clone(), weights.device());
        let labels = batch.classes(CLASS).to_vec();
        let pictures = batch.floats_mut(Role::Imgs)?;
        let shape = [0, 1, 2, 3].map(|axis| pictures.shape.get(axis).copied().unwrap_or(1));
        let targets = mix(&mut pictures.values, shape, &labels, self.classes, self.how, &mut context.rng.clone())?;
        // The targets go up before the first launch, with the pictures.
        let targets = target_tensor(targets, self.classes, device);
        let feature = self.model.feature(weights, &batch.pictures(Role::Imgs, device)?, Some(&context.rng.at(1)));
        let total = cross_entropy(self.model.scores(weights, feature), targets);
        Ok(Loss::new(total.clone(), vec![("cross entropy".into(), total)]))
    }

    fn answer(&self, weights: &Weights, batch: &Batch) -> Result<Tensor<2>> {
        let feature = self.model.feature(weights, &batch.pictures(Role::Imgs, weights.device())?, None);
        Ok(self.model.scores(weights, feature))
    }
}
