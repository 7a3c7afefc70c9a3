//! MAE as the rest of the engine sees it.

use std::rc::Rc;

use burn::tensor::Tensor;

use crate::batch::{Batch, Role};
use crate::checkpoint::keys::{Layout, vit_mae};
use crate::error::Result;
use crate::knobs::KnobTable;
use crate::knobs::shared::Training;
use crate::limits::Needs;
use crate::method::{Local, Loss, Method, Stage, StepContext, Tuned};
use crate::methods::mae::card::MaeKnobs;
use crate::methods::mae::model::{Config, Mae, Sampling};
use crate::methods::mae::{classifier, look};
use crate::rng::Rng;
use crate::session::{Abilities, Switch};
use crate::settings::Settings;
use crate::similarity::Similarity;
use crate::trace::{Grid, View, titled};
use crate::train::recipe::Recipe;
use crate::weights::{Weights, plain};

/// Build MAE from the knobs of a run.
pub(super) fn build(settings: &Settings, weights: &mut Weights) -> Result<Rc<dyn Method>> {
    Ok(Rc::new(Mae::new(Config::of(settings)?, weights)?))
}

impl Method for Mae {
    fn adjusted(&self, settings: &Settings) -> Result<Rc<dyn Method>> {
        let mut turned = self.clone();
        turned.config = Config::of(settings)?;
        Ok(Rc::new(turned))
    }

    fn loss(&self, weights: &Weights, batch: &Batch, context: &StepContext) -> Result<Loss> {
        let (first, samples) = (context.offset, batch.samples()?);
        let mask = self.random_masking(first + samples, &context.rng)?.part(first..first + samples);
        let total = self.forward(weights, &batch.pictures(Role::Imgs, weights.device())?, &mask);
        Ok(Loss::new(total.clone(), vec![("reconstruction".into(), total)]))
    }

    fn recipe(&self, _phase: usize, settings: &Settings, weights: &Weights) -> Result<Recipe> {
        let knobs = MaeKnobs::of(settings)?;
        let at_once = (knobs.at_once > 0).then_some(knobs.at_once);
        Ok(Recipe { at_once, ..Recipe::pretraining(&Training::of(settings)?, weights) })
    }

    fn whole_batch(&self, _phase: usize) -> Option<&'static str> {
        // Every picture hides as many patches, so the loss is the mean of its pictures' losses.
        None
    }

    fn embed(&self, weights: &Weights, batch: &Batch) -> Result<Tensor<2>> {
        Ok(plain(self.feature(weights, &batch.pictures(Role::Imgs, weights.device())?, batch.samples()?)))
    }

    fn needs(&self) -> Needs {
        self.config.needs()
    }

    fn grids(&self) -> Vec<Grid> {
        let side = self.config.side() as u32;
        let kept = self.random_masking(1, &Rng::new(0, "grid")).map_or(0, |mask| mask.kept);
        vec![Grid::new(look::PATCHES, [1, side, side], "patch").painted(kept as u32)]
    }

    fn abilities(&self) -> Abilities {
        let hidden = self.grids().iter().any(|grid| grid.visible < grid.tokens());
        let mut switches = vec![Switch::raw_prediction()];
        switches.extend(self.config.norm_pix.then(Switch::true_patch_mean));
        switches.extend(Similarity::switches());
        Abilities {
            samples: true,
            draws: (hidden && self.config.sampling != Sampling::Grid).then(|| "mask".into()),
            mask_knob: Some("mask_ratio".into()),
            fine_tunes: true,
            switches,
        }
    }

    fn views(&self) -> Vec<(String, String)> {
        titled(&look::VIEWS)
    }

    fn look<'a>(&'a self, weights: &'a Weights, stage: &'a Stage) -> Local<'a, Result<Vec<View>>> {
        Box::pin(look::look(self, weights, stage))
    }

    fn layouts(&self) -> &'static [Layout] {
        vit_mae::LAYOUTS
    }

    fn tuned(&self, weights: &Weights, classes: usize, settings: &Settings) -> Result<(Rc<dyn Tuned>, Weights)> {
        classifier::tuned(&self.config, weights, classes, settings)
    }
}
