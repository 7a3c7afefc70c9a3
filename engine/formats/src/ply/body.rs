//! The numbers of a PLY file's body, one element after the other.

use super::header::{Element, Format, Number};
use crate::mesh::{Those, coordinate};

/// What is left of a body.
pub(super) struct Body<'a> {
    format: Format,
    bytes: &'a [u8],
    /// Of a text: every element is on a line of its own, as it should be.
    by_lines: bool,
    /// Of such a text: there are fewer lines than the header tells of elements.
    too_few: bool,
    /// Numbers of a text with a decimal comma, lines that hold more numbers than the header tells of.
    pub commas: Those,
    pub wider: Those,
    /// Words of the line at hand.
    words: Vec<&'a [u8]>,
    /// Of these, the next one.
    next: usize,
    line: usize,
}

/// An element is not there any more.
pub(super) struct End;

impl<'a> Body<'a> {
    pub fn new(format: Format, bytes: &'a [u8], elements: &[Element]) -> Self {
        let mut body = Self {
            format,
            bytes,
            by_lines: format == Format::Text,
            too_few: false,
            commas: Those::default(),
            wider: Those::default(),
            words: Vec::new(),
            next: 0,
            line: 0,
        };
        // Some programs break lines anywhere.
        if let (Format::Text, Some(first)) = (format, elements.iter().find(|element| element.count > 0)) {
            let scalars = first.properties.iter().take_while(|property| property.length.is_none()).count();
            body.by_lines = body.peek_line().is_none_or(|line| words(line).count() >= scalars);
            let lines = bytes.split(|b| matches!(b, b'\n' | b'\r')).filter(|line| words(line).next().is_some()).count();
            let told = |element: &Element| if element.properties.is_empty() { 0 } else { element.count };
            body.too_few = (lines as u64) < elements.iter().map(told).fold(0, u64::saturating_add);
        }
        body
    }

    /// Whether there is anything left.
    pub fn is_empty(&self) -> bool {
        if self.format == Format::Text {
            self.peek_line().is_none() && self.next >= self.words.len()
        } else {
            self.bytes.is_empty()
        }
    }

    /// Read an element: the values of each property take the place of those in its list in `values`. Of the lines of a
    /// text, `usual` is how many numbers the first one of this element held.
    pub fn element(
        &mut self,
        element: &Element,
        usual: &mut Option<usize>,
        values: &mut [Vec<f64>],
    ) -> Result<(), End> {
        if self.by_lines {
            let found = words(self.peek_line().ok_or(End)?).count();
            let scalars = element.properties.iter().all(|property| property.length.is_none());
            // Where lines are missing, one with another number of numbers belongs to the next element.
            if scalars && self.too_few && found != *usual.get_or_insert(found) {
                return Err(End);
            }
            self.take_line();
            if scalars && found > element.properties.len() {
                let line = self.line;
                self.wider.add(|| format!("line {line} of the body, {found} for {}", element.properties.len()));
            }
        }
        for (property, values) in element.properties.iter().zip(values) {
            values.clear();
            let count = match property.length {
                None => 1.0,
                Some(length) => self.number(length)?,
            };
            if !(0.0..=self.left() as f64).contains(&count) {
                if !self.by_lines {
                    return Err(End);
                }
                values.push(f64::NAN);
                continue;
            }
            for _ in 0..count as usize {
                values.push(self.number(property.item)?);
            }
        }
        Ok(())
    }

    /// Most numbers that a list can have: each takes a byte at least.
    fn left(&self) -> usize {
        let words = self.words.len().saturating_sub(self.next);
        if self.by_lines { words } else { words + self.bytes.len() }
    }

    fn number(&mut self, number: Number) -> Result<f64, End> {
        if self.format == Format::Text {
            let by_lines = self.by_lines;
            while self.next >= self.words.len() {
                if by_lines {
                    // A number that its line lacks.
                    return Ok(f64::NAN);
                }
                self.peek_line().ok_or(End)?;
                self.take_line();
            }
            let word = String::from_utf8_lossy(self.words[self.next]);
            self.next += 1;
            return Ok(coordinate(&word, &mut self.commas));
        }
        Ok(match number {
            Number::I8 => f64::from(i8::from_le_bytes(self.take()?)),
            Number::U8 => f64::from(u8::from_le_bytes(self.take()?)),
            Number::I16 => f64::from(i16::from_le_bytes(self.take()?)),
            Number::U16 => f64::from(u16::from_le_bytes(self.take()?)),
            Number::I32 => f64::from(i32::from_le_bytes(self.take()?)),
            Number::U32 => f64::from(u32::from_le_bytes(self.take()?)),
            Number::I64 => i64::from_le_bytes(self.take()?) as f64,
            Number::U64 => u64::from_le_bytes(self.take()?) as f64,
            Number::F32 => f64::from(f32::from_le_bytes(self.take()?)),
            Number::F64 => f64::from_le_bytes(self.take()?),
        })
    }

    /// The next bytes, the lowest first.
    fn take<const N: usize>(&mut self) -> Result<[u8; N], End> {
        let (taken, rest) = self.bytes.split_first_chunk::<N>().ok_or(End)?;
        let mut taken = *taken;
        self.bytes = rest;
        if self.format == Format::BigEnd {
            taken.reverse();
        }
        Ok(taken)
    }

    /// The next line that is not empty.
    fn peek_line(&self) -> Option<&'a [u8]> {
        let start = self.bytes.iter().position(|b| !b.is_ascii_whitespace())?;
        let rest = &self.bytes[start..];
        Some(&rest[..rest.iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(rest.len())])
    }

    fn take_line(&mut self) {
        if let Some(line) = self.peek_line() {
            let start = self.bytes.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(0);
            self.bytes = &self.bytes[start + line.len()..];
            self.words.clear();
            self.words.extend(words(line));
            self.next = 0;
            self.line += 1;
        }
    }
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}
