//! Matrices of which only what is not zero is kept.

use std::io::{BufRead, BufReader, Read};

use crate::npy;

/// Most entries that are kept.
const MOST: usize = 200_000_000;

/// A matrix, row by row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sparse {
    /// Columns.
    pub width: usize,
    /// Where the entries of each row begin, and the end: [rows + 1].
    pub starts: Vec<usize>,
    /// Column of each entry, in order within a row.
    pub columns: Vec<u32>,
    pub values: Vec<f32>,
}

impl Sparse {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    fn check(self) -> Result<Self, String> {
        match self.columns.len() {
            0 => Err("it holds nothing but zeros".into()),
            entries if entries > MOST => Err(format!("it has {entries} values that are not zero, which is too many")),
            _ => Ok(self),
        }
    }

    /// Lines of numbers parted by white space or commas, the same count on each, in a stream.
    ///
    /// # Errors
    /// In words, at the first line that does not fit.
    pub fn of_text(content: &mut dyn Read) -> Result<Self, String> {
        let mut matrix = Self { starts: vec![0], ..Self::default() };
        let mut reader = BufReader::with_capacity(1 << 16, content);
        let mut line = Vec::new();
        let mut number = 0;
        loop {
            line.clear();
            if reader.read_until(b'\n', &mut line).map_err(|e| e.to_string())? == 0 {
                return matrix.check();
            }
            number += 1;
            let mut width = 0_usize;
            let cells = line.split(|byte| byte.is_ascii_whitespace() || *byte == b',').filter(|cell| !cell.is_empty());
            for cell in cells {
                // Nearly all cells of such a file are one of these.
                let value = match cell {
                    b"0" | b"0.0" | b"0.000000" => 0.0,
                    b"1" | b"1.0" | b"1.000000" => 1.0,
                    _ => {
                        let text = std::str::from_utf8(cell).ok().and_then(|text| text.parse::<f32>().ok());
                        text.filter(|value| value.is_finite()).ok_or_else(|| {
                            format!("line {number}: {:?} is not a number", String::from_utf8_lossy(cell))
                        })?
                    }
                };
                if value != 0.0 {
                    matrix.columns.push(u32::try_from(width).map_err(|e| e.to_string())?);
                    matrix.values.push(value);
                }
                width += 1;
            }
            if width == 0 {
                continue;
            }
            if matrix.rows() == 0 {
                matrix.width = width;
            }
            if width != matrix.width {
                return Err(format!("line {number} has {width} numbers, the first has {}", matrix.width));
            }
            matrix.starts.push(matrix.columns.len());
        }
    }

    /// A dense array of two sides, in a stream.
    ///
    /// # Errors
    /// In words, when it has other than two sides, or is cut short.
    pub fn of_array(header: &npy::Header, content: &mut dyn Read) -> Result<Self, String> {
        let [rows, width] = header.shape[..] else {
            return Err(format!("it is {}, not a table", npy::sides(&header.shape)));
        };
        if width == 0 || u32::try_from(width).is_err() {
            return Err(format!("it has {width} columns"));
        }
        let mut entries: Vec<(usize, f32)> = Vec::new();
        header.numbers(content, &mut |place, value| {
            if value != 0.0 && value.is_finite() {
                entries.push((place, value as f32));
            }
        })?;
        if !entries.is_sorted_by_key(|(place, _)| *place) {
            entries.sort_unstable_by_key(|(place, _)| *place);
        }
        // The stream was as long as its header said, so this many rows are there.
        let mut starts = vec![0; rows + 1];
        entries.iter().for_each(|(place, _)| starts[place / width + 1] += 1);
        (0..rows).for_each(|row| starts[row + 1] += starts[row]);
        let columns = entries.iter().map(|(place, _)| (place % width) as u32).collect();
        Self { width, starts, columns, values: entries.into_iter().map(|(_, value)| value).collect() }.check()
    }

    /// Lists of values (none: all 1), columns, starts of rows, and, where it is known, the shape.
    ///
    /// # Errors
    /// In words, when the lists do not fit together.
    pub fn of_lists(
        values: Option<&[f64]>,
        columns: &[f64],
        starts: &[f64],
        shape: Option<&[f64]>,
    ) -> Result<Self, String> {
        let whole = |list: &[f64], name: &str| -> Result<Vec<u64>, String> {
            let all = list.iter().map(|v| (*v >= 0.0 && v.fract() == 0.0 && *v < 9e15).then_some(*v as u64));
            all.collect::<Option<Vec<u64>>>().ok_or_else(|| format!("its {name} are not whole numbers from 0"))
        };
        let (columns, starts) = (whole(columns, "columns")?, whole(starts, "starts of rows")?);
        let entries = columns.len() as u64;
        if starts.len() < 2 || starts[0] != 0 || starts.last() != Some(&entries) || !starts.is_sorted() {
            return Err(format!("its {} starts of rows do not cut its {entries} entries into rows", starts.len()));
        }
        if let Some(values) = values.filter(|values| values.len() as u64 != entries) {
            return Err(format!("it has {} values and {entries} columns of them", values.len()));
        }
        let most = columns.iter().max().map_or(0, |most| most + 1);
        let width = shape.and_then(|shape| shape.get(1)).map_or(most, |width| (*width as u64).max(most));
        if u32::try_from(width).is_err() {
            return Err(format!("it has {width} columns"));
        }
        let value = |at: usize| values.map_or(1.0, |values| values[at] as f32);
        let mut matrix = Self { width: width as usize, starts: vec![0], ..Self::default() };
        for row in starts.windows(2) {
            let mut entries: Vec<(u32, f32)> = (row[0] as usize..row[1] as usize)
                .map(|at| (columns[at] as u32, value(at)))
                .filter(|(_, value)| *value != 0.0 && value.is_finite())
                .collect();
            entries.sort_unstable_by_key(|(column, _)| *column);
            entries.dedup_by_key(|(column, _)| *column);
            matrix.columns.extend(entries.iter().map(|(column, _)| *column));
            matrix.values.extend(entries.iter().map(|(_, value)| *value));
            matrix.starts.push(matrix.columns.len());
        }
        matrix.check()
    }
}
