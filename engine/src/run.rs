//! One model in training: method, weights, optimiser, data and step count.

use std::rc::Rc;

use burn::tensor::Device;

use crate::card::Card;
use crate::checkpoint::keys;
use crate::checkpoint::safetensors::File;
use crate::error::{Error, Result};
use crate::feed::Feed;
use crate::limits::Limits;
use crate::method::{Entry, Method, Outcome};
use crate::readback;
use crate::rng::Rng;
use crate::session::{LossPoint, Session};
use crate::settings::Settings;
use crate::train::groups::pretrain_groups;
use crate::train::optimiser::AdamW;
use crate::train::schedule::Schedule;
use crate::weights::{Weights, plain};

/// Where the weights of a run came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Provenance {
    /// In words, for the badge.
    pub words: String,
    /// They came with the program.
    pub stored: bool,
    /// Steps they had been trained for before this run.
    pub trained_steps: u64,
}

/// A model in training.
pub struct Run {
    pub card: Card,
    pub settings: Settings,
    pub method: Rc<dyn Method>,
    pub weights: Weights,
    pub optimiser: AdamW,
    pub feed: Feed,
    pub step: u64,
    pub provenance: Provenance,
    /// What the device allows.
    pub limits: Limits,
    /// Losses still on the device: step, total, terms.
    pending: Vec<(u64, Outcome)>,
}

impl Run {
    /// Build a session's model on `device` (without autodiff) with fresh weights from the seed.
    ///
    /// # Errors
    /// [`Error::Request`] when the knobs do not fit.
    pub fn new(entry: &Entry, settings: Settings, feed: Feed, device: &Device) -> Result<Self> {
        let mut weights = Weights::new(&device.clone().autodiff(), settings.seed);
        let method = (entry.build)(&settings, &mut weights)?;
        let optimiser = AdamW::new(0.9, 0.95, pretrain_groups(&weights, settings.number("weight_decay")));
        let provenance = Provenance { words: "from scratch".into(), stored: false, trained_steps: 0 };
        Ok(Self {
            card: (entry.card)(),
            settings,
            method,
            weights,
            optimiser,
            feed,
            step: 0,
            provenance,
            limits: Limits::default(),
            pending: Vec::new(),
        })
    }

    /// Take the knobs that act at once.
    ///
    /// # Errors
    /// [`Error::Request`] when they do not fit; the run is then as before.
    pub fn adjust(&mut self, settings: Settings) -> Result<()> {
        self.method = self.method.adjusted(&settings)?;
        self.feed.adjust(&settings);
        self.optimiser.groups = pretrain_groups(&self.weights, settings.number("weight_decay"));
        self.settings = settings;
        Ok(())
    }

    /// The run's learning-rate schedule, in steps.
    pub fn schedule(&self) -> Schedule {
        let total = self.settings.number("steps").max(1.0);
        Schedule { peak: self.settings.number("lr"), floor: 0.0, warmup: (self.settings.number("warmup") * total).round(), total }
    }

    /// The learning rate of the next step: the schedule at the end of that step, so that the first one is not zero.
    pub fn learning_rate(&self) -> f64 {
        let schedule = self.schedule();
        let lr = schedule.at((self.step + 1) as f64);
        // Past the planned end training may go on; it does so gently instead of standing still.
        if self.step + 1 >= schedule.total as u64 { schedule.peak * 0.01 } else { lr }
    }

    /// One training step: batch, masks, forward, backward, AdamW. The loss stays on the device until [`Run::losses`].
    ///
    /// # Errors
    /// [`Error::Data`] when the data lacks what the method needs.
    pub fn train_step(&mut self) -> Result<()> {
        if self.feed.is_empty(crate::feed::Half::Train) {
            return Err(Error::data("There is nothing to train on", "the data set has no training samples", "Choose another data set"));
        }
        let batch = self.feed.train_batch(self.step)?;
        let rng = Rng::new(self.settings.seed, "masks").at(self.step);
        let outcome = self.method.loss(&self.weights, &batch, &rng)?;
        let gradients = self.weights.backward(&outcome.total);
        let lr = self.learning_rate();
        self.optimiser.step(&mut self.weights, &gradients, lr);
        self.step += 1;
        let terms = outcome.terms.into_iter().map(|(name, term)| (name, plain(term))).collect();
        self.pending.push((self.step, Outcome { total: plain(outcome.total), terms }));
        Ok(())
    }

    /// Read the losses of the steps since the last call, oldest first, in one transfer.
    ///
    /// # Errors
    /// [`Error::Device`] when the device is lost; [`Error::Training`] when a loss is not a number.
    pub async fn losses(&mut self) -> Result<Vec<LossPoint>> {
        let pending = std::mem::take(&mut self.pending);
        let tensors = pending.iter().flat_map(|(_, o)| std::iter::once(&o.total).chain(o.terms.iter().map(|(_, t)| t)).cloned());
        let mut values = readback::many(tensors.collect()).await?.into_iter().map(|v| v.first().copied().unwrap_or(f32::NAN));
        let mut points = Vec::with_capacity(pending.len());
        for (step, outcome) in pending {
            let total = values.next().unwrap_or(f32::NAN);
            let terms = outcome.terms.into_iter().map(|(name, _)| (name, values.next().unwrap_or(f32::NAN))).collect();
            points.push(LossPoint { step, total, terms });
        }
        match points.iter().find(|p| !p.total.is_finite()) {
            Some(bad) => {
                let why = format!("it was {} at step {}", bad.total, bad.step);
                Err(Error::training(
                    "The loss is no longer a number",
                    why,
                    "Lower the learning rate, then reset or load the last checkpoint",
                ))
            }
            None => Ok(points),
        }
    }

    /// How many losses wait to be read.
    pub fn waiting(&self) -> usize {
        self.pending.len()
    }

    /// Take the weights of a file that fits exactly (a checkpoint of this model, stored weights).
    ///
    /// # Errors
    /// [`Error::Checkpoint`] when a weight is missing or has another shape; nothing is changed then.
    pub fn take(&mut self, file: &File, name: &str) -> Result<()> {
        let plan = keys::plan(name, file, &self.weights, self.method.layouts());
        let lacking = plan.report.missing.first().or_else(|| plan.report.wrong_shape.first().map(|(key, _, _)| key));
        if let Some(key) = lacking {
            let why = format!("{key} is missing or has another shape");
            return Err(Error::checkpoint(
                format!("{name} does not fit this model"),
                why,
                "Choose the preset and knobs the file was made with",
            ));
        }
        keys::apply(plan, &mut self.weights).map(|_| ())
    }

    /// Whether `session` asks for this very model: only what acts at once differs.
    pub fn serves(&self, session: &Session, settings: &Settings) -> bool {
        let same = |name: &str| self.settings.values().get(name) == settings.values().get(name);
        let built_alike = self.card.knobs.iter().filter(|k| !k.live).all(|k| same(&k.name));
        built_alike && self.card.id == session.method && self.settings.seed == session.seed && self.settings.channels == settings.channels
    }
}
