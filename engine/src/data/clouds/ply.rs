//! PLY files (Turk, 1994): text, and binary with either end first.

use super::mesh::Mesh;

/// Types of numbers, by all their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    F32,
    F64,
}

impl Number {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "char" | "int8" => Self::I8,
            "uchar" | "uint8" => Self::U8,
            "short" | "int16" => Self::I16,
            "ushort" | "uint16" => Self::U16,
            "int" | "int32" => Self::I32,
            "uint" | "uint32" => Self::U32,
            "float" | "float32" => Self::F32,
            "double" | "float64" => Self::F64,
            _ => return None,
        })
    }
}

/// What an element has: a number, or a list of them with its length before it.
struct Property {
    name: String,
    length: Option<Number>,
    item: Number,
}

struct Element {
    name: String,
    count: u64,
    properties: Vec<Property>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Text,
    LittleEnd,
    BigEnd,
}

/// Read a PLY file: the coordinates of its vertices, and its faces where it has some.
///
/// # Errors
/// Why it cannot be read, in words.
pub fn read(bytes: &[u8]) -> Result<Mesh, String> {
    let (format, elements, start) = header(bytes)?;
    let mut numbers = Numbers { format, bytes: bytes.get(start..).unwrap_or(&[]) };
    let mut mesh = Mesh::default();
    let mut values = Vec::new();
    for element in elements.iter().filter(|element| !element.properties.is_empty()) {
        for _ in 0..element.count {
            let mut vertex = [f32::NAN; 3];
            for property in &element.properties {
                numbers.read(property, &mut values)?;
                match (element.name.as_str(), property.name.as_str(), values.first()) {
                    ("vertex", axis @ ("x" | "y" | "z"), Some(value)) => {
                        vertex[usize::from(axis.as_bytes()[0] - b'x')] = *value as f32
                    }
                    ("face", "vertex_indices" | "vertex_index", _) => {
                        let corner = |value: &f64| {
                            if *value >= 0.0 { Ok(*value as usize) } else { Err(format!("a face has vertex {value}")) }
                        };
                        mesh.add_polygon(&values.iter().map(corner).collect::<Result<Vec<usize>, String>>()?);
                    }
                    _ => {}
                }
            }
            if element.name == "vertex" {
                mesh.vertices.push(vertex);
            }
        }
    }
    mesh.check().map(|()| mesh)
}

/// The format, the elements, and where the body begins.
fn header(bytes: &[u8]) -> Result<(Format, Vec<Element>, usize), String> {
    let (mut format, mut elements, mut at) = (None, Vec::<Element>::new(), 0);
    loop {
        let rest = bytes.get(at..).unwrap_or(&[]);
        let end = rest.iter().position(|b| *b == b'\n').ok_or("its header has no end")?;
        let line = std::str::from_utf8(&rest[..end]).map_err(|_| "its header is no text")?.trim();
        let first = at == 0;
        at += end + 1;
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |name: &str| Number::of(name).ok_or_else(|| format!("{name:?} is no type of numbers"));
        match words.as_slice() {
            ["ply"] if first => {}
            _ if first => return Err("it does not begin with the word ply".into()),
            ["end_header"] => break,
            ["format", "ascii", ..] => format = Some(Format::Text),
            ["format", "binary_little_endian", ..] => format = Some(Format::LittleEnd),
            ["format", "binary_big_endian", ..] => format = Some(Format::BigEnd),
            ["element", name, count] => {
                let count = count.parse().map_err(|_| format!("{count:?} is no number of elements"))?;
                elements.push(Element { name: (*name).into(), count, properties: Vec::new() });
            }
            ["property", kind @ .., name] => {
                let (length, item) = match kind {
                    ["list", length, item] => (Some(number(length)?), number(item)?),
                    [item] => (None, number(item)?),
                    _ => return Err(format!("the property {name:?} cannot be read")),
                };
                let element = elements.last_mut().ok_or("a property stands before the first element")?;
                element.properties.push(Property { name: (*name).into(), length, item });
            }
            [] | ["comment" | "obj_info", ..] => {}
            _ => return Err(format!("its header has a line {line:?}")),
        }
    }
    Ok((format.ok_or("its header names no format")?, elements, at))
}

/// The numbers of the body, one after the other.
struct Numbers<'a> {
    format: Format,
    bytes: &'a [u8],
}

impl Numbers<'_> {
    /// The value of a property, or the values of its list.
    fn read(&mut self, property: &Property, values: &mut Vec<f64>) -> Result<(), String> {
        values.clear();
        let count = match property.length {
            None => 1.0,
            Some(length) => self.next(length)?,
        };
        for _ in 0..count.max(0.0) as u64 {
            values.push(self.next(property.item)?);
        }
        Ok(())
    }

    fn next(&mut self, number: Number) -> Result<f64, String> {
        if self.format == Format::Text {
            let word = self.word().ok_or("it ends too early")?;
            return word.parse().map_err(|_| format!("{word:?} is no number"));
        }
        Ok(match number {
            Number::I8 => f64::from(i8::from_le_bytes(self.take()?)),
            Number::U8 => f64::from(u8::from_le_bytes(self.take()?)),
            Number::I16 => f64::from(i16::from_le_bytes(self.take()?)),
            Number::U16 => f64::from(u16::from_le_bytes(self.take()?)),
            Number::I32 => f64::from(i32::from_le_bytes(self.take()?)),
            Number::U32 => f64::from(u32::from_le_bytes(self.take()?)),
            Number::F32 => f64::from(f32::from_le_bytes(self.take()?)),
            Number::F64 => f64::from_le_bytes(self.take()?),
        })
    }

    /// The next bytes, the lowest first.
    fn take<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let (taken, rest) = self.bytes.split_first_chunk::<N>().ok_or("it ends too early")?;
        let mut taken = *taken;
        self.bytes = rest;
        if self.format == Format::BigEnd {
            taken.reverse();
        }
        Ok(taken)
    }

    fn word(&mut self) -> Option<&str> {
        let start = self.bytes.iter().position(|b| !b.is_ascii_whitespace())?;
        let rest = &self.bytes[start..];
        let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
        let (word, rest) = rest.split_at(end);
        self.bytes = rest;
        std::str::from_utf8(word).ok()
    }
}
