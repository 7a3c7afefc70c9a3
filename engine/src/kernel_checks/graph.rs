//! The kernels of graph networks.

use burn::tensor::Device;

use super::{Case, backward, flat, gradient, leaf, noise, picks};
use crate::graph::Graph;
use crate::kernels::activations::prelu;
use crate::kernels::edges::{Edges, edge_dot, edge_propagate, edge_softmax};
use crate::kernels::losses::row_cosine;
use crate::rng::Rng;

/// A graph with random edges; some nodes have none.
fn edges([sources, targets, count]: [usize; 3], device: &Device) -> Option<Edges> {
    let mut rng = Rng::new(1, "edges");
    let mut ends = |nodes: usize| -> Vec<u32> { (0..count).map(|_| rng.below(nodes) as u32).collect() };
    let (src, dst) = (ends(sources), ends(targets));
    Graph::between(sources, targets, &src, &dst).ok().map(|graph| graph.on(device))
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for ([sources, targets, count], heads, width) in [([1, 1, 1], 1, 1), ([7, 5, 23], 3, 4), ([60, 300, 1900], 4, 33)] {
        let sizes = [sources, targets, count, heads, width];
        let on = move |device: &Device| edges([sources, targets, count], &device.clone().autodiff());
        cases.push(Case::new("edge_softmax", &sizes, 1e-5, move |device| {
            let Some(edges) = on(device) else { return Vec::new() };
            let scores = leaf("scores", [count, heads], device);
            let out = edge_softmax(scores.clone() * 4.0, &edges);
            let gradients = backward(&out);
            vec![flat(out), gradient(&scores, &gradients)]
        }));
        cases.push(Case::new("edge_propagate", &sizes, 1e-5, move |device| {
            let Some(edges) = on(device) else { return Vec::new() };
            let (x, weights) = (leaf("x", [sources, heads * width], device), leaf("weights", [count, heads], device));
            let weighted = edge_propagate(x.clone(), Some(weights.clone()), &edges);
            let out = weighted * edge_propagate(x.clone(), None, &edges);
            let gradients = backward(&out);
            vec![flat(out), gradient(&x, &gradients), gradient(&weights, &gradients)]
        }));
        cases.push(Case::new("edge_dot", &sizes, 1e-5, move |device| {
            let Some(edges) = on(device) else { return Vec::new() };
            let (x, y) = (leaf("x", [sources, heads * width], device), leaf("y", [targets, heads * width], device));
            let out = edge_dot(x.clone(), y.clone(), &edges, heads);
            let gradients = backward(&out);
            vec![flat(out), gradient(&x, &gradients), gradient(&y, &gradients)]
        }));
    }
    for [rows, width] in [[1, 1], [7, 33], [300, 140]] {
        cases.push(Case::new("prelu", &[rows, width], 1e-5, move |device| {
            let (x, slope) = (leaf("x", [rows, width], device), leaf("slope", [1], device));
            let out = prelu(x.clone(), slope.clone());
            let gradients = backward(&out);
            vec![flat(out), gradient(&x, &gradients), gradient(&slope, &gradients)]
        }));
        cases.push(Case::new("row_cosine", &[rows, width], 2e-5, move |device| {
            let a = leaf("a", [rows, width], device);
            let device = a.device();
            let out = row_cosine(a.clone(), noise("b", [rows + 2, width], &device), picks([rows], rows + 2, &device));
            let gradients = backward(&out);
            vec![flat(out), gradient(&a, &gradients)]
        }));
    }
    cases
}
