//! Clouds as plain text (.xyz, .txt, .pts, .asc, .csv): a point a line, three of its columns the coordinates.

use std::borrow::Cow;

use crate::mesh::{Mesh, Parts};
use crate::reading::{Column, Reading};
use crate::sheet::number::{self, Cell};
use crate::sheet::{self, Layout, roles};
use crate::text;

/// Read a text of points. A line of names, a line with the number of points and comments may stand first.
///
/// # Errors
/// Why it is no cloud, in words.
pub fn read(bytes: &[u8], reading: &Reading) -> Result<Mesh, String> {
    let text = text::read(bytes)?;
    let layout = Layout::of(&with_usual_comments(&text.text), reading)?;
    let width = layout.names.len();
    if width < 3 {
        return Err(format!("its lines have {width} of the three numbers of a point"));
    }
    let (rows, body) = (&layout.rows, &layout.body);
    let named = axes(&layout.names);
    // Most of a coordinate's column are numbers; a first column of them may count the lines.
    let mostly = |column: &usize| layout.facts.get(*column).is_some_and(|facts| facts.numbers * 2 > body.len());
    let numbers: Vec<usize> = (0..width).filter(mostly).collect();
    let counts = |column: usize| roles::counts_rows(rows, body, column, layout.decimal);
    let said = reading.axes.as_ref().map(|axes| said(&layout, axes)).transpose()?;
    let named = said.or(named);
    let numbered = named.is_none() && matches!(numbers[..], [first, _, _, _, ..] if counts(first));
    let axes = match (named, &numbers[..]) {
        (Some(axes), _) => axes,
        (None, [_, x, y, z, ..]) if numbered => [*x, *y, *z],
        (None, [x, y, z, ..]) => [*x, *y, *z],
        (None, few) => return Err(format!("{} of its columns hold numbers, and a point has three", few.len())),
    };
    let mut parts = Parts::default();
    for row in body {
        let number = |column: usize| match number::cell(layout.cell(*row, column), layout.decimal) {
            Cell::Number(number) => number,
            Cell::Missing | Cell::Word => f64::NAN,
        };
        parts.vertices.push(axes.map(number));
    }
    if parts.vertices.iter().all(|point| point.iter().any(|v| v.is_nan())) {
        return Err("no line of it holds three numbers".into());
    }
    let shown = Box::new(sheet::of_points(&layout, axes));
    parts.notes = text.notes;
    parts.notes.extend(layout.notes);
    parts.left_out = layout.left_out;
    if let Some(at) = parts.left_out.iter().position(|left| left.what == "line 1" && rows.width(0) == 1) {
        // The number of points, as .pts files have it.
        if let Ok(told) = rows.cell(0, 0).parse::<usize>() {
            parts.left_out.remove(at);
            let found = parts.vertices.len();
            if told != found {
                parts.notes.push(format!("its first line tells of {told} points, and {found} are there"));
            }
        }
    }
    let places = axes.map(|axis| (axis + 1).to_string()).join(", ");
    let taken = match named {
        Some(_) if said.is_some() => format!("columns {places} are x, y and z, as you say"),
        Some(axes) => {
            let [x, y, z] = axes.map(|axis| layout.names[axis].as_str());
            format!("those called {x}, {y} and {z} are the coordinates")
        }
        None if numbered => format!("columns {places} were taken as x, y and z; the one before counts the lines"),
        None if layout.header => format!("no columns are called x, y and z: columns {places} were taken"),
        None => format!("columns {places} were taken as x, y and z"),
    };
    let others = width - 3 - usize::from(numbered);
    let others = if others > 0 { format!("; {others} further columns were passed over") } else { String::new() };
    parts.notes.push(format!("{taken}{others}"));
    parts.mesh().map(|mesh| Mesh { guessed: named.is_none(), text: Some(shown), ..mesh })
}

/// The columns that the user names, each another one.
fn said(layout: &Layout, axes: &[Column; 3]) -> Result<[usize; 3], String> {
    let [x, y, z] = axes;
    let [x, y, z] = [sheet::column(layout, x)?, sheet::column(layout, y)?, sheet::column(layout, z)?];
    if x == y || y == z || x == z {
        return Err(format!("columns {}, {}, {} for x, y and z: two of them are one", x + 1, y + 1, z + 1));
    }
    Ok([x, y, z])
}

/// Comments that begin with `//`, as some programs write them, begin with `#`.
fn with_usual_comments(text: &str) -> Cow<'_, str> {
    if !text.starts_with("//") && !text.contains("\n//") {
        return Cow::Borrowed(text);
    }
    let line = |line: &str| line.strip_prefix("//").map_or_else(|| line.to_string(), |rest| format!("# {rest}"));
    Cow::Owned(text.split('\n').map(line).collect::<Vec<_>>().join("\n"))
}

/// The places of x, y and z among the names: `x`, `X`, `x [m]`, `pos_x`, `Points:0`, `easting`, `height (m)`.
fn axes(names: &[String]) -> Option<[usize; 3]> {
    const ON_THE_MAP: [&[&str]; 3] =
        [&["easting", "east"], &["northing", "north"], &["height", "elevation", "altitude", "z"]];
    let find = |is: &dyn Fn(&str) -> bool| names.iter().position(|name| is(&name.to_ascii_lowercase()));
    let word = |name: &str, axis: &str| {
        let mut words = name.split(|c: char| !c.is_ascii_alphanumeric() && c != ':');
        let first = words.next();
        let first = if matches!(first, Some("pos" | "position" | "coord" | "point")) { words.next() } else { first };
        first == Some(axis)
    };
    let usual = |axis: &str, number: &str| {
        find(&|name| {
            word(name, axis) || matches!(name.strip_suffix(number), Some("points:" | "points_" | "coordinates:"))
        })
    };
    let on_the_map = |called: &[&str]| find(&|name| called.iter().any(|axis| word(name, axis)));
    let three = |[x, y, z]: [Option<usize>; 3]| Some([x?, y?, z?]);
    three([usual("x", "0"), usual("y", "1"), usual("z", "2")]).or_else(|| three(ON_THE_MAP.map(on_the_map)))
}
