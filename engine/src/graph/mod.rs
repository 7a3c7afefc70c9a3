//! Graphs as edge lists, sorted both ways: by where edges end and by where they start, so that sums over the edges of a
//! node need no atomics in either direction.
//!
//! A graph may also lead from one kind of row to another ([`Graph::between`]): the entries of a sparse matrix, or the
//! rows that are picked from a table.

pub mod featured;

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::error::{Error, Result};
use crate::kernels::edges::Edges;
use crate::placed::Placed;
use crate::rng::Rng;

/// Directed edges; several between the same nodes are allowed and count apart.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Graph {
    /// Where the edges of each destination begin in `source`, and where the last ones end.
    incoming: Vec<i32>,
    /// Source of each edge. Edges are numbered in this order: by destination, and as they were given within one.
    source: Vec<i32>,
    /// Where the edges of each source begin in `edge` and `target`, and where the last ones end.
    outgoing: Vec<i32>,
    /// Number and destination of each edge, by source.
    edge: Vec<i32>,
    target: Vec<i32>,
    placed: Placed<Edges>,
}

impl Graph {
    /// A graph of the edges `src[i]` → `dst[i]`.
    ///
    /// # Errors
    /// [`Error::Data`] when the lists have not the same length, name a node beyond the last, or have over 2³¹ − 1
    /// edges.
    pub fn new(nodes: usize, src: &[u32], dst: &[u32]) -> Result<Self> {
        Self::between(nodes, nodes, src, dst)
    }

    /// Edges from `sources` rows to `targets` rows of another kind.
    ///
    /// # Errors
    /// As [`Graph::new`].
    pub fn between(sources: usize, targets: usize, src: &[u32], dst: &[u32]) -> Result<Self> {
        let wrong = |why: String| Err(Error::data("The edges do not make a graph", why, "Check the edge list"));
        if src.len() != dst.len() {
            return wrong(format!("there are {} starts and {} ends", src.len(), dst.len()));
        }
        if [src.len(), sources, targets].iter().any(|n| *n >= i32::MAX as usize) {
            return wrong(format!("{} edges between {sources} and {targets} nodes are too many", src.len()));
        }
        for (ends, nodes) in [(src, sources), (dst, targets)] {
            if let Some(node) = ends.iter().find(|node| **node as usize >= nodes) {
                return wrong(format!("an edge names node {node}, there are {nodes}"));
            }
        }
        let (incoming, order) = sorted(targets, dst);
        let source: Vec<i32> = order.iter().map(|i| src[*i] as i32).collect();
        let ends: Vec<u32> = order.iter().map(|i| dst[*i]).collect();
        let starts: Vec<u32> = source.iter().map(|s| *s as u32).collect();
        let (outgoing, order) = sorted(sources, &starts);
        let target = order.iter().map(|i| ends[*i] as i32).collect();
        let edge = order.into_iter().map(|i| i as i32).collect();
        Ok(Self { incoming, source, outgoing, edge, target, placed: Placed::default() })
    }

    /// A graph as message passing wants it: every edge both ways, none twice, exactly one loop at every node.
    ///
    /// # Errors
    /// As [`Graph::new`].
    pub fn prepared(nodes: usize, src: &[u32], dst: &[u32]) -> Result<Self> {
        let both =
            src.iter().copied().zip(dst.iter().copied()).filter(|(s, d)| s != d).flat_map(|(s, d)| [(d, s), (s, d)]);
        let mut pairs: Vec<(u32, u32)> = both.chain((0..nodes as u32).map(|node| (node, node))).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let (dst, src): (Vec<u32>, Vec<u32>) = pairs.into_iter().unzip();
        Self::new(nodes, &src, &dst)
    }

    /// For each destination the one source that `pick` names, or none: rows picked from a table of `sources`.
    ///
    /// # Errors
    /// As [`Graph::new`].
    pub fn picks(sources: usize, pick: impl Iterator<Item = Option<u32>>) -> Result<Self> {
        let mut targets = 0;
        let (mut src, mut dst) = (Vec::new(), Vec::new());
        for source in pick {
            if let Some(source) = source {
                src.push(source);
                dst.push(targets);
            }
            targets += 1;
        }
        Self::between(sources, targets as usize, &src, &dst)
    }

    /// Several graphs as one without edges between them; nodes keep their order.
    ///
    /// # Errors
    /// As [`Graph::new`].
    pub fn together<'a>(graphs: impl Iterator<Item = &'a Self>) -> Result<Self> {
        let (mut nodes, mut src, mut dst) = (0, Vec::new(), Vec::new());
        for graph in graphs {
            for (s, d) in graph.pairs() {
                src.push(s + nodes);
                dst.push(d + nodes);
            }
            nodes += graph.nodes() as u32;
        }
        Self::new(nodes as usize, &src, &dst)
    }

    /// Each edge is left out with probability `rate`; then every node gets a loop, so that a loop that stayed counts
    /// twice.
    ///
    /// # Errors
    /// As [`Graph::new`].
    pub fn dropped(&self, rate: f64, rng: &mut Rng) -> Result<Self> {
        let kept = self.pairs().filter(|_| !rng.chance(rate)).collect::<Vec<_>>();
        let loops = (0..self.nodes() as u32).map(|node| (node, node));
        let (src, dst): (Vec<u32>, Vec<u32>) = kept.into_iter().chain(loops).unzip();
        Self::new(self.nodes(), &src, &dst)
    }

    /// Destinations: all nodes, where both ends are of one kind.
    pub fn nodes(&self) -> usize {
        self.incoming.len().saturating_sub(1)
    }

    /// Rows that edges start from.
    pub fn sources(&self) -> usize {
        self.outgoing.len().saturating_sub(1)
    }

    /// Number of edges.
    pub fn edges(&self) -> usize {
        self.source.len()
    }

    /// Source and destination of every edge in the order of its number.
    pub fn pairs(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        let ends = (0..self.nodes()).flat_map(|node| self.ending_at(node).map(move |_| node as u32));
        self.source.iter().map(|s| *s as u32).zip(ends)
    }

    /// Numbers of the edges that end at a node; empty for a node that is not there.
    pub fn ending_at(&self, node: usize) -> std::ops::Range<usize> {
        match self.incoming.get(node..).unwrap_or_default() {
            [start, end, ..] => *start as usize..*end as usize,
            _ => 0..0,
        }
    }

    /// Where the edges that end at a node come from.
    pub fn neighbours(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        self.source.get(self.ending_at(node)).unwrap_or_default().iter().map(|s| *s as usize)
    }

    /// Edges that end at each destination.
    pub fn in_degrees(&self) -> impl Iterator<Item = usize> + '_ {
        self.incoming.windows(2).map(|w| (w[1] - w[0]) as usize)
    }

    /// Edges that start at each source.
    pub fn out_degrees(&self) -> impl Iterator<Item = usize> + '_ {
        self.outgoing.windows(2).map(|w| (w[1] - w[0]) as usize)
    }

    /// The lists on a device, uploaded once.
    pub fn on(&self, device: &Device) -> Edges {
        let edges = self.placed.on(device, |device| {
            // A buffer cannot be empty; where there is no edge, no row refers to what is put there instead.
            let list = |values: &[i32]| -> Tensor<1, Int> {
                let values = if values.is_empty() { vec![0] } else { values.to_vec() };
                let count = values.len();
                Tensor::from_data(TensorData::new(values, [count]), device)
            };
            Edges {
                incoming: list(&self.incoming),
                source: list(&self.source),
                outgoing: list(&self.outgoing),
                edge: list(&self.edge),
                target: list(&self.target),
                count: self.edges(),
            }
        });
        if device.is_autodiff() { edges.lifted() } else { edges }
    }

    /// Put the lists on `device` now: a step uploads everything before its first launch.
    pub fn upload(&self, device: &Device) {
        self.on(device);
    }
}

/// Where each key's items begin, and the items' places, by key (stable).
fn sorted(keys: usize, key_of: &[u32]) -> (Vec<i32>, Vec<usize>) {
    let mut starts = vec![0_i32; keys + 1];
    for key in key_of {
        starts[*key as usize + 1] += 1;
    }
    for key in 0..keys {
        starts[key + 1] += starts[key];
    }
    let mut next = starts.clone();
    let mut order = vec![0; key_of.len()];
    for (place, key) in key_of.iter().enumerate() {
        let at = &mut next[*key as usize];
        order[*at as usize] = place;
        *at += 1;
    }
    (starts, order)
}
