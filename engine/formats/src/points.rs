//! Clouds as plain text (.xyz, .txt, .pts, .asc, .csv): a point a line, three of its columns the coordinates.

use std::collections::BTreeMap;

use crate::mesh::{Mesh, Parts, Those, coordinate, note_commas};
use crate::{LeftOut, Reading, text};

/// Lines by which the separator is guessed.
const LOOKED_AT: usize = 1000;

/// Read a text of points. A line of names, a line with the number of points before it and comments may stand first.
///
/// # Errors
/// Why it is no cloud, in words.
pub fn read(bytes: &[u8], reading: &Reading) -> Result<Mesh, String> {
    let text = text::read(bytes)?;
    let comment = |line: &str| line.starts_with('#') || line.starts_with("//");
    let lines: Vec<(usize, &str)> = text.text.lines().enumerate().map(|(at, line)| (at + 1, line.trim())).collect();
    let rows = || lines.iter().copied().filter(|(_, line)| !line.is_empty() && !comment(line));
    let separator = reading.separator.unwrap_or_else(|| separator(rows().map(|(_, line)| line)));
    let mut parts = Parts::default();
    parts.notes = text.notes;
    // Names stand before the first row of numbers, in a comment or not.
    let mut commas = Those::default();
    let numbers = |line: &str, commas: &mut Those| -> Vec<f64> {
        split(line, separator).map(|cell| if cell.is_empty() { f64::NAN } else { coordinate(cell, commas) }).collect()
    };
    let is_row =
        |line: &str| !comment(line) && numbers(line, &mut Those::default()).iter().filter(|v| !v.is_nan()).count() >= 3;
    let first = lines.iter().position(|(_, line)| is_row(line)).ok_or("no line of it holds three numbers")?;
    let axes = lines[..first].iter().rev().find_map(|(_, line)| axes(line, separator));
    let told = lines[..first].iter().find_map(|(_, line)| line.parse::<usize>().ok());
    let named = |(_, line): &&(usize, &str)| !line.is_empty() && !comment(line) && line.parse::<usize>().is_err();
    let header = usize::from(reading.header != Some(false)) * lines[..first].iter().filter(named).count();
    // What most rows have decides, not the first one.
    let mut widths = BTreeMap::<usize, usize>::new();
    for (_, line) in lines[first..].iter().filter(|(_, line)| !line.is_empty() && !comment(line)) {
        *widths.entry(split(line, separator).count()).or_default() += 1;
    }
    let (width, alike) =
        widths.iter().max_by_key(|(_, rows)| **rows).map(|(width, rows)| (*width, *rows)).unwrap_or_default();
    let all: usize = widths.values().sum();
    if width < 3 || alike * 2 < all {
        return Err(format!(
            "it is no list of points: of {all} lines, {alike} hold {width} columns, the others another number"
        ));
    }
    let [x, y, z] = axes.unwrap_or_else(|| {
        if width > 3 && counts_up(rows().map(|(_, line)| line), separator, width) { [1, 2, 3] } else { [0, 1, 2] }
    });
    let mut odd = Those::default();
    let mut values = Vec::new();
    for (number, line) in lines[first..].iter().filter(|(_, line)| !line.is_empty() && !comment(line)) {
        values.clear();
        values.extend(numbers(line, &mut commas));
        if values.len() == width {
            parts.vertices.push([x, y, z].map(|axis| values.get(axis).copied().unwrap_or(f64::NAN)));
        } else {
            odd.add(|| format!("line {number}, {} columns", values.len()));
        }
    }
    if let Some(first) = odd.first {
        let why = format!("most lines hold {width} columns (the first that does not: {first})");
        parts.left_out.push(LeftOut { what: format!("{} of {all} lines", odd.count), why });
    }
    match axes {
        Some(_) => {}
        None if x == 1 => {
            parts.notes.push("columns 2 to 4 were taken as x, y and z; the first one counts the lines".into())
        }
        None if header > 0 => parts.notes.push("no columns are called x, y and z: the first three were taken".into()),
        None => parts.notes.push("read as a point a line, the first three columns x, y and z".into()),
    }
    if width > 3 {
        parts
            .notes
            .push(format!("{} further columns were passed over", width - 3 - usize::from(x == 1 && axes.is_none())));
    }
    if let Some(told) = told.filter(|told| *told != parts.vertices.len()) {
        parts.notes.push(format!("its first line tells of {told} points, and {} are there", parts.vertices.len()));
    }
    note_commas(&commas, &mut parts.notes);
    parts.mesh()
}

/// What parts the columns of most lines; a space stands for any white space.
fn separator<'a>(rows: impl Iterator<Item = &'a str>) -> char {
    let rows: Vec<&str> = rows.take(LOOKED_AT).collect();
    let most = |holds: &dyn Fn(&str) -> bool| rows.iter().filter(|row| holds(row)).count() * 2 > rows.len();
    if most(&|row| row.matches(';').count() >= 2) {
        ';'
    } else if most(&|row| row.split_whitespace().count() >= 3) || !most(&|row| row.contains(',')) {
        ' '
    } else {
        ','
    }
}

fn split(line: &str, separator: char) -> impl Iterator<Item = &str> {
    let white = separator.is_whitespace();
    let parts = move |c: char| if white { c.is_whitespace() } else { c == separator };
    line.trim_end_matches(separator)
        .split(parts)
        .map(|cell| cell.trim().trim_matches('"'))
        .filter(move |cell| !white || !cell.is_empty())
}

/// The places of x, y and z where a line names them: `x`, `"X"`, `//X`, `x [m]`, `Points:0`.
fn axes(line: &str, separator: char) -> Option<[usize; 3]> {
    let line = line.trim_start_matches(['/', '#', ' ']);
    let names: Vec<String> = split(line, separator).map(str::to_ascii_lowercase).collect();
    let place = |axis: &str, number: &str| {
        let is = |name: &String| {
            name.split(|c: char| !c.is_ascii_alphanumeric() && c != ':').next() == Some(axis)
                || matches!(name.strip_suffix(number), Some("points:" | "points_" | "coordinates:"))
        };
        names.iter().position(is)
    };
    Some([place("x", "0")?, place("y", "1")?, place("z", "2")?])
}

/// Whether the first column counts the lines from 0 or 1.
fn counts_up<'a>(rows: impl Iterator<Item = &'a str>, separator: char, width: usize) -> bool {
    let whole = |line: &str| split(line, separator).count() == width;
    let first = rows
        .filter(|line| whole(line))
        .take(LOOKED_AT)
        .map(|line| split(line, separator).next().and_then(|cell| cell.parse::<i64>().ok()));
    let counts: Vec<Option<i64>> = first.skip_while(Option::is_none).collect();
    let start = counts.first().copied().flatten();
    counts.len() > 1
        && matches!(start, Some(0 | 1))
        && counts.iter().zip(start.unwrap_or(0)..).all(|(found, wanted)| *found == Some(wanted))
}
