//! Features of the nodes of a graph: a table on the device, or only the entries that are not zero where those are few.

use burn::tensor::{Device, Tensor, TensorData};

use crate::blocks::dropout::dropout;
use crate::blocks::masks::nodes::NodeMask;
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::kernels::edges::{Edges, edge_propagate};
use crate::kernels::products::linear;
use crate::placed::Placed;
use crate::rng::Rng;

/// Features on the host, as the entries of each row that are not zero.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FeatureRows {
    pub width: usize,
    /// Where the entries of each row begin, and where the last ones end.
    starts: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f32>,
    /// An edge from its column to its row for every entry.
    entries: Graph,
    table: Placed<Tensor<2>>,
    weights: Placed<Tensor<2>>,
}

impl FeatureRows {
    /// Features by entry: row r has `columns` and `values` from `starts[r]` to `starts[r + 1]`.
    ///
    /// # Errors
    /// [`Error::Data`] when the lists do not fit one another.
    pub fn from_entries(width: usize, starts: Vec<usize>, columns: Vec<u32>, values: Vec<f32>) -> Result<Self> {
        let rising = starts.windows(2).all(|w| w[0] <= w[1])
            && starts.first() == Some(&0)
            && starts.last() == Some(&columns.len());
        if !rising || columns.len() != values.len() {
            let why = format!(
                "{} columns and {} values for {} rows",
                columns.len(),
                values.len(),
                starts.len().saturating_sub(1)
            );
            return Err(Error::data("The node features cannot be read", why, "Check the data set"));
        }
        let rows: Vec<u32> =
            starts.windows(2).enumerate().flat_map(|(row, w)| std::iter::repeat_n(row as u32, w[1] - w[0])).collect();
        let entries = Graph::between(width, starts.len() - 1, &columns, &rows)?;
        Ok(Self { width, starts, columns, values, entries, ..Self::default() })
    }

    /// Features by row.
    ///
    /// # Errors
    /// [`Error::Data`] when the values do not fill whole rows.
    pub fn from_rows(width: usize, rows: &[f32]) -> Result<Self> {
        if width == 0 || !rows.len().is_multiple_of(width) {
            let why = format!("{} values do not fill rows of {width}", rows.len());
            return Err(Error::data("The node features cannot be read", why, "Check the data set"));
        }
        let (mut starts, mut columns, mut values) = (vec![0], Vec::new(), Vec::new());
        for row in rows.chunks_exact(width) {
            for (column, value) in row.iter().enumerate().filter(|(_, value)| **value != 0.0) {
                columns.push(column as u32);
                values.push(*value);
            }
            starts.push(columns.len());
        }
        Self::from_entries(width, starts, columns, values)
    }

    /// Number of nodes.
    pub fn rows(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Columns and values of a row that are not zero; none for a row that is not there.
    pub fn row(&self, row: usize) -> impl Iterator<Item = (u32, f32)> + '_ {
        let place = match self.starts.get(row..).unwrap_or_default() {
            [start, end, ..] => *start..*end,
            _ => 0..0,
        };
        self.columns[place.clone()].iter().copied().zip(self.values[place].iter().copied())
    }

    /// Whether a product by entries is cheaper than one by rows.
    pub fn sparse(&self) -> bool {
        self.columns.len() * 4 <= self.rows() * self.width
    }

    /// All features, zeros included: what a reconstruction is compared with.
    ///
    /// # Shapes
    /// → [nodes, width]
    pub fn table(&self, device: &Device) -> Tensor<2> {
        let table = self.table.on(device, |device| {
            let mut values = vec![0.0; self.rows() * self.width];
            for (row, out) in values.chunks_exact_mut(self.width.max(1)).enumerate() {
                self.row(row).for_each(|(column, value)| out[column as usize] = value);
            }
            Tensor::from_data(TensorData::new(values, [self.rows(), self.width]), device)
        });
        lifted(table, device)
    }

    /// All nodes as they are, for an encoder.
    pub fn whole(&self, device: &Device) -> Nodes {
        if !self.sparse() {
            return Nodes::Dense(Box::new(self.table(device)));
        }
        let weights = self.weights.on(device, |device| column(&self.values, device));
        Nodes::Sparse(Box::new(Entries {
            edges: self.entries.on(device),
            weights: lifted(weights, device),
            token: None,
        }))
    }

    /// The nodes as a mask shows them, for an encoder.
    ///
    /// # Shapes
    /// token [1, width]
    ///
    /// # Errors
    /// [`Error::Data`] when the mask names nodes that are not there.
    pub fn masked(&self, mask: &NodeMask, token: Tensor<2>, device: &Device) -> Result<Nodes> {
        let (shown, column_of_tokens) = (mask.shown(), mask.token_column(device));
        if !self.sparse() {
            let picks = Graph::picks(self.rows(), shown.into_iter())?;
            return Ok(Nodes::Dense(Box::new(
                edge_propagate(self.table(device), None, &picks.on(device)) + column_of_tokens * token,
            )));
        }
        let (mut columns, mut rows, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for (row, shown) in shown.iter().enumerate() {
            for (column, value) in shown.iter().flat_map(|node| self.row(*node as usize)) {
                columns.push(column);
                rows.push(row as u32);
                values.push(value);
            }
        }
        let entries = Graph::between(self.width, shown.len(), &columns, &rows)?;
        let weights = lifted(column(&values, &device.clone().without_autodiff()), device);
        Ok(Nodes::Sparse(Box::new(Entries {
            edges: entries.on(device),
            weights,
            token: Some((column_of_tokens, token)),
        })))
    }
}

fn lifted<const D: usize>(tensor: Tensor<D>, device: &Device) -> Tensor<D> {
    if device.is_autodiff() { Tensor::from_inner(tensor) } else { tensor }
}

/// The values as a column; one zero where there is none, because a buffer cannot be empty.
fn column(values: &[f32], device: &Device) -> Tensor<2> {
    let values = if values.is_empty() { vec![0.0] } else { values.to_vec() };
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count, 1]), device)
}

/// What a layer of a graph network takes: numbers for every node.
#[derive(Debug, Clone)]
pub enum Nodes {
    /// [nodes, width]
    Dense(Box<Tensor<2>>),
    Sparse(Box<Entries>),
}

/// The entries that are not zero, and the token that some rows show instead.
#[derive(Debug, Clone)]
pub struct Entries {
    /// From columns to rows.
    edges: Edges,
    /// [entries, 1]
    weights: Tensor<2>,
    /// [nodes, 1], 1 where a node shows the token, and the token [1, width].
    token: Option<(Tensor<2>, Tensor<2>)>,
}

impl Nodes {
    /// x Wᵀ.
    ///
    /// # Shapes
    /// weight [out, width] → [nodes, out]
    pub fn times(&self, weight: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Dense(x) => linear((**x).clone(), weight, None, None),
            Self::Sparse(entries) => {
                let Entries { edges, weights, token } = &**entries;
                let y = edge_propagate(weight.clone().transpose(), Some(weights.clone()), edges);
                match token {
                    Some((column, token)) => y + column.clone() * linear(token.clone(), weight, None, None),
                    None => y,
                }
            }
        }
    }

    /// All numbers, zeros included.
    ///
    /// # Shapes
    /// → [nodes, width]
    pub fn dense(&self) -> Tensor<2> {
        match self {
            Self::Dense(x) => (**x).clone(),
            Self::Sparse(entries) => self.times(Tensor::eye(entries.edges.sources(), &entries.weights.device())),
        }
    }

    /// With dropout. Of a token that many nodes show, the same values are left out at all of them: that keeps their
    /// rows alike, and so the product with them one row's.
    pub fn dropped(&self, rate: f64, rng: &mut Rng) -> Self {
        match self {
            Self::Dense(x) => Self::Dense(Box::new(dropout((**x).clone(), rate, rng))),
            Self::Sparse(entries) => Self::Sparse(Box::new(Entries {
                edges: entries.edges.clone(),
                weights: dropout(entries.weights.clone(), rate, rng),
                token: entries.token.clone().map(|(column, token)| (column, dropout(token, rate, rng))),
            })),
        }
    }
}
