//! Training and its progress.

use super::{Host, PROGRESS_EVERY, Rate};
use crate::clock::Stopwatch;
use crate::error::{Error, Result};
use crate::jobs::{Job, Test};
use crate::session::{Event, Progress, Reproduction};

/// Least seconds between two reports of the device's memory while a run trains.
const DESCRIBE_EVERY: f64 = 1.0;
/// Two first losses are the same where they differ by no more than this part: processors round differently.
const SAME: f32 = 1e-4;

impl Host {
    pub(super) async fn play(&mut self, steps: Option<u64>) -> Result<()> {
        self.begin_training().await?;
        self.playing = Some(steps);
        self.rate = Rate { since: Stopwatch::start(), steps: 0, smooth: 0.0 };
        self.tell_state();
        Ok(())
    }

    pub(super) async fn pause(&mut self) -> Result<()> {
        self.playing = None;
        let told = self.tell_progress().await;
        self.tell_state();
        told?;
        self.keep_copy(true).await
    }

    pub(super) async fn train(&mut self) -> Result<()> {
        let run = self
            .run
            .as_mut()
            .ok_or_else(|| Error::request("Nothing is open", "no system has been opened yet", "Choose a system"))?;
        let note = run.train_step().await?;
        self.session.step = run.step;
        let whole = run.step == run.total_steps();
        let tested = whole && run.head().is_some();
        if let Some(note) = note {
            self.log(note);
        }
        self.rate.steps += 1;
        let left = self.playing.flatten().map(|left| left.saturating_sub(1));
        // Without a number of steps to go, playing ends where the run was planned to; playing on from there has no end.
        let planned = left.is_none() && whole;
        let over = left == Some(0) || planned;
        if let Some(left) = left {
            self.playing = Some(Some(left));
        }
        if planned {
            self.log(format!("The {} planned steps are over.", self.session.step));
        }
        let first = self.session.step == 1;
        if over || first || tested || self.told.seconds() >= PROGRESS_EVERY {
            self.tell_progress().await?;
            self.keep_copy(over).await?;
        }
        if over {
            self.playing = None;
            self.tell_state();
        }
        if tested && self.job.is_none() {
            let test = Test::new(self.running()?)?;
            self.begin(Job::Test(Box::new(test)))?;
        }
        Ok(())
    }

    pub(super) async fn tell_progress(&mut self) -> Result<()> {
        let Some(run) = &mut self.run else { return Ok(()) };
        let losses = run.losses().await?;
        let elapsed = self.rate.since.seconds();
        if self.rate.steps > 0 && elapsed > 0.0 {
            let rate = self.rate.steps as f64 / elapsed;
            self.rate.smooth = if self.rate.smooth == 0.0 { rate } else { 0.8 * self.rate.smooth + 0.2 * rate };
            (self.rate.since, self.rate.steps) = (Stopwatch::start(), 0);
        }
        let of = self.playing.flatten().map_or_else(|| run.total_steps(), |left| run.step + left);
        let progress = Progress {
            step: run.step,
            of,
            steps_per_second: self.rate.smooth,
            seconds_left: if self.rate.smooth > 0.0 {
                of.saturating_sub(run.step) as f64 / self.rate.smooth
            } else {
                0.0
            },
            learning_rate: run.learning_rate(),
            phase: run.phases().get(run.phase()).map(|p| p.title.clone()).unwrap_or_default(),
            phases: (run.phase() as u32 + 1, run.phases().len() as u32),
            losses,
        };
        self.told = Stopwatch::start();
        if self.described.seconds() >= DESCRIBE_EVERY {
            self.described = Stopwatch::start();
            let report = self.device_report()?;
            self.emit(Event::Device(report));
        }
        let first = progress.losses.first().filter(|p| p.step == 1).map(|p| p.total);
        self.emit(Event::Progress(progress));
        if let Some(first) = first {
            self.first_loss(first);
        }
        Ok(())
    }

    /// Certify the first loss against the one in the link, or note it for the next link.
    pub(super) fn first_loss(&mut self, loss: f32) {
        if let Some(expected) = self.session.first_loss {
            let same = (loss - expected).abs() <= SAME * expected.abs().max(1e-12);
            self.emit(Event::Reproduced(Reproduction { expected, got: loss, tolerance: SAME, same }));
        } else {
            self.session.first_loss = Some(loss);
            self.tell_state();
        }
    }
}
