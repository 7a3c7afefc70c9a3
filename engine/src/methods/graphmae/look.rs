//! GraphMAE on the stage: the graph with its mask, errors, similarities, attention, and the features of one node.

use burn::tensor::Tensor;

use crate::blocks::encoders::graph::{GraphLayer, GraphPass};
use crate::blocks::masks::nodes::NodeMask;
use crate::blocks::tokenizers::node_features::Nodes;
use crate::error::{Error, Result};
use crate::graph::featured::GraphData;
use crate::kernels::tokens::similarity_map;
use crate::method::Stage;
use crate::methods::graphmae::data::Prepared;
use crate::methods::graphmae::model::{Config, Criterion};
use crate::methods::graphmae::system::System;
use crate::readback;
use crate::similarity::Similarity;
use crate::trace::{Cloud, Curve, Curves, Legend, Matrix, View, ViewKind, titled};
use crate::weights::Weights;

/// Ids and titles, in stage order.
const VIEWS: [(&str, &str); 6] = [
    ("graph", "Graph"),
    ("error", "Error"),
    ("similarity", "Similarity"),
    ("attention", "Attention"),
    ("heads", "Attention by head"),
    ("words", "Features"),
];

/// The grid of the nodes.
pub(super) const NODES: &str = "nodes";
/// Features of a node that are shown.
const WORDS: usize = 24;
/// Weights of attention that differ by less than this part are about the same.
const FLAT: f32 = 0.05;
/// Edges that are drawn; a picture of more would show none.
const MOST_EDGES: usize = 100_000;

/// The views of a model of this kind.
pub fn views(config: &Config) -> Vec<(String, String)> {
    let has = |id: &str| config.encoder.attends() || !matches!(id, "attention" | "heads");
    titled(&VIEWS).into_iter().filter(|(id, _)| has(id)).collect()
}

/// One look: what it is of, the mask, and the node the views are about.
struct Look<'a> {
    system: &'a System,
    w: &'a Weights,
    stage: &'a Stage,
    data: &'a GraphData,
    graph: &'a Prepared,
    mask: NodeMask,
    node: usize,
}

/// The views the stage wants, computed now.
///
/// # Errors
/// [`Error::Data`] when the data is no graph; [`Error::Request`] when the painted mask is of another size;
/// [`Error::Device`] when the device is lost.
pub async fn look(system: &System, w: &Weights, stage: &Stage) -> Result<Vec<View>> {
    let chosen = stage.batch.nodes()?;
    let data = &chosen.graph;
    let prepared = system.cache.whole(data)?;
    let nodes = prepared.graph.nodes();
    let node = stage.token(NODES).unwrap_or_else(|| chosen.numbers.first().copied().unwrap_or(0));
    let node = node.min(nodes.saturating_sub(1));
    let look = Look { mask: stage_mask(system, stage, nodes)?, system, w, stage, data, graph: &prepared, node };
    let mut views = Vec::new();
    for id in stage.wanted.iter().map(String::as_str) {
        match id {
            "graph" => views.push(look.whole()),
            "error" => views.push(look.errors().await?),
            "similarity" => views.push(look.similarity().await?),
            "attention" => views.extend(look.attention(false).await?),
            "heads" => views.extend(look.attention(true).await?),
            "words" => views.push(look.words().await?),
            _ => (),
        }
    }
    Ok(views.into_iter().map(on_nodes).collect())
}

/// Which views show nodes, and which are about one.
fn on_nodes(view: View) -> View {
    let shows = !matches!(view.id.as_str(), "heads" | "words");
    let about = matches!(view.id.as_str(), "graph" | "similarity" | "attention" | "heads" | "words");
    view.of_grid(shows.then_some(NODES), about.then_some(NODES))
}

fn stage_mask(system: &System, stage: &Stage, nodes: usize) -> Result<NodeMask> {
    let config = &system.model.config;
    match stage.painted.get(NODES) {
        None => NodeMask::random(nodes, config.mask_rate, config.replace_rate, &mut stage.rng.at(0)),
        Some(hidden) if hidden.len() != nodes => {
            let why = format!("it has {} nodes, the graph has {nodes}", hidden.len());
            Err(Error::request("The painted mask does not fit", why, "Draw a new mask"))
        }
        Some(hidden) if hidden.iter().any(|hidden| *hidden) => Ok(NodeMask::painted(hidden)),
        Some(_) => Err(Error::request("Nothing is masked", "the painted mask hides no node", "Hide at least one node")),
    }
}

impl Look<'_> {
    /// The nodes at their places, without colours.
    fn cloud(&self) -> Cloud {
        let mut points = self.data.layout.clone();
        points.resize(2 * self.graph.graph.nodes(), 0.0);
        Cloud { dims: 2, points, ..Cloud::default() }
    }

    fn whole(&self) -> View {
        let (data, graph) = (self.data, &self.graph.graph);
        let edges: Vec<u32> = match graph.edges() {
            count if count / 2 <= MOST_EDGES => {
                graph.pairs().filter(|(s, d)| s < d).flat_map(|(s, d)| [s, d]).collect()
            }
            _ => Vec::new(),
        };
        let (token, noise) = (self.mask.token.len(), self.mask.noise.len());
        let kept = self.mask.masked.len().saturating_sub(token + noise);
        let caption = format!(
            "{} of {} nodes are masked: {token} show the mask token, {noise} another node's features, {kept} their own. \
             Edges are never hidden.",
            self.mask.masked.len(),
            graph.nodes(),
        );
        let (class, classes) = (data.labels.clone(), data.report.classes.clone());
        let cloud =
            Cloud { edges, class, classes, hidden: self.mask.hidden(), query: Some(self.node as u32), ..self.cloud() };
        self.stage.view(&VIEWS, "graph", caption, ViewKind::Cloud(cloud), "mask_nodes").of_data()
    }

    /// What a pass predicts for the masked nodes of `mask`.
    fn predicted(&self, mask: &NodeMask) -> Result<Tensor<2>> {
        let model = &self.system.model;
        let (w, edges, pass) = (self.w, self.graph.graph.on(self.w.device()), GraphPass::evaluation());
        mask.upload(w.device())?;
        let results = model.encode(w, &model.masked_input(w, &self.graph.features, mask)?, &edges, &pass);
        let hidden = model.remask(model.to_decoder(w, results), mask);
        Ok(model.decode(w, hidden, &edges, &pass, Some(&mask.rows(w.device()))))
    }

    async fn errors(&self) -> Result<View> {
        let errors = self.system.model.errors(self.predicted(&self.mask)?, &self.graph.features, &self.mask);
        let errors = readback::floats(errors).await?;
        let nodes = self.graph.graph.nodes();
        let (mut values, mut token) = (vec![0.0; nodes], vec![u32::MAX; nodes]);
        for (node, error) in self.mask.masked.iter().zip(&errors) {
            if let (Some(value), Some(token)) = (values.get_mut(*node as usize), token.get_mut(*node as usize)) {
                (*value, *token) = (*error, *node);
            }
        }
        let unit = match self.system.model.config.loss {
            Criterion::ScaledCosine { alpha } => format!("(1 − cosine)^{alpha}"),
            Criterion::Squared => "mean squared error".into(),
        };
        let legend = Legend::up_to(errors, unit);
        let caption = "Error of each masked node, the numbers the loss is the mean of; other nodes have none.".into();
        let cloud = Cloud { values, token, ..self.cloud() };
        Ok(self.stage.view(&VIEWS, "error", caption, ViewKind::Cloud(cloud), "loss_per_node").legend(legend))
    }

    async fn similarity(&self) -> Result<View> {
        let all = self.system.model.embed(self.w, &self.graph.features, &self.graph.graph.on(self.w.device()));
        let shown = Similarity::of(self.stage);
        let values = readback::floats(similarity_map(shown.tokens(all.unsqueeze_dim(0)), self.node)).await?;
        let (legend, how) = shown.legend(&values, |node| node == self.node);
        let caption = format!("How like node {} the encoder finds every other node, nothing masked. {how}", self.node);
        let cloud = Cloud { values, query: Some(self.node as u32), ..self.cloud() };
        Ok(self
            .stage
            .view(&VIEWS, "similarity", caption, ViewKind::Cloud(cloud), &shown.tensor("embedding"))
            .legend(legend))
    }

    /// Attention weights of the edges that end at the node, in the last layer: the mean over heads on the graph, or
    /// each head.
    async fn attention(&self, by_head: bool) -> Result<Option<View>> {
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

    /// True and predicted features of the node, which is masked for it; both scaled to length 1, as the cosine sees
    /// them.
    async fn words(&self) -> Result<View> {
        let mut mask = self.mask.clone();
        if !mask.masked.contains(&(self.node as u32)) {
            let mut hidden = mask.hidden();
            hidden[self.node] = true;
            mask = NodeMask::painted(&hidden);
        }
        let place = mask.masked.iter().position(|node| *node as usize == self.node).unwrap_or(0);
        let predicted = readback::floats(self.predicted(&mask)?.narrow(0, place, 1)).await?;
        let mut truth = vec![0.0; predicted.len()];
        for (column, value) in self.graph.features.row(self.node) {
            truth[column as usize] = value;
        }
        let unit = |values: &[f32]| {
            let length = values.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-12);
            values.iter().map(|v| v / length).collect::<Vec<f32>>()
        };
        let (truth, predicted) = (unit(&truth), unit(&predicted));
        let mut order: Vec<usize> = (0..truth.len()).collect();
        order.sort_by(|a, b| truth[*b].total_cmp(&truth[*a]).then(predicted[*b].total_cmp(&predicted[*a])));
        order.truncate(WORDS);
        let curve = |name: &str, values: &[f32]| {
            let points = order
                .iter()
                .enumerate()
                .map(|(rank, column)| ((rank + 1) as f64, f64::from(values[*column])))
                .collect();
            Curve::line(name, points)
        };
        let cosine = truth.iter().zip(&predicted).map(|(a, b)| a * b).sum::<f32>();
        let listed = order.iter().map(|column| (column + 1).to_string()).collect::<Vec<_>>().join(", ");
        let caption = format!(
            "Features of node {}, masked: cosine {cosine:.2} between true and predicted. From left to right the features numbered {listed}.",
            self.node
        );
        let curves = Curves {
            curves: vec![curve("true", &truth), curve("predicted", &predicted)],
            x_title: "rank of the feature".into(),
            y_title: "value at length 1".into(),
            log_x: false,
        };
        Ok(self.stage.view(&VIEWS, "words", caption, ViewKind::Curves(curves), "recon"))
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
