//! What every system offers the rest of the engine: losses to train, views to look at, features to probe.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use burn::tensor::{Device, Tensor};

use crate::blocks::tokenizers::image_patches::{patches_channel_first, patches_channel_last};
use crate::card::Card;
use crate::checkpoint::keys::Layout;
pub use crate::checkpoint::safetensors::HostTensor;
use crate::error::{Error, Result};
use crate::kernels::patchify::Order;
use crate::limits::Needs;
use crate::picture_bytes::PictureBytes;
use crate::rng::Rng;
use crate::settings::Settings;
use crate::trace::{Source, View};
use crate::verify::{Case, Got};
use crate::weights::Weights;

/// Samples of one step: arrays by role (`imgs` …) or pictures as bytes, and labels where the data has any.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    pub arrays: BTreeMap<String, HostTensor>,
    /// The pictures, where they came as bytes: they stand in for the array `imgs`.
    pub bytes: Option<PictureBytes>,
    pub labels: Vec<u32>,
}

/// The role of pictures.
const PICTURES: &str = "imgs";

impl Batch {
    /// A batch of pictures, [batch, channels, height, width], normalised.
    pub fn pictures(shape: [usize; 4], values: Vec<f32>) -> Self {
        Self { arrays: BTreeMap::from([(PICTURES.to_string(), HostTensor::new(shape, values))]), ..Self::default() }
    }

    /// A batch of pictures as bytes, to be normalised on the device.
    pub fn bytes(pictures: PictureBytes) -> Self {
        Self { bytes: Some(pictures), ..Self::default() }
    }

    /// Put the pictures on a device now if they came as bytes: a step uploads everything before its first launch.
    pub fn upload(&self, device: &Device) {
        if let Some(bytes) = &self.bytes {
            bytes.upload(device);
        }
    }

    /// The array of a role on a device.
    ///
    /// # Errors
    /// [`Error::Data`] when the batch lacks it or its shape is wrong.
    pub fn tensor<const D: usize>(&self, role: &str, device: &Device) -> Result<Tensor<D>> {
        if let (PICTURES, Some(bytes)) = (role, &self.bytes) {
            let pictures = bytes.pictures(device);
            let shape = <[usize; D]>::try_from(pictures.dims().as_slice());
            let wrong = |_| Error::data("An array has the wrong shape", format!("pictures have not {D} axes"), "Please report this");
            return Ok(pictures.reshape(shape.map_err(wrong)?));
        }
        self.array(role)?.tensor(device)
    }

    /// The pictures cut into patches of `p` × `p`, tokens in row-major order.
    ///
    /// # Shapes
    /// → [batch, tokens, p · p · channels]
    ///
    /// # Errors
    /// As [`Batch::tensor`].
    pub fn patches(&self, p: usize, order: Order, device: &Device) -> Result<Tensor<3>> {
        match &self.bytes {
            Some(bytes) => Ok(bytes.patches(p, order, device)),
            None => {
                let pictures = self.tensor(PICTURES, device)?;
                Ok(match order {
                    Order::ChannelFirst => patches_channel_first(pictures, p),
                    Order::ChannelLast => patches_channel_last(pictures, p),
                })
            }
        }
    }

    /// Number of pictures.
    ///
    /// # Errors
    /// [`Error::Data`] when the batch has none.
    pub fn samples(&self) -> Result<usize> {
        match &self.bytes {
            Some(bytes) => Ok(bytes.shape()[0]),
            None => Ok(self.array(PICTURES)?.shape.first().copied().unwrap_or(0)),
        }
    }

    /// The pictures as normalised numbers on the host, to be changed there.
    ///
    /// # Errors
    /// [`Error::Data`] when the batch has none.
    pub fn pictures_mut(&mut self) -> Result<&mut HostTensor> {
        if let Some(bytes) = self.bytes.take() {
            let (shape, values) = bytes.values();
            self.arrays.insert(PICTURES.into(), HostTensor::new(shape, values));
        }
        self.arrays.get_mut(PICTURES).ok_or_else(|| lacking(PICTURES))
    }

    fn array(&self, role: &str) -> Result<&HostTensor> {
        self.arrays.get(role).ok_or_else(|| lacking(role))
    }
}

fn lacking(role: &str) -> Error {
    Error::data(format!("The data has no {role:?}"), "the system needs it", "Choose one of the data sets the system lists")
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

    /// What a training step needs of the device; nothing known by default.
    fn needs(&self) -> Needs {
        Needs::default()
    }

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
