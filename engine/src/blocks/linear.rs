//! Linear layer and layer normalisation.

use burn::tensor::Tensor;

use crate::kernels::norms::layer_norm;
use crate::kernels::products::linear;
use crate::weights::{Init, Scope, Slot, Weights};

/// y = x Wᵀ + b, with W stored as [out, in] like the official checkpoints.
#[derive(Debug, Clone)]
pub struct Linear {
    pub weight: Slot<2>,
    pub bias: Option<Slot<1>>,
}

/// How the layers of a network start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Start {
    /// Weights Xavier-uniform, biases zero.
    Xavier,
    /// Weights normal with this deviation, biases zero.
    Normal(f32),
    /// Weights and biases uniform in ±1/√inputs: PyTorch's own.
    Uniform,
}

impl Start {
    /// The weight of a layer.
    pub fn weight(self, inputs: usize, outputs: usize) -> Init {
        match self {
            Self::Xavier => Init::Xavier { fan_in: inputs, fan_out: outputs },
            Self::Normal(deviation) => Init::Normal(deviation),
            Self::Uniform => Init::Uniform(1.0 / (inputs.max(1) as f32).sqrt()),
        }
    }

    /// The bias of a layer.
    pub fn bias(self, inputs: usize) -> Init {
        match self {
            Self::Xavier | Self::Normal(_) => Init::Zeros,
            Self::Uniform => Init::Uniform(1.0 / (inputs.max(1) as f32).sqrt()),
        }
    }
}

impl Linear {
    /// A layer that starts as said, with a bias or without.
    pub fn new(mut scope: Scope<'_>, inputs: usize, outputs: usize, start: Start, biased: bool) -> Self {
        let weight = scope.weight("weight", [outputs, inputs], start.weight(inputs, outputs));
        Self { weight, bias: biased.then(|| scope.weight("bias", [outputs], start.bias(inputs))) }
    }

    /// Xavier-uniform weight, zero bias: the start of the MAE family's linear layers.
    pub fn xavier(mut scope: Scope<'_>, inputs: usize, outputs: usize) -> Self {
        let weight = scope.weight("weight", [outputs, inputs], Init::Xavier { fan_in: inputs, fan_out: outputs });
        Self { weight, bias: Some(scope.weight("bias", [outputs], Init::Zeros)) }
    }

    /// A given start for the weight, zero bias.
    pub fn with(mut scope: Scope<'_>, inputs: usize, outputs: usize, init: Init) -> Self {
        let weight = scope.weight("weight", [outputs, inputs], init);
        Self { weight, bias: Some(scope.weight("bias", [outputs], Init::Zeros)) }
    }

    /// # Shapes
    /// [rows, in] → [rows, out]
    pub fn forward(&self, w: &Weights, x: Tensor<2>) -> Tensor<2> {
        linear(x, w.get(self.weight), self.bias.map(|b| w.get(b)), None)
    }

    /// Weight and bias for an operation of several layers; zeros for a bias that is not there.
    pub fn with_bias(&self, w: &Weights) -> (Tensor<2>, Tensor<1>) {
        let weight = w.get(self.weight);
        let bias = self.bias.map_or_else(|| Tensor::zeros([weight.dims()[0]], &weight.device()), |bias| w.get(bias));
        (weight, bias)
    }

    /// The layer's result added to `residual`.
    ///
    /// # Shapes
    /// [batch, tokens, in] and [batch, tokens, out] → [batch, tokens, out]
    pub fn added(&self, w: &Weights, x: Tensor<3>, residual: Tensor<3>) -> Tensor<3> {
        let shape = residual.dims();
        let rows = shape[0] * shape[1];
        let residual = residual.reshape([rows, shape[2]]);
        let inputs = x.dims()[2];
        linear(x.reshape([rows, inputs]), w.get(self.weight), self.bias.map(|b| w.get(b)), Some(residual))
            .reshape(shape)
    }

    /// # Shapes
    /// [batch, tokens, in] → [batch, tokens, out]
    pub fn tokens(&self, w: &Weights, x: Tensor<3>) -> Tensor<3> {
        let [batch, tokens, inputs] = x.dims();
        let y = self.forward(w, x.reshape([batch * tokens, inputs]));
        let outputs = y.dims()[1];
        y.reshape([batch, tokens, outputs])
    }
}

/// y = γ (x − mean) / √(var + ε) + β over the last axis, with the biased variance.
#[derive(Debug, Clone)]
pub struct LayerNorm {
    pub gamma: Slot<1>,
    pub beta: Slot<1>,
    pub eps: f64,
}

impl LayerNorm {
    /// Starts as the identity: γ = 1, β = 0.
    pub fn new(mut scope: Scope<'_>, dim: usize, eps: f64) -> Self {
        Self { gamma: scope.weight("weight", [dim], Init::Ones), beta: scope.weight("bias", [dim], Init::Zeros), eps }
    }

    /// # Shapes
    /// [.., dim] → [.., dim]
    pub fn forward<const D: usize>(&self, w: &Weights, x: Tensor<D>) -> Tensor<D> {
        layer_norm(x, w.get(self.gamma), w.get(self.beta), self.eps as f32)
    }
}
