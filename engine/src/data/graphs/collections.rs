//! Sets of many small graphs, one class each: a drawn one here, the user's own in [`own_sets`](super::own_sets). All graphs
//! are one graph without edges between them; a node has the class of its graph.

use crate::data::graphs::degrees::degrees;
use crate::data::graphs::{GraphData, NodeFeatures, layout};
use crate::rng::Rng;
use crate::session::{DataReport, grouped};

/// Drawn graphs of each family, and the nodes of the smallest and the largest.
const EACH: usize = 40;
const FEWEST: usize = 16;
const MOST: usize = 32;

/// Edges of a graph of so many nodes.
type Family = fn(usize, &mut Rng) -> Vec<[usize; 2]>;

/// The set `families`: rings with chords, grids, and three kinds of random graphs, of about as many edges each.
pub fn families(seed: u64) -> GraphData {
    let families: [(&str, Family); 4] =
        [("small world", small_world), ("grid", grid), ("uniform", uniform), ("hubs", hubs)];
    let mut rng = Rng::new(seed, "families");
    let mut graphs = Vec::new();
    for i in 0..EACH * families.len() {
        let class = i % families.len();
        let nodes = FEWEST + rng.below(MOST - FEWEST + 1);
        graphs.push((class as u32, nodes, (families[class].1)(nodes, &mut rng)));
    }
    let report = DataReport {
        id: "families".into(),
        title: "Families of graphs".into(),
        classes: families.iter().map(|(name, _)| (*name).to_string()).collect(),
        licence: "CC0 1.0".into(),
        source: format!("drawn by the program, seed {seed}"),
        ..DataReport::default()
    };
    let (mut starts, mut labels, mut src, mut dst) = (vec![0], Vec::new(), Vec::new(), Vec::new());
    for (class, nodes, edges) in graphs {
        let first = labels.len();
        labels.extend(vec![class; nodes]);
        src.extend(edges.iter().map(|[a, _]| (first + a) as u32));
        dst.extend(edges.iter().map(|[_, b]| (first + b) as u32));
        starts.push(labels.len());
    }
    let features = degrees(labels.len(), &src, &dst);
    assembled(report, starts, labels, features, src, dst)
}

/// A ring with an edge to each of the two next nodes, of which one in ten leads anywhere (Watts and Strogatz 1998).
fn small_world(nodes: usize, rng: &mut Rng) -> Vec<[usize; 2]> {
    let steps = (0..nodes).flat_map(|node| [[node, (node + 1) % nodes], [node, (node + 2) % nodes]]);
    let mut edges: Vec<[usize; 2]> = steps.collect();
    for edge in &mut edges {
        if rng.chance(0.1) {
            edge[1] = (edge[0] + 1 + rng.below(nodes - 1)) % nodes;
        }
    }
    edges
}

/// A square grid, its last row perhaps short.
fn grid(nodes: usize, _: &mut Rng) -> Vec<[usize; 2]> {
    let side = (nodes as f64).sqrt().round() as usize;
    let right = (0..nodes).filter(|node| node % side + 1 < side && node + 1 < nodes).map(|node| [node, node + 1]);
    let down = (0..nodes).filter(|node| node + side < nodes).map(|node| [node, node + side]);
    right.chain(down).collect()
}

/// Two edges a node between any two nodes (Erdős and Rényi 1959).
fn uniform(nodes: usize, rng: &mut Rng) -> Vec<[usize; 2]> {
    let mut edge = || {
        let a = rng.below(nodes);
        [a, (a + 1 + rng.below(nodes - 1)) % nodes]
    };
    (0..2 * nodes).map(|_| edge()).collect()
}

/// Each node joins two that are there, often those that have many edges already (Barabási and Albert 1999).
fn hubs(nodes: usize, rng: &mut Rng) -> Vec<[usize; 2]> {
    let (mut edges, mut ends) = (vec![[0, 1]], vec![0, 1]);
    for node in 2..nodes {
        for other in [ends[rng.below(ends.len())], ends[rng.below(ends.len())]] {
            edges.push([node, other]);
            ends.extend([node, other]);
        }
    }
    edges
}

/// Graphs beside one another as one graph without edges between them; `starts`: where the nodes of each begin, and the
/// end. Nodes have the classes of their graphs, or none.
pub fn assembled(
    report: DataReport,
    starts: Vec<usize>,
    labels: Vec<u32>,
    features: NodeFeatures,
    src: Vec<u32>,
    dst: Vec<u32>,
) -> GraphData {
    let graph = GraphData {
        report,
        nodes: starts.last().copied().unwrap_or_default(),
        layout: layout::of_many(&starts, &src, &dst),
        features,
        src,
        dst,
        labels,
        graphs: starts,
        ..GraphData::default()
    };
    let mut graph = graph.finished(&Rng::new(0, "split"));
    graph.report.detail = format!("{} graphs, {}", grouped(graph.graphs.len() as u64 - 1), graph.report.detail);
    graph
}
