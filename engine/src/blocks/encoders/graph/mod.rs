//! Layers of graph networks: each node mixes what its neighbours send.

pub mod gat;
pub mod gcn;
pub mod gin;

use std::cell::RefCell;

use burn::tensor::Tensor;

use crate::blocks::activation::{Activation, Rectifier};
use crate::blocks::batch_norm::{BatchNorm, Pass};
use crate::blocks::dropout::dropout;
use crate::blocks::linear::{LayerNorm, Linear};
use crate::blocks::tokenizers::node_features::Nodes;
use crate::kernels::edges::{Edges, edge_propagate};
use crate::rng::Rng;
use crate::weights::{Init, Scope, Weights};

/// One pass of a graph network: with or without training, and what is left out at random in it.
#[derive(Debug, Default)]
pub struct GraphPass {
    /// Statistics of batch normalisation.
    pub norms: Pass,
    features: f64,
    attention: f64,
    rng: Option<RefCell<Rng>>,
}

impl GraphPass {
    /// A training pass: each layer's input loses values at the rate `features`, attention weights at the rate
    /// `attention`.
    pub fn training(features: f64, attention: f64, rng: Rng) -> Self {
        Self { norms: Pass::training(), features, attention, rng: Some(RefCell::new(rng)) }
    }

    /// An evaluation pass: nothing is left out.
    pub fn evaluation() -> Self {
        Self::default()
    }

    /// A layer's input.
    pub fn input(&self, x: &Nodes) -> Nodes {
        match &self.rng {
            Some(rng) if self.features > 0.0 => x.dropped(self.features, &mut rng.borrow_mut()),
            _ => x.clone(),
        }
    }

    /// Attention weights.
    pub fn attention(&self, weights: Tensor<2>) -> Tensor<2> {
        self.dropped(weights, self.attention)
    }

    /// Values at a rate of their own.
    pub fn dropped(&self, x: Tensor<2>, rate: f64) -> Tensor<2> {
        match &self.rng {
            Some(rng) if rate > 0.0 => dropout(x, rate, &mut rng.borrow_mut()),
            _ => x,
        }
    }
}

/// Normalisation of a layer's result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NormKind {
    None,
    /// Over the values of a node.
    Layer {
        eps: f64,
    },
    /// Over all nodes.
    Batch {
        eps: f64,
        momentum: f64,
    },
}

/// It with its weights.
#[derive(Debug, Clone)]
pub enum Norm {
    None,
    Layer(LayerNorm),
    Batch(BatchNorm),
}

impl Norm {
    /// Declare its weights in `scope`.
    pub fn new(scope: Scope<'_>, width: usize, kind: NormKind) -> Self {
        match kind {
            NormKind::None => Self::None,
            NormKind::Layer { eps } => Self::Layer(LayerNorm::new(scope, width, eps)),
            NormKind::Batch { eps, momentum } => {
                let mut norm = BatchNorm::new(scope, width, eps);
                norm.momentum = momentum;
                Self::Batch(norm)
            }
        }
    }

    /// # Shapes
    /// [nodes, width] → the same
    pub fn forward(&self, w: &Weights, x: Tensor<2>, pass: &GraphPass) -> Tensor<2> {
        match self {
            Self::None => x,
            Self::Layer(norm) => norm.forward(w, x),
            Self::Batch(norm) => norm.forward(w, x, &pass.norms),
        }
    }
}

/// What is added to a layer's result from its input.
#[derive(Debug, Clone)]
enum Residual {
    None,
    Identity,
    Linear(Linear),
}

impl Residual {
    /// The input itself where the widths are equal, else a linear map `res_fc` without bias.
    fn new(scope: &mut Scope<'_>, wanted: bool, inputs: usize, outputs: usize, init: Init) -> Self {
        match (wanted, inputs == outputs) {
            (false, _) => Self::None,
            (true, true) => Self::Identity,
            (true, false) => Self::Linear(Linear {
                weight: scope.at("res_fc").weight("weight", [outputs, inputs], init),
                bias: None,
            }),
        }
    }

    fn add(&self, w: &Weights, y: Tensor<2>, x: &Nodes) -> Tensor<2> {
        match self {
            Self::None => y,
            Self::Identity => y + x.dense(),
            Self::Linear(map) => y + x.times(w.get(map.weight)),
        }
    }
}

/// Sizes and switches of one layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerConfig {
    pub inputs: usize,
    /// Of all heads together.
    pub outputs: usize,
    /// Attention heads (GAT and dot-product GAT).
    pub heads: usize,
    /// Width inside the two linear maps of GIN.
    pub hidden: usize,
    pub norm: NormKind,
    pub activation: Rectifier,
    /// Activation at the layer's end, norm at its end, residual.
    pub activated: bool,
    pub normed: bool,
    pub residual: bool,
    /// Of LeakyReLU in GAT's scores.
    pub slope: f64,
}

impl LayerConfig {
    fn norm(&self, scope: Scope<'_>) -> Norm {
        Norm::new(scope, self.outputs, if self.normed { self.norm } else { NormKind::None })
    }

    fn activation(&self, scope: Scope<'_>) -> Option<Activation> {
        self.activated.then(|| Activation::new(scope, self.activation))
    }
}

/// The four kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayerKind {
    Gat,
    DotGat,
    Gin,
    Gcn,
}

impl LayerKind {
    /// The one of this name (`gat`, `dotgat`, `gin`, `gcn`).
    pub fn named(name: &str) -> Option<Self> {
        let all = [("gat", Self::Gat), ("dotgat", Self::DotGat), ("gin", Self::Gin), ("gcn", Self::Gcn)];
        all.into_iter().find(|(known, _)| *known == name).map(|(_, kind)| kind)
    }

    /// What the list of such layers is called in weights files.
    pub fn list(self) -> &'static str {
        match self {
            Self::Gat | Self::DotGat => "gat_layers",
            Self::Gin => "layers",
            Self::Gcn => "gcn_layers",
        }
    }

    /// Whether it has heads.
    pub fn attends(self) -> bool {
        matches!(self, Self::Gat | Self::DotGat)
    }
}

/// A layer of any kind.
#[derive(Debug, Clone)]
pub enum GraphLayer {
    Gat(gat::Gat),
    DotGat(gat::DotGat),
    Gin(gin::Gin),
    Gcn(gcn::Gcn),
}

impl GraphLayer {
    /// Declare its weights in `scope`.
    pub fn new(scope: Scope<'_>, kind: LayerKind, config: LayerConfig) -> Self {
        match kind {
            LayerKind::Gat => Self::Gat(gat::Gat::new(scope, config)),
            LayerKind::DotGat => Self::DotGat(gat::DotGat::new(scope, config)),
            LayerKind::Gin => Self::Gin(gin::Gin::new(scope, config)),
            LayerKind::Gcn => Self::Gcn(gcn::Gcn::new(scope, config)),
        }
    }

    /// The result for all nodes or, where `rows` picks some, for these: what comes after the last sum over neighbours
    /// is then computed for them alone. `rows` is for layers without norm, activation and residual.
    ///
    /// # Shapes
    /// [nodes, inputs] → [nodes or rows, outputs]
    pub fn forward(&self, w: &Weights, x: &Nodes, edges: &Edges, pass: &GraphPass, rows: Option<&Edges>) -> Tensor<2> {
        match self {
            Self::Gat(layer) => layer.forward(w, x, edges, pass, rows),
            Self::DotGat(layer) => layer.forward(w, x, edges, pass, rows),
            Self::Gin(layer) => layer.forward(w, x, edges, pass, rows),
            Self::Gcn(layer) => layer.forward(w, x, edges, pass, rows),
        }
    }
}

/// The picked rows, or all.
pub(super) fn picked(x: Tensor<2>, rows: Option<&Edges>) -> Tensor<2> {
    match rows {
        Some(rows) => edge_propagate(x, None, rows),
        None => x,
    }
}

/// A linear map that starts uniform in ±1 / √inputs, its bias too.
pub(crate) fn linear(mut scope: Scope<'_>, inputs: usize, outputs: usize, bias: bool) -> Linear {
    let start = || Init::Uniform(1.0 / (inputs.max(1) as f32).sqrt());
    let weight = scope.weight("weight", [outputs, inputs], start());
    Linear { weight, bias: bias.then(|| scope.weight("bias", [outputs], start())) }
}
