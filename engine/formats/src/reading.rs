//! How a user wants files to be read where a reader would guess, and what a reader left out.

use serde::{Deserialize, Serialize};

/// What the user says about files of text; everything that is not said is guessed from many rows, and the guess is
/// told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reading {
    /// What parts two cells: `,` `;` tab, space (a space stands for any white space).
    pub separator: Option<char>,
    /// What parts a number's whole part from its fraction: `.` or `,`.
    pub decimal: Option<char>,
    /// Whether the first row holds the names of the columns.
    pub header: Option<bool>,
    /// Column of the class.
    pub label: Option<Column>,
    /// Column of the names of rows (of the nodes of a graph).
    pub ids: Option<Column>,
    /// Columns of a cloud's x, y and z.
    pub axes: Option<[Column; 3]>,
}

/// A column, or that there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// No column holds it.
    None,
    /// By its name in the header.
    Named(String),
    /// By its place, from 1.
    At(usize),
}

/// Something that was not used, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Which: a file, or "line 7", "column bias", "12 of 300 points".
    pub what: String,
    pub why: String,
}
