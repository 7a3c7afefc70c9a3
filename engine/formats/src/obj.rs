//! OBJ files: vertices and faces; materials, normals and texture coordinates are passed over.

use std::borrow::Cow;

use crate::LeftOut;
use crate::mesh::{Mesh, Parts, Those, coordinate, note_commas};
use crate::text;

/// Words that begin what belongs to a face's looks, to its name or to a file beside it.
const PASSED: &[&str] = &[
    "vn",
    "vt",
    "vp",
    "mtllib",
    "usemtl",
    "maplib",
    "usemap",
    "s",
    "mg",
    "bevel",
    "c_interp",
    "d_interp",
    "lod",
    "shadow_obj",
    "trace_obj",
    "ctech",
    "stech",
    "call",
    "csh",
];
const FREE_FORM: &[&str] =
    &["cstype", "deg", "bmat", "step", "curv", "curv2", "surf", "parm", "trim", "hole", "scrv", "sp", "end", "con"];

/// Read an OBJ file: all its objects as one mesh.
///
/// # Errors
/// Why no cloud can be made of it, in words.
pub fn read(bytes: &[u8]) -> Result<Mesh, String> {
    let text = text::read(bytes)?;
    let mut parts = Parts::default();
    parts.notes = text.notes;
    let [mut objects, mut wires, mut surfaces, mut unknown, mut broken, mut commas] =
        [(); 6].map(|()| Those::default());
    for (number, line) in lines(&text.text) {
        let code = without_comment(&line);
        let mut words = code.split_whitespace();
        let place = || format!("line {number}");
        match words.next().unwrap_or_default() {
            "" => {}
            "v" => {
                let mut next = || words.next().map_or(f64::NAN, |word| coordinate(word, &mut commas));
                parts.vertices.push([next(), next(), next()]);
            }
            "f" | "fo" => match words.map(|word| corner(word, parts.vertices.len())).collect::<Option<Vec<i64>>>() {
                Some(corners) => parts.add_face(corners),
                None => broken.add(place),
            },
            "l" | "p" => wires.add(place),
            "o" | "g" => objects.add(place),
            word if FREE_FORM.contains(&word) => surfaces.add(place),
            word if PASSED.contains(&word) => {}
            word => unknown.add(|| format!("line {number}: {}", word.chars().take(20).collect::<String>())),
        }
    }
    if objects.count > 1 {
        parts.notes.push(format!("its {} objects and groups are one cloud", objects.count));
    }
    let mut passed = |those: Those, what: &str| {
        if let Some(first) = those.first {
            parts.notes.push(format!("{} {what} were passed over (the first: {first})", those.count));
        }
    };
    passed(wires, "lines that draw lines or points (l, p)");
    passed(surfaces, "lines of free-form curves and surfaces, which are not read,");
    passed(unknown, "lines that begin with an unknown word");
    if let Some(first) = broken.first {
        let why = format!("a corner is no number of a vertex (the first is {first})");
        parts.left_out.push(LeftOut { what: format!("{} faces", broken.count), why });
    }
    note_commas(&commas, &mut parts.notes);
    parts.mesh()
}

/// What stands before the comment; `1.#QNAN` is a number that is none.
fn without_comment(line: &str) -> &str {
    let end = line.match_indices('#').find(|(at, _)| !line[..*at].ends_with('.')).map_or(line.len(), |(at, _)| at);
    &line[..end]
}

/// The lines with their numbers from 1; one that ends in a backslash goes on in the next.
fn lines(text: &str) -> impl Iterator<Item = (usize, Cow<'_, str>)> {
    let mut raw = text.split('\n').enumerate();
    std::iter::from_fn(move || {
        let (number, line) = raw.next()?;
        let mut whole = Cow::Borrowed(line);
        while let Some(head) = whole.trim_end().strip_suffix('\\') {
            let head = head.len();
            let joined = whole.to_mut();
            joined.truncate(head);
            joined.push(' ');
            match raw.next() {
                Some((_, more)) => joined.push_str(more),
                None => break,
            }
        }
        Some((number + 1, whole))
    })
}

/// The vertex of a corner (`7`, `7/2`, `7//3`) from 0; numbers start at 1, negative ones count from the last vertex so far.
/// One that lies before the first vertex is negative here.
fn corner(word: &str, vertices: usize) -> Option<i64> {
    let number: i64 = word.split('/').next()?.parse().ok()?;
    let vertices = i64::try_from(vertices).ok()?;
    Some(if number < 0 { vertices.saturating_add(number) } else { number - 1 })
}
