//! Long jobs: one at a time, in slices, so that commands are answered in between.

use super::Host;
use crate::error::{Error, Result};
use crate::jobs::{ClaimJob, Job};
use crate::registry;
use crate::session::Event;

impl Host {
    pub(super) fn begin(&mut self, job: Job) -> Result<()> {
        if let Some(running) = &self.job {
            let why = format!("the {} is still going on", running.name());
            return Err(Error::request("Another job is running", why, "Wait for it or stop it first"));
        }
        self.job = Some(job);
        Ok(())
    }

    pub(super) fn run_claim(&mut self, steps: u32, seeds: Vec<u64>) -> Result<()> {
        let run = self.running()?;
        let entry = registry::entry(&self.session.method)?;
        let lacks = || Error::request("There is nothing to claim", "the system has no claim", "Choose another system");
        let mut claim = run.card.claim.clone().ok_or_else(lacks)?;
        if steps > 0 {
            claim.steps = steps;
        }
        if !seeds.is_empty() {
            claim.seeds = seeds;
        }
        let device = self.compute()?.device.clone();
        let job = ClaimJob::new(entry, claim, self.session.clone(), run.loader.clone(), (&device, run.limits))?;
        self.begin(Job::Claim(Box::new(job)))
    }

    pub(super) async fn job_slice(&mut self) {
        let Some(mut job) = self.job.take() else { return };
        let name = job.name().to_string();
        match job.slice().await {
            Ok(slice) => {
                self.emit(Event::Job { name, done: slice.done, total: slice.total, note: slice.note });
                match slice.answer {
                    Some(answer) => self.emit(answer),
                    None => self.job = Some(job),
                }
            }
            Err(error) => {
                // A loss of the device names the job that it stopped.
                self.job = Some(job);
                self.answer_failure(&error).await;
                self.job = None;
            }
        }
    }
}
