//! Which file lists the edges and which holds the nodes: two columns of the one whose cells are names in the other.

use std::collections::HashSet;

use super::files::File;
use super::numbering::Ends;
use crate::reading::Reading;
use crate::sheet::number::{self, Cell};
use crate::sheet::{Layout, roles};

/// Rows of an edge list that are looked at here, spread over the file.
const LOOKED_AT: usize = 2000;
/// Columns of a table that are looked at as names of its rows.
const MOST_ID_COLUMNS: usize = 6;

/// What every file is.
#[derive(Debug)]
pub struct Roles {
    /// Files that list edges.
    pub edges: Vec<usize>,
    /// The table of the nodes, and the column that the edges name them by.
    pub table: Option<(usize, Option<usize>)>,
    /// Where edges would stand in every file.
    pub ends: Vec<Option<Ends>>,
    /// Why a file is not used, where that is known.
    pub why_not: Vec<Option<String>>,
}

/// What a file's name says: 1 edges, −1 nodes, 0 nothing.
fn by_name(file: &File) -> f64 {
    let name = file.short_name();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["edge", "cites", "link", "relation", "adj"]) {
        1.0
    } else if has(&["content", "feat", "node", "attr", "vert", "label", "class"]) {
        -1.0
    } else {
        0.0
    }
}

/// What every file is.
///
/// # Errors
/// When none lists edges.
pub fn roles(files: &[File], reading: &Reading) -> Result<Roles, String> {
    let ends: Vec<Option<Ends>> = files.iter().map(ends).collect();
    let layouts: Vec<Result<Layout, String>> =
        files.iter().map(|file| Layout::of(&file.text, &file.reading(reading))).collect();
    let named: Vec<Vec<Names>> = layouts.iter().map(|layout| layout.as_ref().map(names).unwrap_or_default()).collect();
    let mut best = None::<(f64, usize, usize, Option<usize>)>;
    for (edges, at) in ends.iter().enumerate() {
        let Some(at) = at else { continue };
        let sample = sample(&files[edges], at, LOOKED_AT / files.len().div_ceil(4));
        for (table, layout) in layouts.iter().enumerate().filter(|(table, _)| *table != edges) {
            let Ok(layout) = layout else { continue };
            let (covered, ids) = coverage(layout, &named[table], &sample);
            let mut score = covered + 0.25 * (by_name(&files[edges]) - by_name(&files[table]));
            score += if at.width <= 3 { 0.1 } else { 0.0 } + 0.2 * features(layout);
            score -= if looks_like_labels(at) { 0.5 } else { 0.0 };
            if covered > 0.0 && best.is_none_or(|(known, ..)| score > known) {
                best = Some((score, edges, table, ids));
            }
        }
    }
    let why_not = layouts.into_iter().map(Result::err).collect();
    if let Some((_, first, table, ids)) = best {
        let also = |at: &usize| *at != first && *at != table && ends[*at].is_some() && by_name(&files[*at]) > 0.0;
        let edges = std::iter::once(first).chain((0..files.len()).filter(also)).collect();
        return Ok(Roles { edges, table: Some((table, ids)), ends, why_not });
    }
    lonely(files, ends, why_not)
}

/// Edges without a table that knows their ends.
fn lonely(files: &[File], ends: Vec<Option<Ends>>, why_not: Vec<Option<String>>) -> Result<Roles, String> {
    let possible: Vec<usize> = (0..files.len()).filter(|at| ends[*at].is_some()).collect();
    let named = |sign: f64| possible.iter().copied().find(|at| by_name(&files[*at]) * sign > 0.0);
    let tables = (0..files.len()).filter(|at| why_not[*at].is_none());
    let shaped = |at: &usize| ends[*at].as_ref().is_some_and(|ends| is_shaped(&files[*at], ends));
    match named(1.0).or_else(|| possible.iter().copied().find(|at| by_name(&files[*at]) == 0.0 && shaped(at))) {
        Some(edges) => {
            let other = tables.into_iter().find(|at| *at != edges && files[*at].rows.usual_width().0 > 1);
            if let (Some(other), Some(at)) = (other, &ends[edges]) {
                let ends: Vec<&str> = sample(&files[edges], at, LOOKED_AT).into_iter().take(3).collect();
                return Err(format!(
                    "no column of {} holds the ends of the edges in {} ({} …)",
                    files[other].name,
                    files[edges].name,
                    ends.join(", ")
                ));
            }
            Ok(Roles { edges: vec![edges], table: None, ends, why_not })
        }
        None => {
            let told: Vec<String> = files
                .iter()
                .zip(&why_not)
                .map(|(file, why)| format!("{}: {}", file.name, why.as_deref().unwrap_or("a table without edges")))
                .collect();
            let told = if told.is_empty() { "there is no file of text".into() } else { told.join("; ") };
            Err(format!("no file lists edges ({told})"))
        }
    }
}

/// Where edges may stand in a file: two columns of names or whole numbers.
fn ends(file: &File) -> Option<Ends> {
    let rows = &file.rows;
    let (width, alike) = rows.usual_width();
    if width < 2 || alike * 10 < rows.len() * 6 {
        return None;
    }
    if file.is_matrix_market() {
        return Some(Ends { columns: [0, 1], first: 1, header: None, width, called: true });
    }
    let first: Vec<&str> = rows.row(0).collect();
    let called: Vec<usize> = (0..first.len()).filter(|column| roles::end_name(first[*column])).collect();
    let is_word = |cell: &str| number::cell(cell, '.') == Cell::Word;
    let numbers_below = |column: usize| {
        let below = (1..rows.len()).filter(|row| number::is_number(rows.cell(*row, column), '.')).count();
        rows.len() > 1 && below * 10 >= (rows.len() - 1) * 9
    };
    let over_numbers = (0..first.len()).any(|column| is_word(first[column]) && numbers_below(column));
    let pair = rows.len() > 1 && roles::pair_names(rows.cell(0, 0), rows.cell(0, 1));
    let heads = pair || called.len() > 1 || over_numbers || (called.len() == 1 && rows.len() > 1);
    // Names of the columns of a list that begins with a comment of its own.
    let commented = || {
        let fits = |comment: &&crate::sheet::rows::Comment| comment.cells.len() == width;
        rows.comments.iter().rfind(fits).map(|comment| comment.cells.clone())
    };
    let header: Option<Vec<String>> =
        if heads { Some(first.iter().map(ToString::to_string).collect()) } else { commented() };
    let columns = match called[..] {
        [from, to, ..] if heads => [from, to],
        _ if width > 2 && heads && is_number_of_edge(first[0]) => [1, 2],
        _ => [0, 1],
    };
    let ends = Ends { columns, first: usize::from(heads), header, width, called: pair || called.len() > 1 };
    let (mut good, mut all) = (0, 0);
    for (_, pair) in ends.all(file) {
        all += 1;
        let name = |cell: &str| match number::cell(cell, '.') {
            Cell::Number(value) => value.fract() == 0.0,
            Cell::Word => true,
            Cell::Missing => !cell.is_empty(),
        };
        good += usize::from(pair.iter().all(|end| name(end)));
    }
    (all > 0 && good * 10 >= all * 8).then_some(ends)
}

/// Whether a file with nothing beside it may be an edge list: its columns are called so, or some node is the end of one
/// edge and the start of another.
fn is_shaped(file: &File, ends: &Ends) -> bool {
    let starts: HashSet<&str> = ends.all(file).map(|(_, [from, _])| from).collect();
    let shared = ends.all(file).any(|(_, [from, to])| from != to && starts.contains(to));
    ends.called || (ends.width <= 3 && ends.columns == [0, 1] && shared)
}

fn is_number_of_edge(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.is_empty() || ["id", "edge_id", "edgeid", "edge", "index", "unnamed: 0"].contains(&name.as_str())
}

/// Whether the columns are headed like names and classes.
fn looks_like_labels(ends: &Ends) -> bool {
    let Some(names) = &ends.header else { return false };
    let end =
        ends.columns.iter().filter(|column| names.get(**column).is_some_and(|name| roles::end_name(name))).count();
    let class = names.iter().any(|name| roles::class_name(name).0 == roles::Sure::Yes);
    class && end < 2
}

/// Ends of so many edges, spread over the file.
fn sample<'a>(file: &'a File, ends: &Ends, most: usize) -> Vec<&'a str> {
    let every = file.rows.len().div_ceil(most.max(10)).max(1);
    ends.all(file).step_by(every).flat_map(|(_, pair)| pair).filter(|end| !end.is_empty()).collect()
}

/// Columns that may hold names of the rows: words or whole numbers, each once; those so called first.
pub fn id_columns(layout: &Layout) -> Vec<usize> {
    let called = |column: &usize| layout.header && roles::id_name(&layout.names[*column]) != roles::Sure::No;
    let fits = |column: &usize| {
        let facts = &layout.facts[*column];
        let whole = facts.numbers > 0 && facts.whole == facts.numbers;
        (whole || !facts.is_numbers()) && roles::is_distinct(&layout.rows, &layout.body, *column, called(column))
    };
    let all = 0..layout.names.len();
    let mut columns: Vec<usize> = all.clone().filter(called).filter(fits).take(MOST_ID_COLUMNS).collect();
    let others = all.take(200).filter(|column| !called(column)).filter(fits).take(MOST_ID_COLUMNS);
    columns.extend(others.collect::<Vec<_>>());
    columns
}

/// A column that may hold names of rows, whether it is called so, and what stands in it.
type Names = (usize, bool, HashSet<String>);

fn names(layout: &Layout) -> Vec<Names> {
    let called = |column: usize| layout.header && roles::id_name(&layout.names[column]) != roles::Sure::No;
    let all = |column: usize| layout.body.iter().map(|row| key(layout.cell(*row, column))).collect();
    id_columns(layout).into_iter().map(|column| (column, called(column), all(column))).collect()
}

/// The share of ends that are names of rows, and the column of these; numbers of rows count half.
fn coverage(layout: &Layout, names: &[Names], sample: &[&str]) -> (f64, Option<usize>) {
    let share = |count: usize| count as f64 / sample.len().max(1) as f64;
    let mut best = (0.0, None);
    for (column, called, names) in names {
        let covered = share(sample.iter().filter(|end| names.contains(&key(end))).count());
        // A feature of whole numbers may hold some of the ends by chance.
        if covered > best.0 && (*called || covered >= 0.8) {
            best = (covered, Some(*column));
        }
    }
    let rows = layout.body.len() as f64;
    let numbers = |end: &&&str| matches!(number::cell(end, '.'), Cell::Number(n) if n.fract() == 0.0 && (0.0..=rows).contains(&n));
    let numbered = 0.5 * share(sample.iter().filter(numbers).count());
    if numbered > best.0 { (numbered, None) } else { best }
}

fn key(name: &str) -> String {
    roles::class_key(name, '.')
}

/// How much of a table is features, 0 … 1.
fn features(layout: &Layout) -> f64 {
    let numbers = layout.facts.iter().filter(|facts| facts.is_numbers()).count();
    (numbers.saturating_sub(1) as f64 / 3.0).min(1.0)
}
