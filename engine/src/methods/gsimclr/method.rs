//! G-SimCLR as the rest of the engine sees it.

use std::rc::Rc;

use burn::tensor::Tensor;

use crate::batch::Batch;
use crate::blocks::batch_norm::Pass;
use crate::error::{Error, Result};
use crate::knobs::KnobTable;
use crate::limits::Needs;
use crate::method::{Entering, Local, Loss, Method, StepContext, Subject, no_metric};
use crate::methods::gsimclr::card::GsimclrKnobs;
use crate::methods::gsimclr::found::Found;
use crate::methods::gsimclr::look;
use crate::methods::gsimclr::model::{Batches, Config, DENOISING, Gsimclr, Networks};
use crate::methods::gsimclr::plan;
use crate::settings::Settings;
use crate::train::groups::{Group, groups};
use crate::train::recipe::{Phase, Rate, Recipe, Rule};
use crate::weights::{Weights, plain};

const METRICS: [&str; 1] = ["same_class_pairs"];

/// Build G-SimCLR from the knobs of a run.
pub(super) fn build(settings: &Settings, weights: &mut Weights) -> Result<Rc<dyn Method>> {
    let config = Config::of(settings)?;
    let networks = Networks::new(&config, weights);
    let grids = look::grids(&config, settings)?;
    let batch = GsimclrKnobs::of(settings)?.batch.min(settings.data.samples);
    let found = Found::new(weights.root(), plan::count(&config, settings.data.samples, batch));
    Ok(Rc::new(Gsimclr { config, networks, found, grids }))
}

impl Gsimclr {
    /// Plan the batches of a phase; before the contrast, find the clusters.
    async fn begin(&self, phase: usize, entering: Entering<'_>) -> Result<Option<String>> {
        let Entering { weights, loader, settings, rng, resumed } = entering;
        let (config, size) = (&self.config, loader.batch_size());
        let chosen = plan::chosen(config, loader, settings.seed);
        if phase == DENOISING || config.batches == Batches::Random {
            let steps = if phase == DENOISING { config.autoencoder_steps } else { config.steps };
            loader.follow(Some(plan::random(&chosen, size, steps, &rng.at(1))));
            return Ok(None);
        }
        let draw = (settings.seed, &rng.at(2));
        let clusters = plan::clusters(self, weights, loader, &chosen, draw, resumed).await?;
        let mut sizes = vec![0; clusters.values().max().map_or(0, |last| *last as usize + 1)];
        clusters.values().for_each(|cluster| sizes[*cluster as usize] += 1);
        let (least, most) = (sizes.iter().min().copied().unwrap_or(0), sizes.iter().max().copied().unwrap_or(0));
        let guided = plan::guided(config, &clusters, size, &rng.at(3));
        let count = clusters.len();
        loader.follow_clusters(guided, clusters);
        let mut note = format!("{} clusters of {} pictures, {least} to {most} each.", sizes.len(), count);
        if let Some((guided, random)) = plan::same_class_pairs(config, loader) {
            note += &format!(
                " Pairs of one class in the first batches: {guided:.1} on average; {random:.1} in random ones."
            );
        }
        Ok(Some(note))
    }
}

impl Method for Gsimclr {
    fn adjusted(&self, settings: &Settings) -> Result<Rc<dyn Method>> {
        let config = Config::of(settings)?;
        let grids = look::grids(&config, settings)?;
        Ok(Rc::new(Self { config, grids, ..self.clone() }))
    }

    fn loss(&self, weights: &Weights, batch: &Batch, context: &StepContext) -> Result<Loss> {
        let (config, pass, rng) = (&self.config, Pass::training(), &context.rng);
        let pictures = config.pictures(batch)?;
        let (name, total) = if context.phase == DENOISING {
            ("reconstruction", self.networks.denoising_loss(weights, config, pictures, rng, &pass))
        } else {
            ("contrast", self.networks.contrast_loss(weights, config, &pictures, rng, &pass))
        };
        Ok(Loss { terms: vec![(name.into(), total.clone())], total, updates: pass.updates() })
    }

    fn embed(&self, weights: &Weights, batch: &Batch) -> Result<Tensor<2>> {
        let pictures = self.config.tensor(self.config.pictures(batch)?, weights.device());
        let feature = self.networks.encoder.feature(weights, pictures, &Pass::evaluation());
        Ok(plain(self.networks.encoder.project(weights, feature, self.config.tap)))
    }

    fn phases(&self, settings: &Settings) -> Result<Vec<Phase>> {
        let denoising = match self.config.batches {
            Batches::Random => Phase::of("autoencoder", 0, None),
            _ => Phase::new("autoencoder", "ae_steps", settings)?,
        };
        Ok(vec![denoising, Phase::new("contrast", "steps", settings)?])
    }

    fn recipe(&self, phase: usize, settings: &Settings, weights: &Weights) -> Result<Recipe> {
        let knobs = GsimclrKnobs::of(settings)?;
        let (rule, rate) = if phase == DENOISING {
            (Rule::Adam { beta1: 0.9, beta2: 0.999, eps: 1e-7 }, Rate::Constant(knobs.ae_lr))
        } else {
            let rate = Rate::Restarts { peak: knobs.lr, first: knobs.period, factor: 2.0 };
            (Rule::Sgd { momentum: 0.0 }, rate)
        };
        let groups = groups(weights, |_, _| Group { lr_scale: 1.0, weight_decay: 0.0 });
        Ok(Recipe::new(rule, rate, groups))
    }

    fn enter<'a>(&'a self, phase: usize, entering: Entering<'a>) -> Local<'a, Result<Option<String>>> {
        Box::pin(self.begin(phase, entering))
    }

    fn metrics(&self) -> &'static [&'static str] {
        &METRICS
    }

    fn measure<'a>(&'a self, metric: &'a str, subject: Subject<'a>) -> Local<'a, Result<f64>> {
        Box::pin(async move {
            if !METRICS.contains(&metric) {
                return Err(no_metric(metric, &METRICS));
            }
            let pairs = plan::same_class_pairs(&self.config, subject.loader).map(|(own, _)| own);
            let why = "the data has no classes";
            pairs.ok_or_else(|| Error::request(format!("{metric} cannot be measured"), why, "Choose data with classes"))
        })
    }

    fn whole_batch(&self, _phase: usize) -> Option<&'static str> {
        Some("its negatives are the other pictures of the batch, and batch normalisation is over the batch")
    }

    fn needs(&self) -> Needs {
        self.config.needs()
    }
}
