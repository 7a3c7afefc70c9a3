//! What every system offers the rest of the engine: losses to train, views to look at, features to probe.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use burn::tensor::{Device, Tensor};

use crate::card::Card;
use crate::checkpoint::keys::Layout;
pub use crate::checkpoint::safetensors::HostTensor;
use crate::error::{Error, Result};
use crate::rng::Rng;
use crate::settings::Settings;
use crate::trace::{Source, View};
use crate::verify::{Case, Got};
use crate::weights::Weights;

/// Samples of one step, by role (`imgs` …), and their labels where the data has any.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    pub arrays: BTreeMap<String, HostTensor>,
    pub labels: Vec<u32>,
}

impl Batch {
    /// A batch of pictures, [batch, channels, height, width], normalised.
    pub fn pictures(shape: [usize; 4], values: Vec<f32>) -> Self {
        Self { arrays: BTreeMap::from([("imgs".to_string(), HostTensor::new(shape, values))]), labels: Vec::new() }
    }

    /// The array of a role on a device.
    ///
    /// # Errors
    /// [`Error::Data`] when the batch lacks it or its shape is wrong.
    pub fn tensor<const D: usize>(&self, role: &str, device: &Device) -> Result<Tensor<D>> {
        let array = self.arrays.get(role).ok_or_else(|| {
            Error::data(format!("The data has no {role:?}"), "the system needs it", "Choose one of the data sets the system lists")
        })?;
        array.tensor(device)
    }
}

/// A loss, whole and by term; each is one number on the device.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub total: Tensor<1>,
    pub terms: Vec<(String, Tensor<1>)>,
}

/// What is on the stage: one sample, its mask, the cursor, the switches.
#[derive(Debug, Clone)]
pub struct Stage {
    /// One sample.
    pub batch: Batch,
    /// Mean and deviation the pictures were normalised with, by channel.
    pub mean: Vec<f32>,
    pub std: Vec<f32>,
    /// Stream of the stage's mask.
    pub rng: Rng,
    pub painted: Option<Vec<bool>>,
    pub cursor: Option<u32>,
    pub raw_prediction: bool,
    pub true_patch_mean: bool,
    /// Ids of the views that are wanted.
    pub wanted: Vec<String>,
    pub source: Source,
}

/// A future that stays on its thread.
pub type Local<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A system, built for one size. Its weights are kept apart from it, so that averages, teachers and duels can share it.
pub trait Method {
    /// The same system with the knobs that act at once (mask ratio, loss switches) turned.
    fn adjusted(&self, settings: &Settings) -> Result<Rc<dyn Method>>;

    /// The loss of a batch; masks are drawn from `rng`.
    fn loss(&self, weights: &Weights, batch: &Batch, rng: &Rng) -> Result<Outcome>;

    /// Features for probes: one vector a sample, nothing hidden.
    fn embed(&self, weights: &Weights, batch: &Batch) -> Result<Tensor<2>>;

    /// Tokens down and across, and how many of them are visible.
    fn grid(&self) -> (u32, u32, u32);

    /// Ids and titles of the views, in stage order.
    fn views(&self) -> Vec<(String, String)>;

    /// Compute the wanted views of the stage.
    fn look<'a>(&'a self, weights: &'a Weights, stage: &'a Stage) -> Local<'a, Result<Vec<View>>>;

    /// Namings of weights files that fit, the authors' own first.
    fn layouts(&self) -> &'static [Layout];

    /// A classifier on this encoder, with the weights copied in and a fresh head.
    fn classifier(&self, weights: &Weights, classes: usize, settings: &Settings) -> Result<(Box<dyn Classifier>, Weights)>;
}

/// A classifier that is being fine-tuned.
pub trait Classifier {
    /// Class scores; with `rng` in training mode (stochastic depth), without in evaluation.
    ///
    /// # Shapes
    /// → [batch, classes]
    fn logits(&self, weights: &Weights, batch: &Batch, rng: Option<&Rng>) -> Result<Tensor<2>>;

    /// Blocks of the encoder, for layer-wise learning rates.
    fn depth(&self) -> usize;

    /// Names of weights with more than one axis that are not decayed.
    fn not_decayed(&self) -> &'static [&'static str];
}

/// Computes what a fixture's case expects, by tensor name.
pub type Verify = for<'a> fn(&'a Case<'a>) -> Local<'a, Result<BTreeMap<String, Got>>>;

/// What the registry knows of a system beyond its card.
#[derive(Clone, Copy)]
pub struct Entry {
    pub card: fn() -> Card,
    /// Build the model, declaring its weights.
    pub build: fn(&Settings, &mut Weights) -> Result<Rc<dyn Method>>,
    pub verify: Verify,
}
