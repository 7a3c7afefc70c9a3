//! What stands in a column, in numbers.

/// What stands in a column, counted over all rows.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Facts {
    pub numbers: usize,
    pub words: usize,
    pub missing: usize,
    /// Numbers without a fraction.
    pub whole: usize,
    /// Words "true" and "false".
    pub truths: usize,
    pub percents: usize,
    pub least: f64,
    pub most: f64,
}

impl Facts {
    /// Whether the column holds numbers, a few bad cells aside, or nothing but true and false.
    pub fn is_numbers(&self) -> bool {
        self.is_truths() || (self.numbers > 0 && self.numbers >= 2 * self.words)
    }

    /// Whether the column holds nothing but true and false.
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

/// 1 for "true", 0 for "false".
pub fn truth(cell: &str) -> Option<f64> {
    match cell.len() {
        4 if cell.eq_ignore_ascii_case("true") => Some(1.0),
        5 if cell.eq_ignore_ascii_case("false") => Some(0.0),
        _ => None,
    }
}
