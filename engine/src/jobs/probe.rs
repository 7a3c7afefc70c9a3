//! The probe of a frozen encoder.

use std::rc::Rc;

use super::{CHUNK, Slice};
use crate::batch::Half;
use crate::card::Idea;
use crate::clock::Stopwatch;
use crate::error::{Error, Result};
use crate::eval::labels::budget;
use crate::eval::{Features, collapse, linear_probe, mlp_probe, nearest};
use crate::loader::Loader;
use crate::method::{Method, Subject};
use crate::readback;
use crate::rng::Rng;
use crate::run::{Run, needs_labels};
use crate::session::{Event, ProbeReport};
use crate::settings::Settings;
use crate::weights::Weights;

/// k-nearest-neighbour, linear and one-hidden-layer probe of a frozen encoder, and the system's own numbers.
pub struct Probe {
    method: Rc<dyn Method>,
    weights: Weights,
    loader: Loader,
    settings: Settings,
    /// Steps that the weights have been trained for, before this run and in it.
    step: u64,
    /// The system pulls and pushes features, which may make them collapse.
    contrasts: bool,
    counts: (usize, usize),
    /// Samples of one slice.
    chunk: usize,
    train: Features,
    test: Features,
    watch: Stopwatch,
}

impl Probe {
    /// Probe the run's encoder as it is now on the first `train` and `test` samples of each half.
    ///
    /// # Errors
    /// [`Error::Data`] when the data has no labels and the system no numbers of its own.
    pub fn new(run: &Run, train: u32, test: u32) -> Result<Self> {
        let labelled = needs_labels(&run.loader);
        let counts = match (&labelled, run.method.metrics()) {
            (Err(_), [_, ..]) => (0, 0),
            _ => {
                labelled?;
                let counts =
                    (run.loader.len(Half::Train).min(train as usize), run.loader.len(Half::Test).min(test as usize));
                if counts.0 == 0 || counts.1 == 0 {
                    return Err(Error::request(
                        "The probe has no samples",
                        "a probe needs training and test samples",
                        "Ask for at least one of each",
                    ));
                }
                counts
            }
        };
        Ok(Self {
            method: run.method.clone(),
            weights: run.weights.frozen(),
            loader: run.loader.clone(),
            settings: run.settings.clone(),
            step: run.trained(),
            contrasts: matches!(run.card.idea, Idea::PullAndPush | Idea::BothAtOnce),
            counts,
            // A graph is encoded as a whole, so all its nodes are asked for at once.
            chunk: if run.loader.joined() {
                counts.0.max(counts.1)
            } else {
                run.method.needs().most_unmasked(CHUNK, run.limits)
            },
            train: Features::default(),
            test: Features::default(),
            watch: Stopwatch::start(),
        })
    }

    pub(super) async fn slice(&mut self) -> Result<Slice> {
        if self.gather().await? {
            let done = (self.train.rows() + self.test.rows()) as u64;
            return Ok(Slice { done, total: self.total(), note: "features".into(), answer: None });
        }
        let report = self.measure().await?;
        Ok(Slice { done: self.total(), total: self.total(), note: String::new(), answer: Some(Event::Probe(report)) })
    }

    /// The features of the next samples; false: all are there.
    pub(super) async fn gather(&mut self) -> Result<bool> {
        let (half, have, want) = if self.train.rows() < self.counts.0 {
            (Half::Train, self.train.rows(), self.counts.0)
        } else {
            (Half::Test, self.test.rows(), self.counts.1)
        };
        if have >= want {
            return Ok(false);
        }
        let indices: Vec<usize> = (have..(have + self.chunk).min(want)).collect();
        let features = self.method.embed(&self.weights, &self.loader.evaluation_batch(half, &indices)?)?;
        let dim = features.dims()[1];
        let values = readback::floats(features).await?;
        let kept = if half == Half::Train { &mut self.train } else { &mut self.test };
        kept.dim = dim;
        kept.values.extend(values);
        Ok(true)
    }

    /// The accuracy of one probe (`knn_accuracy`, `mlp_accuracy` or the linear one) on a share of the labels drawn by `seed`, of the
    /// features gathered.
    pub(super) async fn accuracy(&self, metric: &str, share: f64, seed: u64) -> Result<Option<f64>> {
        let classes = needs_labels(&self.loader)?;
        let [train, test] = [(Half::Train, self.counts.0), (Half::Test, self.counts.1)]
            .map(|(half, count)| self.loader.labels(half).get(..count).unwrap_or_default());
        let chosen = budget(train, classes, share, seed);
        let (features, labels) = self.train.picked(chosen.into_iter(), train);
        let (train, test) = ((&features, labels.as_slice()), (&self.test, test));
        let device = self.weights.device();
        if metric == "knn_accuracy" {
            return Ok(nearest::accuracies(train, test, classes, &[nearest::WEIGHTED], device).await?.first().copied());
        }
        let rng = Rng::new(self.settings.seed, "probe");
        if metric == "mlp_accuracy" {
            return mlp_probe::fit(train, test, classes, &mlp_probe::Settings::default(), &rng, device).await.map(Some);
        }
        linear_probe::fit(train, test, classes, &linear_probe::Settings::default(), &rng, device).await.map(Some)
    }

    fn total(&self) -> u64 {
        (self.counts.0 + self.counts.1 + 1) as u64
    }

    async fn measure(&self) -> Result<ProbeReport> {
        let mut report = ProbeReport {
            step: self.step,
            train_samples: self.counts.0 as u64,
            test_samples: self.counts.1 as u64,
            k: nearest::WEIGHTED.k as u32,
            knn_accuracy: None,
            linear_accuracy: None,
            chance: None,
            others: Vec::new(),
            seconds: 0.0,
        };
        if self.counts.0 > 0 {
            let classes = needs_labels(&self.loader)?;
            let test = self.loader.labels(Half::Test).get(..self.counts.1).unwrap_or_default();
            report.knn_accuracy = self.accuracy("knn_accuracy", 1.0, self.settings.seed).await?;
            report.linear_accuracy = self.accuracy("linear_accuracy", 1.0, self.settings.seed).await?;
            if let Some(value) = self.accuracy("mlp_accuracy", 1.0, self.settings.seed).await? {
                report.others.push(("mlp_accuracy".into(), value));
            }
            let most = (0..classes as u32).map(|c| test.iter().filter(|l| **l == c).count()).max().unwrap_or(0);
            report.chance = Some(most as f64 / test.len().max(1) as f64);
        }
        if self.contrasts && self.train.rows() > 0 {
            let measured = collapse::MEASURES.iter().zip(collapse::measures(&self.train));
            report.others.extend(measured.map(|(name, value)| ((*name).to_string(), value)));
        }
        for metric in self.method.metrics() {
            report.others.push(((*metric).to_string(), self.own(metric).await?));
        }
        report.seconds = self.watch.seconds();
        Ok(report)
    }

    /// One of the system's own numbers.
    async fn own(&self, metric: &str) -> Result<f64> {
        let subject = Subject { weights: &self.weights, loader: &self.loader, settings: &self.settings };
        self.method.measure(metric, subject).await
    }
}
