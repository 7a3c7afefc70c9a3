//! Declaring weights: names, shapes, first values, upkeep and layers.

use burn::tensor::{Tensor, TensorData};

use super::{Slot, Upkeep, Weight, Weights, leaf};
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

/// A place in the name tree where blocks declare their weights.
pub struct Scope<'a> {
    weights: &'a mut Weights,
    prefix: String,
    upkeep: Upkeep,
    layer: Option<usize>,
}

impl<'a> Scope<'a> {
    pub(super) fn of(weights: &'a mut Weights) -> Self {
        Self { weights, prefix: String::new(), upkeep: Upkeep::Trained, layer: None }
    }
}

impl Scope<'_> {
    /// The child scope `name` (or a number in a list), of the same upkeep and layer.
    pub fn at(&mut self, name: impl std::fmt::Display) -> Scope<'_> {
        let prefix = format!("{}{name}.", self.prefix);
        Scope { prefix, weights: self.weights, upkeep: self.upkeep, layer: self.layer }
    }

    /// The same scope for weights of another upkeep: the blocks of a momentum copy are declared as [`Upkeep::Average`], those
    /// of a teacher as [`Upkeep::Frozen`].
    pub fn upkeep(&mut self, upkeep: Upkeep) -> Scope<'_> {
        Scope { prefix: self.prefix.clone(), weights: self.weights, upkeep, layer: self.layer }
    }

    /// The same scope for weights of a layer of the encoder: 0 before its blocks, i + 1 in block i. What is declared
    /// without a layer comes after them.
    pub fn layer(&mut self, layer: usize) -> Scope<'_> {
        Scope { prefix: self.prefix.clone(), weights: self.weights, upkeep: self.upkeep, layer: Some(layer) }
    }

    /// A weight of the scope's upkeep: trained, unless a scope above says otherwise.
    pub fn weight<const D: usize>(&mut self, name: &str, shape: [usize; D], init: Init) -> Slot<D> {
        self.declare(name, shape, init, self.upkeep)
    }

    /// A fixed table, or running statistics that start from `values`, in a scope of any upkeep. Those of a teacher are
    /// frozen with it when it is loaded ([`crate::parts::load`]).
    pub fn fixed<const D: usize>(&mut self, name: &str, shape: [usize; D], values: Vec<f32>) -> Slot<D> {
        self.declare(name, shape, Init::Values(values), Upkeep::Fixed)
    }

    /// A queue, a centre or a target that moves with training and has no gradient.
    pub fn average<const D: usize>(&mut self, name: &str, shape: [usize; D], init: Init) -> Slot<D> {
        self.declare(name, shape, init, Upkeep::Average)
    }

    /// A weight that never changes and comes from elsewhere.
    pub fn frozen<const D: usize>(&mut self, name: &str, shape: [usize; D], init: Init) -> Slot<D> {
        self.declare(name, shape, init, Upkeep::Frozen)
    }

    fn declare<const D: usize>(&mut self, name: &str, shape: [usize; D], init: Init, upkeep: Upkeep) -> Slot<D> {
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
        let value =
            leaf(Tensor::from_data(TensorData::new(values, [count]), &device), upkeep == Upkeep::Trained, &device);
        let index = self.weights.list.len();
        self.weights.index.insert(name.clone(), index);
        self.weights.list.push(Weight { name, shape: shape.to_vec(), value, upkeep, layer: self.layer });
        Slot { index, shape }
    }
}
