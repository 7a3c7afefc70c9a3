//! Graphs: citation networks, edge lists of the user, drawn and derived graphs.

use crate::data::files::Files;
use crate::error::{Error, Result};
use crate::session::{DataReport, NamedBytes};

/// The ids of the graphs.
pub const IDS: [&str; 0] = [];

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

/// Open the graph of this id; drawn ones are drawn from `seed`.
///
/// # Errors
/// [`Error::Request`] when there is no such graph; those of its own loader.
pub async fn open(id: &str, _files: &Files, _seed: u64) -> Result<GraphData> {
    Err(super::unknown(id, &IDS))
}

/// The user's own graph.
///
/// # Errors
/// [`Error::Data`] when the files hold none.
pub fn from_files(files: Vec<NamedBytes>) -> Result<GraphData> {
    let why = format!("none of {} files is one", files.len());
    Err(Error::data("There is no graph to train on", why, "Choose an edge list and a table of features as CSV files"))
}
