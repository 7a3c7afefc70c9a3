//! Whether the first row names the columns: it is compared with many rows below it.

use super::number::{self, Cell};
use super::roles;
use super::rows::Rows;

/// Rows below that are looked at, spread over the file.
const LOOKED_AT: usize = 1000;

/// What lies below a cell of the first row.
#[derive(Debug, Default)]
struct Below {
    numbers: usize,
    words: usize,
    /// Numbers with a fraction.
    fractions: usize,
    least: f64,
    most: f64,
}

impl Below {
    fn is_numbers(&self) -> bool {
        self.numbers > 0 && self.numbers >= 2 * self.words
    }

    fn is_fractions(&self) -> bool {
        self.fractions * 10 >= self.numbers * 8
    }
}

/// Whether these cells name the columns of the rows of `body` (places in `rows`), whose first such cell is in column
/// `from`.
pub fn names_columns(first: &[&str], from: usize, rows: &Rows, body: &[u32], decimal: char) -> bool {
    let every = body.len().div_ceil(LOOKED_AT).max(1);
    let sample: Vec<usize> = body.iter().step_by(every).map(|row| *row as usize).collect();
    let below: Vec<Below> = (0..first.len()).map(|at| below(rows, &sample, from + at, decimal)).collect();
    let cells: Vec<Cell> = first.iter().map(|cell| number::cell(cell, decimal)).collect();
    let over = |numbers: bool, word: bool| {
        let both = below.iter().zip(&cells);
        both.filter(|(below, cell)| {
            let kind = if word { **cell == Cell::Word } else { matches!(cell, Cell::Number(_)) };
            below.is_numbers() == numbers && kind
        })
        .count()
    };
    let (words, numbers, odd) = (over(true, true), over(true, false), over(false, false));
    if !below.iter().any(Below::is_numbers) {
        return names_words(first, from, rows, &sample);
    }
    if words > 0 && numbers == 0 {
        return true;
    }
    let count = counting(first, &cells);
    match count {
        Some(count) if words > 0 || odd > 0 => count.by_one || words > numbers,
        Some(count) => {
            let fractions = below.iter().filter(|below| below.is_fractions() && below.numbers > 0).count() * 2;
            let above_fractions = fractions >= below.iter().filter(|below| below.is_numbers()).count();
            let row = |row: &usize| -> Option<Counting> {
                let cells: Vec<&str> = (0..first.len()).map(|at| rows.cell(*row, from + at)).collect();
                counting(&cells, &cells.iter().map(|cell| number::cell(cell, decimal)).collect::<Vec<_>>())
            };
            // No number of the first row lies among those of its column.
            let outside = || {
                let lies = |(below, cell): (&Below, &Cell)| match cell {
                    Cell::Number(value) => below.is_numbers() && (below.least..=below.most).contains(value),
                    _ => false,
                };
                !below.iter().zip(&cells).any(lies)
            };
            let rare = || sample.iter().filter_map(row).count() * 20 <= sample.len();
            let unnamed = first.first().is_some_and(|cell| cell.is_empty());
            (count.whole && above_fractions && (count.by_one || count.length > 2))
                || (count.length >= 8 || count.by_one && (count.length >= 5 || count.length >= 3 && outside()))
                    && rare()
                || unnamed && count.from_start && roles::counts_rows(rows, body, 0, decimal)
        }
        None => words > numbers,
    }
}

fn below(rows: &Rows, sample: &[usize], column: usize, decimal: char) -> Below {
    let mut below = Below { least: f64::INFINITY, most: f64::NEG_INFINITY, ..Below::default() };
    for row in sample {
        match number::cell(rows.cell(*row, column), decimal) {
            Cell::Number(value) => {
                below.numbers += 1;
                (below.least, below.most) = (below.least.min(value), below.most.max(value));
                below.fractions += usize::from(value.fract() != 0.0 || rows.cell(*row, column).contains(decimal));
            }
            Cell::Word => below.words += 1,
            Cell::Missing => (),
        }
    }
    below
}

/// Numbers of a row that rise or fall evenly.
struct Counting {
    length: usize,
    /// All are written as whole numbers.
    whole: bool,
    /// Whole, each one more than the one before.
    by_one: bool,
    /// Whole, by one, from 0 or 1.
    from_start: bool,
}

/// Whether the numbers of a row rise or fall evenly; at least two.
fn counting(texts: &[&str], cells: &[Cell]) -> Option<Counting> {
    let numbers: Vec<(f64, &str)> = cells
        .iter()
        .zip(texts)
        .filter_map(|(cell, text)| if let Cell::Number(value) = cell { Some((*value, *text)) } else { None })
        .collect();
    let [(start, _), (second, _), ..] = numbers[..] else { return None };
    let step = second - start;
    let even = numbers.windows(2).all(|pair| ((pair[1].0 - pair[0].0) - step).abs() <= 1e-6 * step.abs());
    let whole = numbers.iter().all(|(_, text)| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'));
    let by_one = whole && step == 1.0;
    (even && step != 0.0).then_some(Counting {
        length: numbers.len(),
        whole,
        by_one,
        from_start: by_one && (start == 0.0 || start == 1.0),
    })
}

/// Whether a row of words names columns of words: it has a usual name of a column, or a column below repeats a few
/// values, and the first is none of them.
fn names_words(first: &[&str], from: usize, rows: &Rows, sample: &[usize]) -> bool {
    let (mut for_it, mut against) = (false, false);
    for (at, cell) in first.iter().enumerate() {
        let mut values = std::collections::HashMap::<&str, usize>::new();
        sample.iter().for_each(|row| *values.entry(rows.cell(*row, from + at)).or_default() += 1);
        let there = values.contains_key(cell);
        let few = sample.len() >= 6 && values.len() * 2 <= sample.len();
        for_it |= !there && !cell.is_empty() && (few || roles::is_usual_name(cell));
        against |= there && !cell.is_empty();
    }
    for_it && !against
}
