//! Three small public graphs: Cora and Citeseer (papers that cite one another; Planetoid's split), and DBLP (authors
//! who wrote together), each one file `graphs/NAME.safetensors`.
//!
//! Tensors: `feat_indptr` [nodes + 1] and `feat_indices` (features that are 1), `edge_index` [2, edges] in both
//! directions, `label` [nodes], and `split` [nodes] where the set has one (0 train, 1 validation, 2 test, others
//! unused).

use crate::checkpoint::safetensors::{self, File, HostTensor};
use crate::data::files::Files;
use crate::data::graphs::{GraphData, NodeFeatures};
use crate::error::{Error, Result};
use crate::rng::Rng;
use crate::session::DataReport;

// The files number the classes; the names follow from their well-known sizes.
const CORA: [&str; 7] = [
    "theory",
    "reinforcement learning",
    "genetic algorithms",
    "neural networks",
    "probabilistic methods",
    "case-based",
    "rule learning",
];
const CITESEER: [&str; 6] =
    ["AI", "machine learning", "information retrieval", "databases", "agents", "human interaction"];
const DBLP: [&str; 4] = ["databases", "data mining", "machine learning", "information retrieval"];

/// Title, names of the classes, source and terms of a set.
type Words = (&'static str, &'static [&'static str], &'static str, &'static str);

fn words(id: &str) -> Words {
    let planetoid = "MIT, Zhilin Yang 2016; cite Yang, Cohen, Salakhutdinov, ICML 2016";
    match id {
        "cora" => ("Cora", &CORA, "https://github.com/kimiyoung/planetoid, the public split", planetoid),
        "citeseer" => ("Citeseer", &CITESEER, "https://github.com/kimiyoung/planetoid, the public split", planetoid),
        _ => (
            "DBLP",
            &DBLP,
            "https://github.com/yueliu1999/DCRN, derived from dblp.org",
            "MIT; the data of dblp.org are CC0 1.0",
        ),
    }
}

/// Name of the file that holds a set.
pub fn file(id: &str) -> String {
    format!("graphs/{id}.safetensors")
}

/// Load `cora`, `citeseer` or `dblp`.
///
/// # Errors
/// [`Error::Data`] when its file is missing or damaged.
pub async fn open(id: &str, files: &Files) -> Result<GraphData> {
    let name = file(id);
    let bytes = files.read(&name).await?;
    of_file(id, &safetensors::read(&bytes).map_err(|e| damaged(&name, e.report().why))?)
}

fn damaged(name: &str, why: impl ToString) -> Error {
    Error::data(format!("{name} cannot be used"), why, "Copy the file again, or choose another data set")
}

/// The graph that a file holds.
///
/// # Errors
/// [`Error::Data`] when a tensor is missing or its numbers lead out of the graph.
pub fn of_file(id: &str, file: &File) -> Result<GraphData> {
    let (title, classes, source, licence) = words(id);
    let part = |name: &str| -> Result<&HostTensor> {
        file.tensors.get(name).ok_or_else(|| damaged(id, format!("it has no {name}")))
    };
    let numbers = |name: &str| -> Result<Vec<u32>> { Ok(part(name)?.values.iter().map(|v| *v as u32).collect()) };
    let (starts, columns, labels) = (numbers("feat_indptr")?, numbers("feat_indices")?, numbers("label")?);
    let edges = numbers("edge_index")?;
    let nodes = labels.len();
    let (src, dst) = edges.split_at(edges.len() / 2);
    let told = |name: &str| file.metadata.get(name).and_then(|text| text.parse::<usize>().ok());
    let width = told("num_features").unwrap_or_else(|| columns.iter().max().map_or(0, |last| *last as usize + 1));
    if starts.len() != nodes + 1 || starts.last().copied().unwrap_or(0) as usize != columns.len() || !starts.is_sorted()
    {
        return Err(damaged(id, "the features are not cut into one row a node"));
    }
    if edges.len() % 2 == 1 || edges.iter().any(|node| *node as usize >= nodes) {
        return Err(damaged(id, format!("an edge leads out of the {nodes} nodes")));
    }
    if labels.iter().any(|label| *label as usize >= classes.len())
        || columns.iter().any(|column| *column as usize >= width)
    {
        return Err(damaged(id, "a label or feature is out of its range"));
    }
    let split: Vec<u32> = if file.tensors.contains_key("split") { numbers("split")? } else { Vec::new() };
    let of_split = |wanted: u32| {
        split.iter().take(nodes).enumerate().filter(|(_, part)| **part == wanted).map(|(node, _)| node).collect()
    };
    let features = NodeFeatures {
        width,
        starts: starts.iter().map(|start| *start as usize).collect(),
        values: vec![1.0; columns.len()],
        columns,
    };
    let report = DataReport {
        id: id.into(),
        title: title.into(),
        classes: classes.iter().map(ToString::to_string).collect(),
        licence: licence.into(),
        source: source.into(),
        ..DataReport::default()
    };
    let graph = GraphData {
        report,
        nodes,
        features,
        src: src.to_vec(),
        dst: dst.to_vec(),
        labels,
        train: of_split(0),
        validation: of_split(1),
        test: of_split(2),
        ..GraphData::default()
    };
    Ok(graph.finished(&Rng::new(0, "split")))
}
