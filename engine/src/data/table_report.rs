//! What is told of a table of the user's: its columns, its first rows, what was left out.

use masquerade_formats::LeftOut;
use masquerade_formats::sheet::{Column, Kind};

use crate::session::ColumnReport;

/// The columns of a table as the report has them.
pub fn columns(columns: &[Column]) -> Vec<ColumnReport> {
    let report = |column: &Column| ColumnReport {
        name: column.name.clone(),
        kind: kind(column.kind).into(),
        range: column.range,
        missing: column.missing as u64,
    };
    columns.iter().map(report).collect()
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Numbers => "number",
        Kind::Constant => "constant",
        Kind::Class => "class",
        Kind::Ids => "name of the row",
        Kind::Axis(0) => "x",
        Kind::Axis(1) => "y",
        Kind::Axis(_) => "z",
        Kind::Words => "left out: words",
        Kind::LeftOut => "left out",
    }
}

/// The names of the columns, then the first rows as they stand in the file.
pub fn preview(columns: &[Column], rows: &[Vec<String>]) -> Vec<Vec<String>> {
    let width = rows.first().map_or(0, Vec::len);
    let names: Vec<String> = columns.iter().take(width).map(|column| column.name.clone()).collect();
    let rows = rows.iter().cloned();
    if names.is_empty() { rows.collect() } else { std::iter::once(names).chain(rows).collect() }
}

/// What was left out, as the report has it.
pub fn skipped(left_out: Vec<LeftOut>) -> impl Iterator<Item = (String, String)> {
    left_out.into_iter().map(|left| (left.what, left.why))
}

/// Numbers in 32 bits. A column whose values lie so far from 0 that 32 bits would make steps of them is first moved to
/// its mean; the names of such columns are returned. `values`: [rows, names].
pub fn narrow(values: &[f64], names: &[&str]) -> (Vec<f32>, Vec<String>) {
    /// Deviations that a mean may lie away from 0.
    const FAR: f64 = 1e4;
    let (width, rows) = (names.len().max(1), (values.len() / names.len().max(1)).max(1) as f64);
    let column = |at: usize| values.iter().skip(at).step_by(width);
    let shift = |at: usize| {
        let mean = column(at).map(|v| v / rows).sum::<f64>();
        let deviation = (column(at).map(|v| (v - mean).powi(2) / rows).sum::<f64>()).sqrt();
        if mean.abs() > FAR * deviation && deviation > 0.0 { mean } else { 0.0 }
    };
    let shifts: Vec<f64> = (0..names.len()).map(shift).collect();
    let narrow = values.chunks(width).flat_map(|row| row.iter().zip(&shifts).map(|(v, shift)| (v - shift) as f32));
    let moved = names.iter().zip(&shifts).filter(|(_, shift)| **shift != 0.0).map(|(name, _)| (*name).to_string());
    (narrow.collect(), moved.collect())
}
