//! Standard output: results for people or, one JSON object a line, for programs. Nothing else is written there.

use std::fmt::Display;
use std::io::{self, StdoutLock, Write as _};

use masquerade_engine::error::Error;
use serde::Serialize;

use super::failure::Failure;

/// The results of a command.
pub struct Output(StdoutLock<'static>);

impl Output {
    /// Standard output, for as long as the command runs.
    pub fn new() -> Self {
        Self(io::stdout().lock())
    }

    /// One line for people, written at once.
    ///
    /// # Errors
    /// When standard output is closed or full.
    pub fn line(&mut self, text: impl Display) -> Result<(), Failure> {
        writeln!(self.0, "{text}").and_then(|()| self.0.flush()).map_err(|e| {
            if e.kind() == io::ErrorKind::BrokenPipe {
                return Failure::unheard();
            }
            Error::file("The result could not be written", e, "Check where standard output goes").into()
        })
    }

    /// One JSON object on a line of its own.
    ///
    /// # Errors
    /// When standard output is closed or full.
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value)
            .map_err(|e| Error::request("The result cannot be written as JSON", e, "Run the command without --json"))?;
        self.line(text)
    }
}

/// `rows` with every column as wide as its widest cell; the last column is not padded.
pub fn columns(rows: &[Vec<String>]) -> Vec<String> {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count)
        .map(|c| rows.iter().filter_map(|r| r.get(c)).map(|t| t.chars().count()).max().unwrap_or(0))
        .collect();
    let pad = |(cell, width): (&String, &usize)| format!("{cell:<width$}");
    rows.iter()
        .map(|row| row.iter().zip(&widths).map(pad).collect::<Vec<_>>().join("  ").trim_end().to_string())
        .collect()
}
