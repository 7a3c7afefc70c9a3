//! Graphs: citation networks, edge lists of the user, drawn and derived graphs.
//!
//! * [`published`]: graphs as papers publish them, fetched or the user's; [`citations`]: Cora, Citeseer and DBLP from
//!   files of this project's own form
//! * [`tables`]: the user's own files, edge lists with a table of features, and Planetoid's `.content` with `.cites`
//! * [`collections`]: drawn sets of many small graphs; [`own_sets`]: the user's own
//! * [`degrees`](mod@degrees): features of nodes that have no others
//! * [`drawn`]: stochastic block models, small and with a million nodes
//! * [`neighbours`]: nearest neighbours of pictures as a graph
//! * [`layout`]: where the nodes of a graph are drawn

pub mod citations;
pub mod collections;
pub mod degrees;
pub mod drawn;
pub mod layout;
pub mod neighbours;
pub mod own_sets;
pub mod published;
pub mod tables;

use std::rc::Rc;

use crate::batch::{Batch, CLASS, Half, Nodes, Role, Target, Values};
use crate::data::files::Files;
use crate::data::{Cut, Dataset};
use crate::error::Result;
use crate::fingerprint::feed;
pub use crate::graph::featured::{GraphData, NodeFeatures};
use crate::rng::Rng;
use crate::session::{DataReport, NamedBytes, Reading, grouped};
use crate::shape::Input;

/// The ids of the graphs that need no file, or those of pictures; [`published`] has the others.
pub const IDS: [&str; 4] = ["blocks", "families", "fashion-graph", "million"];

fn fetched(id: &str) -> bool {
    [&published::GRAPHS[..], &published::COLLECTIONS, &published::NEIGHBOURS].concat().contains(&id)
}

/// Labelled nodes of each class that train a probe, and the most that choose its epoch and test it: Planetoid's
/// numbers.
const TRAIN_PER_CLASS: usize = 20;
const MOST_VALIDATION: usize = 500;
const MOST_TEST: usize = 1000;

impl GraphData {
    /// A graph with everything that follows from its parts: counts in the report, a layout where there is none, and,
    /// where there are labels and no split, one as in Planetoid (20 nodes of each class to train on, 500 and 1,000
    /// others), drawn from `rng`.
    #[must_use]
    pub fn finished(mut self, rng: &Rng) -> Self {
        if self.layout.len() != 2 * self.nodes {
            self.layout = layout::of(self.nodes, &self.src, &self.dst);
        }
        if self.train.is_empty() && self.labels.len() == self.nodes && self.report.classes.len() > 1 {
            self.split(rng);
        }
        let labels = |nodes: &[usize]| nodes.iter().filter_map(|node| self.labels.get(*node).copied()).collect();
        (self.train_labels, self.test_labels) = (labels(&self.train), labels(&self.test));
        self.report.samples = self.nodes as u64;
        self.report.test_samples = self.test.len() as u64;
        let [nodes, edges, features] =
            [self.nodes, self.undirected_edges(), self.features.width].map(|count| grouped(count as u64));
        self.report.detail = format!("{nodes} nodes, {edges} edges, {features} features a node");
        self
    }

    fn split(&mut self, rng: &Rng) {
        let classes = self.report.classes.len();
        let per_class = TRAIN_PER_CLASS.min((self.nodes / (2 * classes)).max(1));
        let mut wanted = vec![per_class; classes];
        let mut rest = Vec::new();
        for node in rng.clone().permutation(self.nodes) {
            match wanted.get_mut(self.labels[node] as usize) {
                Some(left) if *left > 0 => {
                    *left -= 1;
                    self.train.push(node);
                }
                _ => rest.push(node),
            }
        }
        let validation = MOST_VALIDATION.min(rest.len() / 2);
        self.validation = rest[..validation].to_vec();
        self.test = rest[validation..].iter().copied().take(MOST_TEST).collect();
        [&mut self.train, &mut self.validation, &mut self.test].into_iter().for_each(|nodes| nodes.sort_unstable());
    }

    /// Number of edges, each pair of nodes counted once, loops left out.
    pub fn undirected_edges(&self) -> usize {
        let edges = || self.src.iter().zip(&self.dst);
        let (up, down) =
            edges().fold((0, 0), |(up, down), (a, b)| (up + usize::from(a < b), down + usize::from(a > b)));
        // Either every edge is listed in both directions, or once.
        if up == down { up } else { up + down }
    }
}

/// A graph as a data set: its samples are nodes.
///
/// Training draws from all of them; the halves are those whose labels are used.
#[derive(Debug, Clone)]
pub struct GraphSet(Rc<GraphData>);

impl GraphSet {
    /// The set of the nodes of a graph.
    pub fn new(graph: GraphData) -> Self {
        Self(Rc::new(graph))
    }

    /// The labelled nodes of a half.
    fn labelled(&self, half: Half) -> &[usize] {
        match half {
            Half::Train => &self.0.train,
            Half::Test => &self.0.test,
        }
    }
}

impl Dataset for GraphSet {
    fn report(&self) -> &DataReport {
        &self.0.report
    }

    fn inputs(&self) -> Vec<Input> {
        vec![Input::new(Role::Nodes, [self.0.features.width])]
    }

    fn count(&self, half: Half) -> usize {
        self.labelled(half).len()
    }

    fn pool(&self) -> usize {
        self.0.nodes
    }

    fn classes(&self, half: Half, track: &str) -> &[u32] {
        match half {
            _ if track != CLASS => &[],
            Half::Train => &self.0.train_labels,
            Half::Test => &self.0.test_labels,
        }
    }

    fn content(&self, take: &mut dyn FnMut(&[u8])) {
        let (graph, features) = (&self.0, &self.0.features);
        let places = |list: &[usize], take: &mut dyn FnMut(&[u8])| feed(list, |v| (v as u64).to_le_bytes(), take);
        places(&[graph.nodes], take);
        places(&features.starts, take);
        feed(&features.columns, u32::to_le_bytes, take);
        feed(&features.values, f32::to_le_bytes, take);
        for list in [&graph.src, &graph.dst, &graph.labels] {
            feed(list, u32::to_le_bytes, take);
        }
        places(&graph.graphs, take);
    }

    fn cut(&self, half: Half, at: &[usize], how: &Cut, _rng: &Rng) -> Result<Batch> {
        let numbers: Vec<usize> = match how.trains() {
            true => at.to_vec(),
            false => at.iter().filter_map(|place| self.labelled(half).get(*place).copied()).collect(),
        };
        let labels: Vec<u32> = numbers.iter().filter_map(|node| self.0.labels.get(*node).copied()).collect();
        let mut batch = Batch::of(Role::Nodes, Values::Nodes(Nodes { graph: self.0.clone(), numbers }));
        if !labels.is_empty() {
            batch.targets.insert(CLASS.into(), Target::Class(labels));
        }
        batch.indices = at.to_vec();
        Ok(batch)
    }

    fn graph(&self) -> Option<Rc<GraphData>> {
        Some(self.0.clone())
    }
}

/// Open the graph of this id; drawn ones are drawn from `seed`.
///
/// # Errors
/// [`Error::Request`](crate::error::Error::Request) when there is no such graph; those of its own loader.
pub async fn open(id: &str, files: &Files, seed: u64) -> Result<GraphData> {
    match id {
        "blocks" => Ok(drawn::blocks(seed)),
        "families" => Ok(collections::families(seed)),
        "million" => Ok(drawn::million(seed)),
        "fashion-graph" => neighbours::fashion(files).await,
        _ if fetched(id) => published::open(id, files, seed).await,
        _ => {
            let fetched = [&published::GRAPHS[..], &published::COLLECTIONS, &published::NEIGHBOURS].concat();
            Err(super::unknown(id, &[&IDS[..], &fetched].concat()))
        }
    }
}

/// The user's own graph.
///
/// # Errors
/// [`Error::Data`](crate::error::Error::Data) when the files hold none.
pub fn from_files(files: Vec<NamedBytes>, reading: &Reading) -> Result<GraphData> {
    if own_sets::is_set(&files) { own_sets::from_files(&files) } else { tables::from_files(files, reading) }
}
