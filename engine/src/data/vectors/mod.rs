//! Plain vectors: curves and mixtures of the plane, small digits, tables of the user.
//!
//! * [`drawn`]: sets whose distribution is known exactly
//! * [`digits`]: handwritten digits of 8 × 8 pixels
//! * [`table`]: the user's CSV files

pub mod digits;
pub mod drawn;
pub mod table;

use crate::data::files::Files;
use crate::density::mixture::Mixture;
use crate::error::Result;
use crate::session::{DataReport, NamedBytes};

/// The ids of the sets of vectors.
pub const IDS: [&str; 5] = ["spiral", "mixture", "line", "points", "digits"];

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
    /// What the vectors are drawn from, where it is known.
    pub truth: Option<Mixture>,
}

impl VectorData {
    /// The report's counts, and what a sample is, from the vectors.
    fn counted(mut self) -> Self {
        let dims = self.dims.max(1);
        self.report.samples = (self.train.len() / dims) as u64;
        self.report.test_samples = (self.test.len() / dims) as u64;
        self.report.detail = if dims == 1 { "1 number a sample".into() } else { format!("{dims} numbers a sample") };
        self
    }
}

/// Open the set of this id; drawn ones are drawn from `seed`.
///
/// # Errors
/// [`Error::Request`](crate::error::Error::Request) when there is no such set; those of the set's own loader.
pub async fn open(id: &str, files: &Files, seed: u64) -> Result<VectorData> {
    match id {
        "spiral" => drawn::spiral(seed),
        "mixture" => drawn::mixture(seed),
        "line" => drawn::line(seed),
        "points" => drawn::points(),
        "digits" => digits::load(files).await,
        _ => Err(super::unknown(id, &IDS)),
    }
}

/// The user's own table.
///
/// # Errors
/// [`Error::Data`](crate::error::Error::Data) when no file is one.
pub fn from_files(files: Vec<NamedBytes>) -> Result<VectorData> {
    table::from_files(files)
}
