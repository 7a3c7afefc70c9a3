//! The header of a PLY file: the elements, their properties, and how the body is written.

/// Types of numbers, by all their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
}

impl Number {
    fn of(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "char" | "int8" => Self::I8,
            "uchar" | "uint8" => Self::U8,
            "short" | "int16" => Self::I16,
            "ushort" | "uint16" => Self::U16,
            "int" | "int32" => Self::I32,
            "uint" | "uint32" => Self::U32,
            "int64" | "long" => Self::I64,
            "uint64" | "ulong" => Self::U64,
            "float" | "float32" => Self::F32,
            "double" | "float64" => Self::F64,
            _ => return None,
        })
    }

    pub fn is_whole(self) -> bool {
        !matches!(self, Self::F32 | Self::F64)
    }
}

/// What an element has: a number, or a list of them with its length before it.
#[derive(Debug)]
pub(super) struct Property {
    pub name: String,
    pub length: Option<Number>,
    pub item: Number,
}

#[derive(Debug)]
pub(super) struct Element {
    pub name: String,
    pub count: u64,
    pub properties: Vec<Property>,
}

impl Element {
    /// The places of x, y and z among the properties.
    pub fn axes(&self) -> Option<[usize; 3]> {
        let place =
            |axis: &str| self.properties.iter().position(|p| p.length.is_none() && p.name.eq_ignore_ascii_case(axis));
        Some([place("x")?, place("y")?, place("z")?])
    }

    /// The place of the list of vertices among the properties: by its name, else the first list of whole numbers.
    pub fn corners(&self) -> Option<usize> {
        const NAMES: [&str; 5] = ["vertex_indices", "vertex_index", "vertex_ids", "indices", "vertices"];
        let named = |p: &Property| p.length.is_some() && NAMES.iter().any(|name| p.name.eq_ignore_ascii_case(name));
        let named = self.properties.iter().position(named);
        named.or_else(|| self.properties.iter().position(|p| p.length.is_some() && p.item.is_whole()))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Text,
    LittleEnd,
    BigEnd,
}

/// What a header says.
#[derive(Debug)]
pub(super) struct Header {
    pub format: Format,
    pub elements: Vec<Element>,
    /// Where the body begins.
    pub body: usize,
}

impl Header {
    /// Read a header, whatever its line ends.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let (mut format, mut elements, mut body) = (None, Vec::<Element>::new(), 0);
        loop {
            let first = body == 0;
            let rest = bytes.get(body..).unwrap_or(&[]);
            let end = rest.iter().position(|b| matches!(b, b'\n' | b'\r')).ok_or("its header has no end")?;
            let line = String::from_utf8_lossy(&rest[..end]);
            body += end + if rest[end..].starts_with(b"\r\n") { 2 } else { 1 };
            let words: Vec<&str> = line.trim_start_matches('\u{feff}').split_whitespace().collect();
            let number = |name: &str| {
                // In a text all numbers are written alike.
                let unknown = || format!("{name:?} is no type of numbers");
                Number::of(name).or((format == Some(Format::Text)).then_some(Number::F64)).ok_or_else(unknown)
            };
            match words.as_slice() {
                ["ply" | "PLY"] if first => {}
                _ if first => return Err("it does not begin with the word ply".into()),
                ["end_header", ..] => break,
                ["format", "ascii", ..] => format = Some(Format::Text),
                ["format", "binary_little_endian", ..] => format = Some(Format::LittleEnd),
                ["format", "binary_big_endian", ..] => format = Some(Format::BigEnd),
                ["element", name, count, ..] => {
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
                _ => return Err(format!("its header has a line {:?}", line.chars().take(60).collect::<String>())),
            }
        }
        Ok(Self { format: format.ok_or("its header names no format")?, elements, body })
    }
}
