//! The files of a graph as rows of cells.

use crate::reading::{LeftOut, Reading};
use crate::sheet::rows::Rows;
use crate::sheet::{self};
use crate::text;

/// A file of text, cut into cells.
#[derive(Debug)]
pub struct File<'a> {
    pub name: &'a str,
    pub text: String,
    pub rows: Rows,
    /// Whether the separator that the user names parts its cells.
    separated: bool,
}

impl File<'_> {
    /// How the user wants this file to be read: a separator that parts nothing here is meant for another file.
    pub fn reading(&self, reading: &Reading) -> Reading {
        Reading { separator: reading.separator.filter(|_| self.separated), ..reading.clone() }
    }

    /// Whether it is a matrix in the form of Matrix Market: edges below a row of sizes, counted from 1.
    pub fn is_matrix_market(&self) -> bool {
        self.rows.comments.first().is_some_and(|comment| comment.text.starts_with("%%MatrixMarket"))
    }

    /// The last part of its path, in small letters.
    pub fn short_name(&self) -> String {
        self.name.rsplit(['/', '\\']).next().unwrap_or(self.name).to_ascii_lowercase()
    }
}

/// All files that are text in rows; the others are left out.
pub fn load<'a>(given: &[(&'a str, &[u8])], reading: &Reading, left_out: &mut Vec<LeftOut>) -> Vec<File<'a>> {
    let mut files = Vec::new();
    for (name, bytes) in given {
        match file(name, bytes, reading) {
            Ok(file) => files.push(file),
            Err(why) => left_out.push(LeftOut { what: (*name).to_string(), why }),
        }
    }
    files
}

fn file<'a>(name: &'a str, bytes: &[u8], reading: &Reading) -> Result<File<'a>, String> {
    let text = text::read(bytes)?.text;
    let guessed = Reading { separator: None, ..reading.clone() };
    let mut separated = reading.separator.is_some();
    let mut rows = sheet::rows_of(&text, reading)?;
    if separated && rows.usual_width().0 < 2 {
        separated = false;
        rows = sheet::rows_of(&text, &guessed)?;
    }
    if rows.is_empty() {
        return Err("it is empty".into());
    }
    Ok(File { name, text, rows, separated })
}
