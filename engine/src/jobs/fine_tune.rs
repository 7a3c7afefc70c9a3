//! Fine-tuning of a classifier.

use burn::tensor::Tensor;

use super::{CHUNK, Slice, needs_labels};
use crate::batch::{CLASS, Half, Role};
use crate::clock::Stopwatch;
use crate::error::{Error, Result};
use crate::loader::Loader;
use crate::method::Classifier;
use crate::readback;
use crate::rng::Rng;
use crate::run::Run;
use crate::session::{Event, FineTuneReport};
use crate::train::groups::layer_decay_groups;
use crate::train::losses::{cross_entropy, smooth_targets, target_tensor};
use crate::train::mix::{Mix, mix};
use crate::train::optimiser::AdamW;
use crate::train::schedule::Schedule;
use crate::weights::Weights;

/// Fine-tuning of a classifier that starts from the run's encoder: the recipe of MAE's §A, shortened to `steps`.
pub struct FineTune {
    classifier: Box<dyn Classifier>,
    weights: Weights,
    optimiser: AdamW,
    schedule: Schedule,
    loader: Loader,
    classes: usize,
    how: Mix,
    /// Samples of one slice of the test.
    chunk: usize,
    steps: u64,
    step: u64,
    losses: Vec<f32>,
    right: usize,
    judged: usize,
    rng: Rng,
    watch: Stopwatch,
}

impl FineTune {
    /// Start from the run's encoder.
    ///
    /// # Errors
    /// [`Error::Data`] when the data has no labels.
    pub fn new(run: &Run, steps: u32) -> Result<Self> {
        let classes = needs_labels(&run.loader)?;
        let needs = run.method.needs().unmasked();
        needs.check(run.loader.batch_size(), run.limits)?;
        let (classifier, weights) = run.method.classifier(&run.weights, classes, &run.settings)?;
        // A system without one of these knobs goes without what it turns.
        let knob = |name: &str| run.settings.find::<f64>(name);
        let groups = layer_decay_groups(
            &weights,
            knob("layer_decay").unwrap_or(1.0),
            run.settings.get("weight_decay")?,
            classifier.not_decayed(),
        );
        let total = f64::from(steps.max(1));
        Ok(Self {
            classifier,
            weights,
            optimiser: AdamW::new(0.9, 0.999, groups),
            schedule: Schedule { peak: run.settings.get("lr")?, floor: 1e-6, warmup: (total * 0.1).round(), total },
            loader: run.loader.clone(),
            classes,
            how: Mix {
                mixup_alpha: knob("mixup").unwrap_or(0.0),
                cutmix_alpha: knob("cutmix").unwrap_or(0.0),
                smoothing: knob("smoothing").unwrap_or(0.0),
            },
            chunk: needs.most_unmasked(CHUNK, run.limits),
            steps: u64::from(steps.max(1)),
            step: 0,
            losses: Vec::new(),
            right: 0,
            judged: 0,
            rng: Rng::new(run.settings.seed, "fine-tune"),
            watch: Stopwatch::start(),
        })
    }

    pub(super) async fn slice(&mut self) -> Result<Slice> {
        let tests = self.loader.len(Half::Test);
        let total = self.steps + tests as u64;
        if self.step < self.steps {
            self.train_step().await?;
            let note = format!("loss {:.3}", self.losses.last().copied().unwrap_or(f32::NAN));
            return Ok(Slice { done: self.step, total, note, answer: None });
        }
        if self.judged < tests {
            self.judge(tests).await?;
            return Ok(Slice { done: self.step + self.judged as u64, total, note: "test".into(), answer: None });
        }
        let labels = self.loader.labels(Half::Test);
        let most = (0..self.classes as u32).map(|c| labels.iter().filter(|l| **l == c).count()).max().unwrap_or(0);
        let report = FineTuneReport {
            steps: self.steps,
            first_loss: self.losses.first().copied().unwrap_or(f32::NAN),
            last_loss: self.losses.last().copied().unwrap_or(f32::NAN),
            test_accuracy: self.right as f64 / tests.max(1) as f64,
            chance: most as f64 / tests.max(1) as f64,
            seconds: self.watch.seconds(),
        };
        Ok(Slice { done: total, total, note: String::new(), answer: Some(Event::FineTuned(report)) })
    }

    async fn train_step(&mut self) -> Result<()> {
        let mut batch = self.loader.train_batch(self.step)?;
        let mut rng = self.rng.at(self.step);
        let labels = batch.classes(CLASS).to_vec();
        let targets = match batch.floats_mut(Role::Imgs) {
            Ok(pictures) => {
                let shape: [usize; 4] = [0, 1, 2, 3].map(|axis| pictures.shape.get(axis).copied().unwrap_or(1));
                mix(&mut pictures.values, shape, &labels, self.classes, self.how, &mut rng)?
            }
            // What is no picture is not mixed.
            Err(_) => smooth_targets(&labels, self.classes, self.how.smoothing)?,
        };
        // The targets go up before the first launch, with the pictures.
        let targets = target_tensor(targets, self.classes, self.weights.device());
        let logits = self.classifier.logits(&self.weights, &batch, Some(&rng.at(1)))?;
        let loss = cross_entropy(logits, targets);
        let gradients = self.weights.backward(&loss);
        let lr = self.schedule.at((self.step + 1) as f64);
        self.optimiser.step(&mut self.weights, &gradients, lr);
        for (index, value) in self.classifier.updates() {
            self.weights.replace(index, value);
        }
        self.step += 1;
        let loss = readback::scalar(loss).await?;
        if !loss.is_finite() {
            return Err(Error::training(
                "Fine-tuning lost its way",
                format!("the loss was {loss}"),
                "Lower the learning rate",
            ));
        }
        self.losses.push(loss);
        Ok(())
    }

    async fn judge(&mut self, tests: usize) -> Result<()> {
        let indices: Vec<usize> = (self.judged..(self.judged + self.chunk).min(tests)).collect();
        let batch = self.loader.evaluation_batch(Half::Test, &indices)?;
        let logits: Tensor<2> = self.classifier.logits(&self.weights.frozen(), &batch, None)?;
        let scores = readback::floats(logits).await?;
        for (row, label) in scores.chunks(self.classes).zip(batch.classes(CLASS)) {
            let best = row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map(|(class, _)| class as u32);
            self.right += usize::from(best == Some(*label));
        }
        self.judged += indices.len();
        Ok(())
    }
}
