//! What SCGC is compared with beyond its own parts: spectral clustering, and an autoencoder of graph convolutions.

use burn::tensor::{Device, Int, Tensor, TensorData, activation};

use crate::blocks::influence::{BothWays, Sparse};
use crate::blocks::linear::Linear;
use crate::eval::Features;
use crate::kernels::tokens::{gather_tokens, scatter_tokens};
use crate::rng::Rng;
use crate::weights::{Init, Scope, Weights};

/// Rounds of the subspace iteration.
const ROUNDS: usize = 150;

/// D⁻½ (A + I) D⁻½ from A₁ = D⁻¹ (A + I): the geometric mean of each pair's two values.
fn symmetric(first: &Sparse) -> (BothWays, Vec<f32>) {
    let pairs = first.both_ways();
    let values = pairs.values.as_chunks::<2>().0.iter().map(|[there, back]| (there * back).sqrt()).collect();
    (pairs, values)
}

/// Spectral clustering's features (Ng, Jordan and Weiss 2001): the eigenvectors of the symmetric matrix with the
/// `count` largest eigenvalues, by subspace iteration, each node's row divided by its length.
pub fn spectral(first: &Sparse, count: usize, rng: &Rng) -> Features {
    let (pairs, values) = symmetric(first);
    let (nodes, count) = (first.nodes(), count.clamp(1, first.nodes().max(1)));
    let mut rng = rng.clone();
    let mut columns: Vec<Vec<f32>> = (0..count).map(|_| (0..nodes).map(|_| rng.normal()).collect()).collect();
    orthonormal(&mut columns);
    for _ in 0..ROUNDS {
        for column in &mut columns {
            let row = |node: usize| -> f32 {
                let range = pairs.starts[node] as usize..pairs.starts[node + 1] as usize;
                let sum: f32 = range.map(|pair| values[pair] * column[pairs.columns[pair] as usize]).sum();
                // With the identity added no eigenvalue is below zero, so the largest ones are the largest in size.
                sum + column[node]
            };
            *column = (0..nodes).map(row).collect();
        }
        orthonormal(&mut columns);
    }
    let values = (0..nodes).flat_map(|node| columns.iter().map(move |column| column[node])).collect();
    Features { dim: count, values }.normalised()
}

/// Gram and Schmidt's process.
fn orthonormal(columns: &mut [Vec<f32>]) {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    for i in 0..columns.len() {
        let (before, rest) = columns.split_at_mut(i);
        let own = &mut rest[0];
        for other in before {
            let along = dot(own, other) as f32;
            own.iter_mut().zip(other.iter()).for_each(|(v, o)| *v -= along * o);
        }
        let norm = dot(own, own).sqrt().max(1e-30) as f32;
        own.iter_mut().for_each(|v| *v /= norm);
    }
}

/// Averages over neighbours, on a device.
#[derive(Debug, Clone)]
pub struct Propagation {
    from: Tensor<2, Int>,
    to: Tensor<2, Int>,
    weights: Tensor<3>,
    nodes: usize,
}

impl Propagation {
    /// By D⁻½ (A + I) D⁻½, from A₁.
    pub fn new(first: &Sparse, device: &Device) -> Self {
        let (pairs, values) = symmetric(first);
        let count = values.len();
        let rows: Vec<i32> = (0..first.nodes())
            .flat_map(|node| vec![node as i32; (pairs.starts[node + 1] - pairs.starts[node]) as usize])
            .collect();
        let columns: Vec<i32> = pairs.columns.iter().map(|column| *column as i32).collect();
        let index = |values: Vec<i32>| Tensor::from_data(TensorData::new(values, [1, count]), device);
        Self {
            from: index(columns),
            to: index(rows),
            weights: Tensor::from_data(TensorData::new(values, [1, count, 1]), device),
            nodes: first.nodes(),
        }
    }

    /// # Shapes
    /// [nodes, width] → [nodes, width]
    fn apply(&self, x: Tensor<2>) -> Tensor<2> {
        let sent = gather_tokens(x.unsqueeze_dim(0), self.from.clone()) * self.weights.clone();
        scatter_tokens(sent, self.to.clone(), self.nodes).squeeze_dim(0)
    }
}

/// An autoencoder of four graph convolutions (Kipf and Welling 2017) that rebuilds the features: Â σ(Â X W₁) W₂ and
/// back.
#[derive(Debug, Clone)]
pub struct Convolutions {
    layers: [Linear; 4],
}

impl Convolutions {
    /// Declare the weights of features → hidden → width → hidden → features.
    pub fn new(weights: &mut Weights, features: usize, hidden: usize, width: usize) -> Self {
        let mut root = weights.root();
        let mut scope: Scope<'_> = root.at("gcn");
        let mut layer = |name: &str, inputs: usize, outputs: usize| {
            Linear::with(scope.at(name), inputs, outputs, Init::Xavier { fan_in: inputs, fan_out: outputs })
        };
        let layers = [
            layer("enc_1", features, hidden),
            layer("enc_2", hidden, width),
            layer("dec_1", width, hidden),
            layer("dec_2", hidden, features),
        ];
        Self { layers }
    }

    fn half(&self, w: &Weights, from: usize, x: Tensor<2>, along: &Propagation) -> Tensor<2> {
        let hidden = activation::relu(along.apply(self.layers[from].forward(w, x)));
        along.apply(self.layers[from + 1].forward(w, hidden))
    }

    /// The embedding of all nodes.
    ///
    /// # Shapes
    /// [nodes, features] → [nodes, width]
    pub fn encode(&self, w: &Weights, x: Tensor<2>, along: &Propagation) -> Tensor<2> {
        self.half(w, 0, x, along)
    }

    /// Mean squared error of the features rebuilt.
    ///
    /// # Shapes
    /// [nodes, features] → [1]
    pub fn loss(&self, w: &Weights, x: Tensor<2>, along: &Propagation) -> Tensor<1> {
        let z = self.encode(w, x.clone(), along);
        (self.half(w, 2, z, along) - x).square().mean()
    }
}
