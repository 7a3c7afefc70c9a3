//! STL files, text and binary: triangles, each with corners of its own.

use crate::mesh::{Mesh, Parts, Those, coordinate, note_commas};
use crate::text;

/// Bytes before the triangles of a binary file, the last four of them their number, and bytes of a triangle.
const HEADER: usize = 84;
const TRIANGLE: usize = 50;
/// Triangles by which a binary file is known that is not as long as it should be.
const LOOKED_AT: usize = 10;

/// Whether these bytes are an STL file: text that begins with `solid` and has facets, or binary with the length that its
/// number of triangles asks for (of a cut or longer one, with triangles that can be).
pub fn is_stl(bytes: &[u8]) -> bool {
    is_binary(bytes) || is_text(bytes)
}

fn is_text(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(1 << 12)];
    let has = |word: &[u8]| start.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
    let begins = start.trim_ascii_start();
    begins.len() > 5 && begins[..5].eq_ignore_ascii_case(b"solid") && has(b"facet") && has(b"vertex")
}

fn is_binary(bytes: &[u8]) -> bool {
    let Some((count, body)) = binary(bytes) else { return false };
    if count > 0 && body.len() == count.saturating_mul(TRIANGLE) {
        return true;
    }
    let can_be = |triangle: &[u8]| {
        let [normal, corners @ ..] = vectors(triangle);
        let length = normal.iter().map(|v| v * v).sum::<f64>();
        let measure = |v: &f64| *v == 0.0 || (1e-20..1e15).contains(&v.abs());
        (length == 0.0 || (0.9..1.1).contains(&length)) && corners.iter().flatten().all(measure)
    };
    let triangles = body.chunks_exact(TRIANGLE).take(LOOKED_AT.min(count));
    !is_text(bytes) && triangles.len() > 1 && triangles.clone().all(can_be) && body.iter().any(|byte| *byte != 0)
}

/// The number of triangles of a binary file, and its body.
fn binary(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let number = bytes.get(HEADER - 4..HEADER)?.first_chunk::<4>()?;
    Some((u32::from_le_bytes(*number) as usize, &bytes[HEADER..]))
}

/// The normal and the three corners of a triangle's bytes.
fn vectors(triangle: &[u8]) -> [[f64; 3]; 4] {
    let number =
        |at: usize| triangle[at..].first_chunk::<4>().map_or(f64::NAN, |four| f64::from(f32::from_le_bytes(*four)));
    [0, 1, 2, 3].map(|vector| [0, 4, 8].map(|axis| number(12 * vector + axis)))
}

/// Read an STL file. Of one that is cut short, what is there.
///
/// # Errors
/// Why no cloud can be made of it, in words.
pub fn read(bytes: &[u8]) -> Result<Mesh, String> {
    let parts = if is_binary(bytes) { from_binary(bytes) } else { from_text(bytes)? };
    parts.mesh()
}

fn from_binary(bytes: &[u8]) -> Parts {
    let mut parts = Parts::default();
    let (count, body) = binary(bytes).unwrap_or_default();
    for triangle in body.chunks_exact(TRIANGLE).take(count) {
        let [_, corners @ ..] = vectors(triangle);
        add_triangle(&mut parts, corners);
    }
    if parts.faces() < count {
        parts.notes.push(format!("its header tells of {count} triangles, and {} are there", parts.faces()));
    } else if body.len() > count * TRIANGLE {
        parts.notes.push(format!("there is more in it than the {count} triangles that its header tells of"));
    }
    parts
}

fn add_triangle(parts: &mut Parts, corners: [[f64; 3]; 3]) {
    let first = parts.vertices.len() as i64;
    parts.vertices.extend(corners);
    parts.add_face(first..first + 3);
}

fn from_text(bytes: &[u8]) -> Result<Parts, String> {
    let text = text::read(bytes)?;
    let mut parts = Parts::default();
    parts.notes = text.notes;
    let (mut commas, mut odd, mut solids, mut loops) = (Those::default(), Those::default(), 0, Vec::new());
    for (number, line) in text.text.lines().enumerate() {
        let mut words = line.split_whitespace();
        match words.next().map(str::to_ascii_lowercase).as_deref() {
            Some("vertex") => {
                let mut next = || words.next().map_or(f64::NAN, |word| coordinate(word, &mut commas));
                loops.push([next(), next(), next()]);
            }
            Some("endloop" | "endfacet" | "facet") if !loops.is_empty() => {
                match loops[..] {
                    [a, b, c] => add_triangle(&mut parts, [a, b, c]),
                    _ => odd.add(|| format!("line {}", number + 1)),
                }
                loops.clear();
            }
            Some("solid") => solids += 1,
            _ => {}
        }
    }
    if solids > 1 {
        parts.notes.push(format!("its {solids} solids are one cloud"));
    }
    if let Some(first) = odd.first {
        parts
            .notes
            .push(format!("{} facets without three corners were passed over (the first ends at {first})", odd.count));
    }
    if !loops.is_empty() {
        parts.notes.push("it ends within a facet: it is cut short".into());
    }
    note_commas(&commas, &mut parts.notes);
    Ok(parts)
}
