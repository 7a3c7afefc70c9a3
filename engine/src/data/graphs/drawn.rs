//! Drawn graphs: stochastic block models (Holland, Laskey and Leinhardt 1983) whose nodes have features that depend on
//! their class.

use std::f32::consts::TAU;

use crate::data::graphs::{GraphData, NodeFeatures};
use crate::rng::Rng;
use crate::session::DataReport;

/// A block model with words as features.
struct Plan {
    nodes: usize,
    classes: usize,
    edges: usize,
    /// Share of the edges whose ends are of one class.
    within: f64,
    /// Features, those of them that are typical of a class, and how many a node has.
    width: usize,
    typical: usize,
    words: usize,
    /// Share of a node's words that are typical of its class.
    own: f64,
}

/// The set `blocks`: 400 nodes in four classes; neither features nor edges alone tell them all.
pub fn blocks(seed: u64) -> GraphData {
    let plan = Plan { nodes: 400, classes: 4, edges: 1400, within: 0.85, width: 64, typical: 16, words: 10, own: 0.35 };
    let mut graph = draw(&plan, seed);
    graph.report.id = "blocks".into();
    graph.report.title = "Blocks".into();
    graph.finished(&Rng::new(seed, "split"))
}

/// The set `million`: a million nodes in ten classes and ten million edges, laid out by class.
pub fn million(seed: u64) -> GraphData {
    let plan = Plan {
        nodes: 1_000_000,
        classes: 10,
        edges: 10_000_000,
        within: 0.9,
        width: 64,
        typical: 12,
        words: 6,
        own: 0.5,
    };
    let mut graph = draw(&plan, seed);
    graph.report.id = "million".into();
    graph.report.title = "A million nodes".into();
    let mut rng = Rng::new(seed, "layout");
    for label in &graph.labels {
        let (sin, cos) = (TAU * *label as f32 / plan.classes as f32).sin_cos();
        graph.layout.extend([0.7 * cos + 0.09 * rng.normal(), 0.7 * sin + 0.09 * rng.normal()]);
    }
    graph.finished(&Rng::new(seed, "split"))
}

fn draw(plan: &Plan, seed: u64) -> GraphData {
    let mut rng = Rng::new(seed, "blocks");
    // Classes are spread over the numbers of the nodes, so that these tell nothing.
    let labels: Vec<u32> = (0..plan.nodes).map(|_| rng.below(plan.classes) as u32).collect();
    let mut members = vec![Vec::new(); plan.classes];
    labels.iter().enumerate().for_each(|(node, label)| members[*label as usize].push(node as u32));
    let mut features = NodeFeatures { width: plan.width, ..NodeFeatures::default() };
    for label in &labels {
        let mut words: Vec<u32> = (0..plan.words)
            .map(|_| match rng.chance(plan.own) {
                true => (*label as usize * plan.typical + rng.below(plan.typical)) % plan.width,
                false => rng.below(plan.width),
            } as u32)
            .collect();
        words.sort_unstable();
        words.dedup();
        features.push(words.into_iter().map(|word| (word, 1.0)));
    }
    let (mut src, mut dst) = (Vec::with_capacity(plan.edges), Vec::with_capacity(plan.edges));
    while src.len() < plan.edges {
        let from = rng.below(plan.nodes);
        let to = match rng.chance(plan.within) {
            true => {
                let own = &members[labels[from] as usize];
                own[rng.below(own.len())]
            }
            false => rng.below(plan.nodes) as u32,
        };
        if from as u32 != to {
            src.push(from as u32);
            dst.push(to);
        }
    }
    let report = DataReport {
        classes: (1..=plan.classes).map(|class| format!("block {class}")).collect(),
        licence: "CC0 1.0".into(),
        source: format!("drawn by the program, seed {seed}"),
        ..DataReport::default()
    };
    GraphData { report, nodes: plan.nodes, features, src, dst, labels, ..GraphData::default() }
}
