//! Graphs as text: features, edges, labels and parts, a file each.

use std::io::Read;

use super::{Parts, Sparse, file_name, whole};

/// What a file of text holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Features,
    Edges,
    Labels,
    /// Nodes to train (0), validate (1) or test (2) on.
    Part(usize),
}

/// What the ending of a name says.
pub fn role(name: &str) -> Option<Role> {
    let name = file_name(name);
    match name.rsplit_once('.')?.1 {
        "feature" | "features" | "feat" => Some(Role::Features),
        "edge" | "edges" => Some(Role::Edges),
        "label" | "labels" => Some(Role::Labels),
        "train" => Some(Role::Part(0)),
        "val" | "valid" => Some(Role::Part(1)),
        "test" => Some(Role::Part(2)),
        _ => None,
    }
}

/// Take a file's content.
///
/// # Errors
/// In words, at the first line that does not fit.
pub fn take(parts: &mut Parts, name: &str, role: Role, content: &mut dyn Read) -> Result<(), String> {
    let known = match role {
        Role::Features => parts.features.is_some(),
        Role::Edges => parts.edges.is_some(),
        Role::Labels => parts.labels.is_some(),
        Role::Part(part) => !parts.split[part].is_empty(),
    };
    if known {
        parts.leave(name, "there is one of its kind already");
        return Ok(());
    }
    if role == Role::Features {
        parts.features = Some(Sparse::of_text(content)?);
        return Ok(());
    }
    let bytes = whole(content)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| "it is no text".to_string())?;
    let rows = || {
        let line = |(at, line): (usize, &str)| {
            let cells: Vec<String> = line.split([' ', '\t', ',']).map(|cell| cell.trim().to_string()).collect();
            (at + 1, cells.into_iter().filter(|cell| !cell.is_empty()).collect::<Vec<String>>())
        };
        let told = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with(['#', '%']));
        told.map(line).filter(|(_, cells)| !cells.is_empty())
    };
    let node = |line: usize, cell: &String| {
        // Some write whole numbers as 12.0.
        let number = cell.parse::<f64>().ok().filter(|v| *v >= 0.0 && v.fract() == 0.0 && *v < 9e15);
        number.map(|v| v as u64).ok_or_else(|| format!("line {line}: {cell:?} is not the number of a node"))
    };
    match role {
        Role::Edges => {
            let pair = |(line, cells): (usize, Vec<String>)| match &cells[..] {
                [a, b, ..] => Ok([node(line, a)?, node(line, b)?]),
                _ => Err(format!("line {line} has one number, an edge needs two")),
            };
            parts.edges = Some(rows().map(pair).collect::<Result<Vec<_>, String>>()?);
        }
        Role::Labels => parts.labels = Some(rows().filter_map(|(_, mut cells)| cells.pop()).collect()),
        Role::Part(part) => {
            parts.split[part] = rows().map(|(line, cells)| node(line, &cells[0])).collect::<Result<Vec<_>, _>>()?;
        }
        Role::Features => (),
    }
    Ok(())
}
