//! Labels and attributes of the nodes of a set of graphs.

use std::collections::BTreeMap;

use super::GraphSet;
use super::parts::{Part, Parts};
use crate::reading::LeftOut;
use crate::sheet::number::{self, Cell};
use crate::sheet::roles;

/// So many labels are classes of nodes even if most nodes have one of their own.
const MOST_KINDS: usize = 50;

/// Labels of the nodes, in the order of the file: every column apart.
///
/// # Errors
/// When there are not as many as nodes.
pub fn labels(parts: &Parts, nodes: usize, set: &mut GraphSet) -> Result<(), String> {
    let Some(rows) = parts.rows(Part::NodeLabels) else { return Ok(()) };
    fits(parts.name(Part::NodeLabels), "labels", rows.len(), nodes)?;
    let width = rows.usual_width().0;
    let mut columns = Vec::new();
    for column in 0..width {
        let mut kinds = BTreeMap::<&str, u32>::new();
        (0..nodes).map(|row| rows.cell(row, column)).filter(|cell| !number::is_missing_word(cell)).for_each(|cell| {
            kinds.insert(cell, 0);
        });
        let mut names: Vec<String> = kinds.keys().map(|cell| roles::class_key(cell, '.')).collect();
        roles::in_order(&mut names);
        names.dedup();
        if names.len() > MOST_KINDS && names.len() * 2 > nodes {
            let why = format!("its {} labels are rather names of the nodes", names.len());
            let what = format!("column {} of {}", column + 1, parts.name(Part::NodeLabels));
            set.left_out.push(LeftOut { what, why });
            continue;
        }
        let places = roles::places(&names);
        for (cell, place) in &mut kinds {
            *place = places.get(roles::class_key(cell, '.').as_str()).copied().unwrap_or_default();
        }
        columns.push((0..nodes).map(|row| kinds.get(rows.cell(row, column)).copied()).collect::<Vec<_>>());
        set.kinds.push(names);
    }
    let missing = columns.iter().flatten().filter(|label| label.is_none()).count();
    if missing > 0 {
        set.notes.push(format!("{missing} labels of nodes are missing: these nodes have none"));
    }
    if set.kinds.is_empty() {
        return Ok(());
    }
    set.node_labels = (0..nodes).flat_map(|node| columns.iter().map(move |column| column[node])).collect();
    let kinds: Vec<String> = set.kinds.iter().map(|kinds| kinds.len().to_string()).collect();
    set.notes.push(format!("labels of nodes are features: {} kinds", kinds.join(" and ")));
    Ok(())
}

/// Attributes of the nodes, in the order of the file. A graph with a node that lacks one is left out.
///
/// # Errors
/// When there are not as many as nodes.
pub fn attributes(
    parts: &Parts,
    of_graph: &[Option<usize>],
    reasons: &mut [Option<String>],
    set: &mut GraphSet,
) -> Result<(), String> {
    let Some(rows) = parts.rows(Part::NodeAttributes) else { return Ok(()) };
    let name = parts.name(Part::NodeAttributes);
    fits(name, "attributes", rows.len(), of_graph.len())?;
    let width = rows.usual_width().0;
    let number = |row: usize, column: usize| match number::cell(rows.cell(row, column), '.') {
        Cell::Number(value) => Some(value),
        _ => None,
    };
    let lacking = |column: &usize| (0..rows.len()).filter(|row| number(*row, *column).is_none()).count();
    let (used, left): (Vec<usize>, Vec<usize>) = (0..width).partition(|column| lacking(column) * 2 <= rows.len());
    for column in left {
        let why = format!("{} of {} cells hold no number", lacking(&column), rows.len());
        set.left_out.push(LeftOut { what: format!("column {} of {name}", column + 1), why });
    }
    for (row, graph) in of_graph.iter().enumerate() {
        let bad = rows.width(row) != width || used.iter().any(|column| number(row, *column).is_none());
        if let Some(reason) = graph.and_then(|graph| reasons.get_mut(graph)).filter(|why| bad && why.is_none()) {
            *reason = Some(format!("line {} of {name} is not {width} numbers", rows.line(row)));
        }
        set.attributes.extend(used.iter().map(|column| number(row, *column).unwrap_or_default()));
    }
    set.width = used.len();
    if set.width > 0 {
        set.notes.push(format!("{} attributes of nodes are features", set.width));
    }
    Ok(())
}

fn fits(name: &str, what: &str, rows: usize, nodes: usize) -> Result<(), String> {
    if rows == nodes {
        return Ok(());
    }
    Err(format!("{rows} nodes have {what} in {name}, and {nodes} are of a graph"))
}

/// Put labels and attributes into the order of the nodes that stay.
pub fn reorder(set: &mut GraphSet, place: &[Option<u32>]) {
    let columns = set.kinds.len();
    let mut order: Vec<(u32, usize)> = place.iter().enumerate().filter_map(|(old, new)| Some(((*new)?, old))).collect();
    order.sort_unstable();
    let old = |width: usize| order.iter().flat_map(move |(_, old)| old * width..(old + 1) * width);
    set.node_labels = old(columns).filter_map(|at| set.node_labels.get(at).copied()).collect();
    set.attributes = old(set.width).filter_map(|at| set.attributes.get(at).copied()).collect();
}
