//! Regularized autoencoders as the rest of the engine sees them.

use std::rc::Rc;

use burn::tensor::Tensor;

use crate::batch::{Batch, Half, Role};
use crate::error::{Error, Result};
use crate::knobs::KnobTable;
use crate::limits::{Need, Needs};
use crate::loader::Loader;
use crate::method::{Entering, Local, Loss, Method, StepContext, Subject};
use crate::methods::rae::card::{Net, RaeKnobs};
use crate::methods::rae::chain::Chain;
use crate::methods::rae::classic::{ClassicConfig, Scale};
use crate::methods::rae::measure;
use crate::methods::rae::model::{Config, Criterion, NetConfig, Rae};
use crate::methods::rae::modern::ModernConfig;
use crate::methods::rae::system::Denoising;
use crate::settings::Settings;
use crate::train::groups::pretrain_groups;
use crate::train::recipe::{Rate, Recipe, Rule};
use crate::weights::{Weights, plain};

/// Batches that are planned where only a part of the data is trained on; they are taken in turn, with fresh noise each
/// time.
const PLANNED: usize = 256;

/// Build the system from the knobs of a run.
pub(super) fn build(settings: &Settings, weights: &mut Weights) -> Result<Rc<dyn Method>> {
    let knobs = RaeKnobs::of(settings)?;
    let rae = Rae::new(config(&knobs, settings.data.channels)?, weights)?;
    Ok(Rc::new(Denoising { rae, ladder: knobs.ladder, samples: knobs.samples, chain: Chain::of(&knobs) }))
}

/// Sizes and switches of a run's knobs, for points of `dim` numbers.
fn config(knobs: &RaeKnobs, dim: usize) -> Result<Config> {
    let net = match knobs.net {
        Net::Classic => NetConfig::Classic(ClassicConfig {
            dim,
            hidden: knobs.hidden,
            encoder: knobs.encoder,
            output: knobs.output,
            scale: if knobs.scale > 0.0 { Scale::Constant(knobs.scale) } else { Scale::Learned },
        }),
        Net::Modern => {
            NetConfig::Modern(ModernConfig { dim, hidden: vec![knobs.hidden; knobs.layers], gain: knobs.gain })
        }
    };
    let config = Config { net, criterion: knobs.criterion, sigma: knobs.sigma, rare: knobs.rare, probes: knobs.probes };
    config.check()?;
    Ok(config)
}

impl Denoising {
    /// The net with the noise of a context.
    fn at(&self, context: &StepContext) -> Rae {
        let mut rae = self.rae.clone();
        let half = (context.steps / 2).max(1) as f64;
        let left = (1.0 - context.step as f64 / half).clamp(0.0, 1.0);
        rae.config.sigma *= self.ladder.max(1.0).powf(left);
        rae
    }

    fn vectors(&self, batch: &Batch, weights: &Weights) -> Result<Tensor<2>> {
        let vectors: Tensor<2> = batch.tensor(Role::Vectors, weights.device())?;
        let (found, wanted) = (vectors.dims()[1], self.rae.config.dim());
        if found == wanted {
            return Ok(vectors);
        }
        let why = format!("they have {found} numbers, the net was built for {wanted}");
        Err(Error::data("The vectors do not fit the net", why, "Open the system again with this data set"))
    }

    /// The first points of the set in batches, each point drawn at random.
    fn part(&self, loader: &mut Loader, entering: &crate::rng::Rng) -> Option<String> {
        let (whole, batch) = (loader.len(Half::Train), loader.batch_size());
        if self.samples == 0 || self.samples >= whole {
            return None;
        }
        let drawn = |number: u64| {
            let mut rng = entering.at(number);
            (0..batch).map(|_| rng.below(self.samples)).collect()
        };
        loader.follow(Some((0..PLANNED as u64).map(drawn).collect()));
        Some(format!("Trains on the first {} of {whole} points", self.samples))
    }
}

impl Method for Denoising {
    fn adjusted(&self, settings: &Settings) -> Result<Rc<dyn Method>> {
        let mut turned = self.clone();
        let knobs = RaeKnobs::of(settings)?;
        turned.rae.config = config(&knobs, settings.data.channels)?;
        turned.ladder = knobs.ladder;
        turned.chain = Chain::of(&knobs);
        Ok(Rc::new(turned))
    }

    fn loss(&self, weights: &Weights, batch: &Batch, context: &StepContext) -> Result<Loss> {
        let rae = self.at(context);
        // With the residual net the loss is in units of σ²: near d, the number of coordinates, where nothing is known.
        let unit = match rae.config.net {
            NetConfig::Modern(_) => rae.config.sigma * rae.config.sigma,
            NetConfig::Classic(_) => 1.0,
        };
        let terms = rae.criterion(weights, self.vectors(batch, weights)?, &context.rng);
        let terms: Vec<(String, Tensor<1>)> =
            terms.into_iter().map(|(name, term)| (name.into(), term.mean().div_scalar(unit))).collect();
        let total = terms.iter().map(|(_, term)| term.clone()).reduce(|sum, term| sum + term);
        let total = total
            .ok_or_else(|| Error::training("There is no loss", "the criterion has no term", "Please report this"))?;
        Ok(Loss::new(total, terms))
    }

    fn embed(&self, weights: &Weights, batch: &Batch) -> Result<Tensor<2>> {
        Ok(plain(self.rae.encode(weights, self.vectors(batch, weights)?)))
    }

    fn recipe(&self, _phase: usize, settings: &Settings, weights: &Weights) -> Result<Recipe> {
        let knobs = RaeKnobs::of(settings)?;
        let rule = Rule::Adam { beta1: 0.9, beta2: 0.999, eps: 1e-8 };
        let rate = Rate::Cosine { peak: knobs.lr, steps: knobs.steps.max(1) as f64 };
        Ok(Recipe::new(rule, rate, pretrain_groups(weights, knobs.weight_decay)))
    }

    fn enter<'a>(&'a self, _phase: usize, entering: Entering<'a>) -> Local<'a, Result<Option<String>>> {
        Box::pin(async move { Ok(self.part(entering.loader, &entering.rng)) })
    }

    fn metrics(&self) -> &'static [&'static str] {
        measure::METRICS
    }

    fn measure<'a>(&'a self, metric: &'a str, subject: Subject<'a>) -> Local<'a, Result<f64>> {
        Box::pin(measure::measure(self, metric, subject))
    }

    fn needs(&self) -> Needs {
        let config = &self.rae.config;
        let (dim, widths) = match &config.net {
            NetConfig::Classic(net) => (net.dim, vec![net.hidden]),
            NetConfig::Modern(net) => (net.dim, net.hidden.clone()),
        };
        let widest = widths.iter().copied().max().unwrap_or(0).max(dim);
        let rows = match (config.criterion, config.probes) {
            (Criterion::Contractive, 0) => dim,
            (Criterion::Contractive, probes) => probes,
            _ => 1,
        };
        let held = rows * (widths.iter().sum::<usize>() * 8 + dim * 8);
        let together = Need {
            what: "training".into(),
            fixed: 16 * (widths.len() * widest * widest) as u64,
            per_sample: 4 * held as u64,
        };
        let layer = |rows: usize| vec![Need::of_samples("a hidden layer", rows * widest)];
        Needs { tensors: layer(rows), unmasked: layer(1), together }
    }
}
