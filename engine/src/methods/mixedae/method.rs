//! MixedAE as a system: training, probes, fine-tuning.

use std::rc::Rc;

use burn::tensor::Tensor;

use crate::batch::{Batch, Role};
use crate::checkpoint::keys::{Layout, vit_mae};
use crate::error::{Error, Result};
use crate::knobs::KnobTable;
use crate::limits::Needs;
use crate::method::tuned_vit::tuned_vit;
use crate::method::{Local, Loss, Method, StepContext, Subject, Tuned};
use crate::methods::mixedae::card::{MixedaeKnobs, Pool};
use crate::methods::mixedae::measures;
use crate::methods::mixedae::mixing::Mixing;
use crate::methods::mixedae::model::{Config, Mixedae};
use crate::settings::Settings;
use crate::weights::{Weights, plain};

/// Build MixedAE from the knobs of a run.
pub(super) fn build(settings: &Settings, weights: &mut Weights) -> Result<Rc<dyn Method>> {
    Ok(Rc::new(Mixedae::new(Config::of(settings)?, weights)?))
}

impl Method for Mixedae {
    fn adjusted(&self, settings: &Settings) -> Result<Rc<dyn Method>> {
        let mut turned = self.clone();
        turned.config = Config::of(settings)?;
        Ok(Rc::new(turned))
    }

    fn loss(&self, weights: &Weights, batch: &Batch, context: &StepContext) -> Result<Loss> {
        let config = &self.config;
        let groups = batch.samples()? / config.mixed;
        if groups == 0 {
            let why = format!("{} pictures are fewer than the {} of a mixture", batch.samples()?, config.mixed);
            return Err(Error::data("These pictures cannot be mixed", why, "Take more pictures, or mix fewer"));
        }
        let mixing = Mixing::random(groups, config.tokens(), config.mixed, config.mode, &context.rng);
        let losses = self.forward(weights, &batch.pictures(Role::Imgs, weights.device())?, &mixing);
        let mut terms = vec![("reconstruction".into(), losses.reconstruction)];
        terms.extend(losses.recognition.map(|recognition| ("recognition".into(), recognition)));
        Ok(Loss::new(losses.total, terms))
    }

    fn whole_batch(&self, _phase: usize) -> Option<&'static str> {
        Some("its pictures are mixed with one another")
    }

    fn embed(&self, weights: &Weights, batch: &Batch) -> Result<Tensor<2>> {
        let imgs = batch.pictures(Role::Imgs, weights.device())?;
        Ok(plain(self.tokens(weights, &imgs, batch.samples()?).mean_dim(1).squeeze_dim(1)))
    }

    fn metrics(&self) -> &'static [&'static str] {
        &measures::METRICS
    }

    fn measure<'a>(&'a self, metric: &'a str, subject: Subject<'a>) -> Local<'a, Result<f64>> {
        Box::pin(measures::measure(self, metric, subject))
    }

    fn needs(&self) -> Needs {
        self.config.needs()
    }

    fn layouts(&self) -> &'static [Layout] {
        vit_mae::LAYOUTS
    }

    fn tuned(&self, weights: &Weights, classes: usize, settings: &Settings) -> Result<(Rc<dyn Tuned>, Weights)> {
        let pool = MixedaeKnobs::of(settings)?.pool;
        tuned_vit(self.config.vit(), classes, pool == Pool::Mean, settings, weights)
    }
}
