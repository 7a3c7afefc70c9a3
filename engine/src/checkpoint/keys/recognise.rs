//! How the keys of a file name the weights of a model: in which layout, and under which start. Told by what fits, never by
//! a list of starts.
//!
//! A start is anything up to a dot (`model._orig_mod.`). Of all starts the one counts under which most weights are found,
//! those of their shape first. Parts in the midst of keys that no name of the model has (`blocks.0._orig_mod.attn`) are
//! passed over where many keys have them, so are starts that differ from part to part (`encoder.` and `decoder.`). A start
//! under which the same lies once more is that of a copy.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Layout, OFFICIAL, Piece};
use crate::checkpoint::safetensors::File;
use crate::weights::Weight;

/// A start needs one in this many of the model's weights under it.
const ENOUGH: usize = 4;
/// A part in the midst of keys is passed over where one key in this many of the model's weights has it.
const ENOUGH_WITHIN: usize = 8;
/// Words in a start that say that under it lies an average of the weights, which authors evaluate.
const AVERAGES: [&str; 7] = ["ema", "teacher", "average", "averaged", "swa", "shadow", "target"];

/// The names that a file's keys may stand for.
pub(super) struct Names<'a> {
    weights: HashMap<&'a str, &'a Weight>,
    /// Names with every number taken for any other.
    patterns: BTreeSet<String>,
    /// Parts between dots of names and layouts.
    parts: BTreeSet<&'a str>,
    /// Names without dots, as some averages are kept.
    flat: HashMap<String, &'a str>,
    /// Parts of keys that are passed over.
    passed: BTreeSet<String>,
}

/// What a key stands for under a start.
pub(super) struct Meant {
    pub name: String,
    pub piece: Piece,
    /// Parts of the key that were passed over.
    pub passed: usize,
}

/// How a file's keys are read.
pub(super) struct Reading<'a> {
    pub layout: &'a Layout,
    /// What is taken off every key; empty: nothing.
    pub start: &'a str,
    /// Starts of further copies of the same weights, which are not used.
    pub copies: Vec<&'a str>,
    /// Parts within keys that were passed over.
    pub passed: BTreeSet<String>,
}

/// Weights that are found under a start.
#[derive(Default)]
struct Under<'a> {
    /// Found with their own shape, and by name.
    fit: BTreeSet<&'a str>,
    named: BTreeSet<&'a str>,
    /// Of these, the ones found without passing over a part of their key.
    plainly: BTreeSet<&'a str>,
    /// Names that differ from one of the model in numbers alone.
    alike: BTreeSet<String>,
}

impl Under<'_> {
    /// Weights that are found only where parts of keys are passed over.
    fn passed(&self) -> usize {
        self.named.len() - self.plainly.len()
    }
}

/// A name with every number taken for any other.
pub(super) fn pattern(name: &str) -> String {
    let mut pattern = String::with_capacity(name.len());
    for c in name.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }) {
        if c != '#' || !pattern.ends_with('#') {
            pattern.push(c);
        }
    }
    pattern
}

impl<'a> Names<'a> {
    /// Of these weights, whose names all begin with `prefix`, which keys lack.
    pub fn new(weights: impl Iterator<Item = &'a Weight>, prefix: &str, layouts: &'a [Layout], file: &File) -> Self {
        let weights: HashMap<&str, &Weight> =
            weights.map(|weight| (weight.name.strip_prefix(prefix).unwrap_or(&weight.name), weight)).collect();
        let patterns = weights.keys().map(|name| pattern(name)).collect();
        let of_layouts = layouts.iter().flat_map(|layout| {
            let starts = layout.starts.iter().map(|(from, _)| *from).chain(layout.optional.iter().copied());
            starts.chain(layout.inner.iter().map(|inner| inner.from))
        });
        let parts = weights.keys().copied().chain(of_layouts).flat_map(|name| name.split('.')).collect();
        let mut flat: HashMap<String, &str> = HashMap::new();
        for name in weights.keys() {
            flat.insert(name.replace('.', ""), *name);
        }
        let mut names = Self { weights, patterns, parts, flat, passed: BTreeSet::new() };
        names.passed = names.wrapped(file);
        names
    }

    /// The weight of a name.
    pub fn weight(&self, name: &str) -> Option<&'a Weight> {
        self.weights.get(name).copied()
    }

    /// Whether a name is one of the model but for its numbers: that of a deeper one.
    pub fn like(&self, name: &str) -> bool {
        self.patterns.contains(&pattern(name))
    }

    /// Parts that stand within keys and in no name: those of compilers and wrappers begin with `_`, others stand in many
    /// keys.
    fn wrapped(&self, file: &File) -> BTreeSet<String> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let number = |part: &str| part.bytes().all(|c| c.is_ascii_digit());
        for key in file.tensors.keys() {
            let strange = key.split('.').filter(|part| !number(part) && !self.parts.contains(part));
            strange.collect::<BTreeSet<_>>().into_iter().for_each(|part| *counts.entry(part).or_default() += 1);
        }
        let many = |(part, count): &(&str, usize)| part.starts_with('_') || ENOUGH_WITHIN * count >= self.weights.len();
        counts.into_iter().filter(many).map(|(part, _)| part.to_string()).collect()
    }

    /// What a key stands for under a start, if anything; with a name that is `like` one of the model's at least.
    pub fn meant(&self, layout: &Layout, start: &str, key: &str) -> Option<Meant> {
        let rest = key.strip_prefix(start)?;
        let known = |(name, _): &(String, Piece)| self.weights.contains_key(name.as_str()) || self.like(name);
        if let Some((name, piece)) = layout.translate(rest).filter(known) {
            return Some(Meant { name, piece, passed: 0 });
        }
        if let Some(name) = self.flat.get(rest).filter(|_| !rest.contains('.')) {
            return Some(Meant { name: (*name).to_string(), piece: None, passed: 0 });
        }
        let (kept, passed): (Vec<&str>, Vec<&str>) = rest.split('.').partition(|part| !self.passed.contains(*part));
        let (name, piece) = layout.translate(&kept.join(".")).filter(known).filter(|_| !passed.is_empty())?;
        Some(Meant { name, piece, passed: passed.len() })
    }

    /// Parts of keys under a start that are passed over so that they name a weight.
    fn passed_under(&self, file: &File, layout: &Layout, start: &str) -> BTreeSet<String> {
        let over = |key: &&String| self.meant(layout, start, key).is_some_and(|meant| meant.passed > 0);
        let parts = file.tensors.keys().filter(over).flat_map(|key| key[start.len()..].split('.'));
        parts.filter(|part| self.passed.contains(*part)).map(String::from).collect()
    }

    /// Whether a tensor of this shape fits a weight, or a piece of it.
    fn fits(weight: &Weight, piece: Piece, shape: &[usize]) -> bool {
        match (piece, weight.shape.split_first()) {
            (Some((_, count)), Some((rows, rest))) => shape.split_first() == Some((&(rows / count), rest)),
            _ => weight.shape == shape || (weight.len() == 1 && shape.iter().product::<usize>() == 1),
        }
    }

    fn under(&self, file: &File, layout: &Layout, start: &str) -> Under<'a> {
        let mut under = Under::default();
        for (key, tensor) in &file.tensors {
            let Some(meant) = self.meant(layout, start, key) else { continue };
            match self.weights.get_key_value(meant.name.as_str()) {
                Some((name, weight)) => {
                    under.named.insert(*name);
                    if meant.passed == 0 {
                        under.plainly.insert(*name);
                    }
                    if Self::fits(weight, meant.piece, &tensor.shape) {
                        under.fit.insert(*name);
                    }
                }
                None => drop(under.alike.insert(meant.name)),
            }
        }
        under
    }
}

/// The layout, and the starts that keys carry beside it, under which most keys name a weight of the model.
pub(super) fn reading<'a>(file: &'a File, layouts: &'a [Layout], names: &Names<'_>) -> Reading<'a> {
    let mut starts: BTreeSet<&str> = BTreeSet::from([""]);
    for key in file.tensors.keys() {
        starts.extend(key.match_indices('.').map(|(at, _)| &key[..=at]));
    }
    let enough = |under: &Under<'_>| ENOUGH * (under.named.len() + under.alike.len()) >= names.weights.len();
    let mut found: Vec<(usize, &str, Under<'_>)> = Vec::new();
    for (number, layout) in layouts.iter().enumerate() {
        let tried = starts.iter().map(|start| (number, *start, names.under(file, layout, start)));
        found.extend(tried.filter(|(_, start, under)| start.is_empty() || enough(under)));
    }
    found.sort_by_key(|(number, start, under)| {
        let counts = (under.fit.len(), under.named.len(), under.alike.len());
        Reverse((counts, Reverse(under.passed()), averages(start), Reverse(*number), Reverse(start.len())))
    });
    let mut found = found.into_iter();
    let Some((number, start, all)) = found.next() else {
        return Reading { layout: &OFFICIAL, start: "", copies: Vec::new(), passed: BTreeSet::new() };
    };
    let mut copies: Vec<&str> = Vec::new();
    for (_, other, under) in found {
        let alike = under.passed() == 0 && !under.fit.is_empty() && under.fit.len() == all.fit.len();
        if alike && other != start && !copies.contains(&other) {
            copies.push(other);
        }
    }
    let layout = &layouts[number];
    let passed = if all.passed() == 0 { BTreeSet::new() } else { names.passed_under(file, layout, start) };
    Reading { layout, start, copies, passed }
}

/// Whether a start says that an average of the weights lies under it.
pub(super) fn averages(start: &str) -> bool {
    start.split(['.', '_']).any(|word| AVERAGES.contains(&word.to_ascii_lowercase().as_str()))
}
