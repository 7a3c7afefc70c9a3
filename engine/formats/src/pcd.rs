//! PCD files (of the Point Cloud Library): points as text, binary, or packed by LZF field by field.

use crate::mesh::{Mesh, Parts, Those, coordinate, note_commas};

/// One of the fields of a point.
#[derive(Debug, Clone, Default)]
struct Field {
    name: String,
    /// Bytes of a number, its kind (F, I, U), and how many there are.
    size: usize,
    kind: char,
    count: usize,
}

#[derive(Debug, Default)]
struct Header {
    fields: Vec<Field>,
    points: usize,
    data: String,
    body: usize,
}

/// Whether these bytes are a PCD file.
pub fn is_pcd(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(1 << 12)];
    let has = |word: &[u8]| start.split(|b| *b == b'\n').any(|line| line.starts_with(word));
    has(b"FIELDS ") && has(b"SIZE ") && has(b"TYPE ")
}

/// Read a PCD file. Of one that is cut short, what is there.
///
/// # Errors
/// Why no cloud can be made of it, in words.
pub fn read(bytes: &[u8]) -> Result<Mesh, String> {
    let header = header(bytes)?;
    let place = |axis: &str| header.fields.iter().position(|field| field.name.eq_ignore_ascii_case(axis));
    let names: Vec<&str> = header.fields.iter().map(|field| field.name.as_str()).collect();
    let missing = || format!("its fields are {}, and x, y and z are needed", names.join(", "));
    let axes = [place("x"), place("y"), place("z")];
    let [Some(x), Some(y), Some(z)] = axes else { return Err(missing()) };
    let body = bytes.get(header.body..).unwrap_or(&[]);
    let mut parts = Parts::default();
    match header.data.as_str() {
        "ascii" => from_text(&header, [x, y, z], body, &mut parts),
        "binary" => from_binary(&header, [x, y, z], body, &mut parts)?,
        "binary_compressed" => {
            let whole = unpacked(body)?;
            from_columns(&header, [x, y, z], &whole, &mut parts)?;
        }
        other => return Err(format!("its data are {other:?}, and only ascii, binary and binary_compressed are read")),
    }
    if parts.vertices.len() < header.points {
        let found = parts.vertices.len();
        parts.notes.push(format!("its header tells of {} points, and {found} are there", header.points));
    }
    parts.mesh()
}

fn header(bytes: &[u8]) -> Result<Header, String> {
    let mut header = Header::default();
    let (mut sides, mut points) = ([None; 2], None);
    loop {
        let rest = bytes.get(header.body..).unwrap_or(&[]);
        let end = rest.iter().position(|b| *b == b'\n').ok_or("its header has no end")?;
        header.body += end + 1;
        let line = String::from_utf8_lossy(&rest[..end]);
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let word = words.next().unwrap_or_default();
        let words: Vec<&str> = words.collect();
        let number = |at: usize| words.get(at).and_then(|word| word.parse::<usize>().ok());
        match word {
            "FIELDS" | "COLUMNS" => {
                header.fields =
                    words.iter().map(|name| Field { name: (*name).into(), size: 4, kind: 'F', count: 1 }).collect();
            }
            "SIZE" => header.fields.iter_mut().enumerate().for_each(|(at, field)| field.size = number(at).unwrap_or(4)),
            "COUNT" => {
                header.fields.iter_mut().enumerate().for_each(|(at, field)| field.count = number(at).unwrap_or(1))
            }
            "TYPE" => {
                let kind = |at: usize| words.get(at).and_then(|word| word.chars().next()).unwrap_or('F');
                header.fields.iter_mut().enumerate().for_each(|(at, field)| field.kind = kind(at));
            }
            "WIDTH" => sides[0] = number(0),
            "HEIGHT" => sides[1] = number(0),
            "POINTS" => points = number(0),
            "DATA" => {
                header.data = words.first().copied().unwrap_or_default().to_ascii_lowercase();
                break;
            }
            _ => {}
        }
    }
    let area = sides[0].zip(sides[1]).and_then(|(width, height)| width.checked_mul(height));
    header.points = points.or(area).ok_or("its header does not tell the number of points")?;
    Ok(header)
}

fn from_text(header: &Header, axes: [usize; 3], body: &[u8], parts: &mut Parts) {
    let mut commas = Those::default();
    let places = axes.map(|axis| header.fields[..axis].iter().map(|f| f.count).fold(0, usize::saturating_add));
    let text = String::from_utf8_lossy(body);
    for line in
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).take(header.points)
    {
        let words: Vec<&str> = line.split_whitespace().collect();
        parts.vertices.push(places.map(|at| words.get(at).map_or(f64::NAN, |word| coordinate(word, &mut commas))));
    }
    note_commas(&commas, &mut parts.notes);
}

/// Where each field begins within a point, in bytes, and where the point ends.
fn offsets(header: &Header) -> Result<(Vec<usize>, usize), String> {
    let mut end = 0_usize;
    let mut starts = Vec::new();
    for field in &header.fields {
        starts.push(end);
        let size = field.size.checked_mul(field.count).and_then(|size| end.checked_add(size));
        end = size.ok_or("its header tells of fields that are too large")?;
    }
    Ok((starts, end))
}

fn from_binary(header: &Header, axes: [usize; 3], body: &[u8], parts: &mut Parts) -> Result<(), String> {
    let (starts, size) = offsets(header)?;
    for point in body.chunks_exact(size.max(1)).take(header.points) {
        parts.vertices.push(axes.map(|axis| number(&header.fields[axis], point, starts[axis])));
    }
    Ok(())
}

/// All values of the first field, then all of the second …
fn from_columns(header: &Header, axes: [usize; 3], body: &[u8], parts: &mut Parts) -> Result<(), String> {
    let (starts, size) = offsets(header)?;
    let points = header.points.min(body.len() / size.max(1));
    for point in 0..points {
        let value = |axis: usize| {
            let field = &header.fields[axis];
            number(field, body, starts[axis] * points + point * field.size * field.count)
        };
        parts.vertices.push(axes.map(value));
    }
    Ok(())
}

fn number(field: &Field, bytes: &[u8], at: usize) -> f64 {
    let taken = at.checked_add(field.size).and_then(|end| bytes.get(at..end)).unwrap_or(&[]);
    let mut eight = [0; 8];
    match eight.get_mut(..taken.len()) {
        Some(low) => low.copy_from_slice(taken),
        None => return f64::NAN,
    }
    match (field.kind, taken.len()) {
        ('F', 4) => f64::from(f32::from_bits(u64::from_le_bytes(eight) as u32)),
        ('F', 8) => f64::from_le_bytes(eight),
        ('U', 1 | 2 | 4 | 8) => u64::from_le_bytes(eight) as f64,
        ('I', size @ (1 | 2 | 4 | 8)) => {
            let unused = 64 - 8 * size as u32;
            (i64::from_le_bytes(eight) << unused >> unused) as f64
        }
        _ => f64::NAN,
    }
}

/// The points of a packed body: two sizes, then what LZF has packed.
fn unpacked(body: &[u8]) -> Result<Vec<u8>, String> {
    /// LZF copies 264 bytes by three at most.
    const MOST: usize = 88;
    let size = |at: usize| {
        body.get(at..).and_then(|rest| rest.first_chunk::<4>()).map(|four| u32::from_le_bytes(*four) as usize)
    };
    let (Some(packed), Some(wanted)) = (size(0), size(4)) else { return Err("it ends before its points".into()) };
    let packed = &body[8..packed.saturating_add(8).min(body.len())];
    let mut whole = Vec::new();
    let mut rest = packed;
    let broken = || "its packed points are damaged or cut short".to_string();
    while let [control, after @ ..] = rest {
        let control = usize::from(*control);
        if control < 32 {
            let taken = after.get(..=control).ok_or_else(broken)?;
            whole.extend_from_slice(taken);
            rest = &after[control + 1..];
            continue;
        }
        let (mut length, mut after) = (control >> 5, after);
        if length == 7 {
            let [more, later @ ..] = after else { return Err(broken()) };
            (length, after) = (length + usize::from(*more), later);
        }
        let [low, later @ ..] = after else { return Err(broken()) };
        let back = ((control & 31) << 8 | usize::from(*low)) + 1;
        let start = whole.len().checked_sub(back).ok_or_else(broken)?;
        for at in start..start + length + 2 {
            whole.push(whole[at]);
        }
        rest = later;
    }
    if whole.len() == wanted && wanted <= MOST * packed.len().max(1) { Ok(whole) } else { Err(broken()) }
}
