//! Graphs in text: an edge list, and a table of its nodes where there is one. Which file is which, which column names
//! the nodes and whether nodes count from 0 or 1 is judged over all edges, by what stands in the files before what they
//! are called.
//!
//! * [`files`](mod@files): the files as rows, and where edges may stand in them; [`which`](mod@which): which file is
//!   which
//! * [`numbering`](mod@numbering): from the ends of edges to rows of the table

mod files;
mod numbering;
mod which;

use std::collections::HashMap;

use crate::reading::{self, LeftOut, Reading};
use crate::sheet::{self, Layout, Sheet, roles};

use files::File;
use numbering::Ends;

/// A graph as its files have it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EdgeGraph {
    /// Name of every node: as in the table or the edges, else its number.
    pub names: Vec<String>,
    /// Both ends of every edge, places in `names`; as listed, so loops and repetitions are there.
    pub edges: Vec<[u32; 2]>,
    /// Table of the nodes, a row each; `None`: there is no table. It may have no features.
    pub table: Option<Sheet>,
    /// Names of the classes, and the class of every node; empty: classes are not known.
    pub classes: Vec<String>,
    pub labels: Vec<u32>,
    /// What was guessed, a line each.
    pub notes: Vec<String>,
    pub left_out: Vec<LeftOut>,
}

/// The graph in these files, each a name and its bytes.
///
/// # Errors
/// When no file lists edges, no edge joins two nodes, or what `reading` names is not there; in words.
pub fn read(given: &[(&str, &[u8])], reading: &Reading) -> Result<EdgeGraph, String> {
    let mut graph = EdgeGraph::default();
    let files = files::load(given, reading, &mut graph.left_out);
    let parts = which::roles(&files, reading)?;
    let mut lists = Vec::new();
    for at in &parts.edges {
        lists.push((&files[*at], parts.ends[*at].as_ref().ok_or("the edges stand nowhere")?));
    }
    match parts.table {
        Some((table, ids)) => with_table(&mut graph, &files[table], ids, &lists, reading)?,
        None => without_table(&mut graph, &lists),
    }
    for (file, ends) in &lists {
        graph.notes.push(format!("{} lists the edges{}", file.name, ends.also(file)));
    }
    let used = |at: usize| parts.edges.contains(&at) || parts.table.is_some_and(|(table, _)| table == at);
    for (at, file) in files.iter().enumerate().filter(|(at, _)| !used(*at)) {
        if graph.labels.is_empty() && take_labels(&mut graph, file, reading) {
            graph.notes.push(format!("{} holds the classes of the nodes", file.name));
        } else {
            let why = parts.why_not[at].clone().unwrap_or_else(|| "other files hold the graph".into());
            graph.left_out.push(LeftOut { what: file.name.to_string(), why });
        }
    }
    if graph.edges.is_empty() {
        let told: Vec<String> = graph.left_out.iter().map(|left| format!("{}: {}", left.what, left.why)).collect();
        return Err(format!("no edge joins two nodes ({})", told.join("; ")));
    }
    say_repetitions(&mut graph);
    Ok(graph)
}

/// The graph whose nodes are the rows of a table; `ids`: the column of their names.
fn with_table(
    graph: &mut EdgeGraph,
    file: &File,
    ids: Option<usize>,
    lists: &[(&File, &Ends)],
    reading: &Reading,
) -> Result<(), String> {
    let own = file.reading(reading);
    let layout = Layout::of(&file.text, &own).map_err(|why| format!("{}: {why}", file.name))?;
    // The names that the edges use are told of the nodes, unless the user says which column has them.
    let said = Reading { ids: own.ids.clone().or_else(|| ids.map(|column| reading::Column::At(column + 1))), ..own };
    let lines: Vec<u32> = layout.body.iter().map(|row| layout.rows.line(*row as usize)).collect();
    let keys = |column: usize| layout.body.iter().map(|row| layout.cell(*row, column).to_string()).collect();
    let named = match &said.ids {
        Some(reading::Column::None) => None,
        Some(_) => sheet::ids_column(&layout, &said)?,
        None => None,
    };
    let keys: Option<Vec<String>> = named.map(keys);
    let mut table = sheet::of_layout(layout, &said, false).map_err(|why| format!("{}: {why}", file.name))?;
    drop_second(&mut table, file.name);
    let row_of: HashMap<u32, u32> = table.lines.iter().copied().zip(0..).collect();
    let rows: Vec<Option<u32>> = lines.iter().map(|line| row_of.get(line).copied()).collect();
    let numbering = numbering::judge(keys.as_deref(), rows.len(), lists);
    graph.notes.push(format!("{} holds the nodes; {}", file.name, numbering.told));
    for (file, ends) in lists {
        let known = |end: &str| numbering.node(end).map(|at| rows.get(at).copied().flatten());
        numbering::take_edges(graph, file, ends, known);
    }
    graph.names = match table.ids.is_empty() {
        false => table.ids.clone(),
        true => (0..table.rows()).map(|row| row.to_string()).collect(),
    };
    let told = |line: &String| format!("{}: {line}", file.name);
    graph.notes.extend(table.notes.iter().map(told));
    let left = table
        .left_out
        .iter()
        .map(|left| LeftOut { what: format!("{}, {}", file.name, left.what), why: left.why.clone() });
    graph.left_out.extend(left);
    (graph.classes, graph.labels) = (table.classes.clone(), table.labels.clone());
    graph.table = Some(table);
    Ok(())
}

/// Rows whose name stood before are left out.
fn drop_second(table: &mut Sheet, file: &str) {
    let mut seen = std::collections::HashSet::new();
    let first: Vec<bool> = table.ids.iter().map(|id| seen.insert(id.clone())).collect();
    let twice: Vec<(u32, String)> = table
        .lines
        .iter()
        .zip(&table.ids)
        .zip(&first)
        .filter(|(_, first)| !**first)
        .map(|((line, id), _)| (*line, id.clone()))
        .collect();
    if let Some((line, id)) = twice.first() {
        let more = if twice.len() > 1 { format!(" and {} more", twice.len() - 1) } else { String::new() };
        let why = format!("{file} names {id:?} a second time");
        table.left_out.push(LeftOut { what: format!("line {line}{more}"), why });
        table.keep(&first);
    }
}

/// The graph of all ends of edges.
fn without_table(graph: &mut EdgeGraph, lists: &[(&File, &Ends)]) {
    graph.names = numbering::all_ends(lists);
    let places: HashMap<String, u32> = graph.names.iter().cloned().zip(0..).collect();
    for (file, ends) in lists {
        numbering::take_edges(graph, file, ends, |end| places.get(end).map(|place| Some(*place)));
    }
}

/// Take the classes of all nodes from a table of names and classes; whether it is one.
fn take_labels(graph: &mut EdgeGraph, file: &File, reading: &Reading) -> bool {
    let Ok(layout) = Layout::of(&file.text, &Reading { label: reading.label.clone(), ..Reading::default() }) else {
        return false;
    };
    let candidates = which::id_columns(&layout);
    let places: HashMap<&str, usize> = graph.names.iter().map(String::as_str).zip(0..).collect();
    let covers = |column: &usize| {
        let all = layout.body.iter().filter(|row| places.contains_key(layout.cell(**row, *column)));
        all.count() >= graph.names.len()
    };
    let Some(column) = candidates.into_iter().find(covers) else { return take_listed(graph, &layout) };
    let said =
        Reading { ids: Some(reading::Column::At(column + 1)), label: reading.label.clone(), ..Reading::default() };
    let Ok(table) = sheet::of_layout(layout, &said, false) else { return false };
    let mut labels = vec![None; graph.names.len()];
    for (id, label) in table.ids.iter().zip(&table.labels) {
        if let Some(place) = places.get(id.as_str()) {
            labels[*place] = Some(*label);
        }
    }
    match labels.into_iter().collect::<Option<Vec<u32>>>() {
        Some(labels) if !table.classes.is_empty() => {
            (graph.classes, graph.labels) = (table.classes, labels);
            true
        }
        _ => false,
    }
}

/// Take the classes of all nodes from a file of nothing else, in the order of the table's rows.
fn take_listed(graph: &mut EdgeGraph, layout: &Layout) -> bool {
    let whole = graph.table.as_ref().is_some_and(|table| table.rows() == layout.body.len());
    let facts = layout.facts.first().copied().unwrap_or_default();
    let classes = facts.missing == 0 && (facts.words == layout.body.len() || facts.whole == layout.body.len());
    let most = layout.body.len() / 2;
    let levels = roles::levels(&layout.rows, &layout.body, 0, layout.decimal, most.max(2));
    if layout.names.len() > 1 || !whole || !classes || levels.is_none_or(|levels| levels.len() < 2) {
        return false;
    }
    let key = |row: &u32| roles::class_key(layout.cell(*row, 0), layout.decimal);
    let keys: Vec<String> = layout.body.iter().map(key).collect();
    graph.classes = keys.clone();
    roles::in_order(&mut graph.classes);
    graph.classes.dedup();
    let places = roles::places(&graph.classes);
    graph.labels = keys.iter().map(|key| places.get(key.as_str()).copied().unwrap_or_default()).collect();
    true
}

/// Loops and edges that are listed more than once change nothing, and are told.
fn say_repetitions(graph: &mut EdgeGraph) {
    let loops = graph.edges.iter().filter(|[a, b]| a == b).count();
    if loops > 0 {
        let all = if loops == graph.edges.len() { ", which are all" } else { "" };
        graph.notes.push(format!("{loops} edges lead from a node to itself{all}"));
    }
    let mut sorted = graph.edges.clone();
    sorted.sort_unstable();
    sorted.dedup();
    let twice = graph.edges.len() - sorted.len();
    if twice > 0 {
        graph.notes.push(format!("{twice} edges are listed once more and count once"));
    }
}
