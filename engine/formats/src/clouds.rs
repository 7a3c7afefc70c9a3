//! A cloud or a mesh out of a file of any of the formats that are read, told apart by content: PLY, OBJ, OFF, STL, PCD,
//! points as text.

use crate::mesh::Mesh;
use crate::packed::unpacked;
use crate::sniff::{Found, Kind, sniff};
use crate::{Reading, obj, off, pcd, ply, points, stl};

/// Formats that are read, for messages.
pub const FORMATS: &str = "PLY, OBJ, OFF, STL, PCD or text with x, y and z in columns";
/// Bytes at the beginning by which an OBJ file is known.
const LOOKED_AT: usize = 1 << 16;

/// Read a cloud or a mesh, gzipped or not; `reading` counts for plain text.
///
/// # Errors
/// Why it cannot be used, in words: that of the format's reader, or what the file is instead.
pub fn read(bytes: &[u8], reading: &Reading) -> Result<Mesh, String> {
    let bytes = &*unpacked(bytes)?;
    let marked = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let word = marked.get(..3).unwrap_or_default();
    if word.eq_ignore_ascii_case(b"ply") && marked.get(3).is_some_and(u8::is_ascii_whitespace) {
        return ply::read(marked);
    }
    if pcd::is_pcd(marked) {
        return pcd::read(marked);
    }
    if off::is_off(marked) {
        return off::read(marked);
    }
    if stl::is_stl(bytes) {
        return stl::read(bytes);
    }
    if is_obj(marked) {
        return obj::read(bytes);
    }
    // Words of any kind may be points.
    let words = |found: &Found| {
        matches!(found.kind, Kind::Table | Kind::Text) && (found.advice.is_empty() || found.name == "UTF-16")
    };
    let other = sniff(bytes).filter(|found| !words(found));
    if let Some(found) = other {
        return Err(format!("it is {}", found.words()));
    }
    points::read(bytes, reading).map_err(|why| format!("it is no {FORMATS}: {why}"))
}

/// Whether most lines begin with words of OBJ files, vertices among them.
fn is_obj(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(LOOKED_AT)]);
    // Text of 16 bits a character has a zero beside each letter.
    let text: String = text.chars().filter(|c| *c != '\0' && *c != char::REPLACEMENT_CHARACTER).collect();
    let lines = text
        .split(['\n', '\r'])
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| !word.starts_with('#'));
    let (mut vertices, mut known, mut all) = (0, 0, 0);
    for word in lines {
        vertices += usize::from(word == "v");
        known += usize::from(matches!(
            word,
            "v" | "vt" | "vn" | "vp" | "f" | "l" | "p" | "o" | "g" | "s" | "mtllib" | "usemtl"
        ));
        all += 1;
    }
    vertices > 0 && known * 2 > all
}
