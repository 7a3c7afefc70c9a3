//! Plain vectors: curves and mixtures of the plane, small digits, tables of the user.
//!
//! * [`drawn`]: sets whose distribution is known exactly
//! * [`digits`]: handwritten digits of 8 × 8 pixels; [`sciences`]: iris, wine, breast cancer
//! * [`table`]: the user's CSV files

pub mod digits;
pub mod drawn;
pub mod sciences;
pub mod table;

use crate::batch::{Batch, CLASS, Half, Role, Values};
use crate::data::files::Files;
use crate::data::{Cut, Dataset, labelled};
use crate::density::mixture::Mixture;
use crate::error::Result;
use crate::fingerprint::feed;
use crate::host_tensor::HostTensor;
use crate::rng::Rng;
use crate::session::{DataReport, NamedBytes, Reading, grouped};
use crate::shape::Input;

/// The ids of the sets of vectors.
pub const IDS: [&str; 8] = ["spiral", "mixture", "line", "points", "digits", "iris", "wine", "breast-cancer"];

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
        self.report.detail =
            if dims == 1 { "1 number a sample".into() } else { format!("{} numbers a sample", grouped(dims as u64)) };
        self
    }
}

impl VectorData {
    /// Vectors and labels of a half.
    fn half(&self, half: Half) -> (&[f32], &[u32]) {
        match half {
            Half::Train => (&self.train, &self.train_labels),
            Half::Test => (&self.test, &self.test_labels),
        }
    }
}

impl Dataset for VectorData {
    fn report(&self) -> &DataReport {
        &self.report
    }

    fn inputs(&self) -> Vec<Input> {
        vec![Input::new(Role::Vectors, [self.dims])]
    }

    fn count(&self, half: Half) -> usize {
        self.half(half).0.len() / self.dims.max(1)
    }

    fn classes(&self, half: Half, track: &str) -> &[u32] {
        if track == CLASS { self.half(half).1 } else { &[] }
    }

    fn content(&self, take: &mut dyn FnMut(&[u8])) {
        feed(&self.train, f32::to_le_bytes, take);
        feed(&self.train_labels, u32::to_le_bytes, take);
    }

    fn cut(&self, half: Half, at: &[usize], _how: &Cut, _rng: &Rng) -> Result<Batch> {
        let (rows, labels) = self.half(half);
        let row = |i: &usize| rows.get(i * self.dims..(i + 1) * self.dims).unwrap_or(&[]);
        let values: Vec<f32> = at.iter().flat_map(row).copied().collect();
        let values = Values::Floats(HostTensor::new([at.len(), self.dims], values));
        Ok(labelled(Batch::of(Role::Vectors, values), labels, at))
    }

    fn density(&self) -> Option<&Mixture> {
        self.truth.as_ref()
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
        "iris" | "wine" | "breast-cancer" => sciences::open(id, files).await,
        _ => Err(super::unknown(id, &IDS)),
    }
}

/// The user's own table.
///
/// # Errors
/// [`Error::Data`](crate::error::Error::Data) when no file is one.
pub fn from_files(files: Vec<NamedBytes>, reading: &Reading) -> Result<VectorData> {
    table::from_files(files, reading)
}
