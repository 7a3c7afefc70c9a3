//! OFF files (of Geomview, as ModelNet has them): vertices, then faces by their corners. Colours, normals and texture
//! coordinates are passed over.

use crate::mesh::{Mesh, Parts, Those, coordinate, note_commas};
use crate::text;

/// The header's word, `OFF` with letters before it for what else a vertex has, and what stands behind it on the same
/// line: some writers forget the line's end.
fn header(line: &str) -> Option<(&str, &str)> {
    let end = line.find("OFF")?;
    let (word, rest) = line.split_at(end + 3);
    word[..end].chars().all(|c| matches!(c, 'S' | 'T' | 'C' | 'N' | '4' | 'n')).then_some((word, rest))
}

/// Whether these bytes are an OFF file.
pub fn is_off(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let line = bytes.split(|b| matches!(b, b'\n' | b'\r')).next().unwrap_or_default();
    std::str::from_utf8(line.get(..line.len().min(80)).unwrap_or_default()).is_ok_and(|line| header(line).is_some())
}

/// Read an OFF file. Of one that is cut short, what is there.
///
/// # Errors
/// Why no cloud can be made of it, in words.
pub fn read(bytes: &[u8]) -> Result<Mesh, String> {
    if is_off(bytes) && bytes.get(..80.min(bytes.len())).unwrap_or_default().windows(6).any(|part| part == b"BINARY") {
        return Err("it is a binary OFF file, of which only text is read: save it as PLY".into());
    }
    let text = text::read(bytes)?;
    let mut parts = Parts::default();
    parts.notes = text.notes;
    let mut lines = text.text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let (word, rest) = lines.next().and_then(header).ok_or("it does not begin with the word OFF")?;
    if word.contains('4') || word.contains('n') {
        return Err(format!("it is a {word} file: only clouds in three dimensions are read"));
    }
    let rest = Some(rest.trim()).filter(|rest| !rest.is_empty());
    let mut lines = rest.into_iter().chain(lines).filter(|line| !line.is_empty());
    let counts = lines.next().unwrap_or_default();
    let numbers: Vec<usize> = counts.split_whitespace().map_while(|word| word.parse().ok()).collect();
    let [vertices, faces, ..] = numbers[..] else {
        return Err(format!(
            "its second line should give the numbers of vertices and faces, and is {:?}",
            counts.chars().take(60).collect::<String>()
        ));
    };
    let mut commas = Those::default();
    for line in lines.by_ref().take(vertices) {
        let mut words = line.split_whitespace();
        let mut next = || words.next().map_or(f64::NAN, |word| coordinate(word, &mut commas));
        parts.vertices.push([next(), next(), next()]);
    }
    for line in lines.by_ref().take(faces) {
        let mut words = line.split_whitespace();
        let corners = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
        parts.add_face(words.take(corners).map(|word| word.parse().unwrap_or(-1)));
    }
    for (what, wanted, found) in [("vertices", vertices, parts.vertices.len()), ("faces", faces, parts.faces())] {
        if found < wanted {
            parts.notes.push(format!("its header tells of {wanted} {what}, and {found} are there"));
        }
    }
    if lines.next().is_some() {
        parts.notes.push("there is more in it than its header tells of".into());
    }
    note_commas(&commas, &mut parts.notes);
    parts.mesh()
}
