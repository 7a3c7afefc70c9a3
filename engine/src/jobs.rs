//! Long work in slices, so that the engine answers in between: probes, fine-tuning, claims.

use std::rc::Rc;

use burn::tensor::Tensor;

use crate::card::Claim;
use crate::clock::Stopwatch;
use crate::error::{Error, Result};
use crate::eval::{Features, linear_probe, nearest};
use crate::feed::{Feed, Half};
use crate::limits::Limits;
use crate::method::{Classifier, Entry, Method};
use crate::readback;
use crate::rng::Rng;
use crate::run::Run;
use crate::session::{ClaimReport, Event, FineTuneReport, ProbeReport, Session};
use crate::settings::Settings;
use crate::train::groups::layer_decay_groups;
use crate::train::losses::{cross_entropy, target_tensor};
use crate::train::mix::{Mix, mix};
use crate::train::optimiser::AdamW;
use crate::train::schedule::Schedule;
use crate::weights::Weights;

/// Most samples of one slice of an embedding pass.
const CHUNK: usize = 250;

/// How far a job is.
pub struct Slice {
    pub done: u64,
    pub total: u64,
    pub note: String,
    /// The job's answer; it is over then.
    pub answer: Option<Event>,
}

/// A job that is under way.
pub enum Job {
    Probe(Box<Probe>),
    FineTune(Box<FineTune>),
    Claim(Box<ClaimJob>),
}

impl Job {
    /// Name for the progress line.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Probe(_) => "probe",
            Self::FineTune(_) => "fine-tune",
            Self::Claim(_) => "claim",
        }
    }

    /// Do the next slice.
    ///
    /// # Errors
    /// What the slice ran into; the job is over then.
    pub async fn slice(&mut self) -> Result<Slice> {
        match self {
            Self::Probe(job) => job.slice().await,
            Self::FineTune(job) => job.slice().await,
            Self::Claim(job) => job.slice().await,
        }
    }
}

fn needs_labels(feed: &Feed) -> Result<usize> {
    let classes = feed.report().classes.len();
    if classes < 2 || feed.labels(Half::Train).is_empty() || feed.labels(Half::Test).is_empty() {
        let why = format!("{} has no classes to tell apart, or no test pictures", feed.report().title);
        return Err(Error::data(
            "There is nothing to measure",
            why,
            "Put the pictures of each class into a folder of its own, ten or more of each",
        ));
    }
    Ok(classes)
}

/// k-nearest-neighbour and linear probe of a frozen encoder.
pub struct Probe {
    method: Rc<dyn Method>,
    weights: Weights,
    feed: Feed,
    /// Steps that the weights have been trained for, before this run and in it.
    step: u64,
    counts: (usize, usize),
    /// Samples of one slice.
    chunk: usize,
    train: Features,
    test: Features,
    watch: Stopwatch,
    seed: u64,
}

impl Probe {
    /// Probe the run's encoder as it is now on the first `train` and `test` samples of each half.
    ///
    /// # Errors
    /// [`Error::Data`] when the data has no labels.
    pub fn new(run: &Run, train: u32, test: u32) -> Result<Self> {
        needs_labels(&run.feed)?;
        let counts = (run.feed.len(Half::Train).min(train as usize), run.feed.len(Half::Test).min(test as usize));
        if counts.0 == 0 || counts.1 == 0 {
            return Err(Error::request(
                "The probe has no samples",
                "a probe needs training and test samples",
                "Ask for at least one of each",
            ));
        }
        Ok(Self {
            method: run.method.clone(),
            weights: run.weights.frozen(),
            feed: run.feed.clone(),
            step: run.provenance.trained_steps + run.step,
            counts,
            chunk: run.method.needs().most_unmasked(CHUNK, run.limits),
            train: Features::default(),
            test: Features::default(),
            watch: Stopwatch::start(),
            seed: run.settings.seed,
        })
    }

    async fn slice(&mut self) -> Result<Slice> {
        let (half, have, want) = if self.train.rows() < self.counts.0 {
            (Half::Train, self.train.rows(), self.counts.0)
        } else {
            (Half::Test, self.test.rows(), self.counts.1)
        };
        if have < want {
            let indices: Vec<usize> = (have..(have + self.chunk).min(want)).collect();
            let features = self.method.embed(&self.weights, &self.feed.evaluation_batch(half, &indices)?)?;
            let dim = features.dims()[1];
            let values = readback::floats(features).await?;
            let kept = if half == Half::Train { &mut self.train } else { &mut self.test };
            kept.dim = dim;
            kept.values.extend(values);
            let done = (self.train.rows() + self.test.rows()) as u64;
            return Ok(Slice { done, total: self.total(), note: "features".into(), answer: None });
        }
        let report = self.measure().await?;
        Ok(Slice { done: self.total(), total: self.total(), note: String::new(), answer: Some(Event::Probe(report)) })
    }

    fn total(&self) -> u64 {
        (self.counts.0 + self.counts.1 + 1) as u64
    }

    async fn measure(&self) -> Result<ProbeReport> {
        let classes = needs_labels(&self.feed)?;
        let (train, test) = (&self.feed.labels(Half::Train)[..self.counts.0], &self.feed.labels(Half::Test)[..self.counts.1]);
        let device = self.weights.device();
        let (train_set, test_set) = ((&self.train, train), (&self.test, test));
        let knn = nearest::accuracies(train_set, test_set, classes, &[nearest::WEIGHTED], device).await?;
        let rng = Rng::new(self.seed, "probe");
        let linear = linear_probe::fit(train_set, test_set, classes, &linear_probe::Settings::default(), &rng, device).await?;
        let most = (0..classes as u32).map(|c| test.iter().filter(|l| **l == c).count()).max().unwrap_or(0);
        Ok(ProbeReport {
            step: self.step,
            train_samples: self.counts.0 as u64,
            test_samples: self.counts.1 as u64,
            k: nearest::WEIGHTED.k as u32,
            knn_accuracy: knn.first().copied().unwrap_or(0.0),
            linear_accuracy: linear,
            chance: most as f64 / test.len().max(1) as f64,
            seconds: self.watch.seconds(),
        })
    }
}

/// Fine-tuning of a classifier that starts from the run's encoder: the recipe of MAE's §A, shortened to `steps`.
pub struct FineTune {
    classifier: Box<dyn Classifier>,
    weights: Weights,
    optimiser: AdamW,
    schedule: Schedule,
    feed: Feed,
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
        let classes = needs_labels(&run.feed)?;
        let needs = run.method.needs().unmasked();
        needs.check(run.feed.batch_size(), run.limits)?;
        let (classifier, weights) = run.method.classifier(&run.weights, classes, &run.settings)?;
        let knob = |name: &str| run.settings.number(name);
        let groups = layer_decay_groups(&weights, classifier.depth(), knob("layer_decay"), knob("weight_decay"), classifier.not_decayed());
        let total = f64::from(steps.max(1));
        Ok(Self {
            classifier,
            weights,
            optimiser: AdamW::new(0.9, 0.999, groups),
            schedule: Schedule { peak: run.settings.number("lr"), floor: 1e-6, warmup: (total * 0.1).round(), total },
            feed: run.feed.clone(),
            classes,
            how: Mix { mixup_alpha: knob("mixup"), cutmix_alpha: knob("cutmix"), smoothing: knob("smoothing") },
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

    async fn slice(&mut self) -> Result<Slice> {
        let tests = self.feed.len(Half::Test);
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
        let labels = self.feed.labels(Half::Test);
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
        let mut batch = self.feed.train_batch(self.step)?;
        let mut rng = self.rng.at(self.step);
        let labels = batch.labels.clone();
        let pictures = batch.pictures_mut()?;
        let shape: [usize; 4] = [0, 1, 2, 3].map(|axis| pictures.shape.get(axis).copied().unwrap_or(1));
        let targets = mix(&mut pictures.values, shape, &labels, self.classes, self.how, &mut rng)?;
        // The targets go up before the first launch, with the pictures.
        let targets = target_tensor(targets, self.classes, self.weights.device());
        let logits = self.classifier.logits(&self.weights, &batch, Some(&rng.at(1)))?;
        let loss = cross_entropy(logits, targets);
        let gradients = self.weights.backward(&loss);
        let lr = self.schedule.at((self.step + 1) as f64);
        self.optimiser.step(&mut self.weights, &gradients, lr);
        self.step += 1;
        let loss = readback::scalar(loss).await?;
        if !loss.is_finite() {
            return Err(Error::training("Fine-tuning lost its way", format!("the loss was {loss}"), "Lower the learning rate"));
        }
        self.losses.push(loss);
        Ok(())
    }

    async fn judge(&mut self, tests: usize) -> Result<()> {
        let indices: Vec<usize> = (self.judged..(self.judged + self.chunk).min(tests)).collect();
        let batch = self.feed.evaluation_batch(Half::Test, &indices)?;
        let logits: Tensor<2> = self.classifier.logits(&self.weights.frozen(), &batch, None)?;
        let scores = readback::floats(logits).await?;
        for (row, label) in scores.chunks(self.classes).zip(&batch.labels) {
            let best = row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map(|(class, _)| class as u32);
            self.right += usize::from(best == Some(*label));
        }
        self.judged += indices.len();
        Ok(())
    }
}

/// The arms of a claim, each trained on each seed from scratch and measured.
pub struct ClaimJob {
    entry: Entry,
    claim: Claim,
    session: Session,
    feed: Feed,
    device: burn::tensor::Device,
    limits: Limits,
    channels: usize,
    /// Arm-major results.
    results: Vec<f64>,
    now: Option<(Run, Option<Probe>)>,
    watch: Stopwatch,
}

impl ClaimJob {
    /// Run the card's claim from the session's preset and data.
    ///
    /// # Errors
    /// [`Error::Request`] when the system has no claim, [`Error::Data`] when the data has no labels.
    pub fn new(
        entry: Entry,
        claim: Claim,
        session: Session,
        feed: Feed,
        (device, limits): (&burn::tensor::Device, Limits),
    ) -> Result<Self> {
        needs_labels(&feed)?;
        let channels = feed.data.channels;
        Ok(Self {
            entry,
            claim,
            session,
            feed,
            device: device.clone(),
            limits,
            channels,
            results: Vec::new(),
            now: None,
            watch: Stopwatch::start(),
        })
    }

    fn total(&self) -> u64 {
        (self.claim.arms.len() * self.claim.seeds.len()) as u64 * u64::from(self.claim.steps)
    }

    async fn slice(&mut self) -> Result<Slice> {
        let seeds = self.claim.seeds.len();
        let (arm, seed) = (self.results.len() / seeds.max(1), self.results.len() % seeds.max(1));
        if arm >= self.claim.arms.len() {
            let total = self.total();
            return Ok(Slice { done: total, total, note: String::new(), answer: Some(Event::Claimed(self.report())) });
        }
        let note = format!("{}, seed {}", self.claim.arms[arm].name, self.claim.seeds[seed]);
        let (mut run, probe) = match self.now.take() {
            Some(now) => now,
            None => (self.start(arm, seed)?, None),
        };
        let steps = u64::from(self.claim.steps);
        let probe = if run.step < steps {
            run.train_step()?;
            if run.waiting() >= 25 || run.step == steps {
                run.losses().await?;
            }
            None
        } else {
            let mut probe = match probe {
                Some(probe) => probe,
                None => Probe::new(&run, 10_000, 10_000)?,
            };
            if let Some(Event::Probe(report)) = probe.slice().await?.answer {
                self.results.push(if self.claim.metric == "knn_accuracy" { report.knn_accuracy } else { report.linear_accuracy });
                return Ok(Slice { done: self.results.len() as u64 * steps, total: self.total(), note, answer: None });
            }
            Some(probe)
        };
        let done = self.results.len() as u64 * steps + run.step;
        self.now = Some((run, probe));
        Ok(Slice { done, total: self.total(), note, answer: None })
    }

    fn start(&self, arm: usize, seed: usize) -> Result<Run> {
        let mut session = self.session.clone();
        session.seed = self.claim.seeds[seed];
        session.knobs.extend(self.claim.arms[arm].knobs.clone());
        session.knobs.insert("steps".into(), crate::card::KnobValue::Number(f64::from(self.claim.steps)));
        let settings = Settings::of(&session, &(self.entry.card)(), self.channels)?;
        let feed = Feed::new(self.feed.data.clone(), &settings);
        let mut run = Run::new(&self.entry, settings, feed, &self.device)?;
        run.limits = self.limits;
        run.method.needs().check(run.feed.batch_size(), run.limits)?;
        Ok(run)
    }

    fn report(&self) -> ClaimReport {
        let rows: Vec<&[f64]> = self.results.chunks(self.claim.seeds.len().max(1)).collect();
        let means: Vec<f64> = rows.iter().map(|r| r.iter().sum::<f64>() / r.len().max(1) as f64).collect();
        ClaimReport {
            method: (self.entry.card)().id,
            sentence: self.claim.sentence.clone(),
            metric: self.claim.metric.clone(),
            margin: self.claim.margin,
            seeds: self.claim.seeds.clone(),
            steps: self.claim.steps,
            arms: self.claim.arms.iter().zip(&rows).map(|(a, r)| (a.name.clone(), r.to_vec())).collect(),
            verdict: verdict(&rows, &means, self.claim.margin).into(),
            means,
            seconds: self.watch.seconds(),
        }
    }
}

/// "holds" when the first arm's mean is ahead of every other's by the margin and it wins on every seed; "does not hold"
/// when some other arm is as far ahead of it; else "undecided".
fn verdict(rows: &[&[f64]], means: &[f64], margin: f64) -> &'static str {
    let (Some((first, others)), Some((lead, rest))) = (rows.split_first(), means.split_first()) else { return "undecided" };
    let wins = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| a > b);
    if rest.iter().zip(others).all(|(mean, row)| lead - mean >= margin && wins(first, row)) {
        "holds"
    } else if rest.iter().any(|mean| mean - lead >= margin) {
        "does not hold"
    } else {
        "undecided"
    }
}
