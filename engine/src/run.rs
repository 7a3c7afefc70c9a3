//! One model in training: method, weights, optimiser, data and step count.

use std::rc::Rc;

use burn::tensor::Device;

use crate::card::Card;
use crate::checkpoint::keys;
use crate::checkpoint::safetensors::File;
use crate::data::files::Files;
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::loader::Loader;
use crate::method::{Entering, Entry, Loss, Method, StepContext};
use crate::parts;
use crate::readback;
use crate::rng::Rng;
use crate::session::{KeyReport, LossPoint, Session};
use crate::settings::Settings;
use crate::train::optimiser::Optimiser;
use crate::train::recipe::{Phase, Recipe};
use crate::weights::{Weights, plain};

/// Where the weights of a run came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Provenance {
    /// In words, for the badge.
    pub words: String,
    /// Step of the run at which it got these weights.
    pub since: u64,
    /// They came with the program.
    pub stored: bool,
    /// Steps they had been trained for by then.
    pub trained_steps: u64,
}

/// A model in training.
pub struct Run {
    pub card: Card,
    pub settings: Settings,
    pub method: Rc<dyn Method>,
    pub weights: Weights,
    pub optimiser: Optimiser,
    recipe: Recipe,
    phases: Vec<Phase>,
    /// The phase whose start was made ([`Method::enter`]).
    entered: Option<usize>,
    pub loader: Loader,
    pub step: u64,
    pub provenance: Provenance,
    /// What the device allows.
    pub limits: Limits,
    /// Losses still on the device: step, total, terms.
    pending: Vec<(u64, Loss)>,
}

impl Run {
    /// Build a session's model on `device` (without autodiff) with fresh weights from the seed, and load the parts that
    /// come from elsewhere: what of each file fits is told beside it.
    ///
    /// # Errors
    /// [`Error::Request`] when the knobs do not fit, and those of [`parts::load`].
    pub async fn open(
        entry: &Entry,
        settings: Settings,
        loader: Loader,
        device: &Device,
        files: &Files,
    ) -> Result<(Self, Vec<KeyReport>)> {
        let parts = (entry.parts)(&settings);
        let mut run = Self::build(entry, settings, loader, device)?;
        let reports = parts::load(&parts, &mut run.weights, files, entry.stored).await?;
        Ok((run, reports))
    }

    /// Build a session's model on `device` (without autodiff) with fresh weights from the seed, of a system without
    /// parts that come from elsewhere.
    ///
    /// # Errors
    /// [`Error::Request`] when the knobs do not fit, or the system has such parts.
    pub fn new(entry: &Entry, settings: Settings, loader: Loader, device: &Device) -> Result<Self> {
        if let Some(part) = (entry.parts)(&settings).first() {
            let why = format!("its weights {}… come from elsewhere: {}", part.prefix, part.origin());
            return Err(Error::request("The model cannot be built here", why, "Open the system first"));
        }
        Self::build(entry, settings, loader, device)
    }

    fn build(entry: &Entry, settings: Settings, loader: Loader, device: &Device) -> Result<Self> {
        let mut weights = Weights::new(&device.clone().autodiff(), settings.seed);
        let method = (entry.build)(&settings, &mut weights)?;
        let recipe = method.recipe(0, &settings, &weights)?;
        let phases = method.phases(&settings)?;
        let provenance = Provenance { words: "from scratch".into(), since: 0, stored: false, trained_steps: 0 };
        let mut run = Self {
            card: (entry.card)(),
            method,
            weights,
            optimiser: Optimiser::new(&recipe),
            recipe,
            phases,
            entered: None,
            settings,
            loader,
            step: 0,
            provenance,
            limits: Limits::default(),
            pending: Vec::new(),
        };
        run.go_to(0)?;
        Ok(run)
    }

    /// Take the knobs that act at once.
    ///
    /// # Errors
    /// [`Error::Request`] when they do not fit; the run is then as before.
    pub fn adjust(&mut self, settings: Settings) -> Result<()> {
        let method = self.method.adjusted(&settings)?;
        let phases = method.phases(&settings)?;
        let recipe = method.recipe(phase_at(&phases, self.step), &settings, &self.weights)?;
        (self.method, self.phases, self.recipe) = (method, phases, recipe);
        self.loader.adjust(&settings);
        self.optimiser.regroup(self.recipe.groups.clone());
        if let Some(batch) = self.recipe.batch {
            self.loader.resize(batch);
        }
        self.settings = settings;
        Ok(())
    }

    /// Stand at a step of the run, with a fresh optimiser of its phase. The start of the phase is made before the next
    /// step.
    ///
    /// # Errors
    /// Those of the method's recipe.
    pub fn go_to(&mut self, step: u64) -> Result<()> {
        self.step = step;
        self.entered = None;
        self.begin(self.phase())
    }

    fn begin(&mut self, phase: usize) -> Result<()> {
        self.recipe = self.method.recipe(phase, &self.settings, &self.weights)?;
        self.optimiser = Optimiser::new(&self.recipe);
        self.loader.follow(None);
        self.loader.resize(self.recipe.batch.map_or_else(|| self.settings.get("batch"), Ok)?);
        Ok(())
    }

    /// Steps that the weights were trained for, here and before.
    pub fn trained(&self) -> u64 {
        self.provenance.trained_steps + self.step.saturating_sub(self.provenance.since)
    }

    /// How the phase is trained.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// The phases of the run.
    pub fn phases(&self) -> &[Phase] {
        &self.phases
    }

    /// Steps of all phases.
    pub fn total_steps(&self) -> u64 {
        self.phases.iter().map(|p| p.steps).sum()
    }

    /// The phase that the next step belongs to; past the end, the last one.
    pub fn phase(&self) -> usize {
        phase_at(&self.phases, self.step)
    }

    /// The phase that what is shown belongs to: of stored weights that have not been trained on, the one they were
    /// trained in last.
    pub fn shown_phase(&self) -> usize {
        if self.provenance.stored && self.step == 0 {
            phase_at(&self.phases, self.provenance.trained_steps.saturating_sub(1))
        } else {
            self.phase()
        }
    }

    /// Make ready what is shown of stored weights from a later phase than the run is in: batches and what else
    /// [`Method::enter`] computes beside the weights. Training begins with its own first phase all the same.
    ///
    /// # Errors
    /// Those of the method's own start.
    pub async fn enter_shown(&mut self) -> Result<()> {
        let phase = self.shown_phase();
        if phase == self.phase() || self.entered == Some(phase) {
            return Ok(());
        }
        self.begin(phase)?;
        self.enter_phase(phase, true).await?;
        Ok(())
    }

    async fn enter_phase(&mut self, phase: usize, resumed: bool) -> Result<Option<String>> {
        let entering = Entering {
            resumed,
            rng: Rng::new(self.settings.seed, "phases").at(phase as u64),
            weights: &mut self.weights,
            loader: &mut self.loader,
            settings: &self.settings,
        };
        let note = self.method.enter(phase, entering).await?;
        self.entered = Some(phase);
        Ok(note)
    }

    /// The first step of a phase.
    fn start_of(&self, phase: usize) -> u64 {
        self.phases.iter().take(phase).map(|p| p.steps).sum()
    }

    /// Make the start of the phase that the next step belongs to, if it was not made yet.
    ///
    /// # Errors
    /// Those of the method's own start.
    pub async fn enter(&mut self) -> Result<Option<String>> {
        let phase = self.phase();
        if self.entered == Some(phase) {
            return Ok(None);
        }
        if self.entered.is_some() {
            self.begin(phase)?;
        }
        self.enter_phase(phase, self.step > self.start_of(phase)).await
    }

    /// The learning rate of the next step.
    pub fn learning_rate(&self) -> f64 {
        self.recipe.rate.at(self.step.saturating_sub(self.start_of(self.phase())))
    }

    /// When the next step is, and its randomness.
    pub fn context(&self) -> StepContext {
        let phase = self.phase();
        StepContext {
            rng: Rng::new(self.settings.seed, "masks").at(self.step),
            phase,
            step: self.step - self.start_of(phase),
            steps: self.phases.get(phase).map_or(0, |p| p.steps),
        }
    }

    /// One training step: batch, masks, forward, backward, optimiser. The loss stays on the device until
    /// [`Run::losses`]. The answer is a line for the log when a phase began.
    ///
    /// # Errors
    /// [`Error::Data`] when the data lacks what the method needs.
    pub async fn train_step(&mut self) -> Result<Option<String>> {
        if self.loader.is_empty() {
            return Err(Error::data(
                "There is nothing to train on",
                "the data set has no training samples",
                "Choose another data set",
            ));
        }
        let note = self.enter().await?;
        let context = self.context();
        let batch = self.loader.train_batch(context.step)?;
        let outcome = self.method.loss(&self.weights, &batch, &context)?;
        let gradients = self.weights.backward(&outcome.total);
        let lr = self.learning_rate();
        self.optimiser.step(&mut self.weights, &gradients, lr);
        for (index, value) in outcome.updates {
            self.weights.replace(index, value);
        }
        self.method.settle(&mut self.weights, &context)?;
        self.step += 1;
        let terms = outcome.terms.into_iter().map(|(name, term)| (name, plain(term))).collect();
        self.pending.push((self.step, Loss::new(plain(outcome.total), terms)));
        Ok(note)
    }

    /// Read the losses of the steps since the last call, oldest first, in one transfer.
    ///
    /// # Errors
    /// [`Error::Device`] when the device is lost; [`Error::Training`] when a loss is not a number.
    pub async fn losses(&mut self) -> Result<Vec<LossPoint>> {
        let pending = std::mem::take(&mut self.pending);
        let tensors =
            pending.iter().flat_map(|(_, o)| std::iter::once(&o.total).chain(o.terms.iter().map(|(_, t)| t)).cloned());
        let mut values =
            readback::many(tensors.collect()).await?.into_iter().map(|v| v.first().copied().unwrap_or(f32::NAN));
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
        plan.fits_whole("Choose the preset and knobs the file was made with")?;
        keys::apply(plan, &mut self.weights).map(|_| ())
    }

    /// Whether `session` asks for this very model: only what acts at once differs.
    pub fn serves(&self, session: &Session, settings: &Settings) -> bool {
        let same = |name: &str| self.settings.values().get(name) == settings.values().get(name);
        let built_alike = self.card.knobs.iter().filter(|k| !k.live).all(|k| same(&k.name));
        built_alike
            && self.card.id == session.method
            && self.settings.seed == session.seed
            && self.settings.data == settings.data
    }
}

/// The phase that the step after `step` belongs to; past the end, the last one.
fn phase_at(phases: &[Phase], step: u64) -> usize {
    let mut end = 0;
    let found = phases.iter().position(|phase| {
        end += phase.steps;
        step < end
    });
    found.unwrap_or(phases.len().saturating_sub(1))
}
