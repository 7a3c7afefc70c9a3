//! Graphs whose parts are matrices, in the forms that papers publish them in, in a folder or an archive:
//!
//! * text: `NAME.feature` (the numbers of a node a line), `NAME.edge` (two nodes a line), `NAME.label` (a class a line),
//!   and perhaps `NAME.train`, `.val`, `.test` (a node a line)
//! * arrays: `.npy` or `.npz` with the adjacency (dense, sparse by rows, or a list of edges), features and labels, told
//!   by their names (`adj`, `feat`, `label`, `edge_index`, `x`, `y`, `attr_indptr` …)
//!
//! Features and dense adjacencies are read in a stream and only what is not zero is kept.

mod arrays;
mod sparse;
mod text;

use std::io::{self, Read};

pub use sparse::Sparse;

use crate::LeftOut;
use crate::archive::{Limits, walk};

/// A graph with features and, perhaps, classes and a split.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Network {
    pub features: Sparse,
    /// Every edge once, the smaller node first, in order; no node is joined to itself.
    pub edges: Vec<[u32; 2]>,
    /// Class of each node; empty: not known.
    pub labels: Vec<u32>,
    /// Names of the classes as written.
    pub classes: Vec<String>,
    /// Nodes to train, validate and test on; empty: the files do not say.
    pub parts: [Vec<usize>; 3],
    /// What was guessed.
    pub notes: Vec<String>,
    pub left_out: Vec<LeftOut>,
}

/// What was found so far.
#[derive(Debug, Default)]
struct Parts {
    features: Option<Sparse>,
    edges: Option<Vec<[u64; 2]>>,
    labels: Option<Vec<String>>,
    names: Vec<String>,
    split: [Vec<u64>; 3],
    /// Lists of a matrix that is sparse by rows, by the matrix and the list.
    lists: Vec<(Matrix, List, Vec<f64>)>,
    notes: Vec<String>,
    left_out: Vec<LeftOut>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Matrix {
    Adjacency,
    Features,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Values,
    Columns,
    Starts,
    Shape,
}

impl Parts {
    fn leave(&mut self, what: &str, why: impl ToString) {
        self.left_out.push(LeftOut { what: what.to_string(), why: why.to_string() });
    }
}

/// The graph that these files (names and bytes; archives too) hold. `None`: they are of another form.
///
/// # Errors
/// In words, when they are of one of these forms and do not fit together.
pub fn read(files: &[(&str, &[u8])], limits: &Limits) -> Result<Option<Network>, String> {
    let mut parts = Parts::default();
    let left_out = walk(files.iter().copied(), limits, &mut |name, content| {
        let taken = match text::role(name) {
            Some(role) => text::take(&mut parts, name, role, content).map(|()| true),
            None => arrays::take(&mut parts, name, content),
        };
        match taken {
            Ok(true) => Ok(()),
            Ok(false) => {
                parts.leave(name, "it is not needed");
                Ok(())
            }
            Err(why) => Err(io::Error::other(why)),
        }
    });
    for matrix in [Matrix::Adjacency, Matrix::Features] {
        arrays::join(&mut parts, matrix)?;
    }
    if parts.features.is_none() && parts.edges.is_none() {
        return Ok(None);
    }
    let unread: Vec<String> = left_out.iter().map(|left| format!("{}: {}", left.what, left.why)).collect();
    let unread = if unread.is_empty() { String::new() } else { format!(" ({})", unread.join("; ")) };
    parts.left_out.extend(left_out);
    match (parts.features.take(), parts.edges.take()) {
        (Some(features), Some(edges)) => network(features, edges, parts).map(Some),
        // A table of features alone, or an edge list beside a table, is read by others.
        _ if unread.is_empty() => Ok(None),
        (None, _) => Err(format!("there are edges and no features of nodes{unread}")),
        (_, None) => Err(format!("there are features of nodes and no edges{unread}")),
    }
}

fn network(features: Sparse, pairs: Vec<[u64; 2]>, parts: Parts) -> Result<Network, String> {
    let nodes = features.rows() as u64;
    let Parts { labels, names, split, mut notes, mut left_out, .. } = parts;
    let mut leave = |count: usize, what: &str, why: &str| {
        if count > 0 {
            left_out.push(LeftOut { what: format!("{count} {what}"), why: why.to_string() });
        }
    };
    let ends = || pairs.iter().flatten().copied();
    let from_one = ends().min() == Some(1) && ends().max() == Some(nodes);
    if from_one {
        notes.push("Nodes are counted from 1 in the edges".into());
    }
    let first = u64::from(from_one);
    let (mut outside, mut loops) = (0, 0);
    let mut edges = Vec::with_capacity(pairs.len());
    for [a, b] in &pairs {
        match (a.checked_sub(first), b.checked_sub(first)) {
            (Some(a), Some(b)) if a >= nodes || b >= nodes => outside += 1,
            (Some(a), Some(b)) if a == b => loops += 1,
            (Some(a), Some(b)) => edges.push([a.min(b) as u32, a.max(b) as u32]),
            _ => outside += 1,
        }
    }
    drop(pairs);
    if edges.is_empty() || outside > edges.len() {
        return Err(format!("{outside} edges lead out of the {nodes} nodes with features, and {} do not", edges.len()));
    }
    edges.sort_unstable();
    edges.dedup();
    leave(outside, "edges", &format!("they lead out of the {nodes} nodes with features"));
    leave(loops, "edges", "they join a node to itself");
    let (labels, classes) = match labels {
        Some(labels) if labels.len() as u64 == nodes => numbered(&labels, &names),
        Some(labels) => return Err(format!("{} labels for {nodes} nodes with features", labels.len())),
        None => (Vec::new(), Vec::new()),
    };
    let split = split.map(|part| part.into_iter().filter(|node| *node < nodes).map(|node| node as usize).collect());
    Ok(Network { features, edges, labels, classes, parts: split, notes, left_out })
}

/// Numbers of the classes in order, and their names: as written, or of `names` where the labels count these.
fn numbered(labels: &[String], names: &[String]) -> (Vec<u32>, Vec<String>) {
    let mut known = labels.to_vec();
    let key = |word: &String| (word.parse::<f64>().map_or(f64::INFINITY, |v| v), word.clone());
    known.sort_by(|a, b| key(a).0.total_cmp(&key(b).0).then_with(|| a.cmp(b)));
    known.dedup();
    let place: std::collections::HashMap<&str, u32> = known.iter().map(String::as_str).zip(0..).collect();
    let numbers = labels.iter().filter_map(|label| place.get(label.as_str()).copied()).collect();
    let named = known.iter().map(|word| word.parse::<usize>().ok().and_then(|at| names.get(at)).cloned());
    let named: Option<Vec<String>> = named.collect();
    (numbers, named.unwrap_or(known))
}

/// All of a small file.
fn whole(content: &mut dyn Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    content.read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    Ok(bytes)
}

/// The last part of a name with folders, in lower case.
fn file_name(name: &str) -> String {
    name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase()
}
