//! Width, names and facts of the columns of a table, judged over all of its rows.

use super::dialect;
use super::facts::Facts;
use super::header;
use super::number;
use super::rows::Rows;
use crate::reading::{LeftOut, Reading};

/// Lines that are named one by one.
const NAMED: usize = 8;

/// First words of a last row that is no sample.
const TOTALS: [&str; 12] = [
    "total",
    "totals",
    "grand total",
    "sum",
    "mean",
    "average",
    "avg",
    "summe",
    "gesamt",
    "mittelwert",
    "somme",
    "moyenne",
];

/// A table whose rows are told from what is none, with the names and facts of its columns.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Layout {
    pub rows: Rows,
    /// Places in `rows` of the rows that have the table's width, without the header.
    pub body: Vec<u32>,
    pub names: Vec<String>,
    pub facts: Vec<Facts>,
    /// Names of the classes 0, 1 … where a first line tells them.
    pub class_names: Vec<String>,
    pub separator: char,
    pub decimal: char,
    pub header: bool,
    pub notes: Vec<String>,
    pub left_out: Vec<LeftOut>,
}

impl Layout {
    /// The table of a text.
    ///
    /// # Errors
    /// When there is no row, or most rows have not the same number of cells.
    pub fn of(text: &str, reading: &Reading) -> Result<Self, String> {
        let mut notes = Vec::new();
        let (rows, separator) = dialect::rows(text, reading, &mut notes)?;
        if rows.is_empty() {
            return Err("it is empty".into());
        }
        let decimal = reading.decimal.unwrap_or_else(|| decimal(&rows, separator));
        let width = width(&rows)?;
        let mut layout = Self { rows, separator, decimal, notes, ..Self::default() };
        layout.fill_body(width);
        layout.take_counts(width);
        layout.take_header(width, reading)?;
        layout.drop_totals();
        if layout.body.is_empty() {
            return Err("it has a header and no row".into());
        }
        layout.facts = layout.count();
        if layout.body.len() == 1 && layout.facts.iter().all(|facts| facts.numbers == 0) {
            return Err("it has one row of words, perhaps names of columns, and no row of numbers".into());
        }
        layout.refuse_pairs()?;
        layout.say();
        Ok(layout)
    }

    /// A cell of the body.
    pub fn cell(&self, row: u32, column: usize) -> &str {
        self.rows.cell(row as usize, column)
    }

    /// The lines of some rows, in words.
    pub fn lines(&self, rows: &[u32]) -> String {
        let lines: Vec<String> = rows.iter().take(NAMED).map(|row| self.rows.line(*row as usize).to_string()).collect();
        match rows.len() {
            1 => format!("line {}", lines.concat()),
            more if more > NAMED => format!("{more} lines ({} …)", lines.join(", ")),
            _ => format!("lines {}", lines.join(", ")),
        }
    }

    /// The rows of the table's width; a row may end in empty cells.
    fn fill_body(&mut self, width: usize) {
        let fits = |row: &usize| {
            let has = self.rows.width(*row);
            has >= width && (width..has).all(|column| self.rows.cell(*row, column).is_empty())
        };
        self.body = (0..self.rows.len()).filter(fits).map(|row| row as u32).collect();
        let mut others = std::collections::BTreeMap::<usize, Vec<u32>>::new();
        for row in (0..self.rows.len()).filter(|row| !fits(row)) {
            others.entry(self.rows.width(row)).or_default().push(row as u32);
        }
        for (has, rows) in others {
            let why = format!("{} instead of {width}", cells(has));
            self.left_out.push(LeftOut { what: self.lines(&rows), why });
        }
    }

    /// A first line of counts and names of classes, as scikit-learn's tables have it: rows, features, classes.
    fn take_counts(&mut self, width: usize) {
        let first: Vec<&str> = self.rows.row(0).collect();
        let [rows, features, classes @ ..] = first.as_slice() else { return };
        let is = |cell: &str, count: usize| cell.parse() == Ok(count);
        let words = classes.iter().all(|class| !class.is_empty() && !number::is_number(class, '.'));
        if width > 1 && words && classes.len() > 1 && is(rows, self.rows.len() - 1) && is(features, width - 1) {
            self.class_names = classes.iter().map(ToString::to_string).collect();
            self.body.retain(|row| *row != 0);
            self.left_out.retain(|left| left.what != "line 1");
            self.notes.push(format!("line 1 tells {rows} rows, {features} features and the classes"));
        }
    }

    fn take_header(&mut self, width: usize, reading: &Reading) -> Result<(), String> {
        self.names = (1..=width).map(|place| format!("column {place}")).collect();
        if reading.header == Some(false) || !self.class_names.is_empty() {
            return Ok(());
        }
        let said = reading.header == Some(true);
        let is_header = |cells: &[&str], from: usize, body: &[u32]| {
            said || header::names_columns(cells, from, &self.rows, body, self.decimal)
        };
        // R leaves out the name of the column of names.
        let short = self.rows.width(0) + 1 == width && width > 1 && !self.body.is_empty();
        let first: Vec<&str> = self.rows.row(0).collect();
        let below = self.body.split_first().is_some_and(|(at, rest)| {
            let cells: Vec<&str> = self.rows.row(*at as usize).take(width).collect();
            header::names_columns(&cells, 0, &self.rows, rest, self.decimal)
        });
        if short && !below && is_header(&first, 1, &self.body) {
            let names: Vec<String> = std::iter::once("").chain(first).map(String::from).collect();
            let line = self.lines(&[0]);
            self.left_out.retain(|left| left.what != line);
            self.notes.push(format!("{line} names all columns but the first, as R writes it"));
            return self.named(&names);
        }
        let Some((&at, rest)) = self.body.split_first() else { return Ok(()) };
        let cells: Vec<&str> = self.rows.row(at as usize).take(width).collect();
        if is_header(&cells, 0, rest) {
            let names: Vec<String> = cells.into_iter().map(String::from).collect();
            self.body.remove(0);
            return self.named(&names);
        }
        let line = self.rows.line(at as usize);
        let above = self.rows.comments.iter().rfind(|comment| comment.line < line);
        if let Some(comment) = above.filter(|comment| comment.cells.len() == width) {
            let words = comment.cells.iter().filter(|cell| !cell.is_empty() && !number::is_number(cell, '.')).count();
            if words * 2 > width && width > 1 {
                let names = comment.cells.clone();
                self.notes.push(format!("the comment in line {} names the columns", comment.line));
                return self.named(&names);
            }
        }
        Ok(())
    }

    /// Last rows that add up the others.
    fn drop_totals(&mut self) {
        while let Some((last, rest)) = self.body.split_last() {
            let cells = || (0..self.names.len()).map(|column| (column, self.cell(*last, column)));
            let Some((column, word)) = cells().find(|(_, cell)| !cell.is_empty()) else { return };
            let total = TOTALS.contains(&word.trim_end_matches(':').to_lowercase().as_str());
            if !total || rest.is_empty() || rest.iter().any(|row| self.cell(*row, column) == word) {
                return;
            }
            let why = format!("it begins with {word:?} and adds up the others");
            self.left_out.push(LeftOut { what: self.lines(&[*last]), why });
            self.body.pop();
        }
    }

    fn named(&mut self, names: &[String]) -> Result<(), String> {
        self.header = true;
        for (name, given) in self.names.iter_mut().zip(names).filter(|(_, given)| !given.is_empty()) {
            name.clone_from(given);
        }
        Ok(())
    }

    /// Facts of all columns, counted row by row.
    fn count(&self) -> Vec<Facts> {
        let none = Facts { least: f64::INFINITY, most: f64::NEG_INFINITY, ..Facts::default() };
        let mut facts = vec![none; self.names.len()];
        for row in &self.body {
            for (column, facts) in facts.iter_mut().enumerate() {
                facts.add(self.cell(*row, column), self.decimal);
            }
        }
        facts
    }

    /// Cells that are an index and a value hold a table in another form.
    fn refuse_pairs(&self) -> Result<(), String> {
        let pair = |cell: &str| {
            let (index, value) = cell.split_once(':').unwrap_or_default();
            index.parse::<u32>().is_ok() && number::is_number(value, '.')
        };
        let words = (0..self.names.len()).filter(|column| self.facts[*column].words > 0);
        let pairs = words.filter(|column| self.body.iter().take(50).all(|row| pair(self.cell(*row, *column)))).count();
        match pairs * 2 >= self.names.len() {
            true => Err("its cells are pairs of an index and a value, as LIBSVM writes them: save it as CSV".into()),
            false => Ok(()),
        }
    }

    /// How the rows were read, in a line.
    fn say(&mut self) {
        let separator = match self.separator {
            _ if self.names.len() < 2 => "one cell a row".into(),
            ',' => "cells parted by commas".to_string(),
            ';' => "cells parted by semicolons".into(),
            '\t' => "cells parted by tabs".into(),
            ' ' => "cells parted by blanks".into(),
            other => format!("cells parted by {other}"),
        };
        let decimal = if self.decimal == ',' { ", decimal comma" } else { "" };
        let header = if self.header { ", the first row names the columns" } else { ", no names of columns" };
        self.notes.insert(0, format!("{separator}{decimal}{header}"));
    }
}

fn cells(count: usize) -> String {
    if count == 1 { "1 cell".into() } else { format!("{count} cells") }
}

/// The decimal sign: the one that more cells have; a comma never where all could be thousands.
fn decimal(rows: &Rows, separator: char) -> char {
    let (mut points, mut commas, mut thousands) = (0_usize, 0_usize, 0_usize);
    for row in 0..rows.len() {
        for cell in rows.row(row).filter(|cell| cell.contains([',', '.'])) {
            if cell.contains('.') {
                points += usize::from(number::is_number(cell, '.'));
            } else if number::is_number(cell, ',') {
                commas += 1;
                let fraction = cell.split(',').nth(1).unwrap_or_default();
                thousands += usize::from(fraction.len() == 3 && !cell.starts_with(['0', ',', '-']));
            }
        }
    }
    // Quoted cells of a table that commas part: "1,234" is rather a thousand.
    let decimal = commas > points && !(separator == ',' && thousands == commas);
    if decimal { ',' } else { '.' }
}

/// The number of cells that most rows have, columns at the end aside in which nothing stands.
fn width(rows: &Rows) -> Result<usize, String> {
    let (mut width, alike) = rows.usual_width();
    if alike * 2 < rows.len() || (alike == 1 && rows.len() > 1) {
        let mut counts = std::collections::BTreeMap::<usize, usize>::new();
        (0..rows.len()).for_each(|row| *counts.entry(rows.width(row)).or_default() += 1);
        let mut counts: Vec<(usize, usize)> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let told: Vec<String> =
            counts.iter().take(4).map(|(width, count)| format!("{count} rows have {}", cells(*width))).collect();
        return Err(format!("rows of a table have the same number of cells, and here {}", told.join(", ")));
    }
    let empty = |column: usize| (0..rows.len()).all(|row| rows.cell(row, column).is_empty());
    while width > 1 && empty(width - 1) {
        width -= 1;
    }
    Ok(width)
}
