//! Pictures in memory: bytes as decoded, split for training and testing, with the statistics that normalise them.

use crate::batch::{Batch, CLASS, Half, Role};
use crate::data::files::Files;
use crate::data::procedural::shapes;
use crate::data::resample::Raster;
use crate::data::{Cut, Dataset, crops, fashion_mnist, labelled, photos};
use crate::error::{Error, Result};
use crate::fingerprint::feed;
use crate::pixel_bytes::PixelBytes;
use crate::rng::Rng;
use crate::session::DataReport;
use crate::shape::Input;

/// The ids of all picture sets.
pub const IDS: [&str; 5] = ["fashion-mnist", "shapes", "photos", "clothing10", "openimages60"];

/// Per-channel mean of ImageNet, values in 0 … 1 (what every colour preset is normalised with).
pub const IMAGENET_MEAN: [f32; 3] = [0.485, 0.456, 0.406];
/// Per-channel standard deviation of ImageNet, values in 0 … 1.
pub const IMAGENET_STD: [f32; 3] = [0.229, 0.224, 0.225];

/// One picture of 1 channel (grey) or 3 (red, green, blue).
pub type Picture = Raster<u8>;

impl Picture {
    /// A picture of these bytes.
    ///
    /// # Errors
    /// [`Error::Data`] when there are not 1 or 3 channels, a side is 0, or the number of bytes does not fit the sides.
    pub fn new(width: u32, height: u32, channels: u32, pixels: Vec<u8>) -> Result<Self> {
        let wanted = u64::from(width) * u64::from(height) * u64::from(channels);
        if wanted == 0 || !matches!(channels, 1 | 3) || pixels.len() as u64 != wanted {
            return Err(Error::data(
                "A picture cannot be made",
                format!("{} bytes for {width} × {height} pixels of {channels} channels", pixels.len()),
                "Give 1 or 3 bytes for each pixel and at least one pixel",
            ));
        }
        Ok(Self { width, height, channels, pixels })
    }
}

/// Pictures that belong together (those to train on, those to test on).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Split {
    pub pictures: Vec<Picture>,
    /// Class of each picture, an index into [`DataReport::classes`]; empty = unlabelled.
    pub labels: Vec<u32>,
}

impl Split {
    /// Number of pictures.
    pub fn len(&self) -> usize {
        self.pictures.len()
    }

    /// Whether there is no picture.
    pub fn is_empty(&self) -> bool {
        self.pictures.is_empty()
    }
}

/// A data set of pictures, ready to be cropped into batches.
#[derive(Debug, Clone, PartialEq)]
pub struct PictureData {
    pub report: DataReport,
    /// Channels of every picture: 1 or 3.
    pub channels: usize,
    /// Mean of each channel, values in 0 … 1.
    pub mean: Vec<f32>,
    /// Standard deviation of each channel, values in 0 … 1.
    pub std: Vec<f32>,
    pub train: Split,
    pub test: Split,
}

impl PictureData {
    /// A colour set, normalised with ImageNet's statistics; the report's counts are taken from the splits.
    pub fn colour(report: DataReport, train: Split, test: Split) -> Self {
        Self::counted(report, &IMAGENET_MEAN, &IMAGENET_STD, train, test)
    }

    /// A grey set with its own mean and standard deviation; the report's counts are taken from the splits.
    pub fn grey(report: DataReport, mean: f32, std: f32, train: Split, test: Split) -> Self {
        Self::counted(report, &[mean], &[std], train, test)
    }

    fn counted(mut report: DataReport, mean: &[f32], std: &[f32], train: Split, test: Split) -> Self {
        report.samples = train.len() as u64;
        report.test_samples = test.len() as u64;
        if let Some(first) = train.pictures.first() {
            report.picture = (first.width, first.height, first.channels);
        }
        Self { report, channels: mean.len(), mean: mean.to_vec(), std: std.to_vec(), train, test }
    }
}

impl PictureData {
    fn split(&self, half: Half) -> &Split {
        match half {
            Half::Train => &self.train,
            Half::Test => &self.test,
        }
    }
}

impl Dataset for PictureData {
    fn report(&self) -> &DataReport {
        &self.report
    }

    fn inputs(&self) -> Vec<Input> {
        let (mean, std) = (self.mean.clone(), self.std.clone());
        vec![Input { mean, std, ..Input::new(Role::Imgs, [0, 0, self.channels]) }]
    }

    fn count(&self, half: Half) -> usize {
        self.split(half).len()
    }

    fn classes(&self, half: Half, track: &str) -> &[u32] {
        if track == CLASS { &self.split(half).labels } else { &[] }
    }

    fn content(&self, take: &mut dyn FnMut(&[u8])) {
        for picture in &self.train.pictures {
            feed(&[picture.width, picture.height, picture.channels], u32::to_le_bytes, take);
            take(&picture.pixels);
        }
        feed(&self.train.labels, u32::to_le_bytes, take);
    }

    fn cut(&self, half: Half, at: &[usize], how: &Cut, rng: &Rng) -> Result<Batch> {
        let split = self.split(half);
        let bytes = match how.augment {
            Some(augment) => crops::batch(self, split, at, how.side, augment, rng),
            None => crops::evaluation_batch(self, split, at, how.side),
        };
        let shape = [at.len(), how.side, how.side, self.channels];
        let batch = Batch::bytes(PixelBytes::new(shape, bytes, &self.mean, &self.std)?);
        Ok(labelled(batch, &split.labels, at))
    }
}

/// Open the set of this id; drawn pictures are `size` pixels wide and high, and drawn from `seed`.
///
/// # Errors
/// [`Error::Request`] when there is no such set; those of the set's own loader.
pub async fn open(id: &str, size: u32, files: &Files, seed: u64) -> Result<PictureData> {
    match id {
        "fashion-mnist" => fashion_mnist::load(files).await,
        "photos" => photos::load(files).await,
        "shapes" => Ok(shapes::load(size, seed)),
        "clothing10" | "openimages60" => photos::fetched(id, size, files).await,
        _ => Err(super::unknown(id, &IDS)),
    }
}
