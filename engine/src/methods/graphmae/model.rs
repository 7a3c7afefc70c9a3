//! GraphMAE's encoder and decoder, with the steps of the paper's figure.

use burn::tensor::Tensor;

use crate::blocks::activation::Rectifier;
use crate::blocks::decoders::graph_decoder::{DecoderKind, GraphDecoder};
use crate::blocks::encoders::graph::{GraphLayer, GraphPass, LayerConfig, LayerKind, NormKind, linear};
use crate::blocks::linear::Linear;
use crate::blocks::masks::nodes::NodeMask;
use crate::blocks::objectives::scaled_cosine::scaled_cosine;
use crate::blocks::tokenizers::node_features::{FeatureRows, Nodes};
use crate::error::{Error, Result};
use crate::kernels::edges::{Edges, edge_propagate};
use crate::kernels::losses::patch_error;
use crate::limits::{Need, Needs};
use crate::weights::{Init, Slot, Weights};

/// Every size and switch of GraphMAE.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Features of a node.
    pub in_dim: usize,
    /// Width of the encoder, all heads together.
    pub hidden: usize,
    pub layers: usize,
    pub heads: usize,
    /// Heads of an attending decoder: 1, because more would predict as many times too many features.
    pub heads_out: usize,
    pub encoder: LayerKind,
    pub decoder: DecoderKind,
    pub activation: Rectifier,
    pub norm: NormKind,
    pub residual: bool,
    /// The decoder gets the results of all encoder layers.
    pub concat_hidden: bool,
    /// Negative slope of attention scores.
    pub slope: f64,
    pub in_drop: f64,
    pub attn_drop: f64,
    pub drop_edge: f64,
    pub mask_rate: f64,
    pub replace_rate: f64,
    /// Hide masked nodes from the decoder again.
    pub remask: bool,
    pub loss: Criterion,
}

/// What a prediction costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Criterion {
    /// (1 − cosine)^α.
    ScaledCosine { alpha: f64 },
    /// Mean squared error.
    Squared,
}

impl Config {
    /// Whether the sizes fit one another.
    ///
    /// # Errors
    /// [`Error::Request`] naming the sizes that do not.
    pub fn check(&self) -> Result<()> {
        let refuse = |why: String| Err(Error::request("These sizes do not fit together", why, "Change one of them"));
        if self.in_dim == 0 || self.hidden == 0 || self.layers == 0 {
            return refuse(format!("{} features, width {}, {} layers", self.in_dim, self.hidden, self.layers));
        }
        if self.encoder.attends() && (self.heads == 0 || !self.hidden.is_multiple_of(self.heads)) {
            return refuse(format!("the width {} is no multiple of the {} heads", self.hidden, self.heads));
        }
        if matches!(self.decoder, DecoderKind::Graph(kind) if kind.attends()) && self.heads_out != 1 {
            return refuse(format!("a decoder of {} heads predicts {0} times too many features", self.heads_out));
        }
        for (name, rate) in [("in_drop", self.in_drop), ("attn_drop", self.attn_drop), ("drop_edge", self.drop_edge)] {
            if !(0.0..1.0).contains(&rate) {
                return refuse(format!("{name} is {rate}, and leaves nothing"));
            }
        }
        Ok(())
    }

    /// What a training step on a graph of this size needs: its largest tensors, and an estimate of all that is held
    /// until the backward pass has used it. A step takes the whole graph, so nothing depends on the batch.
    pub fn needs(&self, nodes: usize, edges: usize) -> Needs {
        let heads = if self.encoder.attends() { self.heads } else { 1 };
        let masked = (nodes as f64 * self.mask_rate) as usize;
        let tensors = vec![
            Need::of_weights("the features of all nodes", nodes * self.in_dim),
            Need::of_weights("a layer of all nodes", nodes * self.hidden),
            Need::of_weights("the attention weights of all edges", edges * heads),
            Need::of_weights("the prediction", masked * self.in_dim),
            Need::of_weights("a weight", self.hidden * self.in_dim),
        ];
        let unmasked = tensors[..3].to_vec();
        let layers = self.layers * (8 * nodes * self.hidden + 6 * edges * heads);
        let weights = 4 * self.hidden * (2 * self.in_dim + (self.layers + 1) * self.hidden);
        let values = nodes * self.in_dim + layers + 3 * masked * self.in_dim + weights;
        Needs { tensors, unmasked, together: Need { what: "training".into(), fixed: 4 * values as u64, per_sample: 0 } }
    }

    fn layer(&self, number: usize) -> LayerConfig {
        let last = number + 1 == self.layers;
        let (alone, plain) = (self.layers == 1, self.norm == NormKind::None);
        // The authors' constructors: a single attending layer has no activation, and a last GIN layer is wrapped in
        // norm and activation only where there is a norm.
        let activated = match self.encoder {
            LayerKind::Gat | LayerKind::DotGat => !alone,
            LayerKind::Gin => !last || !plain,
            LayerKind::Gcn => true,
        };
        LayerConfig {
            inputs: if number == 0 { self.in_dim } else { self.hidden },
            outputs: self.hidden,
            heads: self.heads,
            hidden: self.hidden,
            norm: self.norm,
            activation: self.activation,
            activated,
            normed: true,
            residual: self.residual,
            slope: self.slope,
        }
    }
}

/// The whole system: encoder, a map between, decoder.
#[derive(Debug, Clone)]
pub struct GraphMae {
    pub config: Config,
    mask_token: Slot<2>,
    pub encoder: Vec<GraphLayer>,
    to_decoder: Linear,
    decoder: GraphDecoder,
}

impl GraphMae {
    /// Declare all weights under their official names.
    ///
    /// # Errors
    /// [`Error::Request`] when the sizes do not fit one another.
    pub fn new(config: Config, weights: &mut Weights) -> Result<Self> {
        config.check()?;
        let mut scope = weights.root();
        let mask_token = scope.weight("enc_mask_token", [1, config.in_dim], Init::Zeros);
        let mut list = scope.at("encoder");
        let mut list = list.at(config.encoder.list());
        let encoder = (0..config.layers)
            .map(|number| GraphLayer::new(list.at(number), config.encoder, config.layer(number)))
            .collect();
        let inputs = if config.concat_hidden { config.layers * config.hidden } else { config.hidden };
        let to_decoder = linear(scope.at("encoder_to_decoder"), inputs, config.hidden, false);
        let last = LayerConfig {
            inputs: config.hidden,
            outputs: config.in_dim,
            heads: config.heads_out,
            activated: false,
            normed: false,
            residual: false,
            ..config.layer(0)
        };
        let decoder = GraphDecoder::new(&mut scope, config.decoder, last);
        Ok(Self { config, mask_token, encoder, to_decoder, decoder })
    }

    /// What the encoder sees of the features.
    ///
    /// # Errors
    /// [`Error::Data`] when the mask names nodes that are not there.
    pub fn masked_input(&self, w: &Weights, features: &FeatureRows, mask: &NodeMask) -> Result<Nodes> {
        features.masked(mask, w.get(self.mask_token), w.device())
    }

    /// The result of every encoder layer.
    ///
    /// # Shapes
    /// → each [nodes, hidden]
    pub fn encode(&self, w: &Weights, x: &Nodes, edges: &Edges, pass: &GraphPass) -> Vec<Tensor<2>> {
        let mut x = x.clone();
        let mut results = Vec::with_capacity(self.encoder.len());
        for layer in &self.encoder {
            let y = layer.forward(w, &x, edges, pass, None);
            results.push(y.clone());
            x = Nodes::Dense(Box::new(y));
        }
        results
    }

    /// The last layer's result for the graph as it is: the features that a probe gets.
    ///
    /// # Shapes
    /// → [nodes, hidden]
    pub fn embed(&self, w: &Weights, features: &FeatureRows, edges: &Edges) -> Tensor<2> {
        let mut results = self.encode(w, &features.whole(w.device()), edges, &GraphPass::evaluation());
        results.pop().unwrap_or_else(|| Tensor::zeros([features.rows(), self.config.hidden], w.device()))
    }

    /// From the encoder to the decoder.
    ///
    /// # Shapes
    /// each [nodes, hidden] → [nodes, hidden]
    pub fn to_decoder(&self, w: &Weights, results: Vec<Tensor<2>>) -> Tensor<2> {
        let from = if self.config.concat_hidden { results.len() } else { results.len().min(1) };
        let last: Vec<_> = results[results.len() - from..].to_vec();
        self.to_decoder.forward(w, if last.len() == 1 { last[0].clone() } else { Tensor::cat(last, 1) })
    }

    /// Masked nodes set to zero, where the decoder sees neighbours.
    pub fn remask(&self, x: Tensor<2>, mask: &NodeMask) -> Tensor<2> {
        let kept = mask.kept_column(&x.device());
        if self.config.remask && self.config.decoder.sees_neighbours() { x * kept } else { x }
    }

    /// The prediction for all nodes or, where `rows` picks some, for these.
    ///
    /// # Shapes
    /// [nodes, hidden] → [nodes or rows, features]
    pub fn decode(
        &self,
        w: &Weights,
        x: Tensor<2>,
        edges: &Edges,
        pass: &GraphPass,
        rows: Option<&Edges>,
    ) -> Tensor<2> {
        self.decoder.forward(w, x, edges, pass, rows)
    }

    /// Error of every masked node, in the mask's order, from the prediction for these.
    ///
    /// # Shapes
    /// [masked, features] → [masked]
    pub fn errors(&self, prediction: Tensor<2>, features: &FeatureRows, mask: &NodeMask) -> Tensor<1> {
        let device = prediction.device();
        let table = features.table(&device);
        match self.config.loss {
            Criterion::ScaledCosine { alpha } => scaled_cosine(prediction, table, mask.masked_tensor(&device), alpha),
            Criterion::Squared => {
                let truth = edge_propagate(table, None, &mask.rows(&device)).unsqueeze_dim::<3>(0);
                let all = Tensor::ones([1, mask.masked.len()], &device);
                patch_error(prediction.unsqueeze_dim::<3>(0), truth, all, false).squeeze_dim(0)
            }
        }
    }

    /// The loss of one pass: the encoder on the graph `seen`, the decoder on the whole one.
    ///
    /// # Shapes
    /// → [1]
    ///
    /// # Errors
    /// [`Error::Data`] when the mask names nodes that are not there.
    pub fn loss(
        &self,
        w: &Weights,
        features: &FeatureRows,
        [seen, whole]: [&Edges; 2],
        mask: &NodeMask,
        pass: &GraphPass,
    ) -> Result<Tensor<1>> {
        let results = self.encode(w, &self.masked_input(w, features, mask)?, seen, pass);
        let x = self.remask(self.to_decoder(w, results), mask);
        let prediction = self.decode(w, x, whole, pass, Some(&mask.rows(w.device())));
        Ok(self.errors(prediction, features, mask).mean())
    }
}
