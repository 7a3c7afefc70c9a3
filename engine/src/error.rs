//! The one error of the engine, grouped by cause. A front end shows `title`, `why` and `what_to_do`; nothing else.

use serde::{Deserialize, Serialize};

/// What went wrong, grouped by who can mend it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A name, knob or size the user gave that does not exist or does not fit.
    #[error("{what}: {why}")]
    Request { what: String, why: String, try_this: String },
    /// A file or data set that cannot be used.
    #[error("{what}: {why}")]
    Data { what: String, why: String, try_this: String },
    /// A weights file that does not fit the model.
    #[error("{what}: {why}")]
    Checkpoint { what: String, why: String, try_this: String },
    /// The GPU or its driver refused, or was lost.
    #[error("{what}: {why}")]
    Device { what: String, why: String, try_this: String },
    /// Training went wrong: a loss that is not a number.
    #[error("{what}: {why}")]
    Training { what: String, why: String, try_this: String },
    /// Reading or writing a file failed.
    #[error("{what}: {why}")]
    File { what: String, why: String, try_this: String },
    /// A file of golden numbers that cannot be read.
    #[error("{what}: {why}")]
    Fixture { what: String, why: String, try_this: String },
}

/// `Result` with the engine's error.
pub type Result<T> = std::result::Result<T, Error>;

/// An error as a front end shows it: what happened, why, what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub title: String,
    pub why: String,
    pub what_to_do: String,
    /// The user asked for something that does not exist or does not fit ([`Error::Request`]): the command line exits
    /// with 2.
    #[serde(default)]
    pub usage: bool,
}

macro_rules! constructors {
    ($($name:ident $variant:ident),*) => {$(
        #[doc = concat!("An error of the group [`Error::", stringify!($variant), "`].")]
        pub fn $name(what: impl Into<String>, why: impl ToString, try_this: impl Into<String>) -> Self {
            Self::$variant { what: what.into(), why: why.to_string(), try_this: try_this.into() }
        }
    )*};
}

impl Error {
    constructors!(request Request, data Data, checkpoint Checkpoint, device Device, training Training, file File, fixture Fixture);

    /// The error as a front end shows it.
    pub fn report(&self) -> Report {
        let (Self::Request { what, why, try_this }
        | Self::Data { what, why, try_this }
        | Self::Checkpoint { what, why, try_this }
        | Self::Device { what, why, try_this }
        | Self::Training { what, why, try_this }
        | Self::File { what, why, try_this }
        | Self::Fixture { what, why, try_this }) = self;
        Report {
            title: what.clone(),
            why: why.clone(),
            what_to_do: try_this.clone(),
            usage: matches!(self, Self::Request { .. }),
        }
    }

    /// The command line's exit code: 2 usage, 3 data, device or file.
    pub fn exit_code(&self) -> i32 {
        match self {
            Self::Request { .. } => 2,
            _ => 3,
        }
    }
}
