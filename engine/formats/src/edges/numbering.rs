//! From the ends of edges to nodes: by their names, or by their numbers counted from 0 or from 1, as all ends exist.

use std::collections::{HashMap, HashSet};

use super::EdgeGraph;
use super::files::File;
use crate::reading::LeftOut;
use crate::sheet::roles;

/// Lines and names that are told one by one.
const NAMED: usize = 5;

/// Where the edges of a file stand.
#[derive(Debug, Clone)]
pub struct Ends {
    /// The columns of both ends.
    pub columns: [usize; 2],
    /// First row that is an edge.
    pub first: usize,
    /// Names of the columns.
    pub header: Option<Vec<String>>,
    /// Width of most rows.
    pub width: usize,
    /// The columns are called what ends of edges are called.
    pub called: bool,
}

impl Ends {
    /// Both ends of every edge, and the row it stands in; an end may be empty.
    pub fn all<'a>(&self, file: &'a File) -> impl Iterator<Item = (usize, [&'a str; 2])> {
        let (rows, columns) = (&file.rows, self.columns);
        (self.first..rows.len()).map(move |row| (row, columns.map(|column| rows.cell(row, column))))
    }

    /// What is said of the columns that are not used.
    pub fn also(&self, file: &File) -> String {
        let name = |column: usize| match self.header.as_ref().and_then(|names| names.get(column)) {
            Some(name) if !name.is_empty() => name.clone(),
            _ => format!("column {}", column + 1),
        };
        let ends = self.columns.map(name).join(" to ");
        let others = (0..self.width).filter(|column| !self.columns.contains(column));
        let others: Vec<String> = others.take(NAMED).map(name).collect();
        let market = if file.is_matrix_market() { " of a matrix, counted from 1" } else { "" };
        match others.is_empty() {
            true => format!(" ({ends}{market})"),
            false => format!(
                " ({ends}{market}); {} not used",
                others.join(", ") + if others.len() > 1 { " are" } else { " is" }
            ),
        }
    }
}

/// How ends of edges name rows of a table.
#[derive(Debug)]
pub struct Numbering {
    keys: HashMap<String, usize>,
    how: How,
    rows: usize,
    /// In words.
    pub told: String,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum How {
    /// As the names are written.
    Written,
    /// As numbers: 007 is 7, 7.0 is 7.
    Value,
    /// Names are numbers, and the ends are these plus so much.
    Shifted(i64),
    /// Rows are counted from here.
    Rows(i64),
}

impl Numbering {
    /// The row of the table that an end names.
    pub fn node(&self, end: &str) -> Option<usize> {
        let whole = || value(end).and_then(|key| key.parse::<i64>().ok());
        match self.how {
            How::Written => self.keys.get(end).copied(),
            How::Value => self.keys.get(&value(end)?).copied(),
            How::Shifted(by) => self.keys.get(&(whole()?.checked_sub(by)?).to_string()).copied(),
            How::Rows(from) => usize::try_from(whole()?.checked_sub(from)?).ok().filter(|row| *row < self.rows),
        }
    }
}

/// A name that is a whole number, in one form; other names have none.
fn value(name: &str) -> Option<String> {
    let key = roles::class_key(name, '.');
    key.parse::<i64>().ok().map(|number| number.to_string())
}

/// How the ends of these lists name the rows of a table with these names (`None`: it has none) and so many rows.
pub fn judge(keys: Option<&[String]>, rows: usize, lists: &[(&File, &Ends)]) -> Numbering {
    let ends = || {
        lists.iter().flat_map(|(file, ends)| ends.all(file)).flat_map(|(_, ends)| ends).filter(|end| !end.is_empty())
    };
    let all = ends().count();
    let market = lists.iter().any(|(file, _)| file.is_matrix_market());
    let with = |how: How| {
        let mut map = HashMap::new();
        for (row, key) in keys.unwrap_or_default().iter().enumerate() {
            let key = if how == How::Written { Some(key.clone()) } else { value(key) };
            if let Some(key) = key {
                map.entry(key).or_insert(row);
            }
        }
        Numbering { keys: map, how, rows, told: String::new() }
    };
    let covered = |numbering: &Numbering| ends().filter(|end| numbering.node(end).is_some()).count();
    let mut best = None::<(usize, Numbering)>;
    let by_name = [How::Written, How::Value, How::Shifted(1), How::Shifted(-1)];
    let by_row = if market { [How::Rows(1), How::Rows(0)] } else { [How::Rows(0), How::Rows(1)] };
    let mut ambiguous = false;
    for how in by_name.iter().filter(|_| keys.is_some()).chain(&by_row) {
        let known = best.as_ref().map_or(0, |(known, _)| *known);
        if known == all && keys.is_some() {
            break;
        }
        let numbering = with(*how);
        let count = covered(&numbering);
        // Another numbering than the one written down has to explain every end.
        let better = match how {
            How::Written | How::Value => count > known,
            How::Shifted(_) => known < all && count == all,
            How::Rows(_) if keys.is_some() => known * 2 < all && count > known,
            How::Rows(_) => count > known,
        };
        let rows = |numbering: &Numbering| matches!(numbering.how, How::Rows(_));
        ambiguous |=
            matches!(how, How::Rows(_)) && !better && count == all && best.as_ref().is_some_and(|(_, best)| rows(best));
        if better {
            best = Some((count, numbering));
        }
    }
    let (count, mut numbering) =
        best.unwrap_or_else(|| (0, with(if keys.is_some() { How::Written } else { by_row[0] })));
    numbering.told = match numbering.how {
        How::Written => "edges use the names in it".into(),
        How::Value => "edges use the names in it, compared as numbers".into(),
        How::Shifted(by) => {
            format!(
                "edges count from {} where the names in it count from {}: all ends fit only so",
                by.max(0),
                (-by).max(0)
            )
        }
        How::Rows(from) => format!("edges use the numbers of its rows, counted from {from}"),
    };
    if ambiguous && !market {
        numbering.told += ", though all ends would exist counted from 1, too";
    }
    if count < all {
        numbering.told += &format!(" ({count} of {all} ends are found)");
    }
    numbering
}

/// Take the edges whose ends are known. `node`: the node of an end, or that it is left out, or that there is none.
pub fn take_edges(graph: &mut EdgeGraph, file: &File, ends: &Ends, node: impl Fn(&str) -> Option<Option<u32>>) {
    let (mut unknown, mut gone, mut missing) = (Vec::new(), 0_usize, Vec::new());
    let mut names = HashSet::new();
    for (row, pair) in ends.all(file) {
        let line = file.rows.line(row);
        match pair.map(|end| if end.is_empty() { None } else { Some(node(end)) }) {
            [Some(Some(Some(from))), Some(Some(Some(to)))] => graph.edges.push([from, to]),
            [None, _] | [_, None] => missing.push(line),
            [Some(None), _] | [_, Some(None)] => {
                unknown.push(line);
                let more = NAMED.saturating_sub(names.len());
                names.extend(pair.into_iter().filter(|end| node(end).is_none()).take(more));
            }
            _ => gone += 1,
        }
    }
    let mut leave = |what: String, why: String| graph.left_out.push(LeftOut { what, why });
    if !unknown.is_empty() {
        let mut names: Vec<&str> = names.into_iter().collect();
        names.sort_unstable();
        let why = format!("no node has the name {}", names.join(" or "));
        leave(format!("{} edges of {} ({})", unknown.len(), file.name, lines(&unknown)), why);
    }
    if gone > 0 {
        leave(format!("{gone} edges of {}", file.name), "they lead to nodes that are left out".into());
    }
    if !missing.is_empty() {
        leave(format!("{}, {}", file.name, lines(&missing)), "an edge needs two ends".into());
    }
}

fn lines(lines: &[u32]) -> String {
    let named: Vec<String> = lines.iter().take(NAMED).map(u32::to_string).collect();
    let more = if lines.len() > NAMED { " …" } else { "" };
    format!("{} {}{more}", if lines.len() == 1 { "line" } else { "lines" }, named.join(", "))
}

/// All ends of edges, each once: numbers by size, or words in the order in which they come.
pub fn all_ends(lists: &[(&File, &Ends)]) -> Vec<String> {
    let (mut seen, mut names) = (HashSet::new(), Vec::new());
    for (file, ends) in lists {
        for (_, pair) in ends.all(file).filter(|(_, pair)| pair.iter().all(|end| !end.is_empty())) {
            names.extend(pair.into_iter().filter(|end| seen.insert(*end)).map(String::from));
        }
    }
    if names.iter().all(|name| name.parse::<i64>().is_ok()) {
        names.sort_by_key(|name| name.parse::<i64>().unwrap_or_default());
    }
    names
}
