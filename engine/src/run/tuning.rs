//! Fine-tuning as a run: a head on the encoder of another run, which it keeps.

use std::rc::Rc;

use super::{Provenance, Run};
use crate::batch::Half;
use crate::error::{Error, Result};
use crate::loader::Loader;
use crate::method::{Method, Tuned};
use crate::rng::Rng;
use crate::session::{LossPoint, Task};
use crate::settings::Settings;
use crate::train::recipe::Phase;
use crate::weights::Weights;

/// What is fine-tuned, and from what.
#[derive(Clone)]
pub(super) struct Tuning {
    pub head: Rc<dyn Tuned>,
    /// The run that it started from: what views show and probes measure.
    before: Box<Run>,
    /// The first and the last loss that were read.
    heard: Option<(f32, f32)>,
}

/// A head that is ready to be trained.
struct Head {
    head: Rc<dyn Tuned>,
    weights: Weights,
    phases: Vec<Phase>,
}

impl Tuning {
    /// Remember the first and the last of the losses.
    pub fn hear(&mut self, points: &[LossPoint]) {
        let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
        self.heard = Some((self.heard.map_or(first.total, |(first, _)| first), last.total));
    }
}

/// How many classes there are to tell apart.
///
/// # Errors
/// [`Error::Data`] when there are none, or a half has no labels.
pub fn needs_labels(loader: &Loader) -> Result<usize> {
    let classes = loader.report().classes.len();
    if classes < 2 || loader.labels(Half::Train).is_empty() || loader.labels(Half::Test).is_empty() {
        let why = format!("{} has no classes to tell apart, or no test samples", loader.report().title);
        return Err(Error::data(
            "There is nothing to measure",
            why,
            "Put the samples of each class into a folder of its own, ten or more of each",
        ));
    }
    Ok(classes)
}

/// A head with other knobs and, where it has another form then, its fresh weights.
type AdjustedHead = (Option<Rc<dyn Tuned>>, Option<Weights>);

impl Run {
    /// The run for a task: fine-tuning begins on the encoder as it is, and pre-training goes on where it was left.
    ///
    /// # Errors
    /// With the run as it was: [`Error::Request`] where the system is not fine-tuned or its batch does not fit,
    /// [`Error::Data`] where there are no labels.
    pub fn turned_to(self, task: Task) -> std::result::Result<Self, (Box<Self>, Error)> {
        match (task, self.task()) {
            (Task::FineTune, Task::Pretrain) => match self.with_head() {
                Ok(head) => self.tuned(head),
                Err(error) => Err((Box::new(self), error)),
            },
            (Task::Pretrain, Task::FineTune) => match self.tuning {
                Some(tuning) => Ok(*tuning.before),
                None => Ok(self),
            },
            _ => Ok(self),
        }
    }

    fn with_head(&self) -> Result<Head> {
        let classes = needs_labels(&self.loader)?;
        self.method.needs().unmasked().check(self.loader.batch_size(), self.limits)?;
        let (head, weights) = self.method.tuned(&self.weights, classes, &self.settings)?;
        let phases = head.phases(&self.settings)?;
        // What may fail later is tried while the run is whole.
        head.recipe(0, &self.settings, &weights, self.loader.batch_size())?;
        Ok(Head { head, weights, phases })
    }

    fn tuned(self, Head { head, weights, phases }: Head) -> std::result::Result<Self, (Box<Self>, Error)> {
        let steps = self.trained();
        let words = match steps {
            0 => "fine-tuned from untrained weights".into(),
            _ if self.step == 0 => format!("fine-tuned from {}", self.provenance.words),
            steps => format!("fine-tuned after {steps} steps of pre-training"),
        };
        let before = Box::new(self.clone());
        let mut run = Self {
            provenance: Provenance { words, since: 0, stored: false, trained_steps: 0 },
            weights,
            phases,
            pending: Vec::new(),
            tuning: Some(Tuning { head, before: before.clone(), heard: None }),
            ..self
        };
        match run.go_to(0) {
            Ok(()) => Ok(run),
            Err(error) => Err((before, error)),
        }
    }

    /// The run of the system itself: this one, or the one that fine-tuning started from.
    pub fn pretrained(&self) -> &Self {
        self.tuning.as_ref().map_or(self, |tuning| &*tuning.before)
    }

    /// The same, to be changed.
    pub fn pretrained_mut(&mut self) -> &mut Self {
        match self.tuning {
            Some(ref mut tuning) => &mut tuning.before,
            None => self,
        }
    }

    /// What is fine-tuned.
    pub fn head(&self) -> Option<&Rc<dyn Tuned>> {
        self.tuning.as_ref().map(|tuning| &tuning.head)
    }

    /// The first and the last loss of fine-tuning that were read.
    pub fn heard(&self) -> Option<(f32, f32)> {
        self.tuning.as_ref().and_then(|tuning| tuning.heard)
    }

    /// Train on these samples alone from now on, each epoch in an order of its own. Made before the first step.
    ///
    /// # Errors
    /// Those of the recipe.
    pub fn train_on(&mut self, samples: &[usize]) -> Result<()> {
        let size = self.loader.batch_size().min(samples.len()).max(1);
        self.loader.resize(size);
        let rng = Rng::new(self.settings.seed, "labelled");
        let mut plan: Vec<Vec<usize>> = Vec::new();
        for epoch in 0.. {
            let order = rng.at(epoch).permutation(samples.len());
            plan.extend(order.chunks_exact(size).map(|batch| batch.iter().map(|place| samples[*place]).collect()));
            if samples.is_empty() || plan.len() as u64 >= self.total_steps() {
                break;
            }
        }
        self.loader.follow(Some(plan));
        self.recipe = self.recipe_of(self.phase())?;
        Ok(())
    }

    /// The head with other knobs and, where it has another form then, its fresh weights.
    pub(super) fn adjusted_head(&self, method: &dyn Method, settings: &Settings) -> Result<AdjustedHead> {
        let Some(tuning) = &self.tuning else { return Ok((None, None)) };
        let classes = needs_labels(&self.loader)?;
        let (head, weights) = method.tuned(&tuning.before.weights, classes, settings)?;
        let anew = form(&weights) != form(&self.weights);
        Ok((Some(head), anew.then_some(weights)))
    }

    /// Put such a head in the place of the old one, its run before with the same knobs. True: fine-tuning begins again.
    pub(super) fn take_head(&mut self, head: Option<Rc<dyn Tuned>>, weights: Option<Weights>) -> Result<bool> {
        let (Some(tuning), Some(head)) = (&mut self.tuning, head) else { return Ok(false) };
        tuning.before.adjust(self.settings.clone())?;
        tuning.head = head;
        let Some(weights) = weights else { return Ok(false) };
        (self.weights, tuning.heard) = (weights, None);
        self.pending.clear();
        Ok(true)
    }
}

/// Names and shapes of the weights, and which of them are trained.
fn form(weights: &Weights) -> Vec<(&str, &[usize], bool)> {
    let trained = weights.trained();
    weights.list.iter().zip(trained).map(|(w, t)| (w.name.as_str(), w.shape.as_slice(), t.is_some())).collect()
}
