//! A study: its arms side by side, each trained on each seed from scratch and measured.

mod report;

use super::fine_tune::FineTune;
use super::{Probe, Slice};
use crate::card::{Arm, KnobValue, Outcome, Study};
use crate::clock::Stopwatch;
use crate::data::files::Files;
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::loader::Loader;
use crate::method::{Entry, Subject};
use crate::run::{Run, needs_labels};
use crate::session::{Event, Session, StudyRequest, Task};
use crate::settings::Settings;

/// Losses that wait before they are read.
const READ_EVERY: usize = 25;
/// Most samples of each half that a probe takes.
const PROBED: u32 = 10_000;

/// A study that is under way.
pub struct StudyJob {
    entry: Entry,
    study: Study,
    session: Session,
    loader: Loader,
    files: Files,
    device: burn::tensor::Device,
    limits: Limits,
    /// Those that are over, arm by arm and seed by seed.
    trials: Vec<Trial>,
    now: Option<Now>,
    watch: Stopwatch,
}

/// One arm on one seed.
#[derive(Default)]
struct Trial {
    /// The outcome at each point of the training: step, and a value for each share of the labels.
    points: Vec<(u64, Vec<f64>)>,
    /// The study's other metrics.
    others: Vec<f64>,
    seconds: f64,
}

/// The trial that is under way.
struct Now {
    run: Run,
    trial: Trial,
    /// Values at this point so far, and what is measuring the next one.
    values: Vec<f64>,
    measuring: Option<Measuring>,
    watch: Stopwatch,
}

enum Measuring {
    Probe(Box<Probe>),
    FineTune(Box<FineTune>),
}

impl StudyJob {
    /// Run a study from the session's preset and data.
    ///
    /// # Errors
    /// [`Error::Data`] when the outcome needs labels and the data has none; [`Error::Request`] when a share of the labels
    /// is no share, or the outcome takes no label budget.
    pub fn new(
        entry: Entry,
        study: Study,
        session: Session,
        loader: Loader,
        files: Files,
        (device, limits): (&burn::tensor::Device, Limits),
    ) -> Result<Self> {
        let refuse = |why: String, what: &str| Err(Error::request("This study cannot be run", why, what));
        if let Some(share) = study.labels.iter().find(|share| !(**share > 0.0 && **share <= 1.0)) {
            return refuse(format!("{share} is no share of the labels"), "Give shares above 0, at most 1");
        }
        match &study.outcome {
            Outcome::Own(metric) if study.labels.iter().any(|share| *share < 1.0) => {
                return refuse(
                    format!("{metric} does not say how many labels it uses"),
                    "Choose linear_accuracy, knn_accuracy, mlp_accuracy or fine-tuning",
                );
            }
            Outcome::Own(_) => {}
            Outcome::Probe(_) | Outcome::FineTune => {
                needs_labels(&loader)?;
            }
        }
        let session = Session { task: Task::Pretrain, ..session };
        let (device, now, watch) = (device.clone(), None, Stopwatch::start());
        Ok(Self { entry, study, session, loader, files, device, limits, trials: Vec::new(), now, watch })
    }

    fn total(&self) -> u64 {
        (self.study.arms.len() * self.study.seeds.len()) as u64 * u64::from(self.study.steps.max(1))
    }

    pub(super) async fn slice(&mut self) -> Result<Slice> {
        let (seeds, total) = (self.study.seeds.len(), self.total());
        let (arm, seed) = (self.trials.len() / seeds.max(1), self.trials.len() % seeds.max(1));
        if arm >= self.study.arms.len() || seeds == 0 {
            return Ok(Slice { done: total, total, note: String::new(), answer: Some(Event::Studied(self.report())) });
        }
        let mut note = format!("{}, seed {}", self.study.arms[arm].name, self.study.seeds[seed]);
        let mut now = match self.now.take() {
            Some(now) => now,
            None => self.start(arm, seed).await?,
        };
        let each = u64::from(self.study.steps.max(1));
        let before = self.trials.len() as u64 * each;
        let (steps, points) = (now.run.total_steps(), u64::from(self.study.points.max(1)));
        // The point of the training at which the outcome is measured next.
        let due = steps * (now.trial.points.len() as u64 + 1) / points;
        if now.run.step < due {
            now.run.train_step().await?;
            if now.run.waiting() >= READ_EVERY || now.run.step == due {
                now.run.losses().await?;
            }
        } else {
            note = self.measure(&mut now).await?.map_or(note.clone(), |more| format!("{note}, {more}"));
        }
        if now.trial.points.len() as u64 == points {
            for metric in &self.study.also {
                now.trial.others.push(own(&now.run, metric).await?);
            }
            now.trial.seconds = now.watch.seconds();
            self.trials.push(now.trial);
            return Ok(Slice { done: before + each, total, note, answer: None });
        }
        let done = before + (now.run.step * each).checked_div(steps).unwrap_or(0);
        self.now = Some(now);
        Ok(Slice { done, total, note, answer: None })
    }

    async fn start(&self, arm: usize, seed: usize) -> Result<Now> {
        let mut session = self.session.clone();
        session.seed = self.study.seeds[seed];
        session.knobs.insert("steps".into(), KnobValue::Number(f64::from(self.study.steps)));
        session.knobs.extend(self.study.arms[arm].knobs.clone());
        let settings = Settings::of(&session, &(self.entry.card)(), self.loader.shape())?;
        let loader = Loader::new(self.loader.data().clone(), &settings);
        let (mut run, _) = Run::open(&self.entry, settings, loader, &self.device, &self.files).await?;
        run.limits = self.limits;
        run.needs().check(run.loader.batch_size(), run.limits)?;
        let (trial, values, measuring, watch) = (Trial::default(), Vec::new(), None, Stopwatch::start());
        Ok(Now { run, trial, values, measuring, watch })
    }

    /// One slice of measuring the outcome at this point; the answer is what is being done, in words.
    async fn measure(&self, now: &mut Now) -> Result<Option<String>> {
        let share = self.study.labels.get(now.values.len()).copied().unwrap_or(1.0);
        let mut words = (share < 1.0).then(|| format!("{} % of the labels", 100.0 * share));
        let value = match (&self.study.outcome, now.measuring.take()) {
            (Outcome::Own(metric), _) => Some(own(&now.run, metric).await?),
            (Outcome::Probe(metric), Some(Measuring::Probe(mut probe))) => {
                let value = match probe.gather().await? {
                    true => None,
                    false => probe.accuracy(metric, share, now.run.settings.seed).await?,
                };
                now.measuring = Some(Measuring::Probe(probe));
                value
            }
            (Outcome::Probe(_), _) => {
                now.measuring = Some(Measuring::Probe(Box::new(Probe::new(&now.run, PROBED, PROBED)?)));
                None
            }
            (Outcome::FineTune, Some(Measuring::FineTune(mut tuning))) => {
                let slice = tuning.slice().await?;
                words = Some(words.map_or(slice.note.clone(), |words| format!("{words}, {}", slice.note)));
                now.measuring = Some(Measuring::FineTune(tuning));
                match slice.answer {
                    Some(Event::FineTuned(report)) => {
                        now.measuring = None;
                        Some(report.test_accuracy)
                    }
                    _ => None,
                }
            }
            (Outcome::FineTune, _) => {
                now.measuring = Some(Measuring::FineTune(Box::new(FineTune::new(&now.run, share)?)));
                None
            }
        };
        now.values.extend(value);
        if now.values.len() >= self.study.labels.len().max(1) {
            now.trial.points.push((now.run.step, std::mem::take(&mut now.values)));
            now.measuring = None;
        }
        Ok(words)
    }
}

/// A number of the system's own, of what has been trained.
async fn own(run: &Run, metric: &str) -> Result<f64> {
    let weights = run.weights.frozen();
    let subject = Subject { weights: &weights, loader: &run.loader, settings: &run.settings };
    run.method.measure(metric, subject).await
}

/// The study that is asked for: the claim, with what the request gives in the place of its own.
pub fn asked(claim: Option<&Study>, request: StudyRequest, open: &Settings) -> Study {
    let as_open = || Study {
        arms: vec![Arm { name: "as set".into(), knobs: open.values().clone() }],
        steps: open.find::<usize>("steps").unwrap_or_default() as u32,
        ..Study::default()
    };
    let mut study = claim.cloned().unwrap_or_else(as_open);
    let another = !request.arms.is_empty() || request.outcome.as_ref().is_some_and(|outcome| *outcome != study.outcome);
    if another {
        // The sentence, the margin and the note are of the claim's own arms and number.
        study = Study { sentence: String::new(), margin: 0.0, note: String::new(), also: Vec::new(), ..study };
    }
    if !request.arms.is_empty() {
        study.arms = request.arms;
    }
    study.outcome = request.outcome.unwrap_or(study.outcome);
    if !request.labels.is_empty() {
        study.labels = request.labels;
    }
    if !request.seeds.is_empty() {
        study.seeds = request.seeds;
    }
    if request.steps > 0 {
        study.steps = request.steps;
    }
    study.points = request.points.max(1);
    study
}
