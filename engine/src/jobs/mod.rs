//! Long work in slices, so that the engine answers in between: probes, fine-tuning, claims.

mod claim;
mod fine_tune;
mod probe;

pub use claim::ClaimJob;
pub use fine_tune::FineTune;
pub use probe::Probe;

use crate::batch::Half;
use crate::error::{Error, Result};
use crate::loader::Loader;
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

fn needs_labels(loader: &Loader) -> Result<usize> {
    let classes = loader.report().classes.len();
    if classes < 2 || loader.labels(Half::Train).is_empty() || loader.labels(Half::Test).is_empty() {
        let why = format!("{} has no classes to tell apart, or no test samples", loader.report().title);
        return Err(Error::data(
            "There is nothing to measure",
            why,
            "Put the samples of each class into a folder of its own, ten or more of each",
        ));
    }
    Ok(classes)
}
