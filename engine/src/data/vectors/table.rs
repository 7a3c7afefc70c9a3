//! The user's own tables: text files of numbers or NumPy arrays, one sample a row.
//!
//! Files with the same columns are one table. Every column is shifted and scaled to mean 0 and deviation ⅓, so that one σ
//! suits all; a column that is the same in all rows becomes 0.

use masquerade_formats::LeftOut;
use masquerade_formats::sheet::{self, Sheet};

use super::VectorData;
use crate::data::table_report;
use crate::error::{Error, Result};
use crate::session::{Column, ColumnReport, DataReport, NamedBytes, Reading};

/// Every fifth row is for testing, where there are ten or more.
const TEST_EVERY: usize = 5;
const FEWEST_TO_SPLIT: usize = 10;
/// Deviation of every column.
const DEVIATION: f64 = 1.0 / 3.0;
/// Numbers beyond this are scaled before they are squared.
const LARGE: f64 = 1e100;

/// The table in these files, as `reading` says and else guessed; what is not used is listed in the report.
///
/// # Errors
/// [`Error::Data`] when no file is a table of numbers, or a column that `reading` names is in none.
pub fn from_files(files: Vec<NamedBytes>, reading: &Reading) -> Result<VectorData> {
    let (arrays, texts): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| sheet::arrays::is_array(&file.bytes));
    let given: Vec<(&str, &[u8])> = arrays.iter().map(|file| (file.name.as_str(), file.bytes.as_slice())).collect();
    let (mut sheets, left_out) = sheet::arrays::read(&given, reading);
    let mut skipped: Vec<(String, String)> = table_report::skipped(left_out).collect();
    let (mut tables, mut lists) = (Vec::new(), Vec::new());
    for file in texts {
        let classes = sheet::arrays::says_labels(&file.name).then(|| sheet::list(&file.bytes));
        match classes {
            Some(Ok(classes)) => lists.push((file, classes)),
            _ => tables.push(file),
        }
    }
    if tables.is_empty() && sheets.is_empty() {
        // Classes alone are a table like another.
        tables.extend(lists.drain(..).map(|(file, _)| file));
    }
    for file in tables {
        match sheet::read(&file.bytes, reading) {
            Ok(sheet) => sheets.push((file.name, sheet)),
            Err(why) => skipped.push((file.name, why)),
        }
    }
    for (file, classes) in lists {
        let joined = match reading.label {
            Some(Column::None) => Err("no classes are wanted".into()),
            _ => join(&mut sheets, &file.name, &classes),
        };
        skipped.extend(joined.err().map(|why| (file.name, why)));
    }
    let sheets = alike(sheets, &mut skipped);
    if sheets.is_empty() {
        let reasons: Vec<String> = skipped.iter().map(|(name, why)| format!("{name}: {why}")).collect();
        let why = if reasons.is_empty() { "there is no file".into() } else { reasons.join("; ") };
        return Err(Error::data(
            "There is no table to train on",
            why,
            "Choose a table of numbers, one sample a row: CSV or any other text, or NumPy arrays (X and y)",
        ));
    }
    Ok(together(sheets, skipped, reading))
}

/// Take the classes of a table from a file beside it with one a row (`y.csv`); rows whose class is missing are left out.
fn join(sheets: &mut [(String, Sheet)], from: &str, classes: &[String]) -> std::result::Result<(), String> {
    let folder = |name: &str| name.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_string());
    let alone = sheets.len() == 1;
    let near =
        |name: &str| folder(name) == folder(from) && (alone || sheet::arrays::part(name) == sheet::arrays::part(from));
    let Some((name, sheet)) = sheets.iter_mut().find(|(name, _)| near(name)) else {
        return Err("it holds classes, and no table beside it is called alike".into());
    };
    if !sheet.classes.is_empty() {
        return Err(format!("{name} holds classes itself"));
    }
    if classes.len() != sheet.rows() {
        return Err(format!("it holds {} classes, and {} rows of {name} are used", classes.len(), sheet.rows()));
    }
    let known: Vec<bool> = classes.iter().map(|class| !sheet::number::is_missing_word(class)).collect();
    let missing = known.iter().filter(|known| !**known).count();
    if missing == classes.len() {
        return Err("every class in it is missing".into());
    }
    let given = || classes.iter().zip(&known).filter(|(_, known)| **known).map(|(class, _)| class);
    sheet.keep(&known);
    if missing > 0 {
        sheet
            .left_out
            .push(LeftOut { what: format!("{missing} rows"), why: format!("their class is missing in {from}") });
    }
    sheet.classes = sheet::roles::classes_of(given());
    let place = sheet::roles::places(&sheet.classes);
    sheet.labels = given().filter_map(|class| place.get(class.as_str()).copied()).collect();
    sheet.notes.push(format!("{from} holds the classes"));
    Ok(())
}

/// The tables with the same columns that have most rows; the others are passed over by name.
fn alike(sheets: Vec<(String, Sheet)>, skipped: &mut Vec<(String, String)>) -> Vec<(String, Sheet)> {
    let same =
        |a: &Sheet, b: &Sheet| a.feature_names() == b.feature_names() && a.classes.is_empty() == b.classes.is_empty();
    let rows = |of: &Sheet| sheets.iter().filter(|(_, other)| same(of, other)).map(|(_, s)| s.rows()).sum::<usize>();
    let counts: Vec<usize> = sheets.iter().map(|(_, sheet)| rows(sheet)).collect();
    let most = counts.iter().copied().max().unwrap_or_default();
    let Some(model) = counts.iter().position(|count| *count == most) else { return Vec::new() };
    let stays: Vec<bool> = sheets.iter().map(|(_, sheet)| same(sheet, &sheets[model].1)).collect();
    let (name, features) = (sheets[model].0.clone(), sheets[model].1.features.len());
    let names: Vec<String> = sheets[model].1.feature_names().into_iter().map(String::from).collect();
    let mut used = Vec::new();
    for (sheet, stays) in sheets.into_iter().zip(stays) {
        if stays {
            used.push(sheet);
            continue;
        }
        let has = sheet.1.features.len();
        let why = if sheet.1.feature_names() == names {
            let lacks = if sheet.1.classes.is_empty() { "it has no classes, as" } else { "it has classes, which" };
            let rest = if sheet.1.classes.is_empty() { "has" } else { "has not" };
            format!("{lacks} {name} {rest}")
        } else if has == features {
            format!("its columns are called otherwise than those of {name}")
        } else {
            format!("it has {has} numbers a sample, and {name} has {features}")
        };
        skipped.push((sheet.0, why));
    }
    used
}

/// Whether a file's name says that it is for testing (`Some(true)`) or training.
fn for_testing(name: &str) -> Option<bool> {
    let name = name.rsplit('/').next().unwrap_or(name).to_lowercase();
    let mut words = name.split(|c: char| !c.is_alphabetic());
    words.find_map(|word| match word {
        "test" | "testing" | "val" | "valid" | "validation" => Some(true),
        "train" | "training" => Some(false),
        _ => None,
    })
}

/// One set of tables with the same columns.
fn together(sheets: Vec<(String, Sheet)>, mut skipped: Vec<(String, String)>, reading: &Reading) -> VectorData {
    let several = sheets.len() > 1;
    let told = |name: &str, line: &str| if several { format!("{name}: {line}") } else { line.to_string() };
    let named: Vec<Option<bool>> = sheets.iter().map(|(name, _)| for_testing(name)).collect();
    let by_name = named.contains(&Some(true)) && named.contains(&Some(false));
    let classes = sheet::roles::classes_of(sheets.iter().flat_map(|(_, sheet)| &sheet.classes));
    let names: Vec<&str> = sheets.iter().map(|(name, _)| name.as_str()).collect();
    let dims = sheets[0].1.features.len();
    let mut data = VectorData { dims, ..VectorData::default() };
    data.report = DataReport {
        id: crate::card::OWN.into(),
        title: "Your table".into(),
        licence: "yours".into(),
        source: format!("{}, every column shifted and scaled to mean 0 and deviation ⅓", names.join(", ")),
        columns: columns(&sheets),
        preview: table_report::preview(&sheets[0].1.columns, &sheets[0].1.preview),
        // Arrays leave nothing to be said.
        reading: sheets.iter().any(|(_, sheet)| sheet.reading.separator.is_some()).then(|| reading.clone()),
        ..DataReport::default()
    };
    let total: usize = sheets.iter().map(|(_, sheet)| sheet.rows()).sum();
    let scales: Vec<Scale> = (0..dims).map(|column| Scale::of(&sheets, column, total)).collect();
    let mut at = 0;
    for ((name, sheet), named) in sheets.into_iter().zip(named) {
        let class: Vec<u32> = sheet
            .classes
            .iter()
            .map(|class| classes.iter().position(|c| c == class).unwrap_or_default() as u32)
            .collect();
        for (row, values) in sheet.values.chunks(dims).enumerate() {
            let counted = total >= FEWEST_TO_SPLIT && at % TEST_EVERY == TEST_EVERY - 1;
            let test = if by_name { named == Some(true) } else { counted };
            let (half, labels) =
                if test { (&mut data.test, &mut data.test_labels) } else { (&mut data.train, &mut data.train_labels) };
            half.extend(values.iter().zip(&scales).map(|(value, scale)| scale.of_value(*value)));
            labels.extend(sheet.labels.get(row).and_then(|label| class.get(*label as usize)));
            at += 1;
        }
        if by_name {
            let half = if named == Some(true) { "tested" } else { "trained" };
            data.report.notes.push(format!("{name} is {half} on, as its name says"));
        }
        data.report.notes.extend(sheet.notes.iter().map(|line| told(&name, line)));
        skipped.extend(
            table_report::skipped(sheet.left_out)
                .map(|(what, why)| (if several { format!("{name}, {what}") } else { what }, why)),
        );
    }
    data.report.classes = classes;
    data.report.skipped = skipped;
    data.counted()
}

/// The columns of all tables: ranges cover all of them, missing cells are counted in all.
fn columns(sheets: &[(String, Sheet)]) -> Vec<ColumnReport> {
    let mut all = table_report::columns(&sheets[0].1.columns);
    for (_, sheet) in sheets.get(1..).unwrap_or_default() {
        for (known, column) in all.iter_mut().zip(table_report::columns(&sheet.columns)) {
            known.missing += column.missing;
            known.range = match (known.range, column.range) {
                (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
                (one, other) => one.or(other),
            };
        }
    }
    all
}

/// What takes a column to mean 0 and the common deviation.
struct Scale {
    /// Values are divided by this first, so that their squares are numbers.
    unit: f64,
    mean: f64,
    factor: f64,
}

impl Scale {
    fn of(sheets: &[(String, Sheet)], column: usize, rows: usize) -> Self {
        let values = || sheets.iter().flat_map(|(_, s)| s.values.iter().skip(column).step_by(s.features.len().max(1)));
        let (least, most) = values().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(*v), b.max(*v)));
        let largest = least.abs().max(most.abs());
        let unit = if (1.0 / LARGE..LARGE).contains(&largest) { 1.0 } else { largest.max(f64::MIN_POSITIVE) };
        let count = rows.max(1) as f64;
        let mean = values().map(|v| v / unit).sum::<f64>() / count;
        let variance = values().map(|v| (v / unit - mean).powi(2)).sum::<f64>() / count;
        // Not by the variance: that of 0.1 in all rows is not quite 0.
        let constant = most / unit - least / unit <= 8.0 * f64::EPSILON * (largest / unit);
        Self { unit, mean, factor: if constant { 0.0 } else { DEVIATION / variance.sqrt() } }
    }

    fn of_value(&self, value: f64) -> f32 {
        ((value / self.unit - self.mean) * self.factor) as f32
    }
}
