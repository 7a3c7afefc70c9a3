//! Tables in text: one sample a row. Everything that has to be guessed is judged over many rows, told, and can be said
//! instead ([`Reading`]).
//!
//! * [`rows`](mod@rows): text as rows of cells; [`dialect`](mod@dialect): how cells are told apart
//! * [`number`]: a cell as a number; [`header`]: whether the first row names the columns
//! * [`roles`]: what a column is by its name and its values; [`choose`] with [`looked`]: which hold names and classes
//! * [`arrays`](mod@arrays): tables that come as NumPy arrays
//! * [`other`]: ARFF, and what is no table of rows
//! * [`layout`]: width and names of the columns; [`facts`]: what stands in them; [`assemble`]: the values of what is used

pub mod arrays;
mod assemble;
mod choose;
mod dialect;
mod facts;
mod header;
mod layout;
mod looked;
pub mod number;
mod other;
pub mod roles;
pub mod rows;

use crate::reading::{self, LeftOut, Reading};
use crate::{sniff, text};

pub use layout::Layout;

/// What a column is used as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A feature.
    Numbers,
    /// A feature that is the same in all rows.
    Constant,
    /// The class of the rows.
    Class,
    /// The names of the rows.
    Ids,
    /// A coordinate of a point: x, y and z are 0, 1 and 2.
    Axis(u8),
    /// Words that are not used.
    Words,
    /// Numbers that are not used.
    LeftOut,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// As the header has it, else "column 3".
    pub name: String,
    pub kind: Kind,
    /// Least and largest number in it; `None`: there is none.
    pub range: Option<(f64, f64)>,
    /// Cells in which nothing stands, or no number where the others are numbers.
    pub missing: usize,
}

/// What is shown of a table: its columns, and its first rows as written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shown {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<String>>,
}

/// A table as it is used.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sheet {
    /// All columns, in their order.
    pub columns: Vec<Column>,
    /// Places in `columns` of the features.
    pub features: Vec<usize>,
    /// The numbers that are used: [rows, features].
    pub values: Vec<f64>,
    /// Names of the classes, numbers by size and words by letter; empty: there is no class.
    pub classes: Vec<String>,
    /// Class of every row, a place in `classes`.
    pub labels: Vec<u32>,
    /// Name of every row; empty: no column holds names.
    pub ids: Vec<String>,
    /// Line of every row in the file, from 1 (of an array its row).
    pub lines: Vec<u32>,
    /// What was guessed, a line each.
    pub notes: Vec<String>,
    pub left_out: Vec<LeftOut>,
    /// The first rows as written, all columns.
    pub preview: Vec<Vec<String>>,
    /// How it was read, all guesses in it.
    pub reading: Reading,
}

impl Sheet {
    /// Number of rows that are used.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// Keep the rows that are marked.
    pub fn keep(&mut self, marked: &[bool]) {
        let width = self.features.len();
        let stays = |row: usize| marked.get(row).copied().unwrap_or(true);
        let mut cell = 0..self.values.len();
        self.values.retain(|_| stays(cell.next().unwrap_or_default() / width.max(1)));
        let mut row = 0..self.lines.len();
        self.lines.retain(|_| stays(row.next().unwrap_or_default()));
        let mut row = 0..self.labels.len();
        self.labels.retain(|_| stays(row.next().unwrap_or_default()));
        let mut row = 0..self.ids.len();
        self.ids.retain(|_| stays(row.next().unwrap_or_default()));
    }

    /// Names of the features.
    pub fn feature_names(&self) -> Vec<&str> {
        self.features.iter().filter_map(|at| self.columns.get(*at)).map(|column| column.name.as_str()).collect()
    }
}

/// The table in the bytes of a file.
///
/// # Errors
/// When it is no text or no table of numbers, or what `reading` names is not there; in words.
pub fn read(bytes: &[u8], reading: &Reading) -> Result<Sheet, String> {
    let text = text::read(bytes)?;
    if other::is_json(&text.text) {
        return Err("it is JSON: save it as CSV, one sample a row".into());
    }
    // What is text in another form is called by its name.
    let plain = |found: &sniff::Found| {
        matches!(found.kind, sniff::Kind::Table | sniff::Kind::Text | sniff::Kind::Nothing) && found.advice.is_empty()
    };
    let said = |why: String| match sniff::sniff(bytes).filter(|found| !plain(found)) {
        Some(found) if found.kind != sniff::Kind::Nothing => format!("it is {} ({why})", found.words()),
        _ => why,
    };
    let rows = other::of_arff(&text.text);
    let layout = Layout::of(rows.as_deref().unwrap_or(&text.text), reading).map_err(said)?;
    let mut sheet = of_layout(layout, reading, true).map_err(said)?;
    sheet.notes.splice(0..0, text.notes.into_iter().chain(rows.map(|_| "an ARFF table of Weka".to_string())));
    Ok(sheet)
}

/// The table of rows whose columns are known. `learned`: it has to have features.
///
/// # Errors
/// As [`read`].
pub fn of_layout(layout: Layout, reading: &Reading, learned: bool) -> Result<Sheet, String> {
    let chosen = choose::columns(&layout, reading)?;
    assemble::sheet(layout, chosen, learned)
}

/// A layout whose columns `axes` are coordinates, as it is shown.
pub fn of_points(layout: &Layout, axes: [usize; 3]) -> Shown {
    let kind = |column| axes.iter().position(|axis| *axis == column);
    let kinds = (0..layout.names.len()).map(|at| kind(at).map_or(Kind::LeftOut, |axis| Kind::Axis(axis as u8)));
    Shown { columns: assemble::columns(layout, &kinds.collect::<Vec<_>>()), rows: assemble::preview(layout) }
}

/// The place of a column that the user names.
///
/// # Errors
/// When there is no such column; the columns are listed.
pub fn column(layout: &Layout, column: &reading::Column) -> Result<usize, String> {
    choose::place(layout, column)?.ok_or_else(|| "none is no column".into())
}

/// The cells of a text with one cell a row, a name of the column left out.
///
/// # Errors
/// When its rows have several cells, or it is no table.
pub fn list(bytes: &[u8]) -> Result<Vec<String>, String> {
    let layout = Layout::of(&text::read(bytes)?.text, &Reading::default())?;
    match layout.names.len() {
        1 => Ok(layout.body.iter().map(|row| layout.cell(*row, 0).to_string()).collect()),
        several => Err(format!("its rows have {several} cells, and classes are one a row")),
    }
}

/// The column of the names of rows that the user names, a place from 0.
///
/// # Errors
/// When there is no such column; the columns are listed.
pub fn ids_column(layout: &Layout, reading: &Reading) -> Result<Option<usize>, String> {
    Ok(reading.ids.as_ref().map(|column| choose::place(layout, column)).transpose()?.flatten())
}

/// The rows of cells of a text, as its separator is guessed or said.
///
/// # Errors
/// When a separator that is said cannot part cells.
pub fn rows_of(text: &str, reading: &Reading) -> Result<rows::Rows, String> {
    Ok(dialect::rows(text, reading, &mut Vec::new())?.0)
}
