//! The user's own graph from text files: an edge list with a table of its nodes (Planetoid's `NAME.cites` and
//! `NAME.content` are such), or an edge list alone, whose nodes then have their degrees as features.

use masquerade_formats::edges::{self, EdgeGraph};
use masquerade_formats::sheet::Kind;

use super::degrees::degrees;
use crate::data::graphs::{GraphData, NodeFeatures};
use crate::data::table_report;
use crate::error::{Error, Result};
use crate::rng::Rng;
use crate::session::{DataReport, NamedBytes, Reading};

/// The graph in these files, as `reading` says and else guessed; what is not used is listed in the report.
///
/// # Errors
/// [`Error::Data`] when no file lists edges, or no edge joins two nodes.
pub fn from_files(files: Vec<NamedBytes>, reading: &Reading) -> Result<GraphData> {
    let given: Vec<(&str, &[u8])> = files.iter().map(|file| (file.name.as_str(), file.bytes.as_slice())).collect();
    let advice = "Choose an edge list and a table of node features as CSV files, or an edge list alone";
    let graph =
        edges::read(&given, reading).map_err(|why| Error::data("There is no graph to train on", why, advice))?;
    let nodes = graph.names.len();
    let (src, dst): (Vec<u32>, Vec<u32>) = graph.edges.iter().map(|[from, to]| (*from, *to)).unzip();
    let mut notes = graph.notes.clone();
    let features = features(&graph, &mut notes).unwrap_or_else(|| degrees(nodes, &src, &dst));
    let table = graph.table.as_ref();
    let report = DataReport {
        id: crate::card::OWN.into(),
        title: "Your graph".into(),
        classes: graph.classes,
        licence: "yours".into(),
        source: "files that you chose".into(),
        columns: table.map(|table| table_report::columns(&table.columns)).unwrap_or_default(),
        preview: table.map(|table| table_report::preview(&table.columns, &table.preview)).unwrap_or_default(),
        reading: Some(reading.clone()),
        notes,
        skipped: table_report::skipped(graph.left_out).collect(),
        ..DataReport::default()
    };
    let graph = GraphData { report, nodes, features, src, dst, labels: graph.labels, ..GraphData::default() };
    Ok(graph.finished(&Rng::new(0, "split")))
}

/// The features that the table holds; `None`: it holds none that tell nodes apart.
fn features(graph: &EdgeGraph, notes: &mut Vec<String>) -> Option<NodeFeatures> {
    let table = graph.table.as_ref().filter(|table| !table.features.is_empty());
    let Some(table) = table else {
        notes.push("no file holds features of the nodes: their degrees stand in for them".into());
        return None;
    };
    let varies = |column: &usize| table.columns.get(*column).is_some_and(|column| column.kind == Kind::Numbers);
    if !table.features.iter().any(varies) {
        notes.push("all features are the same for all nodes: their degrees stand in for them".into());
        return None;
    }
    // What is the same at all nodes says nothing, and is not to outweigh the rest.
    let varies: Vec<bool> = table.features.iter().map(varies).collect();
    let kept = table.values.iter().zip(varies.iter().cycle()).map(|(value, varies)| if *varies { *value } else { 0.0 });
    let (values, moved) = table_report::narrow(&kept.collect::<Vec<f64>>(), &table.feature_names());
    if !moved.is_empty() {
        notes.push(format!("moved to their mean, because 32 bits would make steps of them: {}", moved.join(", ")));
    }
    Some(NodeFeatures::of_dense(&values, table.features.len()))
}
