//! How a command ends: the exit code and, when it failed, what to write on standard error.

use masquerade_engine::error::{Error, Report};

/// All went well.
pub const DONE: i32 = 0;
/// The command ran and its answer is no: a tensor is off, a claim does not hold.
pub const ANSWER_IS_NO: i32 = 1;
/// Wrong usage: a name or value that does not exist or does not fit.
const USAGE: i32 = 2;
/// Data, a file or the device failed.
const FAILED: i32 = 3;

/// The end of a command: an exit code, or why it could not go on.
pub type Outcome = Result<i32, Failure>;

/// Why a command stopped: the three lines for the user and the exit code.
#[derive(Debug)]
pub struct Failure {
    /// `None`: the reader of standard output has gone away, so there is nobody to tell.
    pub report: Option<Report>,
    pub code: i32,
}

impl Failure {
    /// Nobody reads the output any more (`masquerade list | head -1`).
    pub fn unheard() -> Self {
        Self { report: None, code: FAILED }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { code: error.exit_code(), report: Some(error.report()) }
    }
}

impl From<Report> for Failure {
    fn from(report: Report) -> Self {
        Self { code: if report.usage { USAGE } else { FAILED }, report: Some(report) }
    }
}
