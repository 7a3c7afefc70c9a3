//! Named weights of a model. A model is a config, blocks that hold [`Slot`]s, and one [`Weights`] that holds the
//! values.
//!
//! Names are the official checkpoint keys (`blocks.0.attn.qkv.weight`) and shapes are the official ones (a linear layer
//! is [out, in]), so loading, saving, optimising and comparing gradients need no second vocabulary. Values are kept
//! flat: optimisers and averages treat every weight alike, whatever its rank.
//!
//! All that training remembers is a weight of some [`Upkeep`]: a method itself holds no state.

mod moving;
mod scope;

use std::collections::HashMap;

use burn::tensor::{Device, Gradients, Tensor, TensorData};
pub use scope::{Init, Scope};

use crate::error::{Error, Result};
use crate::kernels::sheet;
pub use crate::readback::plain;

/// What becomes of a weight while a run trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upkeep {
    /// Has a gradient, and the optimiser changes it. In checkpoints.
    Trained,
    /// Has no gradient: a table that the model makes itself, or running statistics and centres that a step hands back
    /// with its loss. In checkpoints; a file may lack it.
    Fixed,
    /// Has no gradient: a momentum copy, a target or a queue, which [`crate::method::Method::settle`] moves after each
    /// step or a step hands back with its loss. In checkpoints, as it follows from all steps so far.
    Average,
    /// Has no gradient and never changes: a teacher, a frozen encoder. In no checkpoint and no copy for recovery, and
    /// not counted as what trains: where it came from and a hash of it stand there instead ([`Frozen`]).
    Frozen,
}

/// One weight: its name, shape, flat value and what training does with it.
#[derive(Debug, Clone)]
pub struct Weight {
    pub name: String,
    pub shape: Vec<usize>,
    pub value: Tensor<1>,
    pub upkeep: Upkeep,
    /// Depth in the encoder: 0 for what comes before its blocks, i + 1 for block i; `None` for what comes after them or
    /// is no part of it. Layer-wise learning rates go by it ([`crate::train::groups::layer_decay_groups`]).
    pub layer: Option<usize>,
}

impl Weight {
    /// Whether the optimiser changes it.
    pub fn trains(&self) -> bool {
        self.upkeep == Upkeep::Trained
    }

    /// Number of its values.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether it has no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Frozen weights of a model, as a checkpoint names them in their stead.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Frozen {
    /// Start of their names.
    pub prefix: String,
    /// Where they came from, in words.
    pub origin: String,
    /// SHA-256 of their names and values (f32, little endian), in the order of declaration.
    pub sha256: String,
}

/// How many values a model has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    pub trained: usize,
    /// Tables, running statistics, momentum copies and queues.
    pub kept: usize,
    /// Teachers and frozen encoders.
    pub frozen: usize,
}

impl Count {
    /// All of them together.
    pub fn all(self) -> usize {
        self.trained + self.kept + self.frozen
    }
}

/// Where a block finds one of its weights of rank `D`.
#[derive(Debug, Clone, Copy)]
pub struct Slot<const D: usize> {
    index: usize,
    shape: [usize; D],
}

impl<const D: usize> Slot<D> {
    /// Place of the weight in [`Weights::list`].
    pub fn index(&self) -> usize {
        self.index
    }
}

/// All weights of a model, in the order they were declared.
#[derive(Debug, Clone)]
pub struct Weights {
    pub list: Vec<Weight>,
    /// Where the frozen ones came from, once they are loaded.
    pub frozen_parts: Vec<Frozen>,
    index: HashMap<String, usize>,
    device: Device,
    seed: u64,
}

impl Weights {
    /// An empty set on `device`; values are drawn from `seed` and each weight's own name.
    pub fn new(device: &Device, seed: u64) -> Self {
        Self { list: Vec::new(), frozen_parts: Vec::new(), index: HashMap::new(), device: device.clone(), seed }
    }

    /// The device the weights live on (with autodiff or without, as given).
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Start declaring weights at the root of the name tree.
    pub fn root(&mut self) -> Scope<'_> {
        Scope::of(self)
    }

    /// The value of a slot in its own shape.
    pub fn get<const D: usize>(&self, slot: Slot<D>) -> Tensor<D> {
        self.list[slot.index].value.clone().reshape(slot.shape)
    }

    /// The weight of this name.
    pub fn by_name(&self, name: &str) -> Option<&Weight> {
        self.index.get(name).map(|i| &self.list[*i])
    }

    /// Number of values, by what becomes of them.
    pub fn count(&self) -> Count {
        let mut count = Count::default();
        for weight in &self.list {
            *match weight.upkeep {
                Upkeep::Trained => &mut count.trained,
                Upkeep::Fixed | Upkeep::Average => &mut count.kept,
                Upkeep::Frozen => &mut count.frozen,
            } += weight.len();
        }
        count
    }

    /// Put new values (host) into the weight of this name.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] when there is no such weight or the number of values differs.
    pub fn set(&mut self, name: &str, values: Vec<f32>) -> Result<()> {
        let wrong = |why: String| {
            Error::checkpoint(format!("{name} cannot be set"), why, "Check that the file is of this model and size")
        };
        let index = *self.index.get(name).ok_or_else(|| wrong("the model has no such weight".into()))?;
        let weight = &mut self.list[index];
        let wanted = weight.len();
        if values.len() != wanted {
            return Err(wrong(format!("{} values for a shape of {:?}", values.len(), weight.shape)));
        }
        weight.value =
            leaf(Tensor::from_data(TensorData::new(values, [wanted]), &self.device), weight.trains(), &self.device);
        Ok(())
    }

    /// Put a new flat value (a tensor without history, on the plain device or this one) into weight number `index`.
    pub fn replace(&mut self, index: usize, value: Tensor<1>) {
        let weight = &mut self.list[index];
        weight.value = leaf(value, weight.trains(), &self.device);
    }

    /// Start from another model's weights, where it has some under what `name` makes of one's own name.
    pub fn start_from(&mut self, other: &Self, name: impl Fn(&str) -> String) {
        for index in 0..self.list.len() {
            if let Some(source) = other.by_name(&name(&self.list[index].name)) {
                self.replace(index, plain(source.value.clone()));
            }
        }
    }

    /// Change what becomes of a weight.
    pub fn set_upkeep(&mut self, name: &str, upkeep: Upkeep) {
        if let Some(index) = self.index.get(name).copied() {
            self.list[index].upkeep = upkeep;
            let value = plain(self.list[index].value.clone());
            self.replace(index, value);
        }
    }

    /// The gradient of every trained weight, flat, without history; `None` where none reached it.
    pub fn gradients(&self, gradients: &Gradients) -> Vec<Option<Tensor<1>>> {
        self.list.iter().map(|w| if w.trains() { w.value.grad(gradients) } else { None }).collect()
    }

    /// Run the backward pass of `loss` and return the gradient of every trained weight, flat, without history; `None`
    /// where none reached it.
    ///
    /// On a GPU the gradients lie one after the other in common buffers, where the optimisers take them without a copy.
    /// Use this instead of `loss.backward()` and [`Weights::gradients`].
    pub fn backward(&self, loss: &Tensor<1>) -> Vec<Option<Tensor<1>>> {
        sheet::collect(&self.trained(), || self.gradients(&loss.backward()))
    }

    /// The flat values of the trained weights without history, `None` for the others.
    pub(crate) fn trained(&self) -> Vec<Option<Tensor<1>>> {
        self.list.iter().map(|w| w.trains().then(|| plain(w.value.clone()))).collect()
    }

    /// Put what `change` makes of the flat values of the trained weights in their place (`None` stands for the others).
    ///
    /// It must return a value for each one it is given. On the CPU it is the only owner of a value that nobody else
    /// holds.
    pub(crate) fn exchange(&mut self, change: impl FnOnce(Vec<Option<Tensor<1>>>) -> Vec<Option<Tensor<1>>>) {
        self.exchange_where(|_, weight| weight.trains(), change);
    }

    /// As [`Weights::exchange`], with the weights that `which` takes, by their place and what they are.
    fn exchange_where(
        &mut self,
        which: impl Fn(usize, &Weight) -> bool,
        change: impl FnOnce(Vec<Option<Tensor<1>>>) -> Vec<Option<Tensor<1>>>,
    ) {
        let on_gpu = self.list.first().is_some_and(|w| sheet::on_gpu(&plain(w.value.clone())).is_some());
        let spare: Option<Tensor<1>> = (!on_gpu).then(|| Tensor::empty([0], &self.device.clone().without_autodiff()));
        let take = |weight: &mut Weight| match &spare {
            Some(spare) => std::mem::replace(&mut weight.value, spare.clone()),
            None => weight.value.clone(),
        };
        let values = self.list.iter_mut().enumerate().map(|(i, w)| which(i, w).then(|| plain(take(w)))).collect();
        for (index, value) in change(values).into_iter().enumerate() {
            debug_assert_eq!(value.is_some(), which(index, &self.list[index]));
            if let Some(value) = value {
                self.replace(index, value);
            }
        }
    }

    /// The same weights without history, for looking and probing.
    pub fn frozen(&self) -> Self {
        let mut copy = self.clone();
        copy.device = self.device.clone().without_autodiff();
        for weight in &mut copy.list {
            weight.value = plain(weight.value.clone());
        }
        copy
    }
}

fn leaf(value: Tensor<1>, trains: bool, device: &Device) -> Tensor<1> {
    let value = plain(value);
    if !device.is_autodiff() {
        return value;
    }
    let tracked = Tensor::from_inner(value);
    if trains { tracked.require_grad() } else { tracked }
}
