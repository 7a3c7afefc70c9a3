//! Sets of graphs in the form of the TU Dortmund collection (Morris et al., "TUDataset", 2020): `NAME_A.txt` lists edges,
//! `NAME_graph_indicator.txt` says of every node which graph it is of, `NAME_graph_labels.txt` the class of every graph;
//! labels and attributes of nodes where there are any.
//!
//! * [`parts`](mod@parts): which file is which part of which set; [`nodes`](mod@nodes): labels and attributes

mod nodes;
mod parts;

use std::collections::BTreeMap;

use crate::reading::LeftOut;
use crate::sheet::number::{self, Cell};
use crate::sheet::roles;
use crate::sheet::rows::Rows;

pub use parts::is_set;
use parts::{Part, Parts};

/// Numbers that are told one by one.
const NAMED: usize = 6;

/// A set of graphs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GraphSet {
    /// The name of the set, from the names of its files.
    pub title: String,
    /// Where the nodes of every graph begin, and the end: nodes are in the order of their graphs.
    pub starts: Vec<usize>,
    /// Both ends of every edge, as listed.
    pub edges: Vec<[u32; 2]>,
    /// Names of the classes, and the class of every graph; empty: classes are not known.
    pub classes: Vec<String>,
    pub labels: Vec<u32>,
    /// Values of every column of node labels; a node has one value of each, or none.
    pub kinds: Vec<Vec<String>>,
    /// Label of every node in every column, a place in `kinds`, [nodes, columns].
    pub node_labels: Vec<Option<u32>>,
    /// Attributes of a node.
    pub width: usize,
    /// [nodes, width]
    pub attributes: Vec<f64>,
    /// What was guessed, a line each.
    pub notes: Vec<String>,
    pub left_out: Vec<LeftOut>,
}

impl GraphSet {
    /// Number of nodes.
    pub fn nodes(&self) -> usize {
        self.starts.last().copied().unwrap_or_default()
    }
}

/// The set of graphs in these files, each a name and its bytes.
///
/// # Errors
/// When there are several sets, a part is missing or parts do not fit together; in words.
pub fn read(files: &[(&str, &[u8])]) -> Result<GraphSet, String> {
    let mut set = GraphSet::default();
    let parts = parts::of(files, &mut set)?;
    let graphs = parts.needed(Part::Graphs)?;
    let edges = parts.needed(Part::Edges)?;
    let of_graph = graph_of_nodes(graphs, parts.name(Part::Graphs), &mut set);
    let count = of_graph.iter().flatten().max().map_or(0, |most| most + 1);
    let mut reasons = vec![None::<String>; count];
    let classes = classes(&parts, count, &mut reasons, &mut set);
    nodes::labels(&parts, of_graph.len(), &mut set)?;
    nodes::attributes(&parts, &of_graph, &mut reasons, &mut set)?;
    let mut sizes = vec![0_usize; count];
    of_graph.iter().flatten().for_each(|graph| sizes[*graph] += 1);
    for (reason, _) in reasons.iter_mut().zip(&sizes).filter(|(_, size)| **size == 0) {
        *reason = Some("it has no nodes".into());
    }
    let place = order(&of_graph, &reasons, &sizes, &mut set);
    if set.nodes() == 0 {
        return Err(format!("no graph is left ({})", told(&set.left_out)));
    }
    take_edges(edges, &parts, &of_graph, &place, &mut set);
    if set.edges.is_empty() && !edges.is_empty() {
        return Err(format!("no edge joins two nodes of a graph ({})", told(&set.left_out)));
    }
    if let Some(classes) = classes {
        let kept: Vec<&String> =
            classes.iter().zip(&reasons).filter(|(_, why)| why.is_none()).map(|(c, _)| c).collect();
        set.classes = kept.iter().map(ToString::to_string).collect();
        roles::in_order(&mut set.classes);
        set.classes.dedup();
        let places = roles::places(&set.classes);
        let label = |class: &String| places.get(class.as_str()).copied().unwrap_or_default();
        set.labels = kept.into_iter().map(label).collect();
    }
    Ok(set)
}

fn told(left_out: &[LeftOut]) -> String {
    let told: Vec<String> = left_out.iter().take(NAMED).map(|left| format!("{}: {}", left.what, left.why)).collect();
    told.join("; ")
}

/// "graph 3", "graphs 1, 2, 5 and 7 more".
fn named(what: &str, numbers: &[usize]) -> String {
    let listed: Vec<String> = numbers.iter().take(NAMED).map(|number| number.to_string()).collect();
    let more = numbers.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{what}{} {}{more}", if numbers.len() == 1 { "" } else { "s" }, listed.join(", "))
}

fn whole(cell: &str) -> Option<i64> {
    match number::cell(cell, '.') {
        Cell::Number(value) if value.fract() == 0.0 && value.abs() < 9e15 => Some(value as i64),
        _ => None,
    }
}

/// The graph of every node, counted from 0; the file counts from 0 if a 0 is in it.
fn graph_of_nodes(rows: &Rows, name: &str, set: &mut GraphSet) -> Vec<Option<usize>> {
    let numbers: Vec<Option<i64>> = (0..rows.len()).map(|row| whole(rows.cell(row, 0))).collect();
    let from = i64::from(!numbers.iter().flatten().any(|graph| *graph == 0));
    if from == 0 {
        set.notes.push(format!("{name} counts graphs from 0"));
    }
    // More graphs than nodes have most of them empty: such a number is a slip.
    let most = 2 * numbers.len() + 1000;
    let graph = |number: Option<i64>| usize::try_from(number? - from).ok().filter(|graph| *graph < most);
    let graphs: Vec<Option<usize>> = numbers.into_iter().map(graph).collect();
    let bad: Vec<usize> = (0..graphs.len()).filter(|node| graphs[*node].is_none()).map(|node| node + 1).collect();
    if !bad.is_empty() {
        let why = format!("{name} says no graph of it");
        set.left_out.push(LeftOut { what: named("node", &bad), why });
    }
    graphs
}

/// The class of every graph as written; reasons against graphs whose class is not known.
fn classes(parts: &Parts, graphs: usize, reasons: &mut [Option<String>], set: &mut GraphSet) -> Option<Vec<String>> {
    let Some(rows) = parts.rows(Part::Classes) else {
        set.notes.push("there is no file of graph labels: the classes of the graphs are not known".into());
        return None;
    };
    if rows.usual_width().0 > 1 {
        let name = parts.name(Part::Classes);
        set.notes.push(format!("{name} has {} columns: the first is the class", rows.usual_width().0));
    }
    let cells: Vec<&str> = (0..rows.len()).map(|row| rows.cell(row, 0)).collect();
    let fractions = cells.iter().filter(|cell| matches!(number::cell(cell, '.'), Cell::Number(v) if v.fract() != 0.0));
    if fractions.count() * 2 > cells.len() {
        set.notes.push(format!("{} holds numbers, no classes: it is not used", parts.name(Part::Classes)));
        return None;
    }
    if rows.len() > graphs {
        let without: Vec<usize> = (graphs..rows.len()).map(|graph| graph + 1).collect();
        set.left_out.push(LeftOut { what: named("graph", &without), why: "it has no nodes".into() });
    }
    let mut classes = Vec::with_capacity(graphs);
    for (graph, reason) in reasons.iter_mut().enumerate().take(graphs) {
        let cell = cells.get(graph).copied().unwrap_or_default();
        if number::is_missing_word(cell) {
            *reason = Some("its class is missing".into());
        }
        classes.push(roles::class_key(cell, '.'));
    }
    Some(classes)
}

/// The new place of every node, in the order of the graphs that stay; where these begin.
fn order(
    of_graph: &[Option<usize>],
    reasons: &[Option<String>],
    sizes: &[usize],
    set: &mut GraphSet,
) -> Vec<Option<u32>> {
    let mut left = BTreeMap::<&str, Vec<usize>>::new();
    let mut next = vec![None; sizes.len()];
    set.starts = vec![0];
    let mut at = 0;
    for (graph, (size, reason)) in sizes.iter().zip(reasons).enumerate() {
        match reason {
            Some(why) => left.entry(why).or_default().push(graph + 1),
            None => {
                next[graph] = Some(at as u32);
                at += size;
                set.starts.push(at);
            }
        }
    }
    for (why, graphs) in left {
        set.left_out.push(LeftOut { what: named("graph", &graphs), why: why.into() });
    }
    let place = |graph: &Option<usize>| {
        let next = next.get_mut((*graph)?)?.as_mut()?;
        *next += 1;
        Some(*next - 1)
    };
    let place: Vec<Option<u32>> = of_graph.iter().map(place).collect();
    nodes::reorder(set, &place);
    place
}

/// The edges within graphs; nodes count from 1, or from 0 if more edges then stay within a graph.
fn take_edges(rows: &Rows, parts: &Parts, of_graph: &[Option<usize>], place: &[Option<u32>], set: &mut GraphSet) {
    let ends = |row: usize, from: i64| {
        [0, 1].map(|column| {
            let node = usize::try_from(whole(rows.cell(row, column))?.checked_sub(from)?).ok()?;
            (node < of_graph.len()).then_some(node)
        })
    };
    let within = |from: i64| {
        let joined = |row: &usize| matches!(ends(*row, from), [Some(a), Some(b)] if of_graph[a] == of_graph[b]);
        (0..rows.len()).filter(joined).count()
    };
    let from = i64::from(within(0) <= within(1));
    let name = parts.name(Part::Edges);
    if from == 0 {
        set.notes.push(format!("{name} counts nodes from 0: so more edges stay within a graph"));
    }
    let mut left = BTreeMap::<&str, Vec<usize>>::new();
    for row in 0..rows.len() {
        let line = rows.line(row) as usize;
        let [a, b] = ends(row, from);
        let why = match (a, b) {
            (Some(a), Some(b)) if of_graph[a] != of_graph[b] => "such an edge joins two graphs",
            (Some(a), Some(b)) => {
                // Edges of graphs that are left out go with them.
                if let (Some(a), Some(b)) = (place[a], place[b]) {
                    set.edges.push([a, b]);
                }
                continue;
            }
            _ => "such an edge does not join two nodes",
        };
        left.entry(why).or_default().push(line);
    }
    for (why, lines) in left {
        let why = format!("{why} of {}", of_graph.len());
        set.left_out.push(LeftOut { what: format!("{name}, {}", named("line", &lines)), why });
    }
}
