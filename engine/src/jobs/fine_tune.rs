//! The test of what was fine-tuned, and fine-tuning that a study measures.

use std::rc::Rc;

use burn::tensor::Tensor;

use super::{CHUNK, Slice};
use crate::batch::{CLASS, Half};
use crate::clock::Stopwatch;
use crate::error::{Error, Result};
use crate::eval::labels::budget;
use crate::loader::Loader;
use crate::method::Tuned;
use crate::readback;
use crate::run::{Run, needs_labels};
use crate::session::{Event, FineTuneReport, Task};
use crate::weights::Weights;

/// Steps between two readings of the losses.
const READ_EVERY: usize = 10;
/// Top-5 accuracy is told where there are more classes than these.
const TOP: usize = 5;

/// The accuracy of what was fine-tuned, on the test half.
pub struct Test {
    head: Rc<dyn Tuned>,
    weights: Weights,
    loader: Loader,
    classes: usize,
    /// Samples of one slice.
    chunk: usize,
    report: FineTuneReport,
    /// Samples whose class came first, and among the first five.
    right: [usize; 2],
    judged: usize,
    watch: Stopwatch,
}

impl Test {
    /// Test a fine-tuning run as it is.
    ///
    /// # Errors
    /// [`Error::Request`] when nothing is fine-tuned; [`Error::Data`] when the data has no labels.
    pub fn new(run: &Run) -> Result<Self> {
        let head = run.head().cloned().ok_or_else(|| {
            Error::request("There is nothing to test", "nothing is being fine-tuned", "Fine-tune the system first")
        })?;
        let classes = needs_labels(&run.loader)?;
        let labels = run.loader.labels(Half::Test);
        let most = (0..classes as u32).map(|c| labels.iter().filter(|l| **l == c).count()).max().unwrap_or(0);
        let (first_loss, last_loss) = run.heard().unwrap_or((f32::NAN, f32::NAN));
        let report = FineTuneReport {
            steps: run.step,
            first_loss,
            last_loss,
            test_accuracy: 0.0,
            top5_accuracy: None,
            chance: most as f64 / labels.len().max(1) as f64,
            from: run.provenance.words.clone(),
            seconds: 0.0,
        };
        Ok(Self {
            head,
            weights: run.weights.frozen(),
            loader: run.loader.clone(),
            classes,
            chunk: run.needs().most_unmasked(CHUNK, run.limits),
            report,
            right: [0; 2],
            judged: 0,
            watch: Stopwatch::start(),
        })
    }

    pub(super) async fn slice(&mut self) -> Result<Slice> {
        let tests = self.loader.len(Half::Test);
        if self.judged < tests {
            self.judge(tests).await?;
            return Ok(Slice { done: self.judged as u64, total: tests as u64, note: "test".into(), answer: None });
        }
        let [first, five] = self.right.map(|right| right as f64 / tests.max(1) as f64);
        let report = FineTuneReport {
            test_accuracy: first,
            top5_accuracy: (self.classes > TOP).then_some(five),
            seconds: self.watch.seconds(),
            ..self.report.clone()
        };
        let done = tests as u64;
        Ok(Slice { done, total: done, note: String::new(), answer: Some(Event::FineTuned(report)) })
    }

    async fn judge(&mut self, tests: usize) -> Result<()> {
        let indices: Vec<usize> = (self.judged..(self.judged + self.chunk).min(tests)).collect();
        let batch = self.loader.evaluation_batch(Half::Test, &indices)?;
        let answer: Tensor<2> = self.head.answer(&self.weights, &batch)?;
        let scores = readback::floats(answer).await?;
        for (row, label) in scores.chunks(self.classes).zip(batch.classes(CLASS)) {
            let own = row.get(*label as usize).copied().unwrap_or(f32::NEG_INFINITY);
            // Of equal scores the last class comes first, as in a search for the largest.
            let place =
                row.iter().enumerate().filter(|(c, v)| **v > own || (**v == own && *c > *label as usize)).count();
            self.right[0] += usize::from(place == 0);
            self.right[1] += usize::from(place < TOP);
        }
        self.judged += indices.len();
        Ok(())
    }
}

/// Fine-tuning from the encoder of a run, which stays as it is, and its test: what a study measures.
pub struct FineTune {
    run: Run,
    test: Option<Test>,
}

impl FineTune {
    /// Start from the run's encoder, with a share of the labels drawn by the run's seed.
    ///
    /// # Errors
    /// [`Error::Data`] when the data has no labels; [`Error::Request`] when the system is not fine-tuned.
    pub fn new(run: &Run, share: f64) -> Result<Self> {
        let mut run = run.pretrained().clone().turned_to(Task::FineTune).map_err(|(_, error)| error)?;
        if share < 1.0 {
            let (classes, labels) = (needs_labels(&run.loader)?, run.loader.labels(Half::Train));
            let chosen = budget(labels, classes, share, run.settings.seed);
            run.train_on(&chosen)?;
        }
        Ok(Self { run, test: None })
    }

    pub(super) async fn slice(&mut self) -> Result<Slice> {
        let (steps, tests) = (self.run.total_steps(), self.run.loader.len(Half::Test) as u64);
        let total = steps + tests;
        if self.run.step < steps {
            self.run.train_step().await?;
            if self.run.waiting() >= READ_EVERY || self.run.step == steps {
                self.run.losses().await?;
            }
            let note = self.run.heard().map_or_else(String::new, |(_, loss)| format!("loss {loss:.3}"));
            return Ok(Slice { done: self.run.step, total, note, answer: None });
        }
        let mut test = match self.test.take() {
            Some(test) => test,
            None => Test::new(&self.run)?,
        };
        let slice = test.slice().await?;
        self.test = Some(test);
        Ok(Slice { done: steps + slice.done, total, ..slice })
    }
}
