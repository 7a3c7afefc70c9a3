//! Sets of many small graphs, one class each: a drawn one, and the user's own in the form of the TU Dortmund collection
//! (Morris et al., "TUDataset", 2020). All graphs are one graph without edges between them; a node has the class of its
//! graph. Without labels of nodes their features are their degrees, one-hot.

use std::collections::HashMap;

use crate::data::graphs::{GraphData, NodeFeatures, layout};
use crate::error::{Error, Result};
use crate::rng::Rng;
use crate::session::{DataReport, NamedBytes};

/// Degrees from here on are one feature.
const MOST_DEGREE: usize = 400;
/// Ends of the names of the files of a set.
const EDGES: &str = "_a.txt";
const GRAPHS: &str = "_graph_indicator.txt";
const CLASSES: &str = "_graph_labels.txt";
const NODES: &str = "_node_labels.txt";

/// Drawn graphs of each family, and the nodes of the smallest and the largest.
const EACH: usize = 40;
const FEWEST: usize = 16;
const MOST: usize = 32;

/// Edges of a graph of so many nodes.
type Family = fn(usize, &mut Rng) -> Vec<[usize; 2]>;

/// The set `families`: rings with chords, grids, and three kinds of random graphs, of about as many edges each.
pub fn families(seed: u64) -> GraphData {
    let families: [(&str, Family); 4] =
        [("small world", small_world), ("grid", grid), ("uniform", uniform), ("hubs", hubs)];
    let mut rng = Rng::new(seed, "families");
    let mut graphs = Vec::new();
    for i in 0..EACH * families.len() {
        let class = i % families.len();
        let nodes = FEWEST + rng.below(MOST - FEWEST + 1);
        graphs.push((class as u32, nodes, (families[class].1)(nodes, &mut rng)));
    }
    let report = DataReport {
        id: "families".into(),
        title: "Families of graphs".into(),
        classes: families.iter().map(|(name, _)| (*name).to_string()).collect(),
        licence: "CC0 1.0".into(),
        source: format!("drawn by the program, seed {seed}"),
        ..DataReport::default()
    };
    let (mut starts, mut labels, mut src, mut dst) = (vec![0], Vec::new(), Vec::new(), Vec::new());
    for (class, nodes, edges) in graphs {
        let first = labels.len();
        labels.extend(vec![class; nodes]);
        src.extend(edges.iter().map(|[a, _]| (first + a) as u32));
        dst.extend(edges.iter().map(|[_, b]| (first + b) as u32));
        starts.push(labels.len());
    }
    let features = degrees(labels.len(), &src, &dst);
    assembled(report, starts, labels, features, src, dst)
}

/// A ring with an edge to each of the two next nodes, of which one in ten leads anywhere (Watts and Strogatz 1998).
fn small_world(nodes: usize, rng: &mut Rng) -> Vec<[usize; 2]> {
    let steps = (0..nodes).flat_map(|node| [[node, (node + 1) % nodes], [node, (node + 2) % nodes]]);
    let mut edges: Vec<[usize; 2]> = steps.collect();
    for edge in &mut edges {
        if rng.chance(0.1) {
            edge[1] = (edge[0] + 1 + rng.below(nodes - 1)) % nodes;
        }
    }
    edges
}

/// A square grid, its last row perhaps short.
fn grid(nodes: usize, _: &mut Rng) -> Vec<[usize; 2]> {
    let side = (nodes as f64).sqrt().round() as usize;
    let right = (0..nodes).filter(|node| node % side + 1 < side && node + 1 < nodes).map(|node| [node, node + 1]);
    let down = (0..nodes).filter(|node| node + side < nodes).map(|node| [node, node + side]);
    right.chain(down).collect()
}

/// Two edges a node between any two nodes (Erdős and Rényi 1959).
fn uniform(nodes: usize, rng: &mut Rng) -> Vec<[usize; 2]> {
    let mut edge = || {
        let a = rng.below(nodes);
        [a, (a + 1 + rng.below(nodes - 1)) % nodes]
    };
    (0..2 * nodes).map(|_| edge()).collect()
}

/// Each node joins two that are there, often those that have many edges already (Barabási and Albert 1999).
fn hubs(nodes: usize, rng: &mut Rng) -> Vec<[usize; 2]> {
    let (mut edges, mut ends) = (vec![[0, 1]], vec![0, 1]);
    for node in 2..nodes {
        for other in [ends[rng.below(ends.len())], ends[rng.below(ends.len())]] {
            edges.push([node, other]);
            ends.extend([node, other]);
        }
    }
    edges
}

/// The degree of every node as a one-hot feature; an edge that is listed in both directions or more than once counts
/// once.
fn degrees(nodes: usize, src: &[u32], dst: &[u32]) -> NodeFeatures {
    let mut pairs: Vec<[u32; 2]> =
        src.iter().zip(dst).filter(|(a, b)| a != b).map(|(a, b)| [*a.min(b), *a.max(b)]).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let mut degree = vec![0_usize; nodes];
    pairs.iter().flatten().for_each(|node| degree[*node as usize] += 1);
    degree.iter_mut().for_each(|degree| *degree = (*degree).min(MOST_DEGREE));
    let mut features =
        NodeFeatures { width: degree.iter().max().map_or(1, |most| most + 1), ..NodeFeatures::default() };
    degree.iter().for_each(|degree| features.push(std::iter::once((*degree as u32, 1.0))));
    features
}

fn assembled(
    report: DataReport,
    starts: Vec<usize>,
    labels: Vec<u32>,
    features: NodeFeatures,
    src: Vec<u32>,
    dst: Vec<u32>,
) -> GraphData {
    let graph = GraphData {
        report,
        nodes: labels.len(),
        layout: layout::of_many(&starts, &src, &dst),
        features,
        src,
        dst,
        labels,
        graphs: starts,
        ..GraphData::default()
    };
    let mut graph = graph.finished(&Rng::new(0, "split"));
    graph.report.detail = format!("{} graphs, {}", graph.graphs.len() - 1, graph.report.detail);
    graph
}

/// Whether these files are a set of graphs.
pub fn is_collection(files: &[NamedBytes]) -> bool {
    [EDGES, GRAPHS].iter().all(|end| files.iter().any(|file| file.name.to_ascii_lowercase().ends_with(end)))
}

fn wrong(why: impl ToString) -> Error {
    let advice = "Choose NAME_A.txt, NAME_graph_indicator.txt, NAME_graph_labels.txt and, if there are any, NAME_node_labels.txt of one set";
    Error::data("The set of graphs cannot be read", why, advice)
}

/// The set of graphs in these files.
///
/// # Errors
/// [`Error::Data`] when one is missing or cannot be read; file and line are named.
pub fn from_files(files: &[NamedBytes]) -> Result<GraphData> {
    let file = |end: &str| files.iter().find(|file| file.name.to_ascii_lowercase().ends_with(end));
    let read = |end: &str| -> Result<Option<Vec<Vec<i64>>>> { file(end).map(numbers).transpose() };
    let single = |rows: Vec<Vec<i64>>| rows.into_iter().map(|row| row[0]).collect::<Vec<i64>>();
    let missing = |end: &str| wrong(format!("there is no file whose name ends with {end}"));
    let of_graph = single(read(GRAPHS)?.ok_or_else(|| missing(GRAPHS))?);
    let edges = read(EDGES)?.ok_or_else(|| missing(EDGES))?;
    let classes = single(read(CLASSES)?.ok_or_else(|| missing(CLASSES))?);
    let kinds = read(NODES)?.map(single);
    let nodes = of_graph.len();
    if let Some(graph) = of_graph.iter().find(|graph| **graph < 1 || **graph > classes.len() as i64) {
        return Err(wrong(format!("a node is of graph {graph}, and there are labels of {} graphs", classes.len())));
    }
    if let Some(kinds) = kinds.as_ref().filter(|kinds| kinds.len() != nodes) {
        return Err(wrong(format!("{} nodes have labels, and {nodes} are of a graph", kinds.len())));
    }
    // Nodes in the order of their graphs.
    let mut order: Vec<usize> = (0..nodes).collect();
    order.sort_by_key(|node| of_graph[*node]);
    let mut place = vec![0_u32; nodes];
    order.iter().enumerate().for_each(|(new, old)| place[*old] = new as u32);
    let mut starts = vec![0; classes.len() + 1];
    of_graph.iter().for_each(|graph| starts[*graph as usize] += 1);
    (0..classes.len()).for_each(|graph| starts[graph + 1] += starts[graph]);
    let (mut src, mut dst) = (Vec::new(), Vec::new());
    for (line, pair) in edges.iter().enumerate() {
        let ends = [0, 1].map(|end| {
            pair.get(end).and_then(|node| usize::try_from(node.saturating_sub(1)).ok()).filter(|node| *node < nodes)
        });
        match ends {
            [Some(a), Some(b)] if of_graph[a] == of_graph[b] => {
                src.push(place[a]);
                dst.push(place[b]);
            }
            [Some(_), Some(_)] => return Err(wrong(format!("edge {} joins two graphs", line + 1))),
            _ => return Err(wrong(format!("edge {} does not join two of {nodes} nodes", line + 1))),
        }
    }
    let names = sorted(&classes);
    let class_of = |node: &usize| names.partition_point(|name| *name < classes[of_graph[*node] as usize - 1]) as u32;
    let labels = order.iter().map(class_of).collect();
    let features = match &kinds {
        Some(kinds) => {
            let known: HashMap<i64, u32> = sorted(kinds).into_iter().zip(0..).collect();
            let mut features = NodeFeatures { width: known.len().max(1), ..NodeFeatures::default() };
            order.iter().for_each(|node| features.push(std::iter::once((known[&kinds[*node]], 1.0))));
            features
        }
        None => degrees(nodes, &src, &dst),
    };
    let title = file(EDGES).map(|file| &file.name[..file.name.len() - EDGES.len()]).unwrap_or_default();
    let title = title.rsplit('/').next().unwrap_or(title).to_string();
    let used = [EDGES, GRAPHS, CLASSES, NODES];
    let left = files.iter().filter(|file| !used.iter().any(|end| file.name.to_ascii_lowercase().ends_with(end)));
    let left = left.map(|file| (file.name.clone(), "it is not needed".to_string()));
    let with_empty = starts.len();
    starts.dedup();
    let empty = with_empty - starts.len();
    let empty = (empty > 0).then(|| (format!("{empty} graphs"), "they have no nodes".to_string()));
    let report = DataReport {
        id: crate::card::OWN.into(),
        title,
        classes: names.iter().map(ToString::to_string).collect(),
        licence: "yours".into(),
        source: "files that you chose".into(),
        skipped: left.chain(empty).collect(),
        ..DataReport::default()
    };
    Ok(assembled(report, starts, labels, features, src, dst))
}

fn sorted(values: &[i64]) -> Vec<i64> {
    let mut values = values.to_vec();
    values.sort_unstable();
    values.dedup();
    values
}

/// The whole numbers of every line.
fn numbers(file: &NamedBytes) -> Result<Vec<Vec<i64>>> {
    let text = std::str::from_utf8(&file.bytes).map_err(|_| wrong(format!("{} is no text", file.name)))?;
    let rows = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
    rows.map(|(number, line)| {
        let fields = line.split([',', ' ', '\t']).filter(|field| !field.is_empty()).map(str::parse::<i64>);
        let row: Option<Vec<i64>> = fields.map(std::result::Result::ok).collect();
        row.filter(|row| !row.is_empty())
            .ok_or_else(|| wrong(format!("line {} of {} is {line:?}", number + 1, file.name)))
    })
    .collect()
}
