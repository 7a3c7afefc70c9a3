//! The influence of the nodes of a graph on one another: powers of its row-normalised matrix, sparse, for all nodes or
//! for some.
//!
//! A₁ = D⁻¹ (A + I) with A symmetrised by the maximum; the influence of order r is A₁ʳ (SCGC) or, cumulative, A₁ + A₁²
//! + … + A₁ʳ (SCGC*; Kulatilleke et al. 2022, arXiv 2204.12656). Rows sum to 1, or to r.

#[cfg(not(target_arch = "wasm32"))]
use rayon::prelude::*;

/// Rows of one task.
const ROWS: usize = 512;

/// A square sparse matrix, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Sparse {
    /// Where each row begins in `columns` and `values`, and the end of the last one.
    pub starts: Vec<u32>,
    /// Ascending within a row.
    pub columns: Vec<u32>,
    pub values: Vec<f32>,
}

/// How far influence reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Hops; at least one.
    pub order: usize,
    /// The sum of all powers up to the order, instead of the last one.
    pub cumulative: bool,
}

impl Default for Sparse {
    fn default() -> Self {
        Self { starts: vec![0], columns: Vec::new(), values: Vec::new() }
    }
}

impl Sparse {
    /// A₁ of a graph of `nodes` nodes from a list of directed pairs.
    ///
    /// A pair that is listed twice counts double, and a loop that is listed counts beside the one that every node gets;
    /// pairs beyond the last node are left out.
    pub fn transition(nodes: usize, edges: &[[u32; 2]]) -> Self {
        // Every pair stands in the row of its start and, marked as turned by the lowest bit, in that of its end.
        let known = || edges.iter().filter(|pair| pair.iter().all(|node| (*node as usize) < nodes));
        let mut begins = vec![0_usize; nodes + 1];
        known().flatten().for_each(|node| begins[*node as usize + 1] += 1);
        (0..nodes).for_each(|node| begins[node + 1] += begins[node]);
        let mut entries = vec![0_u64; begins[nodes]];
        let mut next = begins.clone();
        for [from, to] in known() {
            for (row, column, turned) in [(*from, *to, 0), (*to, *from, 1)] {
                entries[next[row as usize]] = (u64::from(column) << 1) | turned;
                next[row as usize] += 1;
            }
        }
        let mut whole = Self { columns: Vec::with_capacity(entries.len() + nodes), ..Self::default() };
        let mut row = Vec::new();
        for node in 0..nodes {
            let entries = &mut entries[begins[node]..begins[node + 1]];
            entries.sort_unstable();
            row.clear();
            row.extend(entries.chunk_by(|a, b| a >> 1 == b >> 1).map(|same| {
                let turned = same.iter().filter(|entry| **entry & 1 == 1).count();
                ((same[0] >> 1) as u32, turned.max(same.len() - turned) as f32)
            }));
            match row.binary_search_by_key(&(node as u32), |entry| entry.0) {
                Ok(place) => row[place].1 += 1.0,
                Err(place) => row.insert(place, (node as u32, 1.0)),
            }
            let sum: f32 = row.iter().map(|entry| entry.1).sum();
            whole.push(row.iter().map(|(column, value)| (*column, value / sum)));
        }
        whole
    }

    /// The values of a dense matrix [n, n], row-major, that are not zero.
    pub fn of_dense(values: &[f32]) -> Self {
        let nodes = values.len().isqrt();
        let mut whole = Self::default();
        for row in values.chunks(nodes.max(1)).take(nodes) {
            whole.push(row.iter().enumerate().filter(|(_, v)| **v != 0.0).map(|(column, v)| (column as u32, *v)));
        }
        whole
    }

    /// The matrix [n, n] with its zeros, row-major.
    pub fn dense(&self) -> Vec<f32> {
        let nodes = self.nodes();
        let mut values = vec![0.0; nodes * nodes];
        for (row, out) in values.chunks_mut(nodes.max(1)).enumerate() {
            self.row(row).for_each(|(column, value)| out[column as usize] = value);
        }
        values
    }

    /// Number of rows.
    pub fn nodes(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Columns and values of one row; nothing where there is no such row.
    pub fn row(&self, row: usize) -> impl Iterator<Item = (u32, f32)> {
        let range = match (self.starts.get(row), self.starts.get(row + 1)) {
            (Some(from), Some(to)) => *from as usize..*to as usize,
            _ => 0..0,
        };
        self.columns[range.clone()].iter().copied().zip(self.values[range].iter().copied())
    }

    fn push(&mut self, row: impl Iterator<Item = (u32, f32)>) {
        for (column, value) in row {
            self.columns.push(column);
            self.values.push(value);
        }
        self.starts.push(self.columns.len() as u32);
    }

    fn append(&mut self, rows: &Self) {
        let begin = self.columns.len() as u32;
        self.starts.extend(rows.starts[1..].iter().map(|start| begin + start));
        self.columns.extend_from_slice(&rows.columns);
        self.values.extend_from_slice(&rows.values);
    }

    /// The influence of every node on every other, where this matrix is A₁.
    pub fn influence(&self, reach: Reach) -> Self {
        if reach.order <= 1 {
            return self.clone();
        }
        let nodes: Vec<u32> = (0..self.nodes() as u32).collect();
        self.rows_of(&nodes, reach, Some)
    }

    /// The influence of some nodes on one another: rows and columns are numbered as in `some`, whose nodes are all
    /// different.
    ///
    /// The powers are those of the whole matrix, of which this is a part.
    pub fn influence_among(&self, some: &[u32], reach: Reach) -> Self {
        let mut places: Vec<(u32, u32)> = some.iter().copied().zip(0..).collect();
        places.sort_unstable();
        let place =
            |column: u32| places.binary_search_by_key(&column, |entry| entry.0).ok().map(|found| places[found].1);
        self.rows_of(some, reach, place)
    }

    /// The influence of one node on all, zeros included; all zeros where there is no such node.
    pub fn influence_of(&self, node: usize, reach: Reach) -> Vec<f32> {
        let mut walk = Walk::new(self.nodes());
        let mut values = vec![0.0; self.nodes()];
        walk.from(self, node, reach).iter().for_each(|(column, value)| values[*column as usize] = *value);
        values
    }

    /// Rows of the influence with their columns renumbered, or left out where `place` has no number for them.
    fn rows_of(&self, nodes: &[u32], reach: Reach, place: impl Fn(u32) -> Option<u32> + Sync) -> Self {
        let part = |nodes: &[u32]| {
            let (mut walk, mut part, mut row) = (Walk::new(self.nodes()), Self::default(), Vec::new());
            for node in nodes {
                row.clear();
                row.extend(
                    walk.from(self, *node as usize, reach)
                        .iter()
                        .filter_map(|(column, value)| Some((place(*column)?, *value))),
                );
                row.sort_unstable_by_key(|entry| entry.0);
                part.push(row.iter().copied());
            }
            part
        };
        #[cfg(not(target_arch = "wasm32"))]
        let parts: Vec<Self> = nodes.par_chunks(ROWS).map(part).collect();
        #[cfg(target_arch = "wasm32")]
        let parts: Vec<Self> = nodes.chunks(ROWS).map(part).collect();
        let mut whole = Self::default();
        parts.iter().for_each(|part| whole.append(part));
        whole
    }

    /// The values of each pair in both directions, for every pair of which one of them is not zero, row by row.
    pub fn both_ways(&self) -> BothWays {
        let nodes = self.nodes();
        let turned = self.turned();
        let mut pairs = BothWays { starts: vec![0], ..BothWays::default() };
        for row in 0..nodes {
            let (mut own, mut other) = (self.row(row).peekable(), turned.row(row).peekable());
            while let Some(column) = own.peek().into_iter().chain(other.peek()).map(|entry| entry.0).min() {
                let value = |entry: Option<(u32, f32)>| entry.map_or(0.0, |entry| entry.1);
                let there = value(own.next_if(|entry| entry.0 == column));
                let back = value(other.next_if(|entry| entry.0 == column));
                pairs.columns.push(column);
                pairs.values.extend([there, back]);
            }
            pairs.starts.push(pairs.columns.len() as u32);
        }
        pairs
    }

    /// The transposed matrix.
    fn turned(&self) -> Self {
        let nodes = self.nodes();
        let mut starts = vec![0_u32; nodes + 1];
        self.columns.iter().for_each(|column| starts[*column as usize + 1] += 1);
        (0..nodes).for_each(|node| starts[node + 1] += starts[node]);
        let (mut columns, mut values) = (vec![0; self.columns.len()], vec![0.0; self.columns.len()]);
        let mut next = starts.clone();
        for row in 0..nodes {
            for (column, value) in self.row(row) {
                let place = next[column as usize] as usize;
                (columns[place], values[place]) = (row as u32, value);
                next[column as usize] += 1;
            }
        }
        Self { starts, columns, values }
    }
}

/// Pairs of nodes with the influence of the first on the second and that of the second on the first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BothWays {
    /// Where the pairs of each first node begin, and the end of the last ones.
    pub starts: Vec<u32>,
    /// The second node of each pair.
    pub columns: Vec<u32>,
    /// Two values a pair.
    pub values: Vec<f32>,
}

/// The memory of a walk: one value a node, all zero between walks.
struct Walk {
    values: Vec<f32>,
    found: Vec<(u32, f32)>,
}

impl Walk {
    fn new(nodes: usize) -> Self {
        Self { values: vec![0.0; nodes], found: Vec::new() }
    }

    /// Where walks of the reach from one node end, with their weights, in no order.
    fn from(&mut self, a1: &Sparse, node: usize, reach: Reach) -> &[(u32, f32)] {
        self.found.clear();
        self.found.extend(a1.row(node));
        let mut sum = if reach.cumulative { self.found.clone() } else { Vec::new() };
        let mut touched: Vec<u32> = Vec::new();
        for _ in 1..reach.order {
            for (middle, weight) in &self.found {
                for (column, value) in a1.row(*middle as usize) {
                    let at = &mut self.values[column as usize];
                    // Weights are above zero, so zero says that nobody was here.
                    if *at == 0.0 {
                        touched.push(column);
                    }
                    *at += weight * value;
                }
            }
            self.found.clear();
            self.found
                .extend(touched.drain(..).map(|column| (column, std::mem::take(&mut self.values[column as usize]))));
            if reach.cumulative {
                sum.extend_from_slice(&self.found);
            }
        }
        if reach.cumulative {
            for (column, value) in sum {
                if self.values[column as usize] == 0.0 {
                    touched.push(column);
                }
                self.values[column as usize] += value;
            }
            self.found.clear();
            self.found
                .extend(touched.drain(..).map(|column| (column, std::mem::take(&mut self.values[column as usize]))));
        }
        &self.found
    }
}
