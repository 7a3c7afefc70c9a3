//! Fine-tuning of a plain vision transformer on pictures that are mixed (MAE's recipe, appendix A.1), for every system whose
//! encoder is one.

use std::rc::Rc;

use burn::tensor::Tensor;

use crate::batch::{Batch, CLASS, Role};
use crate::blocks::encoders::vit::{VitClassifier, VitConfig};
use crate::error::Result;
use crate::knobs::KnobTable;
use crate::knobs::shared::{FineTuning, Training};
use crate::method::{Loss, StepContext, Tuned};
use crate::settings::Settings;
use crate::train::groups::layer_decay_groups;
use crate::train::losses::{cross_entropy, target_tensor};
use crate::train::mix::{Mix, mix};
use crate::train::recipe::Recipe;
use crate::train::schedule::scaled_by_batch;
use crate::weights::Weights;

/// A classifier that starts from the encoder's weights, by the knobs of [`FineTuning`]; `global_pool`: its head sees the mean
/// of the patch tokens, else the class token.
///
/// # Errors
/// [`crate::error::Error::Request`] when the system lacks one of the knobs.
pub fn tuned_vit(
    config: VitConfig,
    classes: usize,
    global_pool: bool,
    settings: &Settings,
    weights: &Weights,
) -> Result<(Rc<dyn Tuned>, Weights)> {
    let knobs = FineTuning::of(settings)?;
    let mut own = Weights::new(weights.device(), settings.seed);
    let model = VitClassifier::new(config, classes, global_pool, knobs.drop_path, &mut own);
    own.start_from(weights, str::to_owned);
    let how = Mix { mixup_alpha: knobs.mixup, cutmix_alpha: knobs.cutmix, smoothing: knobs.smoothing };
    Ok((Rc::new(TunedVit { model, classes, how }), own))
}

/// The classifier while it is fine-tuned on pictures that are mixed.
struct TunedVit {
    model: VitClassifier,
    classes: usize,
    how: Mix,
}

impl Tuned for TunedVit {
    fn recipe(&self, _phase: usize, settings: &Settings, weights: &Weights, batch: usize) -> Result<Recipe> {
        let knobs = FineTuning::of(settings)?;
        let weight_decay = Training::of(settings)?.weight_decay;
        let groups = layer_decay_groups(weights, knobs.layer_decay, weight_decay, &["pos_embed", "cls_token"]);
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
