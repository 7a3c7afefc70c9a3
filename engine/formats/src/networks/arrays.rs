//! Graphs as NumPy arrays, told by their names.

use std::io::{Cursor, Read};

use super::{List, Matrix, Parts, Sparse, whole};
use crate::npy::{self, Values};

const ADJACENCY: [&str; 6] = ["adj", "adjacency", "a", "adj_matrix", "graph", "network"];
const FEATURES: [&str; 8] = ["feat", "feats", "feature", "features", "x", "attr", "attrs", "node_features"];
const LABELS: [&str; 7] = ["label", "labels", "y", "class", "classes", "target", "node_label"];
const EDGES: [&str; 4] = ["edge_index", "edges", "edge", "edge_list"];
const NAMES: [&str; 3] = ["class_names", "label_names", "idx_to_class"];
const PARTS: [[&str; 4]; 3] = [
    ["train_mask", "train_idx", "idx_train", "train_masks"],
    ["val_mask", "val_idx", "idx_val", "val_masks"],
    ["test_mask", "test_idx", "idx_test", "test_masks"],
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Dense(Matrix),
    List(Matrix, List),
    Labels,
    Names,
    Edges,
    Part(usize),
}

/// What the name of an array says: of `dblp/dblp_feat.npy` the last words, of `adj/indptr.npy` the folder too.
fn role(name: &str) -> Option<Role> {
    let path = name.to_ascii_lowercase().replace(['/', '-', '.'], "_");
    let path = path.strip_suffix("_npy").unwrap_or(&path);
    let ends = |words: &[&str]| words.iter().any(|word| path == *word || path.ends_with(&format!("_{word}")));
    let matrix = |path: &str| {
        let ends = |words: &[&str]| words.iter().any(|word| path == *word || path.ends_with(&format!("_{word}")));
        if ends(&ADJACENCY) { Some(Matrix::Adjacency) } else { ends(&FEATURES).then_some(Matrix::Features) }
    };
    if let Some(part) = PARTS.iter().position(|names| ends(names)) {
        return Some(Role::Part(part));
    }
    if ends(&NAMES) {
        return Some(Role::Names);
    }
    let lists = [("data", List::Values), ("indices", List::Columns), ("indptr", List::Starts), ("shape", List::Shape)];
    for (word, list) in lists {
        let of = path.strip_suffix(word).and_then(|rest| matrix(rest.trim_end_matches('_')));
        if let Some(matrix) = of {
            return Some(Role::List(matrix, list));
        }
    }
    if ends(&EDGES) {
        return Some(Role::Edges);
    }
    if ends(&LABELS) {
        return Some(Role::Labels);
    }
    matrix(path).map(Role::Dense)
}

/// Take a file's content if it is an array with a name that says what it is. False: it is neither.
///
/// # Errors
/// In words, when it is one and cannot be used.
pub fn take(parts: &mut Parts, name: &str, content: &mut dyn Read) -> Result<bool, String> {
    if !name.to_ascii_lowercase().ends_with(".npy") {
        return Ok(false);
    }
    let Some(role) = role(name) else { return Ok(false) };
    let mut head = Vec::new();
    (&mut *content).take(npy::MAGIC.len() as u64).read_to_end(&mut head).map_err(|e| e.to_string())?;
    let mut content = Cursor::new(head).chain(content);
    let known = match role {
        Role::Dense(Matrix::Features) => parts.features.is_some(),
        Role::Dense(Matrix::Adjacency) | Role::Edges => parts.edges.is_some(),
        Role::Labels => parts.labels.is_some(),
        Role::Names => !parts.names.is_empty(),
        Role::Part(part) => !parts.split[part].is_empty(),
        Role::List(matrix, list) => parts.lists.iter().any(|(m, l, _)| (*m, *l) == (matrix, list)),
    };
    if known {
        parts.leave(name, "there is one of its kind already");
        return Ok(true);
    }
    match role {
        Role::Dense(Matrix::Features) => {
            let header = npy::header(&mut content)?;
            parts.features = Some(Sparse::of_array(&header, &mut content)?);
        }
        Role::Dense(Matrix::Adjacency) => dense_edges(parts, &mut content)?,
        _ => small(parts, role, &npy::read(&whole(&mut content)?)?)?,
    }
    Ok(true)
}

fn dense_edges(parts: &mut Parts, content: &mut dyn Read) -> Result<(), String> {
    let header = npy::header(content)?;
    let [rows, columns] = header.shape[..] else {
        return Err(format!("it is {}, not a table", npy::sides(&header.shape)));
    };
    if rows != columns || rows == 0 {
        return Err(format!("it is {}: an adjacency has as many rows as columns", npy::sides(&header.shape)));
    }
    let mut edges = Vec::new();
    header.numbers(content, &mut |place, value| {
        if value != 0.0 && !value.is_nan() {
            edges.push([(place / columns) as u64, (place % columns) as u64]);
        }
    })?;
    parts.edges = Some(edges);
    Ok(())
}

fn small(parts: &mut Parts, role: Role, array: &npy::Array) -> Result<(), String> {
    match role {
        Role::List(matrix, list) => parts.lists.push((matrix, list, array.list()?.to_vec())),
        Role::Names => {
            parts.names = match &array.values {
                Values::Words(words) => words.clone(),
                Values::Numbers(_) => Vec::new(),
            }
        }
        Role::Labels => parts.labels = Some(labels(array)?),
        Role::Part(part) => parts.split[part] = nodes(array)?,
        Role::Edges => {
            let ends = array.whole()?;
            let pairs = match array.shape[..] {
                [2, count] if count != 2 => (0..count).map(|edge| [ends[edge], ends[count + edge]]).collect(),
                [_, 2] => ends.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect(),
                _ => return Err(format!("it is {}, and edges are two nodes each", npy::sides(&array.shape))),
            };
            parts.edges = Some(pairs);
        }
        Role::Dense(_) => (),
    }
    Ok(())
}

/// A class a node, also of rows that hold one 1.
fn labels(array: &npy::Array) -> Result<Vec<String>, String> {
    let word = |value: &f64| if value.fract() == 0.0 { format!("{value:.0}") } else { value.to_string() };
    match (&array.values, &array.shape[..]) {
        (Values::Words(words), _) => Ok(words.clone()),
        (Values::Numbers(numbers), [_, width]) if *width > 1 => {
            let largest =
                |row: &[f64]| row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(at, _)| at);
            Ok(numbers.chunks_exact(*width).map(|row| largest(row).to_string()).collect())
        }
        (Values::Numbers(_), _) => Ok(array.list()?.iter().map(word).collect()),
    }
}

/// Nodes of a part: their numbers, or a mask over all nodes, of which the first is taken where there are several.
fn nodes(array: &npy::Array) -> Result<Vec<u64>, String> {
    let numbers = array.whole()?;
    let width = array.shape.get(1).copied().unwrap_or(1).max(1);
    let first: Vec<u64> = numbers.iter().step_by(width).copied().collect();
    // A list of nodes that are all 0 or 1 would be of two nodes at most.
    let mask = first.len() > 2 && first.iter().all(|value| *value <= 1);
    let marked = || first.iter().enumerate().filter(|(_, value)| **value == 1).map(|(node, _)| node as u64).collect();
    Ok(if mask { marked() } else { first })
}

/// Join the lists of a matrix that is sparse by rows.
///
/// # Errors
/// In words, when they do not fit together.
pub fn join(parts: &mut Parts, matrix: Matrix) -> Result<(), String> {
    let find = |list: List| parts.lists.iter().find(|(m, l, _)| (*m, *l) == (matrix, list)).map(|(_, _, all)| &all[..]);
    let (Some(columns), Some(starts)) = (find(List::Columns), find(List::Starts)) else { return Ok(()) };
    let name = if matrix == Matrix::Adjacency { "adjacency" } else { "features" };
    let sparse = Sparse::of_lists(find(List::Values), columns, starts, find(List::Shape));
    let sparse = sparse.map_err(|why| format!("the {name}: {why}"))?;
    match matrix {
        Matrix::Features if parts.features.is_none() => parts.features = Some(sparse),
        Matrix::Adjacency if parts.edges.is_none() => {
            let row = |row: usize| {
                let columns = &sparse.columns[sparse.starts[row]..sparse.starts[row + 1]];
                columns.iter().map(move |column| [row as u64, u64::from(*column)])
            };
            parts.edges = Some((0..sparse.rows()).flat_map(row).collect());
        }
        _ => (),
    }
    Ok(())
}
