//! IDX, the format of MNIST and its kin: magic (0, 0, type, rank), the sides as big-endian u32, then the values with
//! their high byte first; mostly gzipped, which the first bytes tell.

use std::io::{Read, Write as _};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

/// The type code of unsigned bytes.
const BYTES: u8 = 8;
/// More than four times the largest file of the MNIST family; a header that asks for more is damaged.
const MOST_VALUES: u64 = 256 << 20;

/// The content of an IDX file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Idx {
    /// Sides, slowest first: [count, height, width] for pictures, [count] for labels.
    pub sides: Vec<usize>,
    /// The values as bytes, row-major.
    pub values: Vec<u8>,
    /// How values of another type became bytes.
    pub notes: Vec<String>,
}

/// Bytes of a value of this type, and what it is called.
fn kind(code: u8) -> Option<(usize, &'static str)> {
    Some(match code {
        BYTES => (1, "bytes"),
        0x09 => (1, "signed bytes"),
        0x0B => (2, "16-bit integers"),
        0x0C => (4, "32-bit integers"),
        0x0D => (4, "32-bit floats"),
        0x0E => (8, "64-bit floats"),
        _ => return None,
    })
}

/// Whether these bytes begin like an IDX file, gzipped or not.
pub fn is_idx(bytes: &[u8]) -> bool {
    let mut magic = [0; 4];
    source(bytes).read_exact(&mut magic).is_ok() && matches!(magic, [0, 0, code, 1..=8] if kind(code).is_some())
}

/// Some web servers unpack .gz files on the way, so the name says nothing.
fn source(bytes: &[u8]) -> Box<dyn Read + '_> {
    if bytes.starts_with(&[0x1F, 0x8B]) { Box::new(MultiGzDecoder::new(bytes)) } else { Box::new(bytes) }
}

/// Read an IDX file, gzipped or not. Values of other types than bytes are used where they fit: whole numbers of 0 … 255,
/// and fractions of 0 … 1, which are stretched to that.
///
/// # Errors
/// When the magic number is another one, the values do not fit, or the file is cut short, damaged or longer than its
/// header says; in words.
pub fn read(bytes: &[u8]) -> Result<Idx, String> {
    let mut source = source(bytes);
    let mut magic = [0_u8; 4];
    source.read_exact(&mut magic).map_err(|e| format!("it ends before its header: {e}"))?;
    let [0, 0, code, rank] = magic else {
        return Err(format!("it starts with {magic:?}, and an IDX file starts with [0, 0, type, number of sides]"));
    };
    let (size, name) =
        kind(code).ok_or_else(|| format!("it starts with {magic:?}, and {code} is no type of values"))?;
    let mut sides = Vec::new();
    for _ in 0..rank {
        let mut side = [0_u8; 4];
        source.read_exact(&mut side).map_err(|e| format!("it ends in its header: {e}"))?;
        sides.push(u32::from_be_bytes(side) as usize);
    }
    let count = sides.iter().try_fold(1_u64, |product, side| product.checked_mul(*side as u64));
    let count = count.filter(|count| *count <= MOST_VALUES);
    let count = count.ok_or_else(|| format!("its header asks for {sides:?} values, which is too many to be true"))?;
    let mut raw = Vec::new();
    let most = count * size as u64;
    source.take(most + 1).read_to_end(&mut raw).map_err(|e| format!("it is damaged or cut short: {e}"))?;
    match raw.len() as u64 {
        length if length < most => {
            Err(format!("it is cut short: {} of {count} values ({name}) are there", length / size as u64))
        }
        length if length > most => Err(format!("there is more in it than the {count} values that its header tells of")),
        _ if code == BYTES => Ok(Idx { sides, values: raw, notes: Vec::new() }),
        _ => {
            let numbers: Vec<f64> = raw.chunks_exact(size).map(|value| number(code, value)).collect();
            let (values, note) = as_bytes(&numbers, name)?;
            Ok(Idx { sides, values, notes: vec![note] })
        }
    }
}

fn number(code: u8, value: &[u8]) -> f64 {
    match (code, value) {
        (0x09, [a]) => f64::from(i8::from_be_bytes([*a])),
        (0x0B, [a, b]) => f64::from(i16::from_be_bytes([*a, *b])),
        (0x0C, [a, b, c, d]) => f64::from(i32::from_be_bytes([*a, *b, *c, *d])),
        (0x0D, [a, b, c, d]) => f64::from(f32::from_be_bytes([*a, *b, *c, *d])),
        (0x0E, eight) => eight.first_chunk::<8>().map_or(f64::NAN, |eight| f64::from_be_bytes(*eight)),
        _ => f64::NAN,
    }
}

/// Numbers as bytes, and how they became so.
fn as_bytes(numbers: &[f64], name: &str) -> Result<(Vec<u8>, String), String> {
    let range = numbers.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)));
    if numbers.iter().all(|v| v.fract() == 0.0 && (0.0..=255.0).contains(v)) {
        return Ok((numbers.iter().map(|v| *v as u8).collect(), format!("its {name} are whole numbers of 0 to 255")));
    }
    if numbers.iter().all(|v| (0.0..=1.0).contains(v)) {
        let stretched = numbers.iter().map(|v| (v * 255.0).round() as u8).collect();
        return Ok((stretched, format!("its {name} of 0 to 1 were stretched to 0 to 255")));
    }
    Err(format!("its {name} go from {} to {}, and 0 to 255 or 0 to 1 are read", range.0, range.1))
}

/// Write an IDX file of bytes, gzipped. The same content gives the same bytes.
///
/// # Errors
/// When the sides do not fit the values or the format, in words.
pub fn write(idx: &Idx) -> Result<Vec<u8>, String> {
    let rank = u8::try_from(idx.sides.len()).map_err(|e| e.to_string())?;
    if idx.sides.iter().product::<usize>() != idx.values.len() {
        return Err(format!("{} values for sides {:?}", idx.values.len(), idx.sides));
    }
    let mut header = vec![0, 0, BYTES, rank];
    for side in &idx.sides {
        header.extend(u32::try_from(*side).map_err(|e| e.to_string())?.to_be_bytes());
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&header).and_then(|()| encoder.write_all(&idx.values)).map_err(|e| e.to_string())?;
    encoder.finish().map_err(|e| e.to_string())
}
