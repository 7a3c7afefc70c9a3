//! Files of the user on their way to a data set.

use serde::{Deserialize, Serialize};

use super::{NamedBytes, Reading};

/// Files of the user: those that could be read, those that could not, and how the user wants them understood.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct UserFiles {
    /// Names are paths with `/` below the folder that was given.
    pub files: Vec<NamedBytes>,
    /// Files and folders that were passed over on the way: name and reason.
    pub left_out: Vec<(String, String)>,
    pub reading: Reading,
}

impl From<Vec<NamedBytes>> for UserFiles {
    fn from(files: Vec<NamedBytes>) -> Self {
        Self { files, ..Self::default() }
    }
}
