//! Formats that are told apart by what lies inside: zip archives, pickles, boxes of films, safetensors, and those of
//! which only the lengths tell.

use super::signatures::{AS_CSV, AS_PNG, AS_SAFETENSORS, UNPACK};
use super::{Found, Kind, holds};

/// The header of a safetensors file is no longer, by its specification.
const LONGEST_HEADER: u64 = 100_000_000;
/// Two lines of Python that make a safetensors file of a PyTorch file.
const TORCH: &str = "Convert it with two lines of Python:\n\
    import torch, safetensors.torch as st; d = torch.load(\"in.pth\", map_location=\"cpu\", weights_only=True); d = d.get(\"model\", d.get(\"state_dict\", d))\n\
    st.save_file({k: v.detach().clone().contiguous() for k, v in d.items() if torch.is_tensor(v)}, \"out.safetensors\")";
const SCRIPT: &str = "Convert it with two lines of Python:\n\
    import torch, safetensors.torch as st; d = torch.jit.load(\"in.pt\", map_location=\"cpu\").state_dict()\n\
    st.save_file({k: v.detach().clone().contiguous() for k, v in d.items()}, \"out.safetensors\")";
const PICKLE: &str = "Open it in Python and save what is in it: weights as .safetensors, arrays as .npy, tables as CSV";

/// What a file is, by what it holds.
pub(super) fn found(bytes: &[u8]) -> Option<Found> {
    zip(bytes)
        .or_else(|| pickle(bytes))
        .or_else(|| safetensors(bytes))
        .or_else(|| boxes(bytes))
        .or_else(|| chunks(bytes))
        .or_else(|| tensorflow(bytes))
        .or_else(|| onnx(bytes))
        .or_else(|| by_length(bytes))
}

fn zip(bytes: &[u8]) -> Option<Found> {
    if ![b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"].iter().any(|start| bytes.starts_with(*start)) {
        return None;
    }
    let inside = |words: &str| holds(bytes, words);
    let office = |name, what: &str| Found::new(name, Kind::Table, what, AS_CSV);
    Some(if inside("/constants.pkl") && inside("/code/") {
        Found::new("TorchScript", Kind::Weights, "a TorchScript model (.pt), not safetensors", SCRIPT)
    } else if inside("data.pkl") {
        Found::new("PyTorch", Kind::Weights, "a PyTorch file (.pth, .pt, .bin), not safetensors", TORCH)
    } else if inside("model.weights.h5") {
        Found::new("Keras", Kind::Weights, "a Keras model (.keras)", AS_SAFETENSORS)
    } else if inside(".npy") {
        Found::new("npz", Kind::Array, "an archive of NumPy arrays (.npz)", "")
    } else if inside("xl/workbook") || inside("xl/worksheets") {
        office("xlsx", "an Excel table (.xlsx)")
    } else if inside("opendocument.spreadsheet") {
        office("ods", "a table of LibreOffice (.ods)")
    } else if inside("word/document.xml") {
        Found::new("docx", Kind::Text, "a Word document (.docx)", "Save its tables as CSV")
    } else {
        Found::new("zip", Kind::Archive, "a zip archive", UNPACK)
    })
}

fn pickle(bytes: &[u8]) -> Option<Found> {
    let (&[0x80, protocol @ 2..=5], rest) = bytes.split_first_chunk::<2>()? else { return None };
    // What a pickle begins with: a frame, a long number, a mark, an empty container, a global, a string.
    let begins = matches!(rest.first()?, 0x95 | 0x8a | 0x8c | b'(' | b'}' | b']' | b')' | b'c' | b'X' | b'K');
    let torch = rest.starts_with(b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19") || holds(bytes, "torch");
    if torch {
        Some(Found::new("PyTorch", Kind::Weights, "an old PyTorch file (.pth), not safetensors", TORCH))
    } else {
        let what = format!("a Python pickle (protocol {protocol})");
        begins.then(|| Found::new("pickle", Kind::Other, what, PICKLE))
    }
}

fn safetensors(bytes: &[u8]) -> Option<Found> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let length = u64::from_le_bytes(*length);
    let opens = rest.first() == Some(&b'{');
    if !opens || !(2..=LONGEST_HEADER).contains(&length) {
        return None;
    }
    let what = if (rest.len() as u64) < length {
        "a safetensors file that is cut off in its header"
    } else {
        "a safetensors file"
    };
    Some(Found::new("safetensors", Kind::Weights, what, ""))
}

/// Files of boxes: four bytes of length, four letters, the brand.
fn boxes(bytes: &[u8]) -> Option<Found> {
    let letters = bytes.get(4..8)?;
    if [b"moov", b"mdat", b"wide"].iter().any(|name| letters == *name) && bytes[0] == 0 {
        return Some(Found::new("MP4", Kind::Film, "a QuickTime film", ""));
    }
    if letters != b"ftyp" {
        return None;
    }
    let brand = bytes.get(8..12)?;
    Some(match brand {
        b"avif" | b"avis" => Found::new("AVIF", Kind::Picture, "an AVIF picture", AS_PNG),
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1" => {
            Found::new("HEIC", Kind::Picture, "a HEIC picture", AS_PNG)
        }
        b"M4A " | b"M4B " => Found::new("M4A", Kind::Sound, "an M4A sound", ""),
        b"crx " => Found::new("CR3", Kind::Picture, "a raw picture of a Canon camera", AS_PNG),
        _ => Found::new("MP4", Kind::Film, "an MP4 film", ""),
    })
}

/// Files of chunks: four letters, four bytes of length, four letters of the content.
fn chunks(bytes: &[u8]) -> Option<Found> {
    if !bytes.starts_with(b"RIFF") && !bytes.starts_with(b"FORM") {
        return None;
    }
    Some(match bytes.get(8..12)? {
        b"WEBP" => Found::new("WebP", Kind::Picture, "a WebP picture", ""),
        b"WAVE" => Found::new("WAV", Kind::Sound, "a WAV sound", ""),
        b"AVI " => Found::new("AVI", Kind::Film, "an AVI film", ""),
        b"AIFF" | b"AIFC" => Found::new("AIFF", Kind::Sound, "an AIFF sound", ""),
        _ => return None,
    })
}

fn tensorflow(bytes: &[u8]) -> Option<Found> {
    if bytes.ends_with(b"\x57\xfb\x80\x8b\x24\x75\x47\xdb") {
        let what = "the index of a TensorFlow checkpoint (.index)";
        return Some(Found::new("TensorFlow", Kind::Weights, what, AS_SAFETENSORS));
    }
    let saved = bytes.starts_with(b"\x08\x01\x12") && (holds(bytes, "serve") || holds(bytes, "saved_model"));
    saved.then(|| Found::new("SavedModel", Kind::Weights, "a TensorFlow SavedModel", AS_SAFETENSORS))
}

/// A message whose first field is a small version and whose second is the name of the program that wrote it.
fn onnx(bytes: &[u8]) -> Option<Found> {
    let &[8, 3..=20, field, length, ..] = bytes else { return None };
    let named = field == 0x12
        && bytes.get(4..4 + usize::from(length)).is_some_and(|name| name.iter().all(|c| (0x20..0x7f).contains(c)));
    (named || holds(bytes, "onnx")).then(|| Found::new("ONNX", Kind::Weights, "an ONNX model", AS_SAFETENSORS))
}

/// Formats of which only the lengths tell.
fn by_length(bytes: &[u8]) -> Option<Found> {
    if let Some(&[0, 0, kind @ (8 | 9 | 0x0b..=0x0e), sides @ 1..=8]) = bytes.first_chunk::<4>() {
        let size = match kind {
            8 | 9 => 1,
            0x0b => 2,
            0x0c | 0x0d => 4,
            _ => 8,
        };
        let places = (0..usize::from(sides)).map(|side| bytes.get(4 + 4 * side..8 + 4 * side)?.try_into().ok());
        let mut counts = places.map(|side: Option<[u8; 4]>| Some(u64::from(u32::from_be_bytes(side?))));
        let count = counts.try_fold(size, |product: u64, side| product.checked_mul(side?))?;
        let whole = count.checked_add(4 + 4 * u64::from(sides))?;
        let what = if (bytes.len() as u64) < whole {
            "an IDX file (as MNIST's) that is cut off"
        } else {
            "an IDX file (as MNIST's)"
        };
        return Some(Found::new("IDX", Kind::Array, what, ""));
    }
    let triangles = u32::from_le_bytes(*bytes.get(80..)?.first_chunk::<4>()?);
    let stl = triangles > 0 && bytes.len() as u64 == 84 + 50 * u64::from(triangles);
    stl.then(|| Found::new("STL", Kind::Shape, "a binary STL mesh", ""))
}
