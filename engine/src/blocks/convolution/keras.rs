//! Convolution in Keras' conventions: SAME padding, kernels [rows, columns, in, out], its names and its starts.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;

use crate::blocks::batch_norm::{BatchNorm, Pass};
use crate::kernels::pictures::{Window, convolution};
use crate::weights::{Init, Scope, Slot, Weights};

/// Keras' BatchNorm: the constant under the root, and how much of the old running statistics is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Norm {
    pub eps: f64,
    pub momentum: f64,
}

impl Default for Norm {
    /// Keras' own values.
    fn default() -> Self {
        Self { eps: 1e-3, momentum: 0.99 }
    }
}

impl Norm {
    /// A layer that keeps the biased variance, as Keras 3 does.
    pub fn layer(self, scope: Scope<'_>, channels: usize) -> BatchNorm {
        let mut layer =
            BatchNorm::named(scope, ["gamma", "beta", "moving_mean", "moving_variance"], channels, self.eps);
        (layer.momentum, layer.biased_running) = (1.0 - self.momentum, true);
        layer
    }
}

/// How the kernels of a network start; biases start at zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Uniform in ±√(6 / (fan in + fan out)) (Glorot and Bengio 2010), Keras' default.
    Glorot,
    /// A normal distribution of variance 2 / fan in, cut off at two deviations (He et al. 2015).
    He,
}

/// The standard deviation of a normal distribution that is cut off at two deviations.
const CUT_OFF_DEVIATION: f64 = 0.879_625_661_034_239_8;

/// A convolution with SAME padding, its kernel stored as Keras does: [rows, columns, in, out].
#[derive(Debug, Clone)]
pub struct Convolution {
    kernel: Slot<4>,
    bias: Slot<1>,
    stride: usize,
}

impl Convolution {
    /// `sizes` are side of the window, channels in, channels out.
    pub fn new(mut scope: Scope<'_>, [side, inputs, outputs]: [usize; 3], stride: usize, start: Start) -> Self {
        let (fan_in, fan_out) = (side * side * inputs, side * side * outputs);
        let init = match start {
            Start::Glorot => Init::Xavier { fan_in, fan_out },
            Start::He => Init::TruncatedNormal(((2.0 / fan_in.max(1) as f64).sqrt() / CUT_OFF_DEVIATION) as f32),
        };
        let kernel = scope.weight("kernel", [side, side, inputs, outputs], init);
        Self { kernel, bias: scope.weight("bias", [outputs], Init::Zeros), stride }
    }

    /// # Shapes
    /// [batch, rows, columns, in] → [batch, ⌈rows / stride⌉, ⌈columns / stride⌉, out]
    pub fn forward(&self, w: &Weights, map: Tensor<4>) -> Tensor<4> {
        let kernel = w.get(self.kernel);
        let [side, _, inputs, outputs] = kernel.dims();
        let [_, rows, columns, _] = map.dims();
        let weight = kernel.reshape([side * side * inputs, outputs]).transpose();
        convolution(map, weight, w.get(self.bias), Window::same([rows, columns], side, self.stride))
    }
}

/// A layer on vectors, its kernel stored as Keras does: [in, out].
#[derive(Debug, Clone)]
pub struct Dense {
    kernel: Slot<2>,
    bias: Slot<1>,
}

impl Dense {
    /// Glorot-uniform kernel, zero bias.
    pub fn new(mut scope: Scope<'_>, inputs: usize, outputs: usize) -> Self {
        let kernel = scope.weight("kernel", [inputs, outputs], Init::Xavier { fan_in: inputs, fan_out: outputs });
        Self { kernel, bias: scope.weight("bias", [outputs], Init::Zeros) }
    }

    /// # Shapes
    /// [rows, in] → [rows, out]
    pub fn forward(&self, w: &Weights, x: Tensor<2>) -> Tensor<2> {
        crate::kernels::products::linear(x, w.get(self.kernel).transpose(), Some(w.get(self.bias)), None)
    }
}

/// A convolution and its batch normalisation.
#[derive(Debug, Clone)]
pub struct NormedConvolution {
    pub convolution: Convolution,
    pub norm: BatchNorm,
}

impl NormedConvolution {
    /// # Shapes
    /// [batch, rows, columns, in] → [batch, ⌈rows / stride⌉, ⌈columns / stride⌉, out]
    pub fn forward(&self, w: &Weights, map: Tensor<4>, pass: &Pass) -> Tensor<4> {
        let map = self.convolution.forward(w, map);
        let shape = map.dims();
        let rows = map.reshape([shape[0] * shape[1] * shape[2], shape[3]]);
        self.norm.forward(w, rows, pass).reshape(shape)
    }

    /// As [`NormedConvolution::forward`], followed by ReLU.
    pub fn activated(&self, w: &Weights, map: Tensor<4>, pass: &Pass) -> Tensor<4> {
        relu(self.forward(w, map, pass))
    }
}
