//! What stands in a column, in numbers.

use super::number::{self, Cell};

/// What stands in a column, counted over all rows.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Facts {
    pub numbers: usize,
    pub words: usize,
    pub missing: usize,
    /// Numbers without a fraction.
    pub whole: usize,
    /// Words "true", "false", "yes" and "no".
    pub truths: usize,
    pub percents: usize,
    pub least: f64,
    pub most: f64,
}

impl Facts {
    /// Count a cell.
    pub fn add(&mut self, text: &str, decimal: char) {
        match number::cell(text, decimal) {
            Cell::Missing => self.missing += 1,
            Cell::Word => {
                self.words += 1;
                self.truths += usize::from(truth(text).is_some());
            }
            Cell::Number(value) => {
                self.numbers += 1;
                self.whole += usize::from(value.fract() == 0.0);
                self.percents += usize::from(text.ends_with('%'));
                (self.least, self.most) = (self.least.min(value), self.most.max(value));
            }
        }
    }

    /// Whether the column holds numbers, a few bad cells aside, or nothing but truths.
    pub fn is_numbers(&self) -> bool {
        self.is_truths() || (self.numbers > 0 && self.numbers >= 2 * self.words)
    }

    /// Whether the column holds nothing but truths.
    pub fn is_truths(&self) -> bool {
        self.truths > 0 && self.truths == self.words && self.numbers == 0
    }

    /// Cells that give no number.
    pub fn bad(&self) -> usize {
        self.missing + if self.is_truths() { 0 } else { self.words }
    }

    /// Whether all numbers are the same.
    pub fn is_constant(&self) -> bool {
        let largest = self.least.abs().max(self.most.abs());
        self.numbers > 0 && (self.most - self.least) / largest.max(f64::MIN_POSITIVE) <= 8.0 * f64::EPSILON
    }
}

/// 1 for "true" and "yes", 0 for "false" and "no".
pub fn truth(cell: &str) -> Option<f64> {
    let is = |words: [&str; 2]| words.iter().any(|word| cell.eq_ignore_ascii_case(word));
    match cell.len() {
        2..=5 if is(["true", "yes"]) => Some(1.0),
        2..=5 if is(["false", "no"]) => Some(0.0),
        _ => None,
    }
}
