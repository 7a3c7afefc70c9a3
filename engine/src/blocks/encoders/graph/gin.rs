//! The graph isomorphism network (Xu, Hu, Leskovec, Jegelka, "How Powerful are Graph Neural Networks?", ICLR 2019,
//! arXiv
//! 1810.00826, eq. 4.1).

use burn::tensor::Tensor;

use super::{GraphPass, LayerConfig, Norm, Residual, linear, picked};
use crate::blocks::activation::Activation;
use crate::blocks::linear::Linear;
use crate::blocks::tokenizers::node_features::Nodes;
use crate::kernels::edges::{Edges, edge_propagate};
use crate::weights::{Init, Scope, Slot, Weights};

/// y_v = MLP((1 + ε) x_v + Σ x_u) over the edges u → v, MLP: linear, norm, activation, linear; then norm and activation
/// where the layer is wrapped in them; then the residual. ε is 0 and not trained.
#[derive(Debug, Clone)]
pub struct Gin {
    eps: Slot<1>,
    first: Linear,
    second: Linear,
    inner: (Norm, Activation),
    outer: Option<(Norm, Activation)>,
    residual: Residual,
    config: LayerConfig,
}

impl Gin {
    /// Linear maps start uniform in ±1 / √inputs.
    pub fn new(mut scope: Scope<'_>, config: LayerConfig) -> Self {
        let LayerConfig { inputs, outputs, hidden, .. } = config;
        let start = Init::Uniform(1.0 / (inputs.max(1) as f32).sqrt());
        let eps = scope.fixed("eps", [1], vec![0.0]);
        let residual = Residual::new(&mut scope, config.residual, inputs, outputs, start);
        let mut apply = scope.at("apply_func");
        let inside = if config.activated { "mlp." } else { "" };
        let first = linear(apply.at(format!("{inside}linears.0")), inputs, hidden, true);
        let second = linear(apply.at(format!("{inside}linears.1")), hidden, outputs, true);
        let inner = (
            Norm::new(apply.at(format!("{inside}norms.0")), hidden, config.norm),
            Activation::new(apply.at(format!("{inside}activations.0")), config.activation),
        );
        let outer = config
            .activated
            .then(|| (config.norm(apply.at("norm")), Activation::new(apply.at("act"), config.activation)));
        Self { eps, first, second, inner, outer, residual, config }
    }

    /// See [`super::GraphLayer::forward`].
    pub fn forward(&self, w: &Weights, x: &Nodes, edges: &Edges, pass: &GraphPass, rows: Option<&Edges>) -> Tensor<2> {
        let x = pass.input(x);
        let own = w.get(self.eps).add_scalar(1.0).unsqueeze::<2>();
        let summed = |z: Tensor<2>| z.clone() * own.clone() + edge_propagate(z, None, edges);
        // The sum over neighbours and W can change places, and the sum is cheaper at the smaller width.
        let h = if self.config.inputs > self.config.hidden {
            let (weight, bias) = self.first.with_bias(w);
            summed(x.times(weight)) + bias.unsqueeze()
        } else {
            self.first.forward(w, summed(x.dense()))
        };
        let h = self.inner.1.forward(w, self.inner.0.forward(w, h, pass));
        let y = self.second.forward(w, picked(h, rows));
        let y = match &self.outer {
            Some((norm, activation)) => activation.forward(w, norm.forward(w, y, pass)),
            None => y,
        };
        self.residual.add(w, y, &x)
    }
}
