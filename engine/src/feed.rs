//! From a data set to the batches a method takes: which samples, in which order, cropped and normalised how.

use std::rc::Rc;

use crate::data::crops::{self, Augment};
use crate::data::pictures::{PictureData, Split};
use crate::error::Result;
use crate::method::Batch;
use crate::picture_bytes::PictureBytes;
use crate::rng::Rng;
use crate::session::DataReport;
use crate::settings::Settings;

/// A data set with the run's batch size, crop and order.
#[derive(Debug, Clone)]
pub struct Feed {
    pub data: Rc<PictureData>,
    size: usize,
    batch: usize,
    augment: Augment,
    rng: Rng,
}

/// Which half of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    Train,
    Test,
}

impl Feed {
    /// Feed `data` by the run's knobs.
    pub fn new(data: Rc<PictureData>, settings: &Settings) -> Self {
        let mut feed =
            Self { data, size: 0, batch: 1, augment: Augment { smallest_crop: 1.0, flip: false }, rng: Rng::new(settings.seed, "batches") };
        feed.adjust(settings);
        feed
    }

    /// Take the knobs that act at once.
    pub fn adjust(&mut self, settings: &Settings) {
        self.size = settings.count("img_size");
        self.batch = settings.count("batch").clamp(1, self.data.train.len().max(1));
        self.augment = Augment { smallest_crop: settings.number("crop") as f32, flip: settings.switch("flip") };
        self.rng = Rng::new(settings.seed, "batches");
    }

    /// Samples of one step.
    pub fn batch_size(&self) -> usize {
        self.batch
    }

    /// Facts for the data panel.
    pub fn report(&self) -> DataReport {
        self.data.report.clone()
    }

    fn half(&self, half: Half) -> &Split {
        match half {
            Half::Train => &self.data.train,
            Half::Test => &self.data.test,
        }
    }

    /// Number of samples of a half.
    pub fn len(&self, half: Half) -> usize {
        self.half(half).len()
    }

    /// Whether a half has no samples.
    pub fn is_empty(&self, half: Half) -> bool {
        self.half(half).len() == 0
    }

    /// Labels of a half; empty when the data has none.
    pub fn labels(&self, half: Half) -> &[u32] {
        &self.half(half).labels
    }

    /// Indices of the samples of step number `step`: a fresh random order every epoch, incomplete batches dropped.
    pub fn indices(&self, step: u64) -> Vec<usize> {
        let count = self.data.train.len();
        let per_epoch = (count / self.batch).max(1) as u64;
        let order = self.rng.at(step / per_epoch).permutation(count);
        let start = (step % per_epoch) as usize * self.batch;
        order[start..(start + self.batch).min(count)].to_vec()
    }

    /// The training batch of step number `step`, augmented.
    ///
    /// # Errors
    /// [`Error::Data`](crate::error::Error::Data) when there is nothing to train on.
    pub fn train_batch(&self, step: u64) -> Result<Batch> {
        let indices = self.indices(step);
        let bytes = crops::batch(&self.data, &self.data.train, &indices, self.size, self.augment, &self.rng.at(step).at(1));
        self.labelled(Half::Train, &indices, bytes)
    }

    /// Samples as evaluation sees them.
    ///
    /// # Errors
    /// [`Error::Data`](crate::error::Error::Data) when there are no samples.
    pub fn evaluation_batch(&self, half: Half, indices: &[usize]) -> Result<Batch> {
        let bytes = crops::evaluation_batch(&self.data, self.half(half), indices, self.size);
        self.labelled(half, indices, bytes)
    }

    fn labelled(&self, half: Half, indices: &[usize], bytes: Vec<u8>) -> Result<Batch> {
        let shape = [indices.len(), self.size, self.size, self.data.channels];
        let mut batch = Batch::bytes(PictureBytes::new(shape, bytes, &self.data.mean, &self.data.std)?);
        let labels = self.labels(half);
        batch.labels = indices.iter().filter_map(|i| labels.get(*i).copied()).collect();
        Ok(batch)
    }
}
