//! A cell as a number, as people and programs write them.

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell {
    /// Nothing: empty, one of the usual words for it, or a number beyond all bounds.
    Missing,
    Number(f64),
    Word,
}

/// What programs write where there is no number.
const MISSING: [&str; 18] = [
    "na", "n/a", "#n/a", "nan", "-nan", "?", "null", "none", "nil", "-", "--", ".", "<na>", "\\n", "#div/0!",
    "#value!", "#ref!", "missing",
];

/// Whether a cell stands for "nothing known" among words.
pub fn is_missing_word(cell: &str) -> bool {
    // "None" may be the name of a class.
    cell.is_empty() || (cell.len() <= 7 && cell != "None" && MISSING.contains(&cell.to_ascii_lowercase().as_str()))
}

/// What a cell holds, with numbers written with this decimal sign. A percent sign is passed over.
pub fn cell(cell: &str, decimal: char) -> Cell {
    match number(cell, decimal) {
        Some(value) if value.is_finite() => Cell::Number(value),
        Some(_) => Cell::Missing,
        None if cell.is_empty() || cell.len() <= 7 && MISSING.contains(&cell.to_ascii_lowercase().as_str()) => {
            Cell::Missing
        }
        None => Cell::Word,
    }
}

/// Whether a cell is a finite number.
pub fn is_number(text: &str, decimal: char) -> bool {
    matches!(cell(text, decimal), Cell::Number(_))
}

/// The number that a cell is, infinite ones too; a "nan" is none.
fn number(cell: &str, decimal: char) -> Option<f64> {
    let plain = cell.bytes().next().is_some_and(|byte| byte.is_ascii_digit() || b"+-.,".contains(&byte));
    if plain && decimal == '.' {
        // By far the most frequent.
        if let Ok(value) = cell.parse::<f64>() {
            return (!value.is_nan()).then_some(value);
        }
    }
    if !plain && !cell.starts_with('−') && !cell.eq_ignore_ascii_case("inf") && !cell.eq_ignore_ascii_case("infinity")
    {
        return None;
    }
    let bare = cell.strip_suffix('%').map_or(cell, str::trim_end);
    let mut text = bare.replace('−', "-");
    if decimal == ',' {
        if text.contains('.') {
            return None;
        }
        text = text.replacen(',', ".", 1);
    }
    // Fortran's exponent.
    if let Some(at) = text.find(['d', 'D']).filter(|at| *at > 0 && text.as_bytes()[at - 1].is_ascii_digit()) {
        text.replace_range(at..=at, "e");
    }
    text.parse::<f64>().ok().filter(|value| !value.is_nan())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_write_them() {
        for (text, decimal, expected) in [
            ("1.5", '.', Cell::Number(1.5)),
            ("+1", '.', Cell::Number(1.0)),
            ("−2.5", '.', Cell::Number(-2.5)),
            (".5", '.', Cell::Number(0.5)),
            ("1.", '.', Cell::Number(1.0)),
            ("1E+05", '.', Cell::Number(1e5)),
            ("1.0D-2", '.', Cell::Number(0.01)),
            ("12 %", '.', Cell::Number(12.0)),
            ("1,5", ',', Cell::Number(1.5)),
            ("1,5", '.', Cell::Word),
            ("1.5", ',', Cell::Word),
            ("1.234,5", ',', Cell::Word),
            ("1e400", '.', Cell::Missing),
            ("-Infinity", '.', Cell::Missing),
            ("inf", '.', Cell::Missing),
            ("NaN", '.', Cell::Missing),
            ("#N/A", '.', Cell::Missing),
            ("", '.', Cell::Missing),
            ("-", '.', Cell::Missing),
            ("12a", '.', Cell::Word),
            ("2020-01-01", '.', Cell::Word),
            ("%", '.', Cell::Word),
            ("nano", '.', Cell::Word),
        ] {
            assert_eq!(cell(text, decimal), expected, "{text:?}");
        }
        assert!(is_missing_word("?") && !is_missing_word("None") && !is_missing_word("red"));
    }
}
