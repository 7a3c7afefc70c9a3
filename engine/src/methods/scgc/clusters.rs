//! SCGC on one graph, or one of what it is compared with: what is clustered, and its clusters.

use std::rc::Rc;

use burn::tensor::Tensor;

use crate::batch::Nodes;
use crate::blocks::influence::Sparse;
use crate::error::Result;
use crate::eval::{Features, kmeans};
use crate::graph::featured::GraphData;
use crate::methods::scgc::Variant;
use crate::methods::scgc::known::{self, Known};
use crate::methods::scgc::model::Scgc;
use crate::methods::scgc::rivals::{Convolutions, Propagation, spectral};
use crate::readback;
use crate::rng::Rng;
use crate::weights::{Weights, plain};

/// Nodes that go through the network at once when nothing is learned, and that k-means is fitted on at most.
const CHUNK: usize = 8192;
const FITTED: usize = 20_000;
/// Starts of k-means.
const RESTARTS: usize = 20;

/// SCGC, SCGC*, or one of what they are compared with, on one graph.
#[derive(Debug, Clone)]
pub struct Clustering {
    pub variant: Variant,
    pub model: Scgc,
    pub(super) convolutions: Option<Convolutions>,
    pub(super) seed: u64,
    /// Nodes of the graph.
    pub(super) nodes: usize,
    pub(super) known: Rc<Known>,
}

impl Clustering {
    /// Whether it has weights: k-means on the features and on eigenvectors has none.
    pub(super) fn learns(&self) -> bool {
        self.variant.has_network() || self.convolutions.is_some()
    }

    /// The embedding of some nodes, without history.
    ///
    /// # Shapes
    /// → [nodes, width]
    pub(super) fn embedding(&self, w: &Weights, nodes: &Nodes) -> Tensor<2> {
        plain(self.model.encode(w, known::features(nodes, w.device())))
    }

    /// A₁ of a graph.
    pub fn first(&self, graph: &Rc<GraphData>) -> Rc<Sparse> {
        self.known.first(graph)
    }

    /// What the variant clusters: embeddings of these nodes, their features, or eigenvectors.
    ///
    /// # Errors
    /// [`Error::Device`](crate::error::Error::Device) when the device is lost.
    pub async fn clustered(&self, w: &Weights, nodes: &Nodes) -> Result<Features> {
        match (self.variant, &self.convolutions) {
            (Variant::KMeans, _) => {
                let features = &nodes.graph.features;
                Ok(Features { dim: features.width, values: features.dense(nodes.numbers.iter().copied()) })
            }
            (Variant::Spectral, _) => {
                let rng = Rng::new(self.seed, "spectral");
                let all = spectral(&self.first(&nodes.graph), self.model.config.clusters, &rng);
                Ok(all.rows_of(&nodes.numbers))
            }
            (_, Some(convolutions)) => {
                let x = known::features(&Nodes::all(nodes.graph.clone()), w.device());
                let z = convolutions.encode(w, x, &Propagation::new(&self.first(&nodes.graph), w.device()));
                let all = Features { dim: z.dims()[1], values: readback::floats(z).await? };
                Ok(all.rows_of(&nodes.numbers))
            }
            _ => {
                let mut all = Features { dim: self.model.config.width, values: Vec::new() };
                for numbers in nodes.numbers.chunks(CHUNK) {
                    let part = Nodes { numbers: numbers.to_vec(), graph: nodes.graph.clone() };
                    all.values.extend(readback::floats(self.embedding(w, &part)).await?);
                }
                Ok(all)
            }
        }
    }

    /// The cluster of every row of [`Clustering::clustered`].
    ///
    /// # Errors
    /// [`Error::Device`](crate::error::Error::Device) when the device is lost.
    pub async fn clusters(&self, w: &Weights, x: &Features) -> Result<Vec<u32>> {
        if !self.variant.refines() {
            return Ok(self.fit(x, &Rng::new(self.seed, "k-means")).labels);
        }
        let mut labels = Vec::with_capacity(x.rows());
        for rows in x.values.chunks((CHUNK * x.dim).max(1)) {
            let part = Features { dim: x.dim, values: rows.to_vec() };
            let q = readback::floats(self.model.assign(w, part.tensor(w.device()))).await?;
            let best =
                |row: &[f32]| (0..row.len()).rev().max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap_or(0) as u32;
            labels.extend(q.chunks(self.model.config.clusters).map(best));
        }
        Ok(labels)
    }

    /// k-means of all rows, fitted on some of them where there are many.
    pub(super) fn fit(&self, x: &Features, rng: &Rng) -> kmeans::Clusters {
        let step = x.rows().div_ceil(FITTED).max(1);
        let some = x.rows_of(&(0..x.rows()).step_by(step).collect::<Vec<_>>());
        let found = kmeans::fit(&some, self.model.config.clusters, RESTARTS, rng);
        if step == 1 { found } else { kmeans::lloyd_until(x, &found.centres, 0.0, 0) }
    }
}
