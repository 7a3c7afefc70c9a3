//! SCGC on the stage: the graph by clusters and by classes, the embedding, what influences a node and what is like it.

use crate::batch::Nodes;
use crate::blocks::influence::Reach;
use crate::error::Result;
use crate::eval::clustering::matched_classes;
use crate::eval::{Features, principal};
use crate::knobs::Choice;
use crate::method::{Local, OnStage, Stage};
use crate::methods::scgc::clusters::Clustering;
use crate::session::Abilities;
use crate::similarity::Similarity;
use crate::trace::{Cloud, Grid, Legend, Matrix, View, ViewKind, titled};
use crate::weights::Weights;

/// Ids and titles, in stage order.
const VIEWS: [(&str, &str); 6] = [
    ("graph", "Clusters"),
    ("labels", "Classes"),
    ("embedding", "Embedding"),
    ("influence", "Influence"),
    ("cosine", "Cosine"),
    ("similarity", "Similarity"),
];

/// Nodes of a large graph that are drawn, evenly spaced, and edges at most.
const MOST_NODES: usize = 5000;
const MOST_EDGES: usize = 20_000;
/// Rows of the similarity matrix at most.
const MOST_ROWS: usize = 200;

/// The grid of the nodes that are drawn.
const NODES: &str = "nodes";

/// The nodes of a graph of so many that are drawn.
fn drawn(nodes: usize) -> impl Iterator<Item = usize> {
    (0..nodes).step_by(nodes.div_ceil(MOST_NODES).max(1))
}

/// The nodes that are drawn, with what the views have in common.
struct Drawn<'a> {
    stage: &'a Stage,
    nodes: Nodes,
    /// The chosen node among those drawn.
    query: usize,
    /// What is clustered comes from weights, not from the graph alone.
    learnt: bool,
}

impl<'a> Drawn<'a> {
    fn new(stage: &'a Stage, learnt: bool) -> Result<Self> {
        let Nodes { graph, numbers } = stage.batch.nodes()?;
        let step = graph.nodes.div_ceil(MOST_NODES).max(1);
        let sample = numbers.first().copied().unwrap_or(0) / step;
        let nodes = Nodes { numbers: drawn(graph.nodes).collect(), graph: graph.clone() };
        let query = stage.token(NODES).unwrap_or(sample).min(nodes.numbers.len().saturating_sub(1));
        Ok(Self { stage, nodes, query, learnt })
    }

    /// The nodes at their places, without colour.
    fn cloud(&self) -> Cloud {
        let Nodes { graph, numbers } = &self.nodes;
        let points = numbers
            .iter()
            .flat_map(|node| graph.layout.get(2 * node..2 * node + 2).unwrap_or(&[0.0, 0.0]).to_vec())
            .collect();
        let place = |node: &u32| numbers.binary_search(&(*node as usize)).ok();
        let ends = graph.src.iter().zip(&graph.dst).filter(|(from, to)| from != to);
        let pairs = ends.filter_map(|(from, to)| Some([place(from)? as u32, place(to)? as u32])).take(MOST_EDGES);
        Cloud { dims: 2, points, edges: pairs.flatten().collect(), ..Cloud::default() }
    }

    fn view(&self, id: &str, caption: String, kind: ViewKind, tensor: &str) -> View {
        let view = self.stage.view(&VIEWS, id, caption, kind, tensor);
        let about = matches!(id, "influence" | "cosine");
        let view = view.of_grid((id != "similarity").then_some(NODES), about.then_some(NODES));
        if self.learnt { view } else { view.of_formula() }
    }

    /// Clusters in the colours and with the names of the classes they match best, where there are classes; one without
    /// a match has a colour of its own.
    fn named(&self, clusters: &[u32], count: usize) -> (Vec<u32>, Vec<String>) {
        let Nodes { graph, numbers } = &self.nodes;
        let labels: Vec<u32> = numbers.iter().filter_map(|node| graph.labels.get(*node).copied()).collect();
        let matched = if labels.len() == clusters.len() { matched_classes(&labels, clusters) } else { Vec::new() };
        if matched.is_empty() {
            return (clusters.to_vec(), (1..=count).map(|cluster| format!("cluster {cluster}")).collect());
        }
        let mut names: Vec<String> = graph.report.classes.iter().map(|class| format!("most like {class}")).collect();
        let colours: Vec<u32> = (0..count)
            .map(|cluster| match matched.get(cluster).copied().flatten() {
                Some(class) => class,
                None => {
                    names.push(format!("cluster {}", cluster + 1));
                    names.len() as u32 - 1
                }
            })
            .collect();
        (clusters.iter().filter_map(|cluster| colours.get(*cluster as usize).copied()).collect(), names)
    }

    fn name(&self) -> usize {
        self.nodes.numbers.get(self.query).copied().unwrap_or(0)
    }
}

impl OnStage for Clustering {
    fn grids(&self) -> Vec<Grid> {
        vec![Grid::new(NODES, [1, 1, drawn(self.nodes).count() as u32], "node").from_zero()]
    }

    fn abilities(&self) -> Abilities {
        Abilities { samples: true, switches: Similarity::switches().into(), ..Abilities::default() }
    }

    fn views(&self) -> Vec<(String, String)> {
        titled(&VIEWS)
    }

    fn look<'a>(&'a self, weights: &'a Weights, stage: &'a Stage) -> Local<'a, Result<Vec<View>>> {
        Box::pin(look(self, weights, stage))
    }
}

/// The views the stage wants, computed now.
///
/// # Errors
/// [`Error::Data`](crate::error::Error::Data) when the data is no graph, [`Error::Device`](crate::error::Error::Device)
/// when the device is lost.
async fn look(method: &Clustering, w: &Weights, stage: &Stage) -> Result<Vec<View>> {
    let wants = |id: &str| stage.wants(id);
    let drawn = Drawn::new(stage, method.learns())?;
    let mut views = Vec::new();
    let needed = ["graph", "embedding", "cosine", "similarity"].into_iter().any(wants);
    let z = if needed { method.clustered(w, &drawn.nodes).await? } else { Features::default() };
    let clusters = if ["graph", "embedding", "similarity"].into_iter().any(wants) {
        method.clusters(w, &z).await?
    } else {
        Vec::new()
    };
    let (colours, names) = drawn.named(&clusters, method.model.config.clusters);
    if wants("graph") {
        let cloud = Cloud { class: colours.clone(), classes: names.clone(), ..drawn.cloud() };
        let caption = format!(
            "Every node in the colour of its cluster, which is that of the class it matches best. Found by: {}.",
            method.variant.name()
        );
        views.push(drawn.view("graph", caption, ViewKind::Cloud(cloud), "q"));
    }
    if wants("labels") {
        let Nodes { graph, numbers } = &drawn.nodes;
        let class = numbers.iter().filter_map(|node| graph.labels.get(*node).copied()).collect();
        let cloud = Cloud { class, classes: graph.report.classes.clone(), ..drawn.cloud() };
        let caption = "The true classes, which training never sees.".into();
        views.push(drawn.view("labels", caption, ViewKind::Cloud(cloud), "labels").of_data());
    }
    if wants("embedding") {
        let cloud =
            Cloud { dims: 2, points: principal::plane(&z).points, class: colours, classes: names, ..Cloud::default() };
        let caption = format!(
            "The first two principal components of the {} numbers of each node, in the colour of its cluster.",
            z.dim
        );
        views.push(drawn.view("embedding", caption, ViewKind::Cloud(cloud), "z"));
    }
    if wants("influence") {
        views.push(influence(method, &drawn));
    }
    let compared = Similarity::of(stage);
    if wants("cosine") {
        let values = cosines(&compared.features(&z), drawn.query);
        let (legend, how) = compared.legend(&values, |row| row == drawn.query);
        let caption =
            format!("How like node {} every other is, by the cosine of what is clustered. {how}", drawn.name());
        let cloud = Cloud { values, query: Some(drawn.query as u32), ..drawn.cloud() };
        views.push(drawn.view("cosine", caption, ViewKind::Cloud(cloud), &compared.tensor("z")).legend(legend));
    }
    if wants("similarity") {
        views.push(similarity(&drawn, &compared.features(&z), &clusters, compared));
    }
    Ok(views)
}

/// The row of the influence matrix of the chosen node: what the contrast pulls it to.
fn influence(method: &Clustering, drawn: &Drawn<'_>) -> View {
    let Reach { order, cumulative } = method.model.config.reach;
    let row = method.first(&drawn.nodes.graph).influence_of(drawn.name(), method.model.config.reach);
    let values: Vec<f32> = drawn.nodes.numbers.iter().map(|node| row.get(*node).copied().unwrap_or(0.0)).collect();
    let how = if cumulative { "walks of up to" } else { "walks of" };
    let caption = format!(
        "Where {how} {order} steps from node {} end: its row of the influence matrix, which the contrast pulls it to.",
        drawn.name()
    );
    let legend = Legend::up_to(values.iter().copied(), "influence");
    let cloud = Cloud { values, query: Some(drawn.query as u32), ..drawn.cloud() };
    drawn.view("influence", caption, ViewKind::Cloud(cloud), "A_r").of_formula().legend(legend)
}

/// Cosine of one row with every row.
fn cosines(z: &Features, query: usize) -> Vec<f32> {
    let unit = z.normalised();
    if query >= unit.rows() {
        return Vec::new();
    }
    let own = unit.row(query).to_vec();
    (0..unit.rows()).map(|row| unit.row(row).iter().zip(&own).map(|(a, b)| a * b).sum()).collect()
}

/// The cosine matrix of some nodes, cluster after cluster.
fn similarity(drawn: &Drawn<'_>, z: &Features, clusters: &[u32], compared: Similarity) -> View {
    let mut order: Vec<usize> = (0..z.rows().min(clusters.len())).collect();
    order.sort_by_key(|row| clusters[*row]);
    let step = order.len().div_ceil(MOST_ROWS).max(1);
    let rows: Vec<usize> = order.into_iter().step_by(step).collect();
    let unit = z.normalised();
    let dot = |a: usize, b: usize| -> f32 { unit.row(a).iter().zip(unit.row(b)).map(|(a, b)| a * b).sum() };
    let values: Vec<f32> = rows.iter().flat_map(|a| rows.iter().map(|b| dot(*a, *b))).collect();
    let (legend, how) = compared.legend(&values, |place| place / rows.len() == place % rows.len());
    let name = |row: &usize| {
        let node = drawn.nodes.numbers.get(*row).copied().unwrap_or(*row);
        format!("node {node}, cluster {}", clusters[*row] + 1)
    };
    let names: Vec<String> = rows.iter().map(name).collect();
    let tokens: Vec<u32> = rows.iter().map(|row| *row as u32).collect();
    let matrix = Matrix::of_pairs(values, names, "nodes by cluster", NODES, tokens);
    let caption = format!(
        "The cosines of {} nodes with one another, cluster after cluster: blocks along the diagonal are clusters. {how}",
        rows.len()
    );
    drawn.view("similarity", caption, ViewKind::Matrix(matrix), &compared.tensor("z")).legend(legend)
}
