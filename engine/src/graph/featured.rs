//! A graph as it is given: edges, features and classes of its nodes, where they are drawn.

use crate::session::DataReport;

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
