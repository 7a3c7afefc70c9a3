//! IDX, the format of MNIST and its kin: magic (0, 0, type, rank), the sides as big-endian u32, then the values; mostly
//! gzipped.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use crate::error::{Error, Result};

/// The type code of unsigned bytes, the only one these sets use.
const BYTES: u8 = 8;
/// More than four times the largest file of the MNIST family; a header that asks for more is damaged.
const MOST_VALUES: u64 = 256 << 20;

/// The content of an IDX file of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idx {
    /// Sides, slowest first: [count, height, width] for pictures, [count] for labels.
    pub sides: Vec<usize>,
    /// The values, row-major.
    pub values: Vec<u8>,
}

/// Read an IDX file of bytes with `rank` sides, gzipped or not. `name` is for the error.
///
/// # Errors
/// [`Error::Data`] when the magic number is another one, or the file is cut short, damaged or longer than its header
/// says.
pub fn read(name: &str, bytes: &[u8], rank: u8) -> Result<Idx> {
    let wrong = |why: String| {
        Error::data(format!("{name} cannot be read"), why, "Fetch the file again: it is not the whole original file")
    };
    // Some web servers unpack .gz files on the way, so the name says nothing.
    let mut source: Box<dyn std::io::Read> =
        if bytes.starts_with(&[0x1F, 0x8B]) { Box::new(GzDecoder::new(bytes)) } else { Box::new(bytes) };
    let mut magic = [0_u8; 4];
    source.read_exact(&mut magic).map_err(|e| wrong(format!("it ends before its header: {e}")))?;
    if magic != [0, 0, BYTES, rank] {
        return Err(wrong(format!(
            "it starts with {magic:?}, an IDX file of bytes with {rank} sides starts with {:?}",
            [0, 0, BYTES, rank]
        )));
    }
    let mut sides = Vec::new();
    for _ in 0..rank {
        let mut side = [0_u8; 4];
        source.read_exact(&mut side).map_err(|e| wrong(format!("it ends in its header: {e}")))?;
        sides.push(u32::from_be_bytes(side) as usize);
    }
    let count =
        sides.iter().try_fold(1_u64, |product, side| product.checked_mul(*side as u64)).filter(|n| *n <= MOST_VALUES);
    let count =
        count.ok_or_else(|| wrong(format!("its header asks for {sides:?} values, which is too many to be true")))?;
    let mut values = Vec::new();
    source.take(count + 1).read_to_end(&mut values).map_err(|e| wrong(format!("it is damaged or cut short: {e}")))?;
    match values.len() as u64 {
        length if length < count => Err(wrong(format!("it is cut short: {length} of {count} values are there"))),
        length if length > count => {
            Err(wrong(format!("there is more in it than the {count} values that its header tells of")))
        }
        _ => Ok(Idx { sides, values }),
    }
}

/// Write an IDX file of bytes, gzipped. The same content gives the same bytes.
///
/// # Errors
/// [`Error::Data`] when the sides do not fit the values or the format.
pub fn write(idx: &Idx) -> Result<Vec<u8>> {
    let wrong = |why: String| {
        Error::data("An IDX file cannot be written", why, "Give as many values as the product of the sides")
    };
    let rank = u8::try_from(idx.sides.len()).map_err(|e| wrong(e.to_string()))?;
    let product: usize = idx.sides.iter().product();
    if product != idx.values.len() {
        return Err(wrong(format!("{} values for sides {:?}", idx.values.len(), idx.sides)));
    }
    let mut header = vec![0, 0, BYTES, rank];
    for side in &idx.sides {
        header.extend(u32::try_from(*side).map_err(|e| wrong(e.to_string()))?.to_be_bytes());
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&header).and_then(|()| encoder.write_all(&idx.values)).map_err(|e| wrong(e.to_string()))?;
    encoder.finish().map_err(|e| wrong(e.to_string()))
}
