//! The user's own table: a CSV file of numbers, one sample a line.
//!
//! Cells are parted by commas, semicolons or tabs. A first line of names is passed over; a last column of names, or one
//! that is headed `class`, `label` or `target`, is the class. Every column is shifted and scaled to mean 0 and
//! deviation ⅓, so that one σ suits all.

use std::collections::BTreeSet;

use super::VectorData;
use crate::error::{Error, Result};
use crate::session::{DataReport, NamedBytes, Reading};

/// Every fifth line is for testing, where there are ten or more.
const TEST_EVERY: usize = 5;
const FEWEST_TO_SPLIT: usize = 10;
/// Deviation of every column.
const DEVIATION: f64 = 1.0 / 3.0;
/// Columns that a table may have.
const MOST_COLUMNS: usize = 4096;
/// Headings of a column that holds the class.
const CLASS: [&str; 4] = ["class", "label", "target", "species"];

/// A line of the table: its numbers, and its class as written.
type Row = (Vec<f64>, Option<String>);

/// The table of the first file that is one; lines that do not fit are listed in the report.
///
/// # Errors
/// [`Error::Data`] when no file is a table of numbers.
pub fn from_files(files: Vec<NamedBytes>, _reading: &Reading) -> Result<VectorData> {
    let mut reasons = Vec::new();
    for file in &files {
        match read(file) {
            Ok(data) => return Ok(data),
            Err(why) => reasons.push(format!("{}: {why}", file.name)),
        }
    }
    let why = if reasons.is_empty() { "there is no file".into() } else { reasons.join("; ") };
    Err(Error::data("There is no table to train on", why, "Choose a CSV file of numbers, one sample a line"))
}

fn read(file: &NamedBytes) -> std::result::Result<VectorData, String> {
    let text = std::str::from_utf8(&file.bytes).map_err(|_| "it is no text".to_string())?;
    let mut lines =
        text.trim_start_matches('\u{feff}').lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).peekable();
    let parting = lines
        .peek()
        .map_or(',', |(_, line)| [',', ';', '\t'].into_iter().max_by_key(|c| line.matches(*c).count()).unwrap_or(','));
    let cells =
        |line: &str| line.split(parting).map(|cell| cell.trim().trim_matches('"').to_string()).collect::<Vec<String>>();
    let number = |cell: &String| cell.parse::<f64>().ok().filter(|v| v.is_finite());
    // Names of columns, where not even one cell of the first line is a number.
    let heading =
        lines.next_if(|(_, line)| cells(line).iter().all(|cell| number(cell).is_none())).map(|(_, line)| cells(line));
    let classed = |names: &Vec<String>| names.last().is_some_and(|name| CLASS.contains(&name.to_lowercase().as_str()));
    let headed = heading.as_ref().is_some_and(classed);
    let (mut rows, mut skipped): (Vec<Row>, Vec<(String, String)>) = (Vec::new(), Vec::new());
    for (index, line) in lines {
        let mut all = cells(line);
        let class = if headed || all.last().is_some_and(|last| number(last).is_none()) { all.pop() } else { None };
        let place = format!("{}, line {}", file.name, index + 1);
        let wanted = rows.first().map_or(all.len(), |(values, _)| values.len());
        match all.iter().map(number).collect::<Option<Vec<f64>>>() {
            Some(values) if values.len() != wanted || !(1..=MOST_COLUMNS).contains(&wanted) => {
                skipped.push((place, format!("it has {} numbers", values.len())));
            }
            Some(values) => rows.push((values, class)),
            None => skipped.push((place, "a cell is no number".into())),
        }
    }
    let dims = rows.first().map(|(values, _)| values.len()).ok_or("it has no line of numbers")?;
    let named: BTreeSet<&String> = rows.iter().filter_map(|(_, class)| class.as_ref()).collect();
    let classes: Vec<String> = named.into_iter().cloned().collect();
    let all_classed = rows.iter().all(|(_, class)| class.is_some());
    let classes = if all_classed && classes.len() > 1 { classes } else { Vec::new() };
    let mut data = VectorData { dims, ..VectorData::default() };
    let scales: Vec<(f64, f64)> = (0..dims).map(|column| scale(&rows, column)).collect();
    for (index, (values, class)) in rows.iter().enumerate() {
        let test = rows.len() >= FEWEST_TO_SPLIT && index % TEST_EVERY == TEST_EVERY - 1;
        let (half, labels) =
            if test { (&mut data.test, &mut data.test_labels) } else { (&mut data.train, &mut data.train_labels) };
        half.extend(values.iter().zip(&scales).map(|(v, (mean, factor))| ((v - mean) * factor) as f32));
        labels
            .extend(class.as_ref().and_then(|class| classes.iter().position(|c| c == class)).map(|label| label as u32));
    }
    data.report = DataReport {
        id: crate::card::OWN.into(),
        title: "Your table".into(),
        classes,
        licence: "yours".into(),
        source: format!("{}, every column shifted and scaled to mean 0 and deviation ⅓", file.name),
        skipped,
        ..DataReport::default()
    };
    Ok(data.counted())
}

/// Mean of a column, and the factor that gives it the common deviation.
fn scale(rows: &[Row], column: usize) -> (f64, f64) {
    let count = rows.len().max(1) as f64;
    let mean = rows.iter().map(|(values, _)| values[column]).sum::<f64>() / count;
    let variance = rows.iter().map(|(values, _)| (values[column] - mean).powi(2)).sum::<f64>() / count;
    (mean, if variance > 0.0 { DEVIATION / variance.sqrt() } else { 1.0 })
}
