//! What follows a linear map: the rectifiers that graph networks choose from.

use burn::tensor::{Tensor, activation};

use crate::kernels::activations::prelu;
use crate::weights::{Init, Scope, Slot, Weights};

/// Which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rectifier {
    /// With one learned slope below zero, 0.25 at first.
    Prelu,
    /// exp(x) − 1 below zero.
    Elu,
    /// 0 below zero.
    Relu,
}

impl Rectifier {
    /// The one of this name (`prelu`, `elu`, `relu`).
    pub fn named(name: &str) -> Option<Self> {
        [("prelu", Self::Prelu), ("elu", Self::Elu), ("relu", Self::Relu)]
            .into_iter()
            .find(|(n, _)| *n == name)
            .map(|(_, r)| r)
    }
}

/// A rectifier with its weight, if it has one.
#[derive(Debug, Clone)]
pub struct Activation {
    kind: Rectifier,
    slope: Option<Slot<1>>,
}

impl Activation {
    /// Declares `weight` where the slope is learned.
    pub fn new(mut scope: Scope<'_>, kind: Rectifier) -> Self {
        let slope = (kind == Rectifier::Prelu).then(|| scope.weight("weight", [1], Init::Values(vec![0.25])));
        Self { kind, slope }
    }

    /// # Shapes
    /// any → the same
    pub fn forward<const D: usize>(&self, w: &Weights, x: Tensor<D>) -> Tensor<D> {
        match (self.kind, self.slope) {
            (_, Some(slope)) => prelu(x, w.get(slope)),
            (Rectifier::Elu, None) => activation::relu(x.clone()) + x.clamp_max(0.0).exp().sub_scalar(1.0),
            (_, None) => activation::relu(x),
        }
    }
}
