//! PLY files (Turk, 1994): text, and binary with either end first; any elements, of which those with x, y and z are the
//! vertices and those with lists of whole numbers the faces.

mod body;
mod header;

use body::Body;
use header::{Element, Format, Header};

use crate::mesh::{Mesh, Parts, Those, note_commas};

/// What an element is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// Places of x, y and z.
    Vertices([usize; 3]),
    /// Place of the list of corners.
    Faces(usize),
    Strips(usize),
    Passed,
}

/// Read a PLY file: the coordinates of its vertices, and its faces where it has some. Of a file that is cut short, what
/// is there.
///
/// # Errors
/// Why no cloud can be made of it, in words.
pub fn read(bytes: &[u8]) -> Result<Mesh, String> {
    let header = Header::read(bytes)?;
    let uses = uses(&header.elements)?;
    let mut body = Body::new(header.format, bytes.get(header.body..).unwrap_or(&[]), &header.elements);
    let (mut parts, mut other) = (Parts::default(), Those::default());
    for (element, used) in header.elements.iter().zip(&uses).filter(|(element, _)| !element.properties.is_empty()) {
        let mut values = vec![Vec::new(); element.properties.len()];
        let (mut read, mut usual) = (0, None);
        while read < element.count && body.element(element, &mut usual, &mut values).is_ok() {
            read += 1;
            match used {
                Use::Vertices(axes) => {
                    parts.vertices.push(axes.map(|axis| values[axis].first().copied().unwrap_or(f64::NAN)));
                }
                Use::Faces(list) => parts.add_face(values[*list].iter().map(|corner| whole(*corner))),
                Use::Strips(list) => {
                    parts.add_strip(&values[*list].iter().map(|corner| whole(*corner)).collect::<Vec<_>>())
                }
                Use::Passed => {}
            }
        }
        if *used == Use::Passed && element.count > 0 {
            other.add(|| format!("{} {}", element.count, element.name));
        }
        if read < element.count {
            parts.notes.push(format!("its header tells of {} {}, and {read} are there", element.count, element.name));
            if header.format != Format::Text {
                break;
            }
        }
    }
    if let Some(first) = &other.first {
        parts.notes.push(format!("{} kinds of elements were passed over (the first: {first})", other.count));
    }
    if let Some(first) = &body.wider.first {
        parts.notes.push(format!(
            "{} lines hold more numbers than the header tells of (the first: {first})",
            body.wider.count
        ));
    }
    if !body.is_empty() {
        parts.notes.push("there is more in it than its header tells of".into());
    }
    note_commas(&body.commas, &mut parts.notes);
    parts.mesh()
}

/// What each element is for, by what it has; names decide only between several.
fn uses(elements: &[Element]) -> Result<Vec<Use>, String> {
    let named = elements.iter().position(|e| e.name.eq_ignore_ascii_case("vertex") && e.axes().is_some());
    let vertices = named.or_else(|| elements.iter().position(|e| e.axes().is_some()));
    let vertices = vertices.ok_or_else(|| {
        let has = |e: &Element| {
            format!("{} ({})", e.name, e.properties.iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join(", "))
        };
        let found: Vec<String> = elements.iter().take(8).map(has).collect();
        format!(
            "no element has x, y and z; there are {}",
            if found.is_empty() { "none".into() } else { found.join(", ") }
        )
    })?;
    let of = |(place, element): (usize, &Element)| match (element.axes(), element.corners()) {
        (Some(axes), _) if place == vertices => Use::Vertices(axes),
        (None, Some(list)) if element.name.to_ascii_lowercase().contains("strip") => Use::Strips(list),
        (None, Some(list)) => Use::Faces(list),
        _ => Use::Passed,
    };
    Ok(elements.iter().enumerate().map(of).collect())
}

/// A corner as a whole number, -1 where it is none.
fn whole(corner: f64) -> i64 {
    if corner >= 0.0 && corner.fract() == 0.0 { corner as i64 } else { -1 }
}
