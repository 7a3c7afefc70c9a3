//! What a node takes from its neighbours.

use super::{Look, NODES, VIEWS};
use crate::blocks::encoders::graph::{GraphLayer, GraphPass};
use crate::blocks::tokenizers::node_features::Nodes;
use crate::error::Result;
use crate::readback;
use crate::trace::{Cloud, Legend, Matrix, View, ViewKind};

/// Weights of attention that differ by less than this part are about the same.
const FLAT: f32 = 0.05;

impl Look<'_> {
    /// Attention weights of the edges that end at the node, in the last layer: the mean over heads on the graph, or
    /// each head.
    pub(super) async fn attention(&self, by_head: bool) -> Result<Option<View>> {
        let model = &self.system.model;
        let edges = self.graph.graph.on(self.w.device());
        let Some((last, before)) = model.encoder.split_last() else { return Ok(None) };
        let (mut x, pass) = (self.graph.features.whole(self.w.device()), GraphPass::evaluation());
        for layer in before {
            x = Nodes::Dense(Box::new(layer.forward(self.w, &x, &edges, &pass, None)));
        }
        let weights = match last {
            GraphLayer::Gat(layer) => layer.attention(self.w, &x, &edges),
            GraphLayer::DotGat(layer) => layer.attention(self.w, &x, &edges),
            _ => return Ok(None),
        };
        let (own, heads) = (self.graph.graph.ending_at(self.node), weights.dims()[1]);
        if own.is_empty() {
            return Ok(None);
        }
        let weights = readback::floats(weights.narrow(0, own.start, own.len())).await?; // [edges of the node, heads]
        let neighbours: Vec<usize> = self.graph.graph.neighbours(self.node).collect();
        let legend = Legend::up_to(weights.iter().copied(), "attention");
        let flat = flat(&weights);
        let name = self.node;
        let tensor = "attention of the last layer";
        if by_head {
            let values = (0..heads).flat_map(|head| weights.iter().skip(head).step_by(heads).copied()).collect();
            let listed = neighbours.iter().take(30).map(usize::to_string).collect::<Vec<_>>().join(", ");
            let caption = format!(
                "What node {name} takes from each neighbour (columns: {listed}), head by head; a row adds up to 1.{flat}"
            );
            let matrix = Matrix {
                rows: heads as u32,
                columns: neighbours.len() as u32,
                values,
                row_names: (1..=heads).map(|head| format!("head {head}")).collect(),
                column_names: neighbours.iter().map(|node| format!("node {node}")).collect(),
                row_title: "heads".into(),
                column_title: "neighbours".into(),
                column_grid: Some(NODES.into()),
                column_tokens: neighbours.iter().map(|node| *node as u32).collect(),
                ..Matrix::default()
            };
            return Ok(Some(
                self.stage.view(&VIEWS, "heads", caption, ViewKind::Matrix(matrix), tensor).legend(legend),
            ));
        }
        let nodes = self.graph.graph.nodes();
        let (mut values, mut token, mut lines) = (vec![0.0; nodes], vec![u32::MAX; nodes], Vec::new());
        for (neighbour, row) in neighbours.iter().zip(weights.chunks_exact(heads)) {
            values[*neighbour] += row.iter().sum::<f32>() / heads as f32;
            token[*neighbour] = *neighbour as u32;
            lines.extend([*neighbour as u32, self.node as u32]);
        }
        let caption = format!(
            "What node {name} takes from each of its {} neighbours and itself, the mean of {heads} heads.{flat}",
            neighbours.len() - 1
        );
        let cloud = Cloud { values, token, edges: lines, query: Some(self.node as u32), ..self.cloud() };
        Ok(Some(self.stage.view(&VIEWS, "attention", caption, ViewKind::Cloud(cloud), tensor).legend(legend)))
    }
}

/// What there is to say where all weights of attention are about the same.
fn flat(weights: &[f32]) -> String {
    let (low, high) = weights.iter().fold((f32::INFINITY, 0.0_f32), |(low, high), w| (low.min(*w), high.max(*w)));
    if weights.len() > 1 && high - low < FLAT * high {
        format!(" They hardly differ ({low:.3} to {high:.3}): each head takes the plain mean.")
    } else {
        String::new()
    }
}
