//! One model in training: what is trained, weights, optimiser, data and step count. What is trained is a system by its own
//! loss, or a head on its encoder; both make the same steps.

mod accumulation;
mod files;
mod losses;
mod phases;
mod tuning;

use std::rc::Rc;

use burn::tensor::Device;

use crate::batch::Batch;
use crate::card::Card;
use crate::data::files::Files;
use crate::error::{Error, Result};
use crate::limits::{Limits, Needs};
use crate::loader::Loader;
use crate::method::{Entry, Loss, Method, StepContext};
use crate::parts;
use crate::rng::Rng;
use crate::session::{KeyReport, Session, Task};
use crate::settings::Settings;
use crate::train::optimiser::Optimiser;
use crate::train::recipe::{Phase, Recipe};
use crate::weights::{Weights, plain};
use tuning::Tuning;
pub use tuning::needs_labels;

/// Where the weights of a run came from.
#[derive(Debug, Clone, PartialEq, Eq)]
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
#[derive(Clone)]
pub struct Run {
    pub card: Card,
    pub settings: Settings,
    pub method: Rc<dyn Method>,
    /// What is fine-tuned; `None`: the system itself is trained.
    tuning: Option<Tuning>,
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
            tuning: None,
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

    /// Take the knobs that act at once. The answer is a line for the log where fine-tuning had to begin again.
    ///
    /// # Errors
    /// [`Error::Request`] when they do not fit; the run is then as before.
    pub fn adjust(&mut self, settings: Settings) -> Result<Option<String>> {
        let method = self.method.adjusted(&settings)?;
        let (head, anew) = self.adjusted_head(&*method, &settings)?;
        let phases = match &head {
            Some(head) => head.phases(&settings)?,
            None => method.phases(&settings)?,
        };
        let planned_anew = phases != self.phases;
        (self.method, self.phases, self.settings) = (method, phases, settings);
        self.loader.adjust(&self.settings);
        if self.take_head(head, anew)? {
            self.go_to(0)?;
            return Ok(Some("Fine-tuning begins again: what is tuned has another form now.".into()));
        }
        if planned_anew && self.entered == Some(self.phase()) {
            // Its batches were planned for another length.
            self.entered = None;
        }
        self.recipe = self.recipe_of(self.phase())?;
        if let Some(batch) = self.recipe.batch {
            self.loader.resize(batch);
        }
        Ok(None)
    }

    /// What is trained.
    pub fn task(&self) -> Task {
        if self.tuning.is_some() { Task::FineTune } else { Task::Pretrain }
    }

    fn recipe_of(&self, phase: usize) -> Result<Recipe> {
        match &self.tuning {
            Some(tuning) => tuning.head.recipe(phase, &self.settings, &self.weights, self.loader.batch_size()),
            None => self.method.recipe(phase, &self.settings, &self.weights),
        }
    }

    /// The loss of a batch by these weights.
    ///
    /// # Errors
    /// [`Error::Data`] when the batch lacks what is needed.
    pub fn loss(&self, weights: &Weights, batch: &Batch, context: &StepContext) -> Result<Loss> {
        match &self.tuning {
            Some(tuning) => tuning.head.loss(weights, batch, context),
            None => self.method.loss(weights, batch, context),
        }
    }

    /// What a training step needs of the device.
    pub fn needs(&self) -> Needs {
        let needs = self.method.needs();
        if self.tuning.is_some() { needs.unmasked() } else { needs }
    }

    /// Steps that the weights were trained for, here and before.
    pub fn trained(&self) -> u64 {
        self.provenance.trained_steps + self.step.saturating_sub(self.provenance.since)
    }

    /// How the phase is trained.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// The learning rate of the next step.
    pub fn learning_rate(&self) -> f64 {
        self.recipe.rate.at(self.step.saturating_sub(self.start_of(self.phase())))
    }

    /// When the next step is, and its randomness.
    pub fn context(&self) -> StepContext {
        let phase = self.phase();
        let stream = if self.tuning.is_some() { "fine-tune" } else { "masks" };
        StepContext {
            rng: Rng::new(self.settings.seed, stream).at(self.step),
            phase,
            step: self.step - self.start_of(phase),
            steps: self.phases.get(phase).map_or(0, |p| p.steps),
            offset: 0,
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
        let note = self.enter().await?.or_else(|| self.plan_is_over());
        let context = self.context();
        let batch = self.loader.train_batch(context.step)?;
        let (loss, gradients) = self.gradients(&batch, &context)?;
        let lr = self.learning_rate();
        self.optimiser.follow(&self.recipe, context.step);
        self.optimiser.step(&mut self.weights, &gradients, lr);
        for (index, value) in loss.updates {
            self.weights.replace(index, value);
        }
        if self.tuning.is_none() {
            self.method.settle(&mut self.weights, &context)?;
        }
        self.step += 1;
        let terms = loss.terms.into_iter().map(|(name, term)| (name, plain(term))).collect();
        self.pending.push((self.step, Loss::new(plain(loss.total), terms)));
        Ok(note)
    }

    /// Whether `session` asks for this very system, to pre-train or to fine-tune: only what acts at once differs.
    pub fn serves(&self, session: &Session, settings: &Settings) -> bool {
        let same = |name: &str| self.settings.values().get(name) == settings.values().get(name);
        let built_alike = self.card.knobs.iter().filter(|k| !k.live).all(|k| same(&k.name));
        built_alike
            && self.card.id == session.method
            && self.settings.seed == session.seed
            && self.settings.data == settings.data
    }
}
