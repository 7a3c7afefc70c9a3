//! What stands in the columns of a table, as far as the choice of names and classes asks for it.

use std::collections::{BTreeMap, BTreeSet};

use super::layout::Layout;
use super::roles::{self, Sure};

/// Classes that a table may have.
pub const MOST_CLASSES: usize = 1000;
/// Classes that are taken for such where only numbers tell them, and rows that each then has on average.
const MOST_NUMBERED: usize = 100;
const ROWS_EACH: usize = 4;
/// Classes whose numbers do not run on.
const MOST_APART: usize = 10;
/// Rows that show at once that a column has more values.
const AT_FIRST: usize = 200;

/// A layout, and the values of its columns as far as they were counted.
pub struct Looked<'a> {
    pub layout: &'a Layout,
    levels: BTreeMap<usize, Option<BTreeMap<String, usize>>>,
}

impl<'a> Looked<'a> {
    /// Nothing is counted yet.
    pub fn new(layout: &'a Layout) -> Self {
        Self { layout, levels: BTreeMap::new() }
    }

    /// Rows of the table.
    pub fn rows(&self) -> usize {
        self.layout.body.len()
    }

    /// The values of a column, where they are few enough for classes.
    pub fn few(&mut self, column: usize) -> Option<&BTreeMap<String, usize>> {
        let layout = self.layout;
        let most = (self.rows() / 2).clamp(2, MOST_CLASSES);
        let levels = self
            .levels
            .entry(column)
            .or_insert_with(|| roles::levels(&layout.rows, &layout.body, column, layout.decimal, most));
        let rows = layout.body.len();
        levels.as_ref().filter(|levels| (2..=most).contains(&levels.len()) && levels.len() < rows)
    }

    /// Whether a column holds whole numbers, a few bad cells aside.
    pub fn is_whole(&self, column: usize) -> bool {
        let facts = &self.layout.facts[column];
        facts.numbers > 0 && facts.whole == facts.numbers && facts.words * 10 <= facts.numbers
    }

    /// Whether a column holds words, or truths.
    pub fn is_words(&self, column: usize) -> bool {
        let facts = &self.layout.facts[column];
        !facts.is_numbers() || facts.is_truths()
    }

    /// Whether a column may hold classes: words or whole numbers, few values.
    pub fn may_be_class(&mut self, column: usize) -> bool {
        (self.is_words(column) || self.is_whole(column)) && self.few(column).is_some()
    }

    /// The column whose name and values are those of a class.
    pub fn class_by_name(&mut self, free: &[usize]) -> Option<usize> {
        if !self.layout.header {
            return None;
        }
        let mut named: Vec<(usize, usize)> = Vec::new();
        for column in free.iter().copied() {
            let (sure, order) = roles::class_name(&self.layout.names[column]);
            if sure == Sure::Yes && !self.is_coordinate(column) && self.may_be_class(column) {
                named.push((order, column));
            }
        }
        named.into_iter().min().map(|(_, column)| column)
    }

    /// Whether a column is called y beside one called x.
    pub fn is_coordinate(&self, column: usize) -> bool {
        let is = |name: &String, word: &str| name.eq_ignore_ascii_case(word);
        is(&self.layout.names[column], "y") && self.layout.names.iter().any(|name| is(name, "x"))
    }

    /// Whether a column holds words that repeat as the names of classes do.
    pub fn repeats_words(&mut self, column: usize) -> bool {
        let most = (self.rows() / 3).max(2);
        self.is_words(column) && !self.is_dates(column) && self.few(column).is_some_and(|levels| levels.len() <= most)
    }

    /// Whether a column holds days or times.
    pub fn is_dates(&self, column: usize) -> bool {
        let cells = self.layout.body.iter().map(|row| self.layout.cell(*row, column)).filter(|cell| !cell.is_empty());
        let date = |cell: &str| {
            let signs = cell.chars().filter(|c| "-/:.".contains(*c)).count();
            cell.starts_with(|c: char| c.is_ascii_digit())
                && signs > 1
                && cell.chars().all(|c| c.is_ascii_digit() || "-/:. TZ+".contains(c))
        };
        let mut cells = cells.take(50).peekable();
        cells.peek().is_some() && cells.all(date)
    }

    /// Whether a column holds the numbers of classes, each often: few, or running ones.
    pub fn is_numbered(&mut self, column: usize) -> bool {
        let (rows, facts) = (self.rows(), &self.layout.facts[column]);
        // Most columns of a wide table are refused by their first rows.
        let few_at_first = || {
            let first = self.layout.body.iter().take(AT_FIRST).map(|row| self.layout.cell(*row, column));
            let levels = first.collect::<BTreeSet<_>>().len();
            levels <= MOST_APART || (levels <= MOST_NUMBERED && facts.most - facts.least <= MOST_NUMBERED as f64)
        };
        self.is_whole(column)
            && facts.missing * 2 < rows
            && few_at_first()
            && self.few(column).is_some_and(|levels| {
                let running = levels.len() <= MOST_NUMBERED && roles::numbers_classes(levels);
                (running || levels.len() <= MOST_APART) && levels.len() * ROWS_EACH <= rows
            })
    }

    /// Whether no value of a column is far more frequent than the others.
    pub fn is_even(&mut self, column: usize) -> bool {
        let rows = self.rows();
        self.few(column).is_some_and(|levels| levels.values().all(|count| count * levels.len() <= 3 * rows))
    }

    /// Whether a column of whole numbers is the class under other names.
    pub fn says_the_same(&mut self, class: usize, column: usize) -> bool {
        if !self.is_whole(column) {
            return false;
        }
        let layout = self.layout;
        let mut pairs = BTreeMap::new();
        let one_each = layout.body.iter().all(|row| {
            let (of, value) = (layout.cell(*row, class), layout.cell(*row, column));
            *pairs.entry(of).or_insert(value) == value
        });
        // Among a few rows that may be chance.
        one_each
            && pairs.len() > 1
            && ROWS_EACH * pairs.len() <= self.rows()
            && pairs.values().collect::<BTreeSet<_>>().len() == pairs.len()
    }
}
