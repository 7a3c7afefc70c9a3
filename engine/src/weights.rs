//! Named weights of a model. A model is a config, blocks that hold [`Slot`]s, and one [`Weights`] that holds the
//! values.
//!
//! Names are the official checkpoint keys (`blocks.0.attn.qkv.weight`) and shapes are the official ones (a linear layer
//! is [out, in]), so loading, saving, optimising and comparing gradients need no second vocabulary. Values are kept
//! flat: optimisers and averages treat every weight alike, whatever its rank.

use std::collections::HashMap;

use burn::tensor::{Device, Gradients, Tensor, TensorData};

use crate::error::{Error, Result};
use crate::kernels::sheet;
use crate::rng::Rng;

/// How a weight starts.
#[derive(Debug, Clone)]
pub enum Init {
    Zeros,
    Ones,
    /// Uniform in ±bound.
    Uniform(f32),
    /// Uniform in ±√(6 / (fan in + fan out)).
    Xavier {
        fan_in: usize,
        fan_out: usize,
    },
    /// Normal with this standard deviation.
    Normal(f32),
    /// Normal cut off at two standard deviations.
    TruncatedNormal(f32),
    /// Given values (fixed tables).
    Values(Vec<f32>),
}

/// One weight: its name, shape, flat value and whether training changes it.
#[derive(Debug, Clone)]
pub struct Weight {
    pub name: String,
    pub shape: Vec<usize>,
    pub value: Tensor<1>,
    pub trainable: bool,
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
    index: HashMap<String, usize>,
    device: Device,
    seed: u64,
}

impl Weights {
    /// An empty set on `device`; values are drawn from `seed` and each weight's own name.
    pub fn new(device: &Device, seed: u64) -> Self {
        Self { list: Vec::new(), index: HashMap::new(), device: device.clone(), seed }
    }

    /// The device the weights live on (with autodiff or without, as given).
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Start declaring weights at the root of the name tree.
    pub fn root(&mut self) -> Scope<'_> {
        Scope { weights: self, prefix: String::new() }
    }

    /// The value of a slot in its own shape.
    pub fn get<const D: usize>(&self, slot: Slot<D>) -> Tensor<D> {
        self.list[slot.index].value.clone().reshape(slot.shape)
    }

    /// The weight of this name.
    pub fn by_name(&self, name: &str) -> Option<&Weight> {
        self.index.get(name).map(|i| &self.list[*i])
    }

    /// Number of values, trainable or not.
    pub fn count(&self) -> usize {
        self.list.iter().map(|w| w.shape.iter().product::<usize>()).sum()
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
        let wanted: usize = weight.shape.iter().product();
        if values.len() != wanted {
            return Err(wrong(format!("{} values for a shape of {:?}", values.len(), weight.shape)));
        }
        weight.value =
            leaf(Tensor::from_data(TensorData::new(values, [wanted]), &self.device), weight.trainable, &self.device);
        Ok(())
    }

    /// Put a new flat value (a tensor without history, on the plain device or this one) into weight number `index`.
    pub fn replace(&mut self, index: usize, value: Tensor<1>) {
        let weight = &mut self.list[index];
        weight.value = leaf(value, weight.trainable, &self.device);
    }

    /// Change whether training changes a weight.
    pub fn set_trainable(&mut self, name: &str, trainable: bool) {
        if let Some(index) = self.index.get(name).copied() {
            self.list[index].trainable = trainable;
            let value = plain(self.list[index].value.clone());
            self.replace(index, value);
        }
    }

    /// The gradient of every trainable weight, flat, without history; `None` where none reached it.
    pub fn gradients(&self, gradients: &Gradients) -> Vec<Option<Tensor<1>>> {
        self.list.iter().map(|w| if w.trainable { w.value.grad(gradients) } else { None }).collect()
    }

    /// Run the backward pass of `loss` and return the gradient of every trainable weight, flat, without history; `None`
    /// where none reached it.
    ///
    /// On a GPU the gradients lie one after the other in common buffers, where the optimisers take them without a copy.
    /// Use this instead of `loss.backward()` and [`Weights::gradients`].
    pub fn backward(&self, loss: &Tensor<1>) -> Vec<Option<Tensor<1>>> {
        sheet::collect(&self.trained(), || self.gradients(&loss.backward()))
    }

    /// The flat values of the trainable weights without history, `None` for fixed ones.
    pub(crate) fn trained(&self) -> Vec<Option<Tensor<1>>> {
        self.list.iter().map(|w| w.trainable.then(|| plain(w.value.clone()))).collect()
    }

    /// Put what `change` makes of the flat values of the trainable weights in their place (`None` stands for fixed
    /// ones).
    ///
    /// It must return a value for each one it is given. On the CPU it is the only owner of a value that nobody else
    /// holds.
    pub(crate) fn exchange(&mut self, change: impl FnOnce(Vec<Option<Tensor<1>>>) -> Vec<Option<Tensor<1>>>) {
        let on_gpu = self.list.first().is_some_and(|w| sheet::on_gpu(&plain(w.value.clone())).is_some());
        let spare: Option<Tensor<1>> = (!on_gpu).then(|| Tensor::empty([0], &self.device.clone().without_autodiff()));
        let take = |weight: &mut Weight| match &spare {
            Some(spare) => std::mem::replace(&mut weight.value, spare.clone()),
            None => weight.value.clone(),
        };
        let values = self.list.iter_mut().map(|w| w.trainable.then(|| plain(take(w)))).collect();
        for (index, value) in change(values).into_iter().enumerate() {
            debug_assert_eq!(value.is_some(), self.list[index].trainable);
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

/// A tensor without autodiff and history.
pub fn plain<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    if tensor.is_autodiff() { tensor.inner() } else { tensor }
}

fn leaf(value: Tensor<1>, trainable: bool, device: &Device) -> Tensor<1> {
    let value = plain(value);
    if !device.is_autodiff() {
        return value;
    }
    let tracked = Tensor::from_inner(value);
    if trainable { tracked.require_grad() } else { tracked }
}

/// A place in the name tree where blocks declare their weights.
pub struct Scope<'a> {
    weights: &'a mut Weights,
    prefix: String,
}

impl Scope<'_> {
    /// The child scope `name` (or a number in a list).
    pub fn at(&mut self, name: impl std::fmt::Display) -> Scope<'_> {
        Scope { prefix: format!("{}{name}.", self.prefix), weights: self.weights }
    }

    /// A trainable weight.
    pub fn weight<const D: usize>(&mut self, name: &str, shape: [usize; D], init: Init) -> Slot<D> {
        self.declare(name, shape, init, true)
    }

    /// A fixed table: stored in checkpoints, never trained.
    pub fn fixed<const D: usize>(&mut self, name: &str, shape: [usize; D], values: Vec<f32>) -> Slot<D> {
        self.declare(name, shape, Init::Values(values), false)
    }

    fn declare<const D: usize>(&mut self, name: &str, shape: [usize; D], init: Init, trainable: bool) -> Slot<D> {
        let name = format!("{}{name}", self.prefix);
        let count = shape.iter().product();
        let mut rng = Rng::new(self.weights.seed, &name);
        let values: Vec<f32> = match init {
            Init::Zeros => vec![0.0; count],
            Init::Ones => vec![1.0; count],
            Init::Uniform(bound) => (0..count).map(|_| rng.between(-bound, bound)).collect(),
            Init::Xavier { fan_in, fan_out } => {
                let bound = (6.0 / (fan_in + fan_out) as f32).sqrt();
                (0..count).map(|_| rng.between(-bound, bound)).collect()
            }
            Init::Normal(std) => (0..count).map(|_| std * rng.normal()).collect(),
            Init::TruncatedNormal(std) => (0..count).map(|_| std * rng.truncated_normal()).collect(),
            Init::Values(values) => values,
        };
        debug_assert_eq!(values.len(), count);
        let device = self.weights.device.clone();
        let value = leaf(Tensor::from_data(TensorData::new(values, [count]), &device), trainable, &device);
        let index = self.weights.list.len();
        self.weights.index.insert(name.clone(), index);
        self.weights.list.push(Weight { name, shape: shape.to_vec(), value, trainable });
        Slot { index, shape }
    }
}
