//! Point clouds: the user's files, models that somebody drew, solids that the program draws.
//!
//! * [`surface`]: points from the meshes that the readers of files give
//! * [`solids`], [`kaykit`], [`own`]: one file a source

pub mod kaykit;
pub mod own;
pub mod solids;
pub mod surface;

use masquerade_formats::Reading;

use crate::batch::{Batch, CLASS, Half, Role, Values};
use crate::data::files::Files;
use crate::data::{Cut, Dataset, labelled};
use crate::error::Result;
use crate::fingerprint::feed;
use crate::host_tensor::HostTensor;
use crate::rng::Rng;
use crate::session::{DataReport, NamedBytes, grouped};
use crate::shape::Input;

/// The ids of the sets of clouds.
pub const IDS: [&str; 3] = ["solids", "kaykit", "kaykit120"];

/// Clouds that belong together, all with the same number of points.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CloudSplit {
    /// [clouds, points, 3], as stored: no centring, no scaling.
    pub points: Vec<f32>,
    /// Class of each cloud, an index into [`DataReport::classes`]; empty = unlabelled.
    pub labels: Vec<u32>,
}

/// A set of point clouds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CloudData {
    pub report: DataReport,
    /// Points of every cloud.
    pub points: usize,
    pub train: CloudSplit,
    pub test: CloudSplit,
}

impl CloudData {
    /// A set of these halves; its report gets their numbers.
    pub fn new(mut report: DataReport, points: usize, train: CloudSplit, test: CloudSplit) -> Self {
        let clouds = |split: &CloudSplit| (split.points.len() / (3 * points).max(1)) as u64;
        (report.samples, report.test_samples) = (clouds(&train), clouds(&test));
        report.detail = format!("{} points a cloud", grouped(points as u64));
        Self { report, points, train, test }
    }

    /// A cloud of a split, [points, 3].
    pub fn cloud<'a>(&self, split: &'a CloudSplit, index: usize) -> &'a [f32] {
        let size = self.points * 3;
        split.points.get(index * size..(index + 1) * size).unwrap_or(&[])
    }
}

impl CloudData {
    fn split(&self, half: Half) -> &CloudSplit {
        match half {
            Half::Train => &self.train,
            Half::Test => &self.test,
        }
    }
}

impl Dataset for CloudData {
    fn report(&self) -> &DataReport {
        &self.report
    }

    fn inputs(&self) -> Vec<Input> {
        vec![Input::new(Role::Points, [self.points, 3])]
    }

    fn count(&self, half: Half) -> usize {
        self.split(half).points.len() / (self.points * 3).max(1)
    }

    fn classes(&self, half: Half, track: &str) -> &[u32] {
        if track == CLASS { &self.split(half).labels } else { &[] }
    }

    fn content(&self, take: &mut dyn FnMut(&[u8])) {
        feed(&[self.points as u64], u64::to_le_bytes, take);
        feed(&self.train.points, f32::to_le_bytes, take);
        feed(&self.train.labels, u32::to_le_bytes, take);
    }

    /// Clouds as stored: which points are taken, and how they are turned, is a matter of the system.
    fn cut(&self, half: Half, at: &[usize], _how: &Cut, _rng: &Rng) -> Result<Batch> {
        let split = self.split(half);
        let points: Vec<f32> = at.iter().flat_map(|cloud| self.cloud(split, *cloud)).copied().collect();
        let points = Values::Floats(HostTensor::new([at.len(), self.points, 3], points));
        Ok(labelled(Batch::of(Role::Points, points), &split.labels, at))
    }
}

/// Open the set of this id; drawn ones are drawn from `seed`.
///
/// # Errors
/// [`Error::Request`](crate::error::Error::Request) when there is no such set; those of the set's own loader.
pub async fn open(id: &str, files: &Files, seed: u64) -> Result<CloudData> {
    match id {
        "solids" => Ok(solids::load(seed)),
        "kaykit" => kaykit::load(files).await,
        "kaykit120" => kaykit::fetched(id, files).await,
        _ => Err(super::unknown(id, &IDS)),
    }
}

/// The user's own clouds.
///
/// # Errors
/// [`Error::Data`](crate::error::Error::Data) when no file holds one.
pub fn from_files(files: Vec<NamedBytes>, reading: &Reading) -> Result<CloudData> {
    own::from_files(files, reading)
}
