//! The user's own sets of many small graphs, in the form of the TU Dortmund collection. Labels of nodes are one-hot
//! features, attributes stand beside them; where nodes have neither, their degrees stand in.

use masquerade_formats::tu::{self, GraphSet};

use super::collections::assembled;
use super::degrees::degrees;
use crate::data::graphs::{GraphData, NodeFeatures};
use crate::data::table_report;
use crate::error::{Error, Result};
use crate::session::{DataReport, NamedBytes};

/// Whether these files are a set of graphs.
pub fn is_set(files: &[NamedBytes]) -> bool {
    tu::is_set(files.iter().map(|file| file.name.as_str()))
}

/// The set of graphs in these files.
///
/// # Errors
/// [`Error::Data`] when there are several, a part is missing or parts do not fit together.
pub fn from_files(files: &[NamedBytes]) -> Result<GraphData> {
    let given: Vec<(&str, &[u8])> = files.iter().map(|file| (file.name.as_str(), file.bytes.as_slice())).collect();
    let advice = "Choose NAME_A.txt, NAME_graph_indicator.txt, NAME_graph_labels.txt and, if there are any, NAME_node_labels.txt and NAME_node_attributes.txt of one set";
    let mut set = tu::read(&given).map_err(|why| Error::data("The set of graphs cannot be read", why, advice))?;
    let (src, dst): (Vec<u32>, Vec<u32>) = set.edges.iter().map(|[from, to]| (*from, *to)).unzip();
    let features = features(&mut set).unwrap_or_else(|| degrees(set.nodes(), &src, &dst));
    let sizes = set.starts.windows(2).map(|bounds| bounds[1] - bounds[0]);
    let labels = set.labels.iter().zip(sizes).flat_map(|(label, size)| std::iter::repeat_n(*label, size)).collect();
    let report = DataReport {
        id: crate::card::OWN.into(),
        title: set.title,
        classes: set.classes,
        licence: "yours".into(),
        source: "files that you chose".into(),
        notes: set.notes,
        skipped: table_report::skipped(set.left_out).collect(),
        ..DataReport::default()
    };
    Ok(assembled(report, set.starts, labels, features, src, dst))
}

/// Labels one-hot, then attributes; `None`: nodes have neither.
fn features(set: &mut GraphSet) -> Option<NodeFeatures> {
    let kinds: usize = set.kinds.iter().map(Vec::len).sum();
    let width = kinds + set.width;
    if width == 0 {
        set.notes.push("nodes have neither labels nor attributes: their degrees stand in for them".into());
        return None;
    }
    let names: Vec<String> = (1..=set.width).map(|place| format!("attribute {place}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (attributes, moved) = table_report::narrow(&set.attributes, &names);
    if !moved.is_empty() {
        set.notes.push(format!("moved to their mean, because 32 bits would make steps of them: {}", moved.join(", ")));
    }
    let mut features = NodeFeatures { width, ..NodeFeatures::default() };
    for node in 0..set.nodes() {
        let labels = &set.node_labels[node * set.kinds.len()..(node + 1) * set.kinds.len()];
        let mut first = 0;
        let mut row = Vec::new();
        for (label, kinds) in labels.iter().zip(&set.kinds) {
            row.extend(label.map(|label| (first + label, 1.0)));
            first += kinds.len() as u32;
        }
        let of_node = attributes[node * set.width..(node + 1) * set.width].iter();
        row.extend((first..).zip(of_node.copied()).filter(|(_, value)| *value != 0.0));
        features.push(row.into_iter());
    }
    Some(features)
}
