//! From the shapes of a weights file to the knobs of the model that it is of.
//!
//! A system says in [`Entry::sizes`](crate::method::Entry::sizes) which of its knobs follow from which shapes. What does not
//! (heads of attention, switches) is taken from the preset that the sizes are of, or guessed and told.

use std::collections::{BTreeMap, BTreeSet};

use crate::card::{Card, KnobKind, KnobValue, Preset};
use crate::checkpoint::resize;
use crate::session::SizesFound;

/// Shapes by official name, and the knobs that were found in them.
pub struct Sizes<'a> {
    shapes: &'a BTreeMap<String, Vec<usize>>,
    knobs: BTreeMap<String, KnobValue>,
    /// Heads, the width they share, and the usual numbers of one.
    heads: Vec<(&'static str, &'static str, usize)>,
    notes: Vec<String>,
}

impl<'a> Sizes<'a> {
    fn new(shapes: &'a BTreeMap<String, Vec<usize>>) -> Self {
        Self { shapes, knobs: BTreeMap::new(), heads: Vec::new(), notes: Vec::new() }
    }

    /// Whether there is a weight whose name begins so.
    pub fn has(&self, start: &str) -> bool {
        self.shapes.range(start.to_string()..).next().is_some_and(|(name, _)| name.starts_with(start))
    }

    /// A side of a weight's shape.
    pub fn at(&self, weight: &str, axis: usize) -> Option<usize> {
        self.shapes.get(weight)?.get(axis).copied()
    }

    /// How many different numbers stand between `start` and what follows them: entries of a list of blocks.
    pub fn count(&self, start: &str) -> usize {
        let after = |name: &str| {
            let digits: String = name.strip_prefix(start)?.chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<usize>().ok()
        };
        self.shapes.keys().filter_map(|name| after(name)).collect::<BTreeSet<_>>().len()
    }

    /// A knob's number; nothing where it is not known or nought.
    pub fn number(&mut self, knob: &str, value: Option<usize>) {
        if let Some(value) = value.filter(|value| *value > 0) {
            self.set(knob, value);
        }
    }

    /// A knob's number, which may be nought.
    pub fn set(&mut self, knob: &str, value: usize) {
        self.knobs.insert(knob.into(), KnobValue::Number(value as f64));
    }

    /// A knob's choice.
    pub fn choice(&mut self, knob: &str, value: impl crate::knobs::Choice) {
        self.knobs.insert(knob.into(), KnobValue::Choice(value.name().into()));
    }

    /// A knob that is a side of a weight's shape.
    pub fn side(&mut self, knob: &str, weight: &str, axis: usize) {
        self.number(knob, self.at(weight, axis));
    }

    /// A knob that counts blocks.
    pub fn blocks(&mut self, knob: &str, start: &str) {
        self.number(knob, Some(self.count(start)));
    }

    /// The side of pictures: that of a square table of positions [1, rows, dim], times the patch.
    pub fn picture(&mut self, knob: &str, table: &str, patch: Option<usize>) {
        let side = self.at(table, 1).and_then(resize::grid).map(|(_, side)| side);
        self.number(knob, side.zip(patch).map(|(side, patch)| side * patch));
    }

    /// Heads, which no shape tells: the preset's, or as few as give each no more than `each` numbers of `width`.
    pub fn heads(&mut self, knob: &'static str, width: &'static str, each: usize) {
        self.heads.push((knob, width, each));
    }

    /// What the data have to be like, in words, with the number that a shape tells.
    pub fn given(&mut self, words: &str, number: Option<usize>) {
        self.notes.extend(number.map(|number| format!("It is for data of {number} {words}")));
    }
}

/// The model that shapes are of, as knobs on one of the card's presets, and whether it has the sizes of the one that is open
/// (its preset, and the values of all knobs). `None`: nothing is told by them.
pub fn found(
    sizes: fn(&mut Sizes<'_>),
    shapes: &BTreeMap<String, Vec<usize>>,
    card: &Card,
    (open, values): (&str, &BTreeMap<String, KnobValue>),
) -> Option<(SizesFound, bool)> {
    let mut told = Sizes::new(shapes);
    sizes(&mut told);
    let words = |name: &String, value: &KnobValue| format!("{name} {}", value.text());
    let words: Vec<String> = told.knobs.iter().map(|(name, value)| words(name, value)).collect();
    if words.is_empty() {
        return None;
    }
    let is_open = told.knobs.iter().all(|(name, value)| values.get(name) == Some(value));
    let alike =
        |preset: &Preset| told.knobs.iter().filter(|(name, value)| preset.knobs.get(*name) == Some(value)).count();
    let preset = card.presets.iter().max_by_key(|preset| (alike(preset), preset.id == open))?;
    let exact = alike(preset) == told.knobs.len();
    let mut refused = Vec::new();
    for (name, value) in &told.knobs {
        let why = card.knob(name).and_then(|knob| knob.refuses(value));
        refused.extend(why.map(|why| format!("{name} {}: {why}", value.text())));
    }
    let mut knobs = told.knobs.clone();
    if !exact {
        for (knob, width, each) in &told.heads {
            let (count, note) = heads(card, preset, &told.knobs, (*knob, *width, *each))?;
            knobs.insert((*knob).into(), KnobValue::Number(count as f64));
            told.notes.push(note);
        }
    }
    knobs.retain(|name, value| preset.knobs.get(name) != Some(value));
    let (words, preset, refused) = (words.join(", "), preset.id.clone(), refused.join("; "));
    Some((SizesFound { words, preset, knobs, notes: told.notes, refused }, is_open))
}

/// How many heads share a width, and that it was guessed.
fn heads(
    card: &Card,
    preset: &Preset,
    told: &BTreeMap<String, KnobValue>,
    (knob, width, each): (&str, &str, usize),
) -> Option<(usize, String)> {
    let whole = |value: Option<&KnobValue>| match value {
        Some(KnobValue::Number(number)) => Some(*number as usize),
        _ => None,
    };
    let wide = whole(told.get(width).or(preset.knobs.get(width)))?;
    let most = match &card.knob(knob)?.kind {
        KnobKind::Number { high, .. } => *high as usize,
        _ => return None,
    };
    let parts = || (1..=most).filter(|count| wide.is_multiple_of(*count));
    let count = parts().find(|count| wide / count <= each).or_else(|| parts().next_back())?;
    let note =
        format!("No shape tells {knob}: {count} are taken, {} numbers each; --set {knob}=N says another", wide / count);
    Some((count, note))
}
