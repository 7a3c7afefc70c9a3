//! The user's own graph from text files: an edge list with a table of features, or Planetoid's `NAME.content` with
//! `NAME.cites`.
//!
//! * Edge list: two names of nodes a line, parted by commas, semicolons, tabs or spaces; further columns are left out.
//!   A file is one if its name says so (`edge`, `cites`, `links`), or, where none says so, if its lines have two
//!   columns.
//! * Table: the name of a node first, then its features; a last column of words, or one called `label` or `class`, is
//!   its class. If there is no column of names (a header without `id`, `node` or `name`, or one column fewer) nodes are
//!   numbered from 0.

use std::collections::HashMap;

use crate::data::graphs::{GraphData, NodeFeatures};
use crate::error::{Error, Result};
use crate::rng::Rng;
use crate::session::{DataReport, NamedBytes, Reading};

/// Most edges and features of a file that are taken in.
const MOST_VALUES: usize = 200_000_000;

fn wrong(why: impl ToString) -> Error {
    Error::data("There is no graph to train on", why, "Choose an edge list and a table of node features as CSV files")
}

/// The fields of every line that is not empty and no comment.
fn lines(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let separator = ['\t', ';', ',']
        .into_iter()
        .find(|s| text.lines().find(|line| is_data(line)).is_some_and(|line| line.contains(*s)));
    text.lines().filter(|line| is_data(line)).map(move |line| match separator {
        Some(separator) => line.split(separator).map(|field| field.trim().trim_matches('"')).collect(),
        None => line.split_whitespace().collect(),
    })
}

fn is_data(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with(['#', '%'])
}

/// Whether a file's name says that it lists edges, or that it does not.
fn named_edge_list(name: &str) -> Option<bool> {
    let name = name.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["edge", "cites", "link"]) { Some(true) } else { has(&["content", "feat", "node"]).then_some(false) }
}

/// The graph of an edge list and a table among these files.
///
/// # Errors
/// [`Error::Data`] when one of the two is missing or cannot be read; the line is named.
pub fn from_files(files: Vec<NamedBytes>, _reading: &Reading) -> Result<GraphData> {
    let (mut edges, mut table, mut skipped) = (None, None, Vec::new());
    let count = files.len();
    let any_named = files.iter().any(|file| named_edge_list(&file.name) == Some(true));
    for file in files {
        let Ok(text) = String::from_utf8(file.bytes) else {
            skipped.push((file.name, "it is no text".into()));
            continue;
        };
        let by_columns = || !any_named && lines(&text).take(10).all(|fields| fields.len() == 2);
        let place = if named_edge_list(&file.name).unwrap_or_else(by_columns) { &mut edges } else { &mut table };
        if place.is_some() {
            skipped.push((file.name, "there is one of its kind already".into()));
        } else {
            *place = Some((file.name, text));
        }
    }
    let (edges, table) = match (edges, table) {
        (Some(edges), Some(table)) => (edges, table),
        (Some((name, _)), None) => {
            return Err(wrong(format!("{name} lists edges, and no file holds features of the nodes")));
        }
        (None, Some((name, _))) => return Err(wrong(format!("{name} holds features, and no file lists edges"))),
        (None, None) => return Err(wrong(format!("none of {count} files is one"))),
    };
    let table = Table::read(&table.0, &table.1)?;
    let (src, dst, unknown) = pairs(&edges.0, &edges.1, &table.numbers)?;
    if unknown > 0 {
        skipped.push((edges.0.clone(), format!("{unknown} edges lead to nodes without features")));
    }
    if src.is_empty() {
        return Err(wrong(format!("no edge of {} joins two nodes of the table", edges.0)));
    }
    let report = DataReport {
        id: crate::card::OWN.into(),
        title: "Your graph".into(),
        classes: table.classes,
        licence: "yours".into(),
        source: "files that you chose".into(),
        skipped,
        ..DataReport::default()
    };
    let graph = GraphData {
        report,
        nodes: table.numbers.len(),
        features: NodeFeatures::of_dense(&table.values, table.width),
        src,
        dst,
        labels: table.labels,
        ..GraphData::default()
    };
    Ok(graph.finished(&Rng::new(0, "split")))
}

/// Ends of the edges between known nodes, and the number of the other edges. A first line of unknown names is a header.
fn pairs(name: &str, text: &str, numbers: &HashMap<String, u32>) -> Result<(Vec<u32>, Vec<u32>, usize)> {
    let (mut src, mut dst, mut unknown) = (Vec::new(), Vec::new(), 0);
    for (line, fields) in lines(text).enumerate() {
        let [from, to, ..] = fields[..] else {
            return Err(wrong(format!("line {} of {name} has one column, an edge needs two", line + 1)));
        };
        match (numbers.get(from), numbers.get(to)) {
            (Some(from), Some(to)) => {
                src.push(*from);
                dst.push(*to);
            }
            _ if line == 0 => (),
            _ => unknown += 1,
        }
    }
    Ok((src, dst, unknown))
}

/// A table of features.
struct Table {
    /// Number of each node by its name.
    numbers: HashMap<String, u32>,
    width: usize,
    /// [nodes, width]
    values: Vec<f32>,
    classes: Vec<String>,
    labels: Vec<u32>,
}

impl Table {
    fn read(name: &str, text: &str) -> Result<Self> {
        let number = |field: &str| field.parse::<f32>().ok().filter(|v| v.is_finite());
        let rows: Vec<Vec<&str>> = lines(text).collect();
        let Some(first) = rows.first() else { return Err(wrong(format!("{name} is empty"))) };
        let columns = first.len();
        // A header has no number anywhere; the name and class of a node may be words.
        let header = rows.len() > 1 && first.iter().all(|field| number(field).is_none());
        let called =
            |column: usize, words: &[&str]| header && words.contains(&first[column].to_ascii_lowercase().as_str());
        let sample = &rows[usize::from(header)];
        let named = if header { called(0, &["id", "node", "name", ""]) } else { true };
        let last = columns.saturating_sub(1);
        let classed = last > 0
            && (called(last, &["label", "class", "y"])
                || sample.get(last).is_some_and(|field| number(field).is_none()));
        let range = usize::from(named)..columns - usize::from(classed);
        let rows = &rows[usize::from(header)..];
        if range.is_empty() || rows.len().saturating_mul(range.len()) > MOST_VALUES {
            return Err(wrong(format!("{name} has {} rows of {} features", rows.len(), range.len())));
        }
        let mut table = Self {
            numbers: HashMap::new(),
            width: range.len(),
            values: Vec::new(),
            classes: Vec::new(),
            labels: Vec::new(),
        };
        for (row, fields) in rows.iter().enumerate() {
            let line = row + 1 + usize::from(header);
            if fields.len() != columns {
                return Err(wrong(format!(
                    "line {line} of {name} has {} columns, the first has {columns}",
                    fields.len()
                )));
            }
            let key = if named { fields[0].to_string() } else { row.to_string() };
            if table.numbers.insert(key, row as u32).is_some() {
                return Err(wrong(format!("line {line} of {name} names {} a second time", fields[0])));
            }
            for field in &fields[range.clone()] {
                let value =
                    number(field).ok_or_else(|| wrong(format!("line {line} of {name}: {field:?} is not a number")))?;
                table.values.push(value);
            }
        }
        if classed {
            let mut classes: Vec<String> = rows.iter().map(|fields| fields[last].to_string()).collect();
            let all = classes.clone();
            classes.sort();
            classes.dedup();
            table.labels = all.iter().map(|class| classes.partition_point(|known| known < class) as u32).collect();
            table.classes = classes;
        }
        Ok(table)
    }
}
