//! The claim of a system: its arms side by side.

use super::{Probe, Slice, needs_labels};
use crate::card::{Claim, KnobValue};
use crate::clock::Stopwatch;
use crate::error::Result;
use crate::limits::Limits;
use crate::loader::Loader;
use crate::method::{Entry, Subject};
use crate::run::Run;
use crate::session::{ClaimReport, Event, Session};
use crate::settings::Settings;

/// Metrics that the frame's own probe gives; all others are the system's.
const PROBED: [&str; 2] = ["knn_accuracy", "linear_accuracy"];

/// The arms of a claim, each trained on each seed from scratch and measured.
pub struct ClaimJob {
    entry: Entry,
    claim: Claim,
    session: Session,
    loader: Loader,
    device: burn::tensor::Device,
    limits: Limits,
    /// Arm-major results, and the seconds that each took.
    results: Vec<f64>,
    seconds: Vec<f64>,
    /// The claim's other metrics, those of one run after the other.
    others: Vec<f64>,
    now: Option<(Run, Option<Probe>, Stopwatch)>,
    watch: Stopwatch,
}

impl ClaimJob {
    /// Run the card's claim from the session's preset and data.
    ///
    /// # Errors
    /// [`Error::Data`] when the metric needs labels and the data has none.
    pub fn new(
        entry: Entry,
        claim: Claim,
        session: Session,
        loader: Loader,
        (device, limits): (&burn::tensor::Device, Limits),
    ) -> Result<Self> {
        if PROBED.contains(&claim.metric.as_str()) {
            needs_labels(&loader)?;
        }
        Ok(Self {
            entry,
            claim,
            session,
            loader,
            device: device.clone(),
            limits,
            results: Vec::new(),
            seconds: Vec::new(),
            others: Vec::new(),
            now: None,
            watch: Stopwatch::start(),
        })
    }

    fn total(&self) -> u64 {
        (self.claim.arms.len() * self.claim.seeds.len()) as u64 * u64::from(self.claim.steps)
    }

    pub(super) async fn slice(&mut self) -> Result<Slice> {
        let seeds = self.claim.seeds.len();
        let (arm, seed) = (self.results.len() / seeds.max(1), self.results.len() % seeds.max(1));
        if arm >= self.claim.arms.len() {
            let total = self.total();
            return Ok(Slice { done: total, total, note: String::new(), answer: Some(Event::Claimed(self.report())) });
        }
        let note = format!("{}, seed {}", self.claim.arms[arm].name, self.claim.seeds[seed]);
        let (mut run, mut probe, watch) = match self.now.take() {
            Some(now) => now,
            None => (self.start(arm, seed)?, None, Stopwatch::start()),
        };
        let steps = run.total_steps();
        let measured = if run.step < steps {
            run.train_step().await?;
            if run.waiting() >= 25 || run.step == steps {
                run.losses().await?;
            }
            None
        } else if PROBED.contains(&self.claim.metric.as_str()) {
            let mut begun = match probe.take() {
                Some(probe) => probe,
                None => Probe::new(&run, 10_000, 10_000)?,
            };
            let answer = begun.slice().await?.answer;
            probe = Some(begun);
            match answer {
                Some(Event::Probe(report)) if self.claim.metric == "knn_accuracy" => report.knn_accuracy,
                Some(Event::Probe(report)) => report.linear_accuracy,
                _ => None,
            }
        } else {
            Some(measure(&run, &self.claim.metric).await?)
        };
        let each = u64::from(self.claim.steps);
        if let Some(number) = measured {
            self.results.push(number);
            self.seconds.push(watch.seconds());
            for metric in &self.claim.also {
                self.others.push(measure(&run, metric).await?);
            }
            return Ok(Slice { done: self.results.len() as u64 * each, total: self.total(), note, answer: None });
        }
        let part = (run.step * each).checked_div(steps).unwrap_or(0);
        let done = self.results.len() as u64 * each + part;
        self.now = Some((run, probe, watch));
        Ok(Slice { done, total: self.total(), note, answer: None })
    }

    fn start(&self, arm: usize, seed: usize) -> Result<Run> {
        let mut session = self.session.clone();
        session.seed = self.claim.seeds[seed];
        session.knobs.insert("steps".into(), KnobValue::Number(f64::from(self.claim.steps)));
        session.knobs.extend(self.claim.arms[arm].knobs.clone());
        let settings = Settings::of(&session, &(self.entry.card)(), self.loader.shape())?;
        let loader = Loader::new(self.loader.data().clone(), &settings);
        let mut run = Run::new(&self.entry, settings, loader, &self.device)?;
        run.limits = self.limits;
        run.method.needs().check(run.loader.batch_size(), run.limits)?;
        Ok(run)
    }

    /// The mean of another metric for every arm.
    fn mean_of_other(&self, number: usize) -> Vec<f64> {
        let values: Vec<f64> = self.others.iter().skip(number).step_by(self.claim.also.len().max(1)).copied().collect();
        values.chunks(self.claim.seeds.len().max(1)).map(|runs| runs.iter().sum::<f64>() / runs.len() as f64).collect()
    }

    fn report(&self) -> ClaimReport {
        let rows: Vec<&[f64]> = self.results.chunks(self.claim.seeds.len().max(1)).collect();
        let means: Vec<f64> = rows.iter().map(|r| r.iter().sum::<f64>() / r.len().max(1) as f64).collect();
        ClaimReport {
            method: (self.entry.card)().id,
            data: self.loader.report().title,
            sentence: self.claim.sentence.clone(),
            metric: self.claim.metric.clone(),
            margin: self.claim.margin,
            seeds: self.claim.seeds.clone(),
            steps: self.claim.steps,
            arms: self.claim.arms.iter().zip(&rows).map(|(a, r)| (a.name.clone(), r.to_vec())).collect(),
            verdict: verdict(&rows, &means, self.claim.margin).into(),
            means,
            others: self
                .claim
                .also
                .iter()
                .enumerate()
                .map(|(i, metric)| (metric.clone(), self.mean_of_other(i)))
                .collect(),
            arm_seconds: self
                .seconds
                .chunks(self.claim.seeds.len().max(1))
                .map(|s| s.iter().sum::<f64>() / s.len() as f64)
                .collect(),
            note: self.claim.note.clone(),
            seconds: self.watch.seconds(),
        }
    }
}

/// A number of the system's own, of what has been trained.
async fn measure(run: &Run, metric: &str) -> Result<f64> {
    let weights = run.weights.frozen();
    let subject = Subject { weights: &weights, loader: &run.loader, settings: &run.settings };
    run.method.measure(metric, subject).await
}

/// "holds" when the first arm's mean is ahead of every other's by the margin and it wins on every seed; "does not hold"
/// when some other arm is as far ahead of it; else "undecided".
fn verdict(rows: &[&[f64]], means: &[f64], margin: f64) -> &'static str {
    let (Some((first, others)), Some((lead, rest))) = (rows.split_first(), means.split_first()) else {
        return "undecided";
    };
    let wins = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| a > b);
    if rest.iter().zip(others).all(|(mean, row)| lead - mean >= margin && wins(first, row)) {
        "holds"
    } else if rest.iter().any(|mean| mean - lead >= margin) {
        "does not hold"
    } else {
        "undecided"
    }
}
