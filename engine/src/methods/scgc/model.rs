//! SCGC's network, losses and clusters.

use burn::tensor::{Tensor, activation};

use crate::blocks::influence::Reach;
use crate::blocks::linear::Linear;
use crate::blocks::objectives::{neighbour_contrast, self_training};
use crate::error::{Error, Result};
use crate::kernels::neighbour_contrast::{How, Pairs};
use crate::weights::{Init, Scope, Slot, Weights};

/// Every size and switch of SCGC.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Features of a node.
    pub features: usize,
    /// Widths of the encoder's hidden layers, from the input on.
    pub encoder: Vec<usize>,
    /// Width of the embedding.
    pub width: usize,
    /// Widths of the decoder's hidden layers, from the embedding on; counts only with `decoded`.
    pub decoder: Vec<usize>,
    /// Whether there is a decoder.
    pub decoded: bool,
    pub clusters: usize,
    pub reach: Reach,
    /// Weight of the neighbour contrast.
    pub alpha: f64,
    /// Weight of the self-training.
    pub beta: f64,
    pub tau: f64,
    /// Degrees of freedom of Student's t.
    pub v: f64,
    /// Added to the neighbours' share before the logarithm.
    pub eps_contrast: f64,
    /// Lengths below this count as this.
    pub eps_norm: f64,
}

impl Config {
    /// Whether the sizes can be built.
    ///
    /// # Errors
    /// [`Error::Request`] naming what cannot be.
    pub fn check(&self) -> Result<()> {
        let refuse = |why: &str| Err(Error::request("This network cannot be built", why, "Change one of its sizes"));
        if self.features == 0 || self.width == 0 || self.encoder.iter().chain(&self.decoder).any(|width| *width == 0) {
            return refuse("a layer has no width");
        }
        if self.clusters == 0 {
            return refuse("there must be at least one cluster");
        }
        if self.reach.order == 0 {
            return refuse("influence reaches at least one hop");
        }
        Ok(())
    }

    /// The numbers of the contrast.
    pub fn contrast(&self) -> How {
        How { tau: self.tau as f32, eps: self.eps_contrast as f32, least_norm: self.eps_norm as f32 }
    }
}

/// Linear layers with ReLU between them and none behind the last.
#[derive(Debug, Clone)]
pub struct Stack {
    layers: Vec<Linear>,
}

impl Stack {
    /// Layers `{hidden}_1`, `{hidden}_2` … and `last`; weights and biases start uniform in ±1/√(inputs).
    fn new(scope: &mut Scope<'_>, hidden: &str, last: &str, widths: &[usize]) -> Self {
        let count = widths.len().saturating_sub(1);
        let layers = widths.windows(2).enumerate().map(|(i, pair)| {
            let name = if i + 1 == count { last.to_string() } else { format!("{hidden}_{}", i + 1) };
            let (mut scope, bound) = (scope.at(name), 1.0 / (pair[0].max(1) as f32).sqrt());
            let weight = scope.weight("weight", [pair[1], pair[0]], Init::Uniform(bound));
            Linear { weight, bias: Some(scope.weight("bias", [pair[1]], Init::Uniform(bound))) }
        });
        Self { layers: layers.collect() }
    }

    /// # Shapes
    /// [nodes, first width] → [nodes, last width]
    pub fn forward(&self, w: &Weights, x: Tensor<2>) -> Tensor<2> {
        self.layers.iter().enumerate().fold(x, |x, (i, layer)| {
            let y = layer.forward(w, x);
            if i + 1 < self.layers.len() { activation::relu(y) } else { y }
        })
    }
}

/// SCGC: an autoencoder of nodes and the centres of clusters. The graph is no input of it.
#[derive(Debug, Clone)]
pub struct Scgc {
    pub config: Config,
    encoder: Stack,
    decoder: Option<Stack>,
    cluster_layer: Slot<2>,
}

/// The losses of one pass.
#[derive(Debug, Clone)]
pub struct Losses {
    pub contrast: Tensor<1>,
    pub divergence: Tensor<1>,
    /// `None` where nothing is rebuilt.
    pub reconstruction: Option<Tensor<1>>,
    pub total: Tensor<1>,
}

impl Scgc {
    /// Declare all weights under their official names.
    ///
    /// # Errors
    /// [`Error::Request`] when a size cannot be built.
    pub fn new(config: Config, weights: &mut Weights) -> Result<Self> {
        config.check()?;
        let widths = |first: usize, hidden: &[usize], last: usize| [&[first], hidden, &[last]].concat();
        let mut root = weights.root();
        let mut scope = root.at("ae");
        let encoder = Stack::new(&mut scope, "enc", "z_layer", &widths(config.features, &config.encoder, config.width));
        let decoder_widths = widths(config.width, &config.decoder, config.features);
        let decoder = config.decoded.then(|| Stack::new(&mut scope, "dec", "x_bar_layer", &decoder_widths));
        let start = (6.0 / (config.clusters + config.width) as f32).sqrt();
        let cluster_layer = root.weight("cluster_layer", [config.clusters, config.width], Init::Uniform(start));
        Ok(Self { config, encoder, decoder, cluster_layer })
    }

    /// The embedding z.
    ///
    /// # Shapes
    /// [nodes, features] → [nodes, width]
    pub fn encode(&self, w: &Weights, x: Tensor<2>) -> Tensor<2> {
        self.encoder.forward(w, x)
    }

    /// The features rebuilt from the embedding; `None` without a decoder.
    ///
    /// # Shapes
    /// [nodes, width] → [nodes, features]
    pub fn decode(&self, w: &Weights, z: Tensor<2>) -> Option<Tensor<2>> {
        Some(self.decoder.as_ref()?.forward(w, z))
    }

    /// How much each node belongs to each cluster.
    ///
    /// # Shapes
    /// embedding [nodes, width] → q [nodes, clusters]
    pub fn assign(&self, w: &Weights, z: Tensor<2>) -> Tensor<2> {
        self.assign_to(w.get(self.cluster_layer), z)
    }

    /// As [`Scgc::assign`], with given centres [clusters, width].
    pub fn assign_to(&self, centres: Tensor<2>, z: Tensor<2>) -> Tensor<2> {
        self_training::soft_assignment(z, centres, self.config.v)
    }

    /// Mean squared error of the features rebuilt: the loss of the autoencoder. `None` without a decoder.
    ///
    /// # Shapes
    /// features [nodes, features], embedding [nodes, width] → [1]
    pub fn reconstruction(&self, w: &Weights, x: Tensor<2>, z: Tensor<2>) -> Option<Tensor<1>> {
        Some((self.decode(w, z)? - x).square().mean())
    }

    /// α contrast + β divergence, over nodes whose influence on one another is `pairs`, and with `rebuilt` (SCGC; SCGC*
    /// leaves it out) the reconstruction.
    ///
    /// # Shapes
    /// features [nodes, features] → four of [1]
    pub fn losses(&self, w: &Weights, x: Tensor<2>, pairs: &Pairs, rebuilt: bool) -> Losses {
        let z = self.encode(w, x.clone());
        let q = self.assign(w, z.clone());
        let divergence = self_training::divergence(self_training::target(q.clone()), q);
        let contrast = neighbour_contrast::loss(z.clone(), pairs, self.config.contrast());
        let reconstruction = if rebuilt { self.reconstruction(w, x, z) } else { None };
        let mut total =
            contrast.clone().mul_scalar(self.config.alpha) + divergence.clone().mul_scalar(self.config.beta);
        if let Some(reconstruction) = &reconstruction {
            total = total + reconstruction.clone();
        }
        Losses { contrast, divergence, reconstruction, total }
    }
}
