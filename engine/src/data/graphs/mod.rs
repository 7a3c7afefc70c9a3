//! Graphs: citation networks, edge lists of the user, drawn and derived graphs.
//!
//! * [`citations`]: Cora, Citeseer and DBLP from their files
//! * [`tables`]: the user's own files, edge lists with a table of features, and Planetoid's `.content` with `.cites`
//! * [`collections`]: sets of many small graphs, drawn ones and the user's own
//! * [`drawn`]: stochastic block models, small and with a million nodes
//! * [`neighbours`]: nearest neighbours of pictures as a graph
//! * [`layout`]: where the nodes of a graph are drawn

pub mod citations;
pub mod collections;
pub mod drawn;
pub mod layout;
pub mod neighbours;
pub mod tables;

use crate::data::files::Files;
use crate::error::Result;
use crate::rng::Rng;
use crate::session::{DataReport, NamedBytes};

/// The ids of the graphs.
pub const IDS: [&str; 7] = ["blocks", "families", "cora", "citeseer", "dblp", "fashion-graph", "million"];

/// Labelled nodes of each class that train a probe, and the most that choose its epoch and test it: Planetoid's
/// numbers.
const TRAIN_PER_CLASS: usize = 20;
const MOST_VALIDATION: usize = 500;
const MOST_TEST: usize = 1000;

/// Features of nodes: the values that are not zero, row by row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NodeFeatures {
    /// Features of a node.
    pub width: usize,
    /// Where the entries of each node begin, and the end: [nodes + 1].
    pub starts: Vec<usize>,
    /// Feature of each entry.
    pub columns: Vec<u32>,
    pub values: Vec<f32>,
}

impl NodeFeatures {
    /// The values of a table [nodes, width] that are not zero.
    pub fn of_dense(values: &[f32], width: usize) -> Self {
        let mut features = Self { width, starts: vec![0], ..Self::default() };
        for row in values.chunks_exact(width.max(1)) {
            features.push(row.iter().enumerate().filter(|(_, v)| **v != 0.0).map(|(column, v)| (column as u32, *v)));
        }
        features
    }

    /// Append a node with these features.
    pub fn push(&mut self, row: impl Iterator<Item = (u32, f32)>) {
        if self.starts.is_empty() {
            self.starts.push(0);
        }
        for (column, value) in row {
            self.columns.push(column);
            self.values.push(value);
        }
        self.starts.push(self.columns.len());
    }

    /// The features of some nodes, [nodes, width].
    pub fn dense(&self, nodes: impl ExactSizeIterator<Item = usize>) -> Vec<f32> {
        let mut rows = vec![0.0; nodes.len() * self.width];
        for (row, node) in rows.chunks_mut(self.width.max(1)).zip(nodes) {
            let (Some(start), Some(end)) = (self.starts.get(node), self.starts.get(node + 1)) else { continue };
            for (column, value) in self.columns[*start..*end].iter().zip(&self.values[*start..*end]) {
                row[*column as usize] = *value;
            }
        }
        rows
    }
}

/// A graph with features, labels and a layout.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GraphData {
    pub report: DataReport,
    pub nodes: usize,
    pub features: NodeFeatures,
    /// Directed edges as given; an undirected edge may be listed once or in both directions.
    pub src: Vec<u32>,
    pub dst: Vec<u32>,
    /// Class of each node, an index into [`DataReport::classes`]; empty = unlabelled.
    pub labels: Vec<u32>,
    /// Nodes whose labels train a probe, choose its epoch, and test it.
    pub train: Vec<usize>,
    pub validation: Vec<usize>,
    pub test: Vec<usize>,
    /// Labels of `train` and of `test`, in their order.
    pub train_labels: Vec<u32>,
    pub test_labels: Vec<u32>,
    /// x and y of each node, about the unit disc.
    pub layout: Vec<f32>,
    /// Where the nodes of each graph begin, and the end, where the set holds several; empty: one graph.
    pub graphs: Vec<usize>,
}

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
        self.report.detail =
            format!("{} nodes, {} edges, {} features a node", self.nodes, self.undirected_edges(), self.features.width);
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

    /// Number of edges, each direction pair counted once, loops left out.
    /// Edges, each counted once.
    pub fn undirected_edges(&self) -> usize {
        let edges = || self.src.iter().zip(&self.dst);
        let (up, down) =
            edges().fold((0, 0), |(up, down), (a, b)| (up + usize::from(a < b), down + usize::from(a > b)));
        // Either every edge is listed in both directions, or once.
        if up == down { up } else { up + down }
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
        "cora" | "citeseer" | "dblp" => citations::open(id, files).await,
        _ => Err(super::unknown(id, &IDS)),
    }
}

/// The user's own graph.
///
/// # Errors
/// [`Error::Data`](crate::error::Error::Data) when the files hold none.
pub fn from_files(files: Vec<NamedBytes>) -> Result<GraphData> {
    if collections::is_collection(&files) { collections::from_files(&files) } else { tables::from_files(files) }
}
