//! When the device is lost in the midst of work: a copy of the training on the host, and going on from it elsewhere.

use super::Host;
use crate::clock::Stopwatch;
use crate::device;
use crate::error::{Error, Report, Result};
use crate::session::{DeviceChoice, Event, NamedBytes, Session};

/// Least seconds between two copies.
const COPY_EVERY: f64 = 10.0;
/// Least seconds before the copy of a training that has come to rest.
const COPY_AT_REST: f64 = 1.0;
/// Copies may take one part in this many of the time.
const SHARE: f64 = 20.0;
/// Larger states are not copied: they would fill the host's memory.
const LARGEST_COPY: usize = 512 << 20;
/// A GPU that was lost this often is not tried again.
const MOST_LOSSES: u32 = 2;

/// The last copy of a training, and when the next is due.
pub(super) struct Copies {
    last: Option<NamedBytes>,
    step: u64,
    since: Stopwatch,
    every: f64,
    due: f64,
    pub losses: u32,
}

impl Copies {
    pub fn new() -> Self {
        Self { last: None, step: 0, since: Stopwatch::start(), every: COPY_EVERY, due: COPY_EVERY, losses: 0 }
    }

    /// Another task of the same model is trained: the copy of the one before leads there too.
    pub fn turn(&mut self) {
        self.step = 0;
    }

    /// Another model is on the stage: its copy is not this one's.
    pub fn forget(&mut self) {
        *self = Self { every: self.every, due: self.every, losses: self.losses, ..Self::new() };
    }
}

impl Host {
    /// Copy the training to the host at least every so many seconds while it goes on (0: after each progress message).
    #[must_use]
    pub fn copying_every(mut self, seconds: f64) -> Self {
        (self.copies.every, self.copies.due) = (seconds, seconds);
        self
    }

    /// Copy the training if it is time, sooner when it `rests`: what a lost device held cannot be read any more.
    pub(super) async fn keep_copy(&mut self, rests: bool) -> Result<()> {
        let Some(run) = &self.run else { return Ok(()) };
        // Weights, and two moments of each that is trained. Frozen ones are loaded again instead.
        let count = run.weights.count();
        let size = (3 * count.trained + count.kept) * size_of::<f32>();
        let due = if rests { self.copies.due.min(COPY_AT_REST) } else { self.copies.due };
        if run.step == self.copies.step || self.copies.since.seconds() < due || size > LARGEST_COPY {
            return Ok(());
        }
        let watch = Stopwatch::start();
        let bytes = run.checkpoint(&self.session).await?;
        let copy = NamedBytes { name: format!("the copy of step {}", run.step), bytes };
        self.copies.step = run.step;
        self.copies.last = Some(copy.clone());
        self.copies.due = self.copies.every.max(watch.seconds() * SHARE);
        self.copies.since = Stopwatch::start();
        self.emit(Event::Copied(copy));
        Ok(())
    }

    /// Tell of an error, unless it means that the GPU is gone: then go on without it and tell that.
    pub(super) async fn answer_failure(&mut self, error: &Error) {
        let lost = match (error, &self.compute) {
            (Error::Device { .. } | Error::Training { .. }, Some(compute)) => !compute.answers().await,
            _ => false,
        };
        if !lost {
            return self.refuse(error);
        }
        match self.recover().await {
            Ok(report) => {
                log::warn!("{}: {}", report.title, report.why);
                self.emit(Event::Recovered(report));
            }
            Err(error) => {
                (self.run, self.playing) = (None, None);
                self.refuse(&error);
                self.tell_state();
            }
        }
    }

    /// Tell of an error of training, which ends it unless the session goes on elsewhere.
    pub(super) async fn playing_failed(&mut self, error: &Error) {
        let losses = self.copies.losses;
        self.answer_failure(error).await;
        if self.copies.losses == losses {
            self.playing = None;
            self.tell_state();
        }
    }

    /// Give back what ended runs held on the device.
    pub(super) fn release(&self) {
        if let Some(compute) = &self.compute {
            compute.device.memory_cleanup();
        }
    }

    async fn recover(&mut self) -> Result<Report> {
        let name = self.compute.as_ref().map(|compute| compute.report.name.clone()).unwrap_or_default();
        let (session, playing) = (self.session.clone(), self.playing.take());
        let stopped =
            self.job.take().map(|job| format!(" The {} was stopped; start it again.", job.name())).unwrap_or_default();
        self.warm = None;
        (self.beside, self.aside) = (None, None);
        self.spare_data = self.run.take().map(|run| run.loader.data().clone());
        self.copies.losses += 1;
        let choice = if self.copies.losses >= MOST_LOSSES { DeviceChoice::Cpu } else { self.choice };
        let compute = match device::open(choice).await {
            Ok(compute) => compute,
            Err(_) => device::open(DeviceChoice::Cpu).await?,
        };
        let place = if compute.report.gpu { "on it again" } else { "on the CPU" };
        self.compute = Some(compute);
        let report = self.device_report()?;
        self.emit(Event::Device(report));
        match self.copies.last.take() {
            Some(copy) => {
                self.load_checkpoint(&copy).await?;
                // Knobs that were turned since the copy was made.
                self.show(Session { step: 0, stored: self.session.stored, ..session.clone() }).await?;
                self.copies.last = Some(copy);
                self.copies.step = self.session.step;
            }
            None if !session.preset.is_empty() => self.show(Session { step: 0, ..session.clone() }).await?,
            None => {}
        }
        let step = self.session.step;
        // As far as was asked for, the steps that were lost once more.
        let playing = playing.map(|left| left.map(|left| left + session.step.saturating_sub(step)));
        match playing {
            Some(left) if left != Some(0) && self.run.is_some() => self.play(left).await?,
            _ => self.tell_state(),
        }
        Ok(Report {
            title: "The GPU was lost".into(),
            why: format!(
                "{name} stopped answering at step {}: it was taken away, reset by its driver, or ran out of memory.",
                session.step
            ),
            what_to_do: format!("Nothing: the session goes on {place} from step {step}.{stopped}"),
            usage: false,
        })
    }
}
