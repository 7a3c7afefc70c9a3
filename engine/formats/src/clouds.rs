//! A cloud or a mesh out of a file of any of the formats that are read, told apart by content: PLY, OBJ, OFF, STL, PCD,
//! points as text.

use crate::mesh::{Mesh, Parts};
use crate::npy::{self, Values};
use crate::packed::unpacked;
use crate::sheet::arrays;
use crate::sniff::{Found, Kind, sniff};
use crate::{LeftOut, Reading, obj, off, pcd, ply, points, stl};

/// Formats that are read, for messages.
pub const FORMATS: &str = "PLY, OBJ, OFF, STL, PCD, NumPy arrays or text with x, y and z in columns";
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
    if arrays::is_array(bytes) {
        let (mut clouds, left_out) = of_arrays(&[("x", bytes)], reading);
        return match (clouds.pop(), clouds.len()) {
            (Some((_, cloud)), 0) => cloud,
            (Some(_), more) => Err(format!("it holds {} clouds", more + 1)),
            (None, _) => Err(left_out.into_iter().next().map_or_else(String::new, |left| left.why)),
        };
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

/// A cloud under the name that tells its folder, or why it cannot be used.
pub type Named = (String, Result<Mesh, String>);

/// The clouds in NumPy arrays (names and bytes): one of [points, 3 or more] numbers, or many of [clouds, points, 3 or
/// more]. Those of many are named by half, class (from an array of labels beside it), file and number. And what is not
/// used.
pub fn of_arrays(files: &[(&str, &[u8])], reading: &Reading) -> (Vec<Named>, Vec<LeftOut>) {
    let (all, left_out) = arrays::samples(files, reading);
    let mut clouds = Vec::new();
    for samples in all {
        let shape = &samples.array.shape;
        let numbers = match (&samples.array.values, &shape[..]) {
            (Values::Numbers(numbers), [_, width] | [_, _, width]) if *width >= 3 => numbers,
            _ => {
                let why = format!("it is {}: a cloud is points × 3, many are clouds × points × 3", npy::sides(shape));
                clouds.push((samples.name, Err(why)));
                continue;
            }
        };
        let width = shape[shape.len() - 1];
        let mesh = |numbers: &[f64]| {
            let mut parts = Parts::default();
            parts.vertices = numbers.chunks_exact(width).map(|point| [point[0], point[1], point[2]]).collect();
            if width > 3 {
                parts.notes.push(format!("columns 1, 2, 3 were taken as x, y and z; {} were passed over", width - 3));
            }
            parts.mesh()
        };
        let [_, points, _] = shape[..] else {
            clouds.push((samples.name, mesh(numbers)));
            continue;
        };
        // As if each lay in a folder of its class.
        let half = samples.part.split(' ').find(|word| ["train", "test", "val"].contains(word));
        for (number, numbers) in numbers.chunks_exact((points * width).max(1)).enumerate() {
            let class = samples.classes.get(number).map(|class| class.replace('/', " "));
            let place = half.map(String::from).into_iter().chain(class);
            let name = place.chain([format!("{} {}", samples.name.replace('/', " "), number + 1)]);
            clouds.push((name.collect::<Vec<String>>().join("/"), mesh(numbers)));
        }
    }
    (clouds, left_out)
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
