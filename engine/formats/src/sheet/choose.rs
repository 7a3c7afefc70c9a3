//! Which columns hold the names of rows and the class, which are features and which are left out: what the user says,
//! else names and values.

use super::Kind;
use super::layout::Layout;
use super::looked::Looked;
use super::looked::MOST_CLASSES;
use super::roles::{self, Sure};
use crate::reading::{self, LeftOut, Reading};

/// The columns as they are used.
#[derive(Debug, Default)]
pub struct Chosen {
    pub kinds: Vec<Kind>,
    pub ids: Option<usize>,
    pub class: Option<usize>,
    /// The class was told by its values alone.
    pub guessed_class: bool,
    pub notes: Vec<String>,
    pub left_out: Vec<LeftOut>,
}

impl Chosen {
    fn leave(&mut self, layout: &Layout, column: usize, kind: Kind, why: &str) {
        self.kinds[column] = kind;
        self.left_out.push(LeftOut { what: named(layout, column), why: why.into() });
    }
}

/// A column in words.
pub fn named(layout: &Layout, column: usize) -> String {
    let name = &layout.names[column];
    if *name == format!("column {}", column + 1) { name.clone() } else { format!("column {name}") }
}

/// What every column of a table is used as.
///
/// # Errors
/// When the user names a column that is not there; the columns are listed.
pub fn columns(layout: &Layout, reading: &Reading) -> Result<Chosen, String> {
    let mut chosen = Chosen { kinds: vec![Kind::Numbers; layout.names.len()], ..Chosen::default() };
    let ids = reading.ids.as_ref().map(|column| place(layout, column)).transpose()?;
    let class = reading.label.as_ref().map(|column| place(layout, column)).transpose()?;
    let mut looked = Looked::new(layout);
    // What the user gave one use has no other; a class by its name comes before names of rows (`class_id`).
    let mut free: Vec<usize> = (0..layout.names.len()).collect();
    let taken = |free: &mut Vec<usize>, column: Option<usize>| free.retain(|other| Some(*other) != column);
    taken(&mut free, ids.flatten());
    taken(&mut free, class.flatten());
    chosen.class = class.unwrap_or_else(|| looked.class_by_name(&free));
    taken(&mut free, chosen.class);
    chosen.ids = ids.unwrap_or_else(|| looked.ids(&free, &mut chosen.notes));
    taken(&mut free, chosen.ids);
    if class.is_none() && chosen.class.is_none() {
        chosen.class = looked.class_by_values(&free);
        chosen.guessed_class = chosen.class.is_some();
        if let Some(column) = chosen.class {
            let name = named(layout, column);
            chosen.notes.push(format!("{name} is taken for the class, because few values repeat in it"));
        }
        taken(&mut free, chosen.class);
    }
    if let Some(column) = chosen.class {
        chosen.kinds[column] = Kind::Class;
        let missing = layout.facts[column].missing;
        if class.is_none() && missing * 2 > layout.body.len() {
            chosen.class = None;
            let why = format!("{missing} of {} classes are missing", layout.body.len());
            chosen.leave(layout, column, Kind::LeftOut, &why);
        } else {
            looked.check_class(column, class.is_some(), &mut chosen)?;
        }
    }
    if let Some(column) = chosen.ids {
        chosen.kinds[column] = Kind::Ids;
    }
    for column in free {
        looked.leave_out(column, class.is_some(), &mut chosen);
    }
    Ok(chosen)
}

/// The place of a column that the user names, `None`: no column.
pub fn place(layout: &Layout, column: &reading::Column) -> Result<Option<usize>, String> {
    let names = &layout.names;
    let missing = |wanted: String| {
        let listed: Vec<&str> = names.iter().take(30).map(String::as_str).collect();
        let more = if names.len() > 30 { format!(" and {} others", names.len() - 30) } else { String::new() };
        format!("there is no {wanted}; the columns are {}{more}", listed.join(", "))
    };
    match column {
        reading::Column::None => Ok(None),
        reading::Column::At(place) if (1..=names.len()).contains(place) => Ok(Some(place - 1)),
        reading::Column::At(place) => Err(missing(format!("column {place}"))),
        reading::Column::Named(name) => {
            let same = names.iter().position(|known| known == name.trim());
            let alike = || names.iter().position(|known| known.to_lowercase() == name.trim().to_lowercase());
            same.or_else(alike).map(Some).ok_or_else(|| missing(format!("column {name:?}")))
        }
    }
}

impl Looked<'_> {
    /// The column of names of rows.
    fn ids(&mut self, free: &[usize], notes: &mut Vec<String>) -> Option<usize> {
        let layout = self.layout;
        let names_rows = |column: usize, called: bool| {
            (self.is_whole(column) || self.is_words(column))
                && roles::is_distinct(&layout.rows, &layout.body, column, called)
        };
        let unnamed = |column: usize| layout.names[column] == format!("column {}", column + 1);
        let features = free.iter().filter(|column| layout.facts[**column].is_numbers()).count();
        let spare = |column: usize| features > 1 || !layout.facts[column].is_numbers();
        if layout.header {
            let sure = |column: &usize| {
                let name = if unnamed(*column) { "" } else { layout.names[*column].as_str() };
                let sure = roles::id_name(name);
                let named = sure == Sure::Yes && (!name.is_empty() || *column == 0);
                (named || (sure == Sure::Perhaps && *column == 0)) && spare(*column) && names_rows(*column, named)
            };
            if let Some(column) = free.iter().copied().find(sure) {
                notes.push(format!("{} names the rows and is no feature", named(layout, column)));
                return Some(column);
            }
        }
        let first = free.first().copied().filter(|column| *column == 0 || layout.names.len() > 1 && *column == 1)?;
        let enough = self.rows() >= 5;
        let counts = enough && roles::counts_rows(&layout.rows, &layout.body, first, layout.decimal);
        let words = self.is_words(first) && self.rows() > 2 && names_rows(first, false);
        let (is, why) =
            if counts { (spare(first), "counts the rows") } else { (words, "is a word of its own in each row") };
        is.then(|| {
            notes.push(format!("{} {why}: taken for names of the rows, no feature", named(layout, first)));
            first
        })
    }

    /// The column that is a class by what stands in it.
    fn class_by_values(&mut self, free: &[usize]) -> Option<usize> {
        let features: Vec<usize> = free.iter().copied().filter(|c| self.layout.facts[*c].is_numbers()).collect();
        let ends: Vec<usize> = [free.last(), free.first()].into_iter().flatten().copied().collect();
        let words: Vec<usize> = free.iter().copied().filter(|column| self.is_words(*column)).collect();
        let alone = |column: usize| features.iter().any(|feature| *feature != column);
        let perhaps =
            |column: &usize| self.layout.header && roles::class_name(&self.layout.names[*column]).0 == Sure::Perhaps;
        let called: Vec<usize> = free.iter().copied().filter(perhaps).collect();
        if let Some(column) = called.into_iter().find(|column| alone(*column) && self.may_be_class(*column)) {
            return Some(column);
        }
        if let Some(column) = ends.iter().copied().find(|c| words.contains(c) && alone(*c) && self.repeats_words(*c)) {
            return Some(column);
        }
        let texts: Vec<usize> = words.into_iter().filter(|column| !self.layout.facts[*column].is_truths()).collect();
        if let [column] = texts[..] {
            return (alone(column) && self.repeats_words(column)).then_some(column);
        }
        let end = ends.into_iter().find(|column| alone(*column) && self.is_numbered(*column))?;
        // A table of grades or of bits has such columns everywhere; pixels have few values, and hardly one often.
        let (even, levels) = (self.is_even(end), self.few(end)?.len());
        let like = |looked: &mut Self, column: usize| {
            looked.is_numbered(column)
                && (!even || looked.is_even(column))
                && looked.few(column).is_some_and(|others| others.len() <= levels)
        };
        let like = features.iter().filter(|column| **column != end && like(self, **column)).count();
        (like * 2 < features.len()).then_some(end)
    }

    /// A class has several values; one that the user names may have any that repeat.
    fn check_class(&mut self, column: usize, said: bool, chosen: &mut Chosen) -> Result<(), String> {
        let layout = self.layout;
        if self.few(column).is_some() {
            return Ok(());
        }
        let levels = roles::levels(&layout.rows, &layout.body, column, layout.decimal, MOST_CLASSES);
        match levels.map(|levels| levels.len()) {
            Some(0 | 1) => {
                chosen.class = None;
                chosen.leave(layout, column, Kind::LeftOut, "it has one value, which tells no classes apart");
                Ok(())
            }
            Some(_) => Ok(()),
            None if said => {
                Err(format!("{} has more than {MOST_CLASSES} values: these are no classes", named(layout, column)))
            }
            None => Ok(()),
        }
    }

    /// Leave a column out that is no feature.
    fn leave_out(&mut self, column: usize, class_said: bool, chosen: &mut Chosen) {
        let layout = self.layout;
        let (facts, name) = (layout.facts[column], layout.names[column].as_str());
        let rows = self.rows();
        if facts.missing == rows {
            return chosen.leave(layout, column, Kind::LeftOut, "nothing stands in it");
        }
        if !facts.is_numbers() {
            let sample = layout.body.iter().map(|row| layout.cell(*row, column)).find(|cell| !cell.is_empty());
            let sample: String = sample.unwrap_or_default().chars().take(40).collect();
            let what = if self.is_dates(column) { "dates" } else { "words" };
            return chosen.leave(layout, column, Kind::Words, &format!("it holds {what} ({sample:?})"));
        }
        if facts.missing * 2 > rows {
            let why = format!("{} of {rows} cells are missing", facts.missing);
            return chosen.leave(layout, column, Kind::LeftOut, &why);
        }
        if layout.header && !class_said && roles::class_name(name).0 == Sure::Yes && !self.is_coordinate(column) {
            let y_beside_a_class = !name.eq_ignore_ascii_case("y") || chosen.class.is_none();
            if y_beside_a_class {
                let why = "it is headed like an answer, and nobody is to learn from the answer";
                return chosen.leave(layout, column, Kind::LeftOut, why);
            }
        }
        let named_too =
            || roles::id_name(name) == Sure::Yes && roles::is_distinct(&layout.rows, &layout.body, column, true);
        if layout.header && chosen.ids.is_some() && self.is_whole(column) && named_too() {
            return chosen.leave(layout, column, Kind::LeftOut, "it names the rows, too");
        }
        if layout.header && roles::refers(name) && self.is_whole(column) {
            return chosen.leave(layout, column, Kind::LeftOut, "its name ends in id: a name is no feature");
        }
        if let Some(class) = chosen.class.filter(|class| self.says_the_same(*class, column)) {
            let why = format!("it says the same as {}", named(layout, class));
            return chosen.leave(layout, column, Kind::LeftOut, &why);
        }
        if facts.is_constant() {
            chosen.kinds[column] = Kind::Constant;
            chosen.notes.push(format!("{} is {} in all rows: it says nothing", named(layout, column), facts.least));
        }
        if facts.is_truths() {
            chosen.notes.push(format!("{}: true and yes are read as 1, false and no as 0", named(layout, column)));
        }
        if facts.percents > 0 {
            chosen.notes.push(format!("{}: percent signs are passed over", named(layout, column)));
        }
    }
}
