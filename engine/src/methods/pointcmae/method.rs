//! Point-CMAE as the rest of the engine sees it.

use std::rc::Rc;

use burn::tensor::Tensor;

use crate::batch::Batch;
use crate::blocks::batch_norm::Pass;
use crate::checkpoint::keys::{Layout, OFFICIAL};
use crate::error::Result;
use crate::knobs::KnobTable;
use crate::knobs::shared::Training;
use crate::limits::Needs;
use crate::method::{Local, Loss, Method, StepContext, Subject, Tuned};
use crate::methods::pointcmae::card::PointCmaeKnobs;
use crate::methods::pointcmae::clouds;
use crate::methods::pointcmae::config::Config;
use crate::methods::pointcmae::model::{PointCmae, onto};
use crate::methods::pointcmae::{classifier, measures};
use crate::settings::Settings;
use crate::train::groups::{Group, groups};
use crate::train::recipe::{Recipe, Rule};
use crate::weights::{Weights, plain};

/// Names of weights files that fit: the authors', and those of Point-MAE, which go into the encoder and the first
/// decoder.
const LAYOUTS: &[Layout] = &[
    OFFICIAL,
    Layout {
        name: "Point-MAE, first branch",
        optional: &[],
        starts: &[
            ("MAE_encoder.", "MAE_encoder."),
            ("MAE_decoder.", "MAE_decoder."),
            ("mask_token", "mask_token1"),
            ("decoder_pos_embed.", "decoder_pos_embed1."),
            ("increase_dim.", "increase_dim."),
        ],
        inner: &[],
    },
];

/// Build the system from the knobs of a run.
pub(super) fn build(settings: &Settings, weights: &mut Weights) -> Result<Rc<dyn Method>> {
    Ok(Rc::new(PointCmae::new(Config::of(settings)?, weights)?))
}

/// The authors' table of AdamW: no decay of weights of one dimension, of biases and of what is called a token.
pub(super) fn decay_groups(weights: &Weights, weight_decay: f64) -> Vec<Group> {
    groups(weights, |name, shape| {
        let decays = shape.len() > 1 && !name.ends_with(".bias") && !name.contains("token");
        Group { lr_scale: 1.0, weight_decay: if decays { weight_decay } else { 0.0 } }
    })
}

impl PointCmae {
    /// The clouds of a batch as evaluation sees them.
    ///
    /// # Shapes
    /// → [batch, points, 3]
    ///
    /// # Errors
    /// [`crate::error::Error::Data`] when the batch has no clouds or they have too few points.
    pub fn evaluation_points(&self, weights: &Weights, batch: &Batch) -> Result<Tensor<3>> {
        Ok(onto(clouds::for_evaluation(batch, self.config.points, weights.device())?, weights.device()))
    }
}

impl Method for PointCmae {
    fn adjusted(&self, settings: &Settings) -> Result<Rc<dyn Method>> {
        Ok(Rc::new(Self { config: Config::of(settings)?, ..self.clone() }))
    }

    fn loss(&self, weights: &Weights, batch: &Batch, context: &StepContext) -> Result<Loss> {
        let device = weights.device();
        let masks = self.random_masks(batch.samples()?, &context.rng);
        masks.iter().for_each(|mask| mask.upload(device));
        let points = clouds::for_training(batch, self.config.points, &context.rng.at(2), device)?;
        let pass = Pass::training();
        let forward = self.forward(weights, self.group(onto(points, device)), &masks, &pass, Some(&context.rng.at(3)));
        let losses = self.losses(&forward, &masks);
        let none = || Tensor::<1>::zeros([1], device);
        let reconstruction = losses.reconstructions.into_iter().reduce(Tensor::add).unwrap_or_else(none);
        let mut terms = vec![("reconstruction".to_string(), reconstruction)];
        if self.branches.len() > 1 && self.config.agreement.is_some() {
            terms.push(("contrast".to_string(), losses.agreement.unwrap_or_else(none)));
        }
        Ok(Loss { total: losses.total, terms, updates: pass.updates() })
    }

    fn embed(&self, weights: &Weights, batch: &Batch) -> Result<Tensor<2>> {
        let groups = self.group(self.evaluation_points(weights, batch)?);
        let tokens = self.encode(weights, groups, &Pass::evaluation());
        Ok(plain(Tensor::cat(vec![tokens.clone().mean_dim(1), tokens.max_dim(1)], 2).squeeze_dim(1)))
    }

    fn recipe(&self, _phase: usize, settings: &Settings, weights: &Weights) -> Result<Recipe> {
        Ok(Recipe {
            rule: Rule::AdamW { beta1: 0.9, beta2: 0.999, eps: 1e-8 },
            groups: decay_groups(weights, PointCmaeKnobs::of(settings)?.weight_decay),
            ..Recipe::pretraining(&Training::of(settings)?, weights)
        })
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["svm_accuracy", "few_shot_accuracy"]
    }

    fn measure<'a>(&'a self, metric: &'a str, subject: Subject<'a>) -> Local<'a, Result<f64>> {
        Box::pin(measures::measure(self, metric, subject))
    }

    fn whole_batch(&self, _phase: usize) -> Option<&'static str> {
        Some("batch normalisation takes its statistics over the batch")
    }

    fn needs(&self) -> Needs {
        self.config.needs()
    }

    fn layouts(&self) -> &'static [Layout] {
        LAYOUTS
    }

    fn tuned(&self, weights: &Weights, classes: usize, settings: &Settings) -> Result<(Rc<dyn Tuned>, Weights)> {
        classifier::tuned(&self.config, weights, classes, settings)
    }
}
