//! GraphMAE on the stage: the graph with its mask, errors, similarities, attention, and the features of one node.

mod attention;

use burn::tensor::Tensor;

use crate::blocks::encoders::graph::GraphPass;
use crate::blocks::masks::nodes::NodeMask;
use crate::error::{Error, Result};
use crate::graph::featured::GraphData;
use crate::method::{Local, OnStage, Stage};
use crate::methods::graphmae::data::Prepared;
use crate::methods::graphmae::model::{Config, Criterion};
use crate::methods::graphmae::system::System;
use crate::readback;
use crate::session::Abilities;
use crate::similarity::Similarity;
use crate::trace::{Cloud, Curve, Curves, Grid, Legend, View, ViewKind, titled};
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
const NODES: &str = "nodes";
/// Features of a node that are shown.
const WORDS: usize = 24;
/// Edges that are drawn; a picture of more would show none.
const MOST_EDGES: usize = 100_000;

/// The views of a model of this kind.
fn views(config: &Config) -> Vec<(String, String)> {
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

impl OnStage for System {
    fn grids(&self) -> Vec<Grid> {
        let masked = (self.model.config.mask_rate * self.nodes as f64) as usize;
        let visible = (self.nodes - masked.min(self.nodes)) as u32;
        vec![Grid::new(NODES, [1, 1, self.nodes as u32], "node").painted(visible).from_zero()]
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            samples: true,
            draws: Some("mask".into()),
            mask_knob: Some("mask_rate".into()),
            switches: Similarity::switches().into(),
            ..Abilities::default()
        }
    }

    fn views(&self) -> Vec<(String, String)> {
        views(&self.model.config)
    }

    fn look<'a>(&'a self, weights: &'a Weights, stage: &'a Stage) -> Local<'a, Result<Vec<View>>> {
        Box::pin(look(self, weights, stage))
    }
}

/// The views the stage wants, computed now.
///
/// # Errors
/// [`Error::Data`] when the data is no graph; [`Error::Request`] when the painted mask is of another size;
/// [`Error::Device`] when the device is lost.
async fn look(system: &System, w: &Weights, stage: &Stage) -> Result<Vec<View>> {
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
        let (values, legend, how) = shown.map(all.unsqueeze_dim(0), self.node).await?;
        let caption = format!("How like node {} the encoder finds every other node, nothing masked. {how}", self.node);
        let cloud = Cloud { values, query: Some(self.node as u32), ..self.cloud() };
        Ok(self
            .stage
            .view(&VIEWS, "similarity", caption, ViewKind::Cloud(cloud), &shown.tensor("embedding"))
            .legend(legend))
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
