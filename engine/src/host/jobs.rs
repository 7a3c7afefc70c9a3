//! Long jobs: one at a time, in slices, so that commands are answered in between.

use super::Host;
use crate::error::{Error, Result};
use crate::jobs::{self, Job, StudyJob};
use crate::session::{Event, StudyRequest};

impl Host {
    pub(super) fn begin(&mut self, job: Job) -> Result<()> {
        if let Some(running) = &self.job {
            let why = format!("the {} is still going on", running.name());
            return Err(Error::request("Another job is running", why, "Wait for it or stop it first"));
        }
        self.job = Some(job);
        Ok(())
    }

    /// End the job that is under way, and tell it.
    pub(super) fn stop_job(&mut self) {
        if let Some(job) = self.job.take() {
            self.log(format!("The {} was stopped.", job.name()));
            self.emit(Event::Job { name: job.name().into(), done: 0, total: 0, note: "stopped".into() });
        }
    }

    pub(super) fn run_study(&mut self, request: StudyRequest) -> Result<()> {
        let run = self.running()?.pretrained();
        let entry = self.entry(&run.card.id)?;
        let study = jobs::asked(run.card.claim.as_ref(), request, &run.settings);
        let (session, loader, files) = (self.session.clone(), run.loader.clone(), self.files.clone());
        let device = self.compute()?.device.clone();
        let job = StudyJob::new(entry, study, session, loader, files, (&device, run.limits))?;
        self.begin(Job::Study(Box::new(job)))
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
