//! From the keys of a weights file to the names of a model: starts that scripts put before every key are told by what fits
//! under them, other namings by tables of renames. Nothing is applied before it is listed.

mod place;
mod recognise;
pub mod vit_mae;

use std::collections::BTreeMap;

use recognise::{Meant, Names, Reading, averages, reading};

use crate::checkpoint::safetensors::{File, HostTensor};
use crate::error::{Error, Result};
use crate::session::KeyReport;
use crate::weights::{Upkeep, Weight, Weights};

/// One way of naming the weights.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// Name for people ("official", "Hugging Face").
    pub name: &'static str,
    /// Starts that a key may carry or not, taken off before anything else (`vit.`).
    pub optional: &'static [&'static str],
    /// Start of a key → start of the model's name. The first that matches is used; a key that matches none is
    /// unexpected.
    pub starts: &'static [(&'static str, &'static str)],
    /// Renames within a key. The first that is found is used.
    pub inner: &'static [Inner],
}

/// A rename within a key.
#[derive(Debug, Clone, Copy)]
pub struct Inner {
    pub from: &'static str,
    pub to: &'static str,
    /// This tensor is one of several that are laid one under the other: which, of how many.
    pub piece: Option<(usize, usize)>,
}

/// The model's own names.
pub const OFFICIAL: Layout = Layout { name: "official", optional: &[], starts: &[("", "")], inner: &[] };

/// What would be loaded, before it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    pub report: KeyReport,
    /// Name of the weight and its new values.
    pub values: Vec<(String, Vec<f32>)>,
    /// Momentum copies and queues that the file lacks: a file of another program has none, a checkpoint must have all.
    pub lacking: Vec<String>,
    /// Shapes of what the file has, by the model's names, those of a deeper model too.
    pub shapes: BTreeMap<String, Vec<usize>>,
    /// Keys that only a deeper model has.
    pub beyond: usize,
}

type Piece = Option<(usize, usize)>;

/// A tensor of the file that was found for a weight.
struct Found<'a> {
    piece: Piece,
    key: &'a str,
    tensor: &'a HostTensor,
    /// Parts of the key that were passed over.
    passed: usize,
}

impl Layout {
    /// The model's name of a key without its start, and which piece of it the key holds.
    fn translate(&self, mut key: &str) -> Option<(String, Piece)> {
        for start in self.optional {
            key = key.strip_prefix(start).unwrap_or(key);
        }
        let name = self.starts.iter().find_map(|(from, to)| Some(format!("{to}{}", key.strip_prefix(from)?)))?;
        match self.inner.iter().find(|i| name.contains(i.from)) {
            Some(inner) => Some((name.replacen(inner.from, inner.to, 1), inner.piece)),
            None => Some((name, None)),
        }
    }
}

/// List what of `file` fits `weights`, in the layout and under the start of keys with which most do.
///
/// Fixed tables may be absent, and frozen weights are left alone. A position table of another square grid is resized
/// (bicubic); the report's `layout` says so.
pub fn plan(file_name: &str, file: &File, weights: &Weights, layouts: &[Layout]) -> Plan {
    plan_of(file_name, file, weights, layouts, "", |weight| weight.upkeep != Upkeep::Frozen)
}

/// As [`plan`], with the weights whose names start with `prefix`, frozen or not; the file has the rest of each name.
pub fn plan_part(file_name: &str, file: &File, weights: &Weights, prefix: &str, layouts: &[Layout]) -> Plan {
    plan_of(file_name, file, weights, layouts, prefix, |weight| weight.name.starts_with(prefix))
}

fn plan_of(
    file_name: &str,
    file: &File,
    weights: &Weights,
    layouts: &[Layout],
    prefix: &str,
    wanted: impl Fn(&Weight) -> bool,
) -> Plan {
    let names = Names::new(weights.list.iter().filter(|w| wanted(w)), prefix, layouts, file);
    let read = reading(file, layouts, &names);
    let mut plan = Plan { report: empty_report(file_name, &read), ..Plan::default() };
    let mut found: BTreeMap<&str, Vec<Found>> = BTreeMap::new();
    for (key, tensor) in &file.tensors {
        let meant = names.meant(read.layout, read.start, key);
        // Parts are passed over where that finds what is not there otherwise: not those of copies.
        let Some(Meant { name, piece, passed }) = meant.filter(|meant| meant.passed == 0 || !read.passed.is_empty())
        else {
            // The shapes of another kind of model of the same system tell which.
            let bare = key.strip_prefix(read.start).and_then(|rest| read.layout.translate(rest));
            if let Some((name, _)) = bare {
                plan.shapes.entry(name).or_insert_with(|| tensor.shape.clone());
            }
            plan.report.unexpected.push(key.clone());
            continue;
        };
        plan.shapes.insert(name.clone(), tensor.shape.clone());
        match names.weight(&name) {
            Some(weight) => found.entry(&weight.name).or_default().push(Found { piece, key, tensor, passed }),
            None => {
                plan.beyond += 1;
                plan.report.unexpected.push(key.clone());
            }
        }
    }
    for weight in weights.list.iter().filter(|weight| wanted(weight)) {
        match (found.remove(weight.name.as_str()), weight.upkeep) {
            (Some(pieces), _) => plan.place(weight, pieces),
            (None, Upkeep::Trained | Upkeep::Frozen) => plan.report.missing.push(weight.name.clone()),
            (None, Upkeep::Average) => plan.lacking.push(weight.name.clone()),
            (None, Upkeep::Fixed) => {}
        }
    }
    for (key, kind) in &file.unread {
        plan.report
            .unexpected
            .push(format!("{key} ({kind}, a kind of number that is not read: save it as F32 or BF16)"));
    }
    plan
}

/// Put the planned values into the weights.
///
/// # Errors
/// [`Error::Checkpoint`] when nothing of the file fits; the weights are then as before.
pub fn apply(plan: Plan, weights: &mut Weights) -> Result<KeyReport> {
    let Plan { mut report, values, .. } = plan;
    if values.is_empty() {
        let mut keys = report.unexpected.iter().chain(report.wrong_shape.iter().map(|(key, ..)| key));
        let first = keys.next().map_or(String::new(), |key| format!("; the first is {key}"));
        let count = report.unexpected.len() + report.wrong_shape.len();
        return Err(Error::checkpoint(
            format!("{} is of another model", report.file),
            format!("none of its {count} keys fits{first}"),
            "Choose the system and the preset that the file was made for",
        ));
    }
    for (name, values) in values {
        weights.set(&name, values)?;
    }
    report.applied = true;
    Ok(report)
}

fn empty_report(file: &str, read: &Reading<'_>) -> KeyReport {
    let under = if read.start.is_empty() { String::new() } else { format!(", keys under `{}`", read.start) };
    let mut notes = Vec::new();
    if !read.passed.is_empty() {
        let parts = read.passed.iter().map(|part| format!("`{part}`")).collect::<Vec<_>>().join(", ");
        notes.push(format!("Passed over within keys: {parts}"));
    }
    if averages(read.start) {
        notes.push(format!("What lies under `{}` is an average of the weights (EMA), as its name says", read.start));
    }
    for start in &read.copies {
        let what = if averages(start) { "an average of the weights (EMA)" } else { "the same weights once more" };
        let shown = if start.is_empty() { "no start".into() } else { format!("`{start}`") };
        notes.push(format!("Under {shown} the file holds {what}, which is not used"));
    }
    let layout = format!("{}{under}", read.layout.name);
    KeyReport { file: file.to_string(), layout, notes, ..KeyReport::default() }
}

impl Plan {
    /// Whether the file is of a model of other sizes: shapes differ, or it goes on where this model ends.
    pub fn other_sizes(&self) -> bool {
        self.beyond > 0 || !self.report.wrong_shape.is_empty()
    }

    /// Whether the file holds the whole model: nothing that training made is missing or of another shape.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] with `advice`, naming a weight that is missing or does not fit.
    pub fn fits_whole(&self, advice: &str) -> Result<()> {
        let why = if let Some(name) = self.report.missing.first().or_else(|| self.lacking.first()) {
            format!("{name} is missing")
        } else if let Some((key, wanted, given)) = self.report.wrong_shape.first() {
            format!("{key} should be {wanted} and is {given}")
        } else {
            return Ok(());
        };
        Err(Error::checkpoint(format!("{} does not fit this model", self.report.file), why, advice))
    }
}
