//! How the cells of a text are told apart, judged over many rows: the separator under which most rows have the same
//! number of cells, and no cell looks as if it were several.

use super::number;
use super::rows::{Dialect, Rows};
use crate::Reading;

/// What is looked at: lines, and bytes.
const LINES: usize = 1000;
const BYTES: usize = 4 << 20;
/// In this order where several fit equally well.
const SEPARATORS: [char; 5] = ['\t', ';', '|', ',', ' '];
/// By how much a separator has to fit better than one before it.
const CLEARLY: f64 = 0.02;
/// A row over more lines than this is one with a quote that is never closed, if more rows are found without quotes.
const LONG: u32 = 30;

/// The rows of a text, and what was guessed.
///
/// # Errors
/// Those of [`Rows::parse`].
pub fn rows(text: &str, reading: &Reading, notes: &mut Vec<String>) -> Result<(Rows, char), String> {
    let (named, text) = excel_line(text);
    let separator = reading.separator.or(named);
    let sample = beginning(text);
    let mut dialect = Dialect { separator: ',', quote: Some(b'"'), escaped: false, comments: true };
    let cut = text.len() > sample.len();
    let (mut best, mut kept) = (-1.0, None);
    for quote in quotes(sample) {
        for candidate in separator.map_or(SEPARATORS.to_vec(), |given| vec![given]) {
            let tried = Dialect { separator: candidate, quote: Some(quote), ..dialect };
            let (fits, rows) = if parts(sample, candidate) { fit(sample, cut, tried)? } else { (0.0, None) };
            if fits > best + if best < 0.0 { 0.0 } else { CLEARLY } {
                (best, dialect, kept) = (fits, tried, rows);
            }
        }
    }
    if separator.is_none() && best <= 0.0 {
        (dialect.separator, kept) = (',', None);
    }
    if sample.contains("\\\"") {
        let escaped = Dialect { escaped: true, ..dialect };
        let (fits, rows) = fit(sample, cut, escaped)?;
        if fits > best {
            (dialect, kept) = (escaped, rows);
        }
    }
    let mut rows = match kept {
        Some(rows) if !cut => rows,
        _ => Rows::parse(text, dialect)?,
    };
    if rows.longest > LONG {
        let open = Rows::parse(text, Dialect { quote: None, ..dialect })?;
        if open.usual_width().1 > rows.usual_width().1 {
            notes.push("quotes are read as they stand: one is never closed".into());
            rows = open;
        }
    }
    if comments_are_rows(&rows) {
        notes.push("lines that begin with # are rows like the others".into());
        rows = Rows::parse(text, Dialect { comments: false, ..dialect })?;
    }
    // The first line tells Excel the separator and is no row; lines are counted with it.
    Ok((rows, dialect.separator))
}

/// The separator that a first line `sep=;` names, and the text with that line empty.
fn excel_line(text: &str) -> (Option<char>, &str) {
    let (first, _) = text.split_once('\n').unwrap_or((text, ""));
    let named = first.trim_matches(['"', ' ']).to_ascii_lowercase();
    let mut named = named.strip_prefix("sep=").unwrap_or_default().chars();
    match (named.next(), named.next()) {
        (Some(separator), None) => (Some(separator), &text[first.len()..]),
        _ => (None, text),
    }
}

/// The lines that are looked at.
fn beginning(text: &str) -> &str {
    let mut end = text.len();
    if let Some((at, _)) = text.match_indices('\n').nth(LINES - 1) {
        end = at + 1;
    }
    if end > BYTES {
        let cut = (0..=BYTES).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        end = text[..cut].rfind('\n').map_or(cut, |at| at + 1);
    }
    &text[..end]
}

/// Quotes that may be meant: an apostrophe only where a cell begins with one.
fn quotes(sample: &str) -> Vec<u8> {
    let single =
        sample.starts_with('\'') || ["\n'", ",'", ";'", "\t'", "|'"].iter().any(|start| sample.contains(start));
    if single { vec![b'"', b'\''] } else { vec![b'"'] }
}

/// Whether a separator is in the text at all; a space stands for any blank.
fn parts(sample: &str, separator: char) -> bool {
    let is_it = |c: char| c == separator || separator == ' ' && c != '\n' && c.is_whitespace();
    sample.contains(is_it)
}

/// How well a dialect fits, and the rows under it: the share of rows with the usual number of cells, times the share of cells that are not
/// several under another separator. 0: it parts nothing.
fn fit(sample: &str, cut: bool, dialect: Dialect) -> Result<(f64, Option<Rows>), String> {
    let rows = Rows::parse(sample, dialect)?;
    let (width, alike) = rows.usual_width();
    if width < 2 {
        return Ok((0.0, Some(rows)));
    }
    let several = |cell: &str| match cell.contains(SEPARATORS) {
        // A quote that another separator tore off.
        _ if cell.starts_with('\'') => true,
        false => false,
        _ if number::is_number(cell, '.') || number::is_number(cell, ',') => false,
        true => {
            let other = |c: char| c != ' ' && c != dialect.separator && SEPARATORS.contains(&c);
            let is_number =
                |part: &&str| ['.', ','].iter().any(|decimal| number::is_number(part.trim_matches('"'), *decimal));
            let numbers = || cell.split_whitespace().filter(is_number).count();
            cell.contains(other) || numbers() > 1
        }
    };
    let usual = (0..rows.len()).filter(|row| rows.width(*row) == width);
    let unclean: usize = usual.map(|row| rows.row(row).filter(|cell| several(cell)).count()).sum();
    // The last row may be cut.
    let all = rows.len().saturating_sub(usize::from(cut)).max(1);
    let fits = (alike as f64 / all as f64).min(1.0) * (1.0 - unclean as f64 / (alike * width).max(1) as f64);
    Ok((fits, Some(rows)))
}

/// Whether what begins with `#` are rows: names of colours, tags.
fn comments_are_rows(rows: &Rows) -> bool {
    let (width, _) = rows.usual_width();
    let signed: Vec<_> = rows.comments.iter().filter(|comment| comment.text.starts_with('#')).collect();
    let tag = |text: &str| text.chars().nth(1).is_some_and(char::is_alphanumeric);
    let alike = signed.iter().filter(|comment| tag(&comment.text) && (rows.is_empty() || comment.cells.len() == width));
    let words = (0..rows.len()).filter(|row| !number::is_number(rows.cell(*row, 0), '.')).count();
    signed.len() >= 3
        && alike.count() * 10 >= signed.len() * 9
        && (rows.is_empty() && signed[0].cells.len() > 1 || width > 1 && words * 2 > rows.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn separator(text: &str) -> char {
        rows(text, &Reading::default(), &mut Vec::new()).unwrap_or_default().1
    }

    #[test]
    fn the_separator_is_judged_over_many_rows() {
        for (text, expected) in [
            ("a,b\n1,2\n3,4\n", ','),
            ("a;b,c\n1,5;2,5\n3,5;4,5\n", ';'),
            ("1,5 2,5\n3,5 4,5\n", ' '),
            ("1\t2\n3\t4\n", '\t'),
            ("1, 2\n3, 4\n", ','),
            ("Smith,J 1 2\nBrown,K 3 4\n", ' '),
            ("2020-01-01 12:00:00,1,2\n2020-01-02 12:00:00,3,4\n", ','),
            ("1 2\n3\t4\n5  6\n", ' '),
            ("a|b|c\n1|2|3\n", '|'),
            ("one two, three\n1;2\n3;4\n5;6\n", ';'),
            ("sep=;\n1,2;3,4\n", ';'),
            ("x\n1\n2\n", ','),
        ] {
            assert_eq!(separator(text), expected, "{text:?}");
        }
    }

    #[test]
    fn odd_quotes_and_signs_are_told() {
        let read = |text: &str| {
            let mut notes = Vec::new();
            let rows = rows(text, &Reading::default(), &mut notes).unwrap_or_default().0;
            (rows, notes.len())
        };
        let stray = format!("a,b\n\"x,1\n{}", "y,2\n".repeat(50));
        assert_eq!((read(&stray).0.len(), read(&stray).1), (52, 1));
        assert_eq!(read("c,v\n#ff0000,1\n#00ff00,2\n#0000ff,3\nred,4\n").0.len(), 5);
        assert_eq!(read("1,2\n#3,4\n#5,6\n#7,8\n9,0\n").0.len(), 2);
        let (rows, _) = read("'a,b',1\n'c,d',2\n");
        assert_eq!(rows.row(0).collect::<Vec<_>>(), ["a,b", "1"]);
        let (rows, _) = read("sep=;\nx;y\n1;2\n");
        assert_eq!((rows.len(), rows.line(0)), (2, 2));
        let (rows, _) = read("a,b\n\"x \\\"y\\\", z\",1\n\"u\",2\n");
        assert_eq!(rows.cell(1, 0), "x \"y\", z");
    }
}
