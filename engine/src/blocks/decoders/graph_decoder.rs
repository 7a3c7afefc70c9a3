//! From the features of nodes back to what was hidden: one layer of a graph network, or none.

use burn::tensor::Tensor;

use crate::blocks::activation::{Activation, Rectifier};
use crate::blocks::encoders::graph::{GraphLayer, GraphPass, LayerConfig, LayerKind, linear};
use crate::blocks::linear::Linear;
use crate::blocks::tokenizers::node_features::Nodes;
use crate::kernels::edges::{Edges, edge_propagate};
use crate::weights::{Scope, Weights};

/// Rate at which the hidden layer of [`GraphDecoder::Mlp`] loses values in training, whatever the model's own.
const MLP_DROPOUT: f64 = 0.2;

/// Which kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecoderKind {
    Graph(LayerKind),
    Mlp,
    Linear,
}

impl DecoderKind {
    /// The one of this name: those of [`LayerKind::named`], `mlp` and `linear`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "mlp" => Some(Self::Mlp),
            "linear" => Some(Self::Linear),
            layer => LayerKind::named(layer).map(Self::Graph),
        }
    }

    /// Whether it sees the neighbours of a node, so that what is left of the node itself has to be hidden again.
    pub fn sees_neighbours(self) -> bool {
        matches!(self, Self::Graph(_))
    }
}

/// The decoder.
#[derive(Debug, Clone)]
pub enum GraphDecoder {
    /// One layer without norm, activation and residual at its end.
    Layer(Box<GraphLayer>),
    /// Linear, PReLU, dropout, linear; it sees no graph.
    Mlp { first: Linear, activation: Activation, second: Linear },
    /// It sees no graph either.
    Linear(Linear),
}

impl GraphDecoder {
    /// Declare its weights below `decoder`.
    pub fn new(scope: &mut Scope<'_>, kind: DecoderKind, config: LayerConfig) -> Self {
        let mut scope = scope.at("decoder");
        let LayerConfig { inputs, outputs, hidden, .. } = config;
        match kind {
            DecoderKind::Graph(layer) => {
                Self::Layer(Box::new(GraphLayer::new(scope.at(layer.list()).at(0), layer, config)))
            }
            DecoderKind::Mlp => Self::Mlp {
                first: linear(scope.at(0), inputs, hidden, true),
                activation: Activation::new(scope.at(1), Rectifier::Prelu),
                second: linear(scope.at(3), hidden, outputs, true),
            },
            DecoderKind::Linear => Self::Linear(linear(scope, inputs, outputs, true)),
        }
    }

    /// The prediction for all nodes or, where `rows` picks some, for these.
    ///
    /// # Shapes
    /// [nodes, inputs] → [nodes or rows, outputs]
    pub fn forward(
        &self,
        w: &Weights,
        x: Tensor<2>,
        edges: &Edges,
        pass: &GraphPass,
        rows: Option<&Edges>,
    ) -> Tensor<2> {
        let picked = |x: Tensor<2>| rows.map_or_else(|| x.clone(), |rows| edge_propagate(x.clone(), None, rows));
        match self {
            Self::Layer(layer) => layer.forward(w, &Nodes::Dense(Box::new(x)), edges, pass, rows),
            Self::Linear(map) => map.forward(w, picked(x)),
            Self::Mlp { first, activation, second } => {
                let h = activation.forward(w, first.forward(w, picked(x)));
                second.forward(w, pass.dropped(h, MLP_DROPOUT))
            }
        }
    }
}
