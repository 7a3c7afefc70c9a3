//! From a data set to the batches a method takes: which samples, in which order, cropped and normalised how.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::data::crops::{self, Augment};
use crate::data::pictures::PictureData;
pub use crate::data::{Data, Half};
use crate::error::Result;
use crate::method::{Batch, HostTensor};
use crate::picture_bytes::PictureBytes;
use crate::rng::Rng;
use crate::session::DataReport;
use crate::settings::Settings;

/// A data set with the run's batch size, crop and order.
#[derive(Debug, Clone)]
pub struct Loader {
    pub data: Rc<Data>,
    size: usize,
    batch: usize,
    augment: Augment,
    rng: Rng,
    /// Batches that are taken in turn instead of random ones.
    plan: Option<Rc<Vec<Vec<usize>>>>,
    /// The clusters that the plan was made from.
    clusters: Option<Rc<Clusters>>,
}

/// The cluster of every sample that takes part, by its number in the data.
pub type Clusters = BTreeMap<usize, u32>;

impl Loader {
    /// Loader `data` by the run's knobs.
    pub fn new(data: Rc<Data>, settings: &Settings) -> Self {
        let augment = Augment { smallest_crop: 1.0, flip: false };
        let rng = Rng::new(settings.seed, "batches");
        let mut loader = Self { data, size: 0, batch: 1, augment, rng, plan: None, clusters: None };
        loader.adjust(settings);
        loader
    }

    /// Take the knobs that act at once.
    pub fn adjust(&mut self, settings: &Settings) {
        self.size = settings.find("img_size").unwrap_or_default();
        self.resize(settings.find("batch").unwrap_or_default());
        // A system without these knobs makes its own views.
        let smallest_crop = settings.find("crop").unwrap_or(1.0_f64) as f32;
        self.augment = Augment { smallest_crop, flip: settings.find("flip").unwrap_or(false) };
        self.rng = Rng::new(settings.seed, "batches");
    }

    /// Take this many samples a step; 0: all.
    pub fn resize(&mut self, batch: usize) {
        self.batch = Self::most(&self.data, batch);
    }

    /// Samples of a step when this many are asked for.
    pub fn most(data: &Data, batch: usize) -> usize {
        let pool = data.pool().max(1);
        if batch == 0 { pool } else { batch.min(pool) }
    }

    /// Take these batches in turn from now on, the first at step 0, instead of random ones; `None`: random ones again.
    pub fn follow(&mut self, plan: Option<Vec<Vec<usize>>>) {
        self.plan = plan.filter(|plan| !plan.is_empty()).map(Rc::new);
        self.clusters = None;
    }

    /// As [`Loader::follow`], with the clusters that these batches were made from.
    pub fn follow_clusters(&mut self, plan: Vec<Vec<usize>>, clusters: Clusters) {
        self.follow(Some(plan));
        self.clusters = Some(Rc::new(clusters));
    }

    /// The clusters that the batches are made from, once they are found.
    pub fn clusters(&self) -> Option<&Clusters> {
        self.clusters.as_deref()
    }

    /// The batches that are taken in turn.
    pub fn plan(&self) -> Option<&[Vec<usize>]> {
        self.plan.as_deref().map(Vec::as_slice)
    }

    /// Samples of one step.
    pub fn batch_size(&self) -> usize {
        self.batch
    }

    /// Side of the model's input, in pixels.
    pub fn picture_side(&self) -> usize {
        self.size
    }

    /// Facts for the data panel.
    pub fn report(&self) -> DataReport {
        self.data.report().clone()
    }

    /// Number of samples of a half.
    pub fn len(&self, half: Half) -> usize {
        self.data.count(half)
    }

    /// Whether there is nothing to train on.
    pub fn is_empty(&self) -> bool {
        self.data.pool() == 0
    }

    /// Labels of a half; empty when the data has none.
    pub fn labels(&self, half: Half) -> &[u32] {
        self.data.labels(half)
    }

    /// Indices of the samples of step number `step`: a fresh random order every epoch, incomplete batches dropped, or
    /// the plan's.
    pub fn indices(&self, step: u64) -> Vec<usize> {
        if let Some(plan) = &self.plan {
            return plan[(step % plan.len() as u64) as usize].clone();
        }
        let count = self.data.pool();
        if self.batch >= count && matches!(*self.data, Data::Graph(_)) {
            return (0..count).collect();
        }
        let per_epoch = (count / self.batch).max(1) as u64;
        let order = self.rng.at(step / per_epoch).permutation(count);
        let start = (step % per_epoch) as usize * self.batch;
        order[start..(start + self.batch).min(count)].to_vec()
    }

    /// The training batch of step number `step`; pictures are augmented.
    ///
    /// # Errors
    /// [`Error::Data`](crate::error::Error::Data) when there is nothing to train on.
    pub fn train_batch(&self, step: u64) -> Result<Batch> {
        let indices = self.indices(step);
        let Data::Pictures(data) = &*self.data else { return self.plain_batch(Half::Train, indices) };
        let bytes = crops::batch(data, &data.train, &indices, self.size, self.augment, &self.rng.at(step).at(1));
        self.pictures(data, Half::Train, indices, bytes)
    }

    /// Samples as evaluation sees them; of a graph the labelled nodes of the half by their place among these.
    ///
    /// # Errors
    /// [`Error::Data`](crate::error::Error::Data) when there are no samples.
    pub fn evaluation_batch(&self, half: Half, indices: &[usize]) -> Result<Batch> {
        match &*self.data {
            Data::Pictures(data) => {
                let split = if half == Half::Train { &data.train } else { &data.test };
                self.pictures(data, half, indices.to_vec(), crops::evaluation_batch(data, split, indices, self.size))
            }
            Data::Graph(data) => {
                let nodes = if half == Half::Train { &data.train } else { &data.test };
                let labels = self.labels(half);
                let labels = indices.iter().filter_map(|i| labels.get(*i).copied()).collect();
                let indices = indices.iter().filter_map(|i| nodes.get(*i).copied()).collect();
                Ok(Batch { labels, indices, data: Some(self.data.clone()), ..Batch::default() })
            }
            _ => self.plain_batch(half, indices.to_vec()),
        }
    }

    fn pictures(&self, data: &PictureData, half: Half, indices: Vec<usize>, bytes: Vec<u8>) -> Result<Batch> {
        let shape = [indices.len(), self.size, self.size, data.channels];
        let batch = Batch::bytes(PictureBytes::new(shape, bytes, &data.mean, &data.std)?);
        Ok(self.labelled(half, batch, indices))
    }

    fn plain_batch(&self, half: Half, indices: Vec<usize>) -> Result<Batch> {
        let train = half == Half::Train;
        let mut batch = Batch::default();
        match &*self.data {
            Data::Clouds(data) => {
                let split = if train { &data.train } else { &data.test };
                let values: Vec<f32> = indices.iter().flat_map(|i| data.cloud(split, *i)).copied().collect();
                batch.arrays.insert("points".into(), HostTensor::new([indices.len(), data.points, 3], values));
            }
            Data::Vectors(data) => {
                let rows = if train { &data.train } else { &data.test };
                let row = |i: &usize| rows.get(i * data.dims..(i + 1) * data.dims).unwrap_or(&[]);
                let values: Vec<f32> = indices.iter().flat_map(row).copied().collect();
                batch.arrays.insert("vectors".into(), HostTensor::new([indices.len(), data.dims], values));
            }
            Data::Graph(data) => {
                batch.labels = indices.iter().filter_map(|i| data.labels.get(*i).copied()).collect();
                return Ok(Batch { indices, data: Some(self.data.clone()), ..batch });
            }
            Data::Pictures(_) => return self.evaluation_batch(half, &indices),
        }
        Ok(self.labelled(half, batch, indices))
    }

    fn labelled(&self, half: Half, mut batch: Batch, indices: Vec<usize>) -> Batch {
        let labels = self.labels(half);
        batch.labels = indices.iter().filter_map(|i| labels.get(*i).copied()).collect();
        batch.data = Some(self.data.clone());
        batch.indices = indices;
        batch
    }
}
