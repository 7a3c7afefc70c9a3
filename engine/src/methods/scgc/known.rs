//! What SCGC keeps of a graph between steps, and the batches of nodes it is trained on where it is large.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use burn::tensor::{Device, Tensor, TensorData};

use crate::batch::Nodes;
use crate::blocks::influence::{Reach, Sparse};
use crate::blocks::objectives::neighbour_contrast;
use crate::graph::featured::GraphData;
use crate::kernels::neighbour_contrast::Pairs;
use crate::rng::Rng;

/// Nodes that are taken around one node before the next part of a batch starts elsewhere.
const PATCH: usize = 32;
/// Node numbers of a plan at most; it is then repeated.
const MOST_PLANNED: usize = 4_000_000;

/// What is known of the graph of a run; computed when it is first asked for.
///
/// No number depends on whether it was: all of it follows from the data, the reach and the device, and is computed anew
/// for others of these.
#[derive(Debug, Default)]
pub struct Known(RefCell<Option<Kept>>);

#[derive(Debug)]
struct Kept {
    graph: Rc<GraphData>,
    first: Rc<Sparse>,
    whole: Option<Whole>,
}

/// Features and influence of all nodes on a device.
#[derive(Debug, Clone)]
struct Whole {
    reach: Reach,
    device: Device,
    x: Tensor<2>,
    pairs: Pairs,
}

impl Known {
    /// A₁ of a graph.
    pub fn first(&self, graph: &Rc<GraphData>) -> Rc<Sparse> {
        let mut kept = self.0.borrow_mut();
        if let Some(kept) = kept.as_ref().filter(|kept| Rc::ptr_eq(&kept.graph, graph)) {
            return kept.first.clone();
        }
        let edges: Vec<[u32; 2]> = graph.src.iter().zip(&graph.dst).map(|(from, to)| [*from, *to]).collect();
        let first = Rc::new(Sparse::transition(graph.nodes, &edges));
        *kept = Some(Kept { graph: graph.clone(), first: first.clone(), whole: None });
        first
    }

    /// Features of some nodes and their influence on one another.
    ///
    /// # Shapes
    /// → [nodes, features]
    pub fn inputs(&self, nodes: &Nodes, reach: Reach, device: &Device) -> (Tensor<2>, Pairs) {
        let first = self.first(&nodes.graph);
        if nodes.numbers.len() < first.nodes() {
            let numbers: Vec<u32> = nodes.numbers.iter().map(|node| *node as u32).collect();
            let pairs = neighbour_contrast::pairs(&first.influence_among(&numbers, reach), device);
            return (features(nodes, device), pairs);
        }
        let fits = |whole: &Whole| whole.reach == reach && whole.device == *device;
        if let Some(whole) = self.0.borrow().as_ref().and_then(|kept| kept.whole.as_ref()).filter(|whole| fits(whole)) {
            return (whole.x.clone(), whole.pairs.clone());
        }
        let pairs = neighbour_contrast::pairs(&first.influence(reach), device);
        let whole = Whole { reach, device: device.clone(), x: features(nodes, device), pairs };
        let inputs = (whole.x.clone(), whole.pairs.clone());
        if let Some(kept) = self.0.borrow_mut().as_mut() {
            kept.whole = Some(whole);
        }
        inputs
    }
}

/// Features of some nodes.
///
/// # Shapes
/// → [nodes, features]
pub fn features(nodes: &Nodes, device: &Device) -> Tensor<2> {
    let features = &nodes.graph.features;
    let values = features.dense(nodes.numbers.iter().copied());
    Tensor::from_data(TensorData::new(values, [nodes.numbers.len(), features.width]), device)
}

/// Batches of `size` nodes for `steps` steps: every epoch visits all nodes in a fresh order (but those of the last
/// batch, if it is not full), and a batch is made of patches that are joined by edges, so that there are neighbours in
/// it.
pub fn patches(first: &Sparse, size: usize, steps: u64, rng: &Rng) -> Vec<Vec<usize>> {
    let nodes = first.nodes();
    let size = size.clamp(1, nodes.max(1));
    let most = (MOST_PLANNED / size).max(nodes / size).max(1);
    let wanted = usize::try_from(steps).unwrap_or(usize::MAX).clamp(1, most);
    let mut plan: Vec<Vec<usize>> = Vec::new();
    for epoch in 0.. {
        let mut visited = vec![false; nodes];
        let mut batch = Vec::with_capacity(size);
        for root in rng.at(epoch).permutation(nodes) {
            let mut waiting = VecDeque::from([root]);
            let mut left = PATCH;
            while let Some(node) = waiting.pop_front() {
                if std::mem::replace(&mut visited[node], true) {
                    continue;
                }
                batch.push(node);
                if batch.len() == size {
                    plan.push(std::mem::replace(&mut batch, Vec::with_capacity(size)));
                    break;
                }
                left -= 1;
                if left == 0 {
                    break;
                }
                waiting.extend(
                    first.row(node).map(|(other, _)| other as usize).filter(|other| !visited[*other]).take(PATCH),
                );
            }
            if plan.len() == wanted {
                return plan;
            }
        }
        if plan.is_empty() {
            return plan;
        }
    }
    plan
}
