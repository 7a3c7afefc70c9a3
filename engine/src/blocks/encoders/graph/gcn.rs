//! Graph convolution (Kipf and Welling, "Semi-Supervised Classification with Graph Convolutional Networks", ICLR 2017,
//! arXiv
//! 1609.02907, eq. 2).

use burn::tensor::Tensor;

use super::{GraphPass, LayerConfig, Norm, Residual, linear, picked};
use crate::blocks::activation::Activation;
use crate::blocks::linear::Linear;
use crate::blocks::tokenizers::node_features::Nodes;
use crate::kernels::edges::{Edges, edge_propagate};
use crate::weights::{Init, Scope, Weights};

/// y_v = d_in(v)^−½ (W Σ d_out(u)^−½ x_u + b) over the edges u → v, degrees counting as at least 1; then residual,
/// norm, activation.
#[derive(Debug, Clone)]
pub struct Gcn {
    fc: Linear,
    residual: Residual,
    norm: Norm,
    activation: Option<Activation>,
    config: LayerConfig,
}

impl Gcn {
    /// Starts uniform in ±1 / √inputs, the bias too.
    pub fn new(mut scope: Scope<'_>, config: LayerConfig) -> Self {
        let LayerConfig { inputs, outputs, .. } = config;
        let start = Init::Uniform(1.0 / (inputs.max(1) as f32).sqrt());
        Self {
            fc: linear(scope.at("fc"), inputs, outputs, true),
            residual: Residual::new(&mut scope, config.residual, inputs, outputs, start),
            norm: config.norm(scope.at("norm")),
            activation: config.activation(scope.at("_activation")),
            config,
        }
    }

    /// See [`super::GraphLayer::forward`].
    pub fn forward(&self, w: &Weights, x: &Nodes, edges: &Edges, pass: &GraphPass, rows: Option<&Edges>) -> Tensor<2> {
        let x = pass.input(x);
        let root = |degrees: Tensor<2>| degrees.clamp_min(1.0).sqrt().recip();
        let (sent, received) = (root(edges.out_degrees()), picked(root(edges.in_degrees()), rows));
        let (weight, bias) = self.fc.with_bias(w);
        // The sum over neighbours and W can change places, and the sum is cheaper at the smaller width.
        let y = if self.config.inputs > self.config.outputs {
            picked(edge_propagate(x.times(weight) * sent, None, edges), rows) + bias.unsqueeze()
        } else {
            self.fc.forward(w, picked(edge_propagate(x.dense() * sent, None, edges), rows))
        };
        let y = self.norm.forward(w, self.residual.add(w, y * received, &x), pass);
        match &self.activation {
            Some(activation) => activation.forward(w, y),
            None => y,
        }
    }
}
