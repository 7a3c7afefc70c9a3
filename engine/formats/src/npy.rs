//! NumPy's `.npy` arrays, versions 1.0 to 3.0: whole and real numbers of every width, truth values and words, rows or
//! columns first, either byte order. An `.npz` is a zip archive of them ([`crate::archive`] unpacks it).

use std::io::{self, Read};

/// Bytes that every array begins with.
pub const MAGIC: &[u8] = b"\x93NUMPY";
/// Longest header that is read.
const MOST_HEADER: usize = 1 << 16;

/// What one element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    Truth,
    Signed(usize),
    Unsigned(usize),
    Real(usize),
    /// Characters of four bytes, so many a word.
    Unicode(usize),
    /// Bytes of a word.
    Bytes(usize),
}

impl Element {
    fn size(self) -> usize {
        match self {
            Self::Truth => 1,
            Self::Signed(size) | Self::Unsigned(size) | Self::Real(size) | Self::Bytes(size) => size,
            Self::Unicode(length) => 4 * length,
        }
    }
}

/// What an array's header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    element: Element,
    big_endian: bool,
    columns_first: bool,
    /// Sides; none: a single number.
    pub shape: Vec<usize>,
}

/// An array in memory, its elements row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    pub shape: Vec<usize>,
    pub values: Values,
}

/// The elements of an array.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    Numbers(Vec<f64>),
    Words(Vec<String>),
}

impl Array {
    /// The numbers of a list.
    ///
    /// # Errors
    /// In words, when it holds words or has other than one side.
    pub fn list(&self) -> Result<&[f64], String> {
        match &self.values {
            Values::Numbers(numbers) if self.shape.iter().filter(|side| **side != 1).count() <= 1 => Ok(numbers),
            Values::Numbers(_) => Err(format!("it is an array of {}, not a list", sides(&self.shape))),
            Values::Words(_) => Err("it holds words, not numbers".into()),
        }
    }

    /// The whole numbers, not below 0, of an array of any shape.
    ///
    /// # Errors
    /// In words, at the first element that is none.
    pub fn whole(&self) -> Result<Vec<u64>, String> {
        let Values::Numbers(numbers) = &self.values else { return Err("it holds words, not numbers".into()) };
        let whole = |(at, value): (usize, &f64)| {
            let fits = *value >= 0.0 && value.fract() == 0.0 && *value < 9e15;
            if fits { Ok(*value as u64) } else { Err(format!("element {at} is {value}, not a whole number from 0")) }
        };
        numbers.iter().enumerate().map(whole).collect()
    }
}

/// Sides in words: "3 × 4".
pub fn sides(shape: &[usize]) -> String {
    if shape.is_empty() {
        return "one number".into();
    }
    shape.iter().map(ToString::to_string).collect::<Vec<String>>().join(" × ")
}

/// Read an array's header; the elements follow in the stream.
///
/// # Errors
/// In words, when it is no such array, or of elements that cannot be read.
pub fn header(content: &mut dyn Read) -> Result<Header, String> {
    let mut fixed = [0; 8];
    content.read_exact(&mut fixed).map_err(|_| "it is too short for a NumPy array".to_string())?;
    if !fixed.starts_with(MAGIC) {
        return Err("it is no NumPy array".into());
    }
    let mut length = vec![0; if fixed[6] == 1 { 2 } else { 4 }];
    content.read_exact(&mut length).map_err(|_| "it ends in its header".to_string())?;
    let length = length.iter().rev().fold(0_usize, |sum, byte| sum * 256 + usize::from(*byte));
    if !(1..=3).contains(&fixed[6]) || length > MOST_HEADER {
        return Err(format!("its format {}.{} with a header of {length} bytes is not known", fixed[6], fixed[7]));
    }
    let mut text = vec![0; length];
    content.read_exact(&mut text).map_err(|_| "it ends in its header".to_string())?;
    let text = String::from_utf8_lossy(&text);
    let field = |name: &str| -> Result<&str, String> {
        let at = [format!("'{name}'"), format!("\"{name}\"")].iter().find_map(|key| Some(text.find(key)? + key.len()));
        let rest = at.and_then(|at| text[at..].trim_start().strip_prefix(':'));
        rest.map(str::trim_start).ok_or_else(|| format!("its header does not say its {name}"))
    };
    let (element, big_endian) = element(field("descr")?)?;
    let shape = field("shape")?;
    let inside = shape.strip_prefix('(').and_then(|rest| rest.split_once(')')).map(|(inside, _)| inside);
    let parsed = inside.map(|inside| {
        let numbers = inside.split(',').map(str::trim).filter(|side| !side.is_empty());
        numbers.map(|side| side.trim_end_matches('L').parse::<usize>()).collect::<Result<Vec<usize>, _>>()
    });
    let Some(Ok(shape)) = parsed else { return Err("its header does not say its shape".into()) };
    Ok(Header { element, big_endian, columns_first: field("fortran_order")?.starts_with("True"), shape })
}

/// The type of an element as NumPy writes it (`'<f8'`), and whether the first byte is the largest.
fn element(text: &str) -> Result<(Element, bool), String> {
    if text.starts_with('[') {
        return Err("it is a table of named fields: save its columns as plain arrays".into());
    }
    let name = text.get(1..).and_then(|rest| rest.split(['\'', '"']).next()).unwrap_or_default();
    let wrong = || match name {
        name if name.contains('O') => {
            "it holds Python objects (a pickle), which are not read: save plain numbers".to_string()
        }
        name if name.contains('c') => "it holds complex numbers: save their parts".to_string(),
        name => format!("elements of type {name:?} are not read: save plain numbers"),
    };
    let kind = name.trim_start_matches(['<', '>', '=', '|']);
    let letter = kind.chars().next().ok_or_else(wrong)?;
    let size: usize = kind[letter.len_utf8()..].parse().map_err(|_| wrong())?;
    let element = match (letter, size) {
        ('b' | '?', 1) => Element::Truth,
        ('i', 1 | 2 | 4 | 8) => Element::Signed(size),
        ('u', 1 | 2 | 4 | 8) => Element::Unsigned(size),
        ('f', 2 | 4 | 8) => Element::Real(size),
        ('U', 0..=4096) => Element::Unicode(size),
        ('S', 0..=16_384) => Element::Bytes(size),
        _ => return Err(wrong()),
    };
    Ok((element, name.starts_with('>')))
}

impl Header {
    /// Number of elements, and of their bytes; `None`: more than any computer has.
    pub fn count(&self) -> Option<(usize, usize)> {
        let count = self.shape.iter().try_fold(1_usize, |product, side| product.checked_mul(*side))?;
        Some((count, count.checked_mul(self.element.size())?))
    }

    /// Tell every number in the order of the file, each with its place counted row by row.
    ///
    /// # Errors
    /// In words, when the stream is shorter than the header says, or it holds words.
    pub fn numbers(&self, content: &mut dyn Read, each: &mut dyn FnMut(usize, f64)) -> Result<(), String> {
        let decode: fn(&[u8], Element) -> f64 = match self.element {
            Element::Unicode(_) | Element::Bytes(_) => return Err("it holds words, not numbers".into()),
            _ => number,
        };
        let big = self.big_endian;
        self.elements(content, &mut |place, bytes| {
            if big {
                bytes.reverse();
            }
            each(place, decode(bytes, self.element));
        })
    }

    fn words(&self, content: &mut dyn Read, each: &mut dyn FnMut(usize, String)) -> Result<(), String> {
        let big = self.big_endian;
        let unicode = matches!(self.element, Element::Unicode(_));
        self.elements(content, &mut |place, bytes| {
            let word: String = if unicode {
                let code = |four: &[u8]| {
                    let four = [four[0], four[1], four[2], four[3]];
                    if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
                };
                bytes.chunks_exact(4).map(|four| char::from_u32(code(four)).unwrap_or('\u{fffd}')).collect()
            } else {
                String::from_utf8_lossy(bytes).into_owned()
            };
            each(place, word.trim_end_matches('\0').to_string());
        })
    }

    fn elements(&self, content: &mut dyn Read, each: &mut dyn FnMut(usize, &mut [u8])) -> Result<(), String> {
        let too_many = || format!("its header asks for {} elements, which is too many to be true", sides(&self.shape));
        let (count, _) = self.count().ok_or_else(too_many)?;
        let size = self.element.size();
        let rows = self.shape.first().copied().unwrap_or(1).max(1);
        let columns_first = self.columns_first && self.shape.len() == 2;
        if self.columns_first && self.shape.len() > 2 {
            return Err(format!("it is {} with columns first: only tables are read so", sides(&self.shape)));
        }
        // Elements without a byte (empty words) do not come out of the stream.
        const AT_ONCE: usize = 1 << 13;
        let mut buffer = vec![0; size.max(1) * AT_ONCE.min(count.max(1))];
        let mut done = 0;
        while done < count && size > 0 {
            let now = AT_ONCE.min(count - done);
            let part = &mut buffer[..now * size];
            content.read_exact(part).map_err(|e| match e.kind() {
                io::ErrorKind::UnexpectedEof => format!("it is cut short: fewer than {} elements", sides(&self.shape)),
                _ => e.to_string(),
            })?;
            for (offset, bytes) in part.chunks_exact_mut(size).enumerate() {
                let at = done + offset;
                let place = if columns_first { at % rows * self.shape[1] + at / rows } else { at };
                each(place, bytes);
            }
            done += now;
        }
        Ok(())
    }
}

/// A number from its bytes, the smallest first.
fn number(bytes: &[u8], element: Element) -> f64 {
    let wide = |fill: u8| {
        let mut eight = [fill; 8];
        eight[..bytes.len()].copy_from_slice(bytes);
        eight
    };
    match element {
        Element::Truth => f64::from(u8::from(bytes[0] != 0)),
        Element::Signed(_) => {
            let negative = bytes.last().is_some_and(|top| *top >= 0x80);
            i64::from_le_bytes(wide(if negative { 0xFF } else { 0 })) as f64
        }
        Element::Real(2) => half(u16::from_le_bytes([bytes[0], bytes[1]])),
        Element::Real(4) => f64::from(f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])),
        Element::Real(_) => f64::from_le_bytes(wide(0)),
        _ => u64::from_le_bytes(wide(0)) as f64,
    }
}

/// A number of 16 bits: sign, five of exponent, ten of fraction.
fn half(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3FF) / 1024.0;
    let size = match (bits >> 10) & 0x1F {
        0 => fraction * 2_f64.powi(-14),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (1.0 + fraction) * 2_f64.powi(i32::from(exponent) - 15),
    };
    if bits & 0x8000 == 0 { size } else { -size }
}

/// Read a whole array; memory follows the bytes that are there, not what the header announces.
///
/// # Errors
/// In words, when it is none or cut short.
pub fn read(bytes: &[u8]) -> Result<Array, String> {
    let mut content = bytes;
    let header = header(&mut content)?;
    let told = header.count().map(|(count, size)| (count, size, content.len()));
    let Some((count, size, there)) = told.filter(|(_, size, there)| size <= there) else {
        let why =
            format!("it is cut short: {} bytes of its {} elements are there", content.len(), sides(&header.shape));
        return Err(why);
    };
    if size == 0 && count > there + 1 {
        return Err(format!("its {count} elements have no bytes"));
    }
    let values = match header.element {
        Element::Unicode(_) | Element::Bytes(_) => {
            let mut words = vec![String::new(); count];
            header.words(&mut content, &mut |place, word| words[place] = word)?;
            Values::Words(words)
        }
        _ => {
            let mut numbers = vec![0.0; count];
            header.numbers(&mut content, &mut |place, value| numbers[place] = value)?;
            Values::Numbers(numbers)
        }
    };
    Ok(Array { shape: header.shape, values })
}
