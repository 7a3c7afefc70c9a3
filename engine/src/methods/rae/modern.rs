//! A residual net for small noise: r(x) = x + σ · net(k x), net a plain stack of linear layers with GELU.
//!
//! A denoiser moves points by about σ² times the score, so a net that has to rebuild x itself sees almost no signal
//! when σ is small. The residual and the factor σ leave only the direction to be learned, at a size near 1.

use burn::tensor::Tensor;
use burn::tensor::activation::gelu;

use crate::blocks::linear::Linear;
use crate::kernels::activations::bias_gelu;
use crate::kernels::products::linear;
use crate::weights::{Init, Scope, Weights};

/// Sizes of the residual net.
#[derive(Debug, Clone, PartialEq)]
pub struct ModernConfig {
    pub dim: usize,
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// k: points are multiplied with it (about 4 for data inside the unit square).
    pub gain: f64,
}

/// The residual net.
#[derive(Debug, Clone)]
pub struct Modern {
    pub config: ModernConfig,
    inner: Vec<Linear>,
    last: Linear,
}

impl Modern {
    /// Declare the layers `net.0` …; weights and biases start in ±1/√(inputs).
    pub fn new(scope: &mut Scope<'_>, config: ModernConfig) -> Self {
        let mut net = scope.at("net");
        let mut layer = |i: usize, inputs: usize, outputs: usize| {
            let bound = Init::Uniform((inputs as f32).sqrt().recip());
            let mut place = net.at(i);
            let weight = place.weight("weight", [outputs, inputs], bound.clone());
            Linear { weight, bias: Some(place.weight("bias", [outputs], bound)) }
        };
        let mut inputs = config.dim;
        let mut inner = Vec::new();
        for (i, width) in config.hidden.iter().enumerate() {
            inner.push(layer(i, inputs, *width));
            inputs = *width;
        }
        let last = layer(inner.len(), inputs, config.dim);
        Self { config, inner, last }
    }

    /// # Shapes
    /// [rows, dim] → r [rows, dim]
    pub fn reconstruct(&self, w: &Weights, x: Tensor<2>, sigma: f64) -> Tensor<2> {
        x.clone() + self.last.forward(w, self.encode(w, x)).mul_scalar(sigma)
    }

    /// The activations of the last hidden layer, as features.
    ///
    /// # Shapes
    /// [rows, dim] → [rows, hidden]
    pub fn encode(&self, w: &Weights, x: Tensor<2>) -> Tensor<2> {
        self.inner.iter().fold(x.mul_scalar(self.config.gain), |h, layer| {
            let (weight, bias) = layer.with_bias(w);
            bias_gelu(linear(h, weight, None, None), bias)
        })
    }

    /// r, and the product of dr/dx with a direction for each point, carried forward through the layers: a linear layer
    /// maps the direction by its weight, GELU multiplies it with Φ(z) + z φ(z). Plain operations, so that a loss on the
    /// product trains the net.
    ///
    /// # Shapes
    /// x, direction [rows, dim] → two of [rows, dim]
    pub fn with_tangent(&self, w: &Weights, x: Tensor<2>, direction: Tensor<2>, sigma: f64) -> (Tensor<2>, Tensor<2>) {
        let (mut h, mut t) = (x.clone().mul_scalar(self.config.gain), direction.clone().mul_scalar(self.config.gain));
        for layer in &self.inner {
            let z = layer.forward(w, h);
            t = linear(t, w.get(layer.weight), None, None) * gelu_slope(z.clone());
            h = gelu(z);
        }
        let t = linear(t, w.get(self.last.weight), None, None);
        (x + self.last.forward(w, h).mul_scalar(sigma), direction + t.mul_scalar(sigma))
    }
}

/// GELU′(z) = Φ(z) + z φ(z).
fn gelu_slope(z: Tensor<2>) -> Tensor<2> {
    let distribution = z.clone().mul_scalar(std::f64::consts::FRAC_1_SQRT_2).erf().add_scalar(1.0).mul_scalar(0.5);
    let density = z.clone().square().mul_scalar(-0.5).exp().mul_scalar((1.0 / std::f64::consts::TAU).sqrt());
    distribution + z * density
}
