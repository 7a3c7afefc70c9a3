//! Long work in slices, so that the engine answers in between: probes, tests, studies.

mod fine_tune;
mod probe;
mod study;

pub use fine_tune::Test;
pub use probe::Probe;
pub use study::{StudyJob, asked};

use crate::error::Result;
use crate::session::Event;

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
    Test(Box<Test>),
    Study(Box<StudyJob>),
}

impl Job {
    /// Name for the progress line.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Probe(_) => "probe",
            Self::Test(_) => "test",
            Self::Study(_) => "study",
        }
    }

    /// Do the next slice.
    ///
    /// # Errors
    /// What the slice ran into; the job is over then.
    pub async fn slice(&mut self) -> Result<Slice> {
        match self {
            Self::Probe(job) => job.slice().await,
            Self::Test(job) => job.slice().await,
            Self::Study(job) => job.slice().await,
        }
    }
}
