//! Graph attention (Veličković, Cucurull, Casanova, Romero, Liò, Bengio, "Graph Attention Networks", ICLR 2018, arXiv
//! 1710.10903), with additive scores or, as in transformers, with products.

use burn::tensor::{Tensor, TensorData, activation};

use super::{GraphPass, LayerConfig, Norm, Residual, linear, picked};
use crate::blocks::activation::Activation;
use crate::blocks::linear::Linear;
use crate::blocks::tokenizers::node_features::Nodes;
use crate::kernels::edges::{Edges, edge_dot, edge_propagate, edge_softmax};
use crate::kernels::products::linear as product;
use crate::weights::{Init, Scope, Slot, Weights};

/// h = W x for each head; e(u, v) = LeakyReLU(⟨a_l, h_u⟩ + ⟨a_r, h_v⟩); the weights a(u, v) are the softmax of e over
/// the edges that end at v (eq. 3); y_v = Σ a(u, v) h_u + b, heads side by side (eq. 5); then residual, norm,
/// activation.
#[derive(Debug, Clone)]
pub struct Gat {
    fc: Slot<2>,
    attn_l: Slot<3>,
    attn_r: Slot<3>,
    bias: Slot<1>,
    residual: Residual,
    norm: Norm,
    activation: Option<Activation>,
    config: LayerConfig,
}

impl Gat {
    /// Xavier-normal start with ReLU's gain √2, bias zero.
    pub fn new(mut scope: Scope<'_>, config: LayerConfig) -> Self {
        let LayerConfig { inputs, outputs, heads, .. } = config;
        let each = outputs / heads.max(1);
        let xavier = |fan_in: usize, fan_out: usize| Init::Normal((4.0 / (fan_in + fan_out).max(1) as f32).sqrt());
        Self {
            attn_l: scope.weight("attn_l", [1, heads, each], xavier(outputs, each)),
            attn_r: scope.weight("attn_r", [1, heads, each], xavier(outputs, each)),
            bias: scope.weight("bias", [outputs], Init::Zeros),
            fc: scope.at("fc").weight("weight", [outputs, inputs], xavier(inputs, outputs)),
            residual: Residual::new(&mut scope, config.residual, inputs, outputs, xavier(inputs, outputs)),
            norm: config.norm(scope.at("norm")),
            activation: config.activation(scope.at("activation")),
            config,
        }
    }

    /// The rows a_l and a_r of each head, zero outside the head's own values: their products with h are the two parts
    /// of a score.
    ///
    /// # Shapes
    /// → [2 · heads, outputs]
    fn scoring(&self, w: &Weights) -> Tensor<2> {
        let LayerConfig { outputs, heads, .. } = self.config;
        let each = outputs / heads.max(1);
        let own =
            (0..heads * outputs).map(|i| f32::from(u8::from(i % outputs / each == i / outputs))).collect::<Vec<_>>();
        let left = w.get(self.attn_l).reshape([1, outputs]);
        let right = w.get(self.attn_r).reshape([1, outputs]);
        let own = Tensor::<2>::from_data(TensorData::new(own, [heads, outputs]), &left.device());
        Tensor::cat(vec![left * own.clone(), right * own], 0)
    }

    /// Attention weights from both parts of the scores of every node.
    ///
    /// # Shapes
    /// [nodes, 2 · heads] → [edges, heads]
    fn weights(&self, parts: Tensor<2>, edges: &Edges) -> Tensor<2> {
        let heads = self.config.heads;
        let nodes = parts.dims()[0];
        let part = |from: usize| parts.clone().narrow(1, from, heads).unsqueeze_dim::<3>(2);
        let one = || Tensor::<3>::ones([nodes, heads, 1], &parts.device());
        // ⟨(l, 1), (1, r)⟩ = l + r
        let [left, right] = [vec![part(0), one()], vec![one(), part(heads)]]
            .map(|pair| Tensor::cat(pair, 2).reshape([nodes, 2 * heads]));
        edge_softmax(activation::leaky_relu(edge_dot(left, right, edges, heads), self.config.slope), edges)
    }

    /// The attention weights of every edge, nothing left out.
    ///
    /// # Shapes
    /// → [edges, heads]
    pub fn attention(&self, w: &Weights, x: &Nodes, edges: &Edges) -> Tensor<2> {
        self.weights(x.times(self.scoring(w).matmul(w.get(self.fc))), edges)
    }

    /// See [`super::GraphLayer::forward`].
    pub fn forward(&self, w: &Weights, x: &Nodes, edges: &Edges, pass: &GraphPass, rows: Option<&Edges>) -> Tensor<2> {
        let x = pass.input(x);
        let (fc, scoring, bias) = (w.get(self.fc), self.scoring(w), w.get(self.bias));
        let y = if self.config.heads == 1 && self.config.inputs < self.config.outputs {
            // The sum over neighbours and W can change places, and the sum is cheaper at the smaller width.
            let z = x.dense();
            let weights =
                pass.attention(self.weights(product(z.clone(), scoring.matmul(fc.clone()), None, None), edges));
            product(picked(edge_propagate(z, Some(weights), edges), rows), fc, Some(bias), None)
        } else {
            let h = x.times(fc);
            let weights = pass.attention(self.weights(product(h.clone(), scoring, None, None), edges));
            picked(edge_propagate(h, Some(weights), edges), rows) + bias.unsqueeze()
        };
        let y = self.norm.forward(w, self.residual.add(w, y, &x), pass);
        match &self.activation {
            Some(activation) => activation.forward(w, y),
            None => y,
        }
    }
}

/// h = W x for each head; the weights are the softmax of ⟨h_u, h_v⟩ / √(width of a head) over the edges that end at v;
/// y_v = Σ a(u, v) h_u; then residual, norm, activation.
#[derive(Debug, Clone)]
pub struct DotGat {
    fc: Linear,
    residual: Residual,
    norm: Norm,
    activation: Option<Activation>,
    config: LayerConfig,
}

impl DotGat {
    /// Starts uniform in ±1 / √inputs.
    pub fn new(mut scope: Scope<'_>, config: LayerConfig) -> Self {
        let LayerConfig { inputs, outputs, .. } = config;
        let start = Init::Uniform(1.0 / (inputs.max(1) as f32).sqrt());
        Self {
            fc: linear(scope.at("fc"), inputs, outputs, false),
            residual: Residual::new(&mut scope, config.residual, inputs, outputs, start),
            norm: config.norm(scope.at("norm")),
            activation: config.activation(scope.at("activation")),
            config,
        }
    }

    fn weights(&self, h: Tensor<2>, edges: &Edges) -> Tensor<2> {
        let LayerConfig { outputs, heads, .. } = self.config;
        let scale = ((outputs / heads.max(1)).max(1) as f64).sqrt();
        edge_softmax(edge_dot(h.clone(), h, edges, heads).div_scalar(scale), edges)
    }

    /// The attention weights of every edge, nothing left out.
    ///
    /// # Shapes
    /// → [edges, heads]
    pub fn attention(&self, w: &Weights, x: &Nodes, edges: &Edges) -> Tensor<2> {
        self.weights(x.times(w.get(self.fc.weight)), edges)
    }

    /// See [`super::GraphLayer::forward`].
    pub fn forward(&self, w: &Weights, x: &Nodes, edges: &Edges, pass: &GraphPass, rows: Option<&Edges>) -> Tensor<2> {
        let x = pass.input(x);
        let h = x.times(w.get(self.fc.weight));
        let weights = pass.attention(self.weights(h.clone(), edges));
        let y = self.residual.add(w, picked(edge_propagate(h, Some(weights), edges), rows), &x);
        let y = self.norm.forward(w, y, pass);
        match &self.activation {
            Some(activation) => activation.forward(w, y),
            None => y,
        }
    }
}
