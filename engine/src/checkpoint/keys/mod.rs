//! From the keys of a weights file to the names of a model, by tables of renames. Nothing is applied before it is
//! listed.

pub mod vit_mae;

use std::collections::BTreeMap;

use crate::checkpoint::resize;
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

/// Starts that training scripts put before every key.
const WRAPPERS: [&str; 5] = ["", "model.", "module.", "model.module.", "module.model."];
/// Another start needs one in this many of the model's weights under it.
const ENOUGH: usize = 4;

/// What would be loaded, before it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub report: KeyReport,
    /// Name of the weight and its new values.
    pub values: Vec<(String, Vec<f32>)>,
    /// Momentum copies and queues that the file lacks: a file of another program has none, a checkpoint must have all.
    pub lacking: Vec<String>,
}

type Piece = Option<(usize, usize)>;
type Found<'a> = (Piece, &'a str, &'a HostTensor);

impl Layout {
    /// The model's name of a key, and which piece of it the key holds.
    fn translate(&self, wrapper: &str, key: &str) -> Option<(String, Piece)> {
        let mut key = key.strip_prefix(wrapper)?;
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

/// List what of `file` fits `weights`, in the layout (and wrapper) under which most keys do.
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
    let weight = |name: &str| weights.by_name(&format!("{prefix}{name}")).filter(|weight| wanted(weight));
    let (layout, wrapper) =
        recognised(file, layouts, weights.list.iter().filter(|w| wanted(w)).count(), |name| weight(name).is_some());
    let report = empty_report(file_name, layout, wrapper);
    let mut plan = Plan { report, values: Vec::new(), lacking: Vec::new() };
    let mut found: BTreeMap<&str, Vec<Found>> = BTreeMap::new();
    for (key, tensor) in &file.tensors {
        let place = layout.translate(wrapper, key).and_then(|(name, piece)| Some((weight(&name)?, piece)));
        match place {
            Some((weight, piece)) => found.entry(&weight.name).or_default().push((piece, key, tensor)),
            None => plan.report.unexpected.push(key.clone()),
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
    plan
}

/// The layout and the start that keys carry beside it under which most of them name a weight; the first layout and the
/// shortest start of equals, so that the plain official names win.
fn recognised<'a>(
    file: &'a File,
    layouts: &'a [Layout],
    weights: usize,
    names_one: impl Fn(&str) -> bool,
) -> (&'a Layout, &'a str) {
    let mut fits: BTreeMap<(usize, &str), usize> = BTreeMap::new();
    for (number, layout) in layouts.iter().enumerate() {
        for key in file.tensors.keys() {
            let starts = std::iter::once(0).chain(key.match_indices('.').map(|(at, _)| at + 1));
            for wrapper in starts.map(|end| &key[..end]) {
                if layout.translate(wrapper, key).is_some_and(|(name, _)| names_one(&name)) {
                    *fits.entry((number, wrapper)).or_default() += 1;
                }
            }
        }
    }
    // A start that no script is known to write is believed where a good part of the model is found under it.
    fits.retain(|(_, wrapper), count| WRAPPERS.contains(wrapper) || ENOUGH * *count >= weights);
    let best = fits.iter().max_by_key(|((number, wrapper), count)| {
        (**count, std::cmp::Reverse(*number), std::cmp::Reverse(wrapper.len()))
    });
    best.map_or((&OFFICIAL, ""), |((number, wrapper), _)| (&layouts[*number], *wrapper))
}

/// Put the planned values into the weights.
///
/// # Errors
/// [`Error::Checkpoint`] when nothing of the file fits; the weights are then as before.
pub fn apply(plan: Plan, weights: &mut Weights) -> Result<KeyReport> {
    let Plan { mut report, values, .. } = plan;
    if values.is_empty() {
        let why = format!("none of its {} keys fits", report.unexpected.len() + report.wrong_shape.len());
        return Err(Error::checkpoint(
            format!("{} is of another model", report.file),
            why,
            "Choose the preset that the file was made for",
        ));
    }
    for (name, values) in values {
        weights.set(&name, values)?;
    }
    report.applied = true;
    Ok(report)
}

fn empty_report(file: &str, layout: &Layout, wrapper: &str) -> KeyReport {
    let under = if wrapper.is_empty() { String::new() } else { format!(", keys under `{wrapper}`") };
    KeyReport {
        file: file.to_string(),
        layout: format!("{}{under}", layout.name),
        mapped: Vec::new(),
        missing: Vec::new(),
        unexpected: Vec::new(),
        wrong_shape: Vec::new(),
        applied: false,
    }
}

impl Plan {
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

    /// Take a weight from the tensors that were found for it.
    fn place(&mut self, weight: &Weight, found: Vec<Found>) {
        if let Some((_, key, tensor)) = found.iter().find(|(piece, ..)| piece.is_none()) {
            let others = found.iter().filter(|(_, other, _)| other != key);
            self.report.unexpected.extend(others.map(|(_, other, _)| (*other).to_string()));
            self.place_whole(weight, key, tensor);
            return;
        }
        let count = found.iter().find_map(|(piece, ..)| piece.map(|(_, count)| count)).unwrap_or(1);
        let mut pieces: Vec<Option<(&str, &HostTensor)>> = vec![None; count];
        for (piece, key, tensor) in found {
            let index = piece.map_or(0, |(index, _)| index);
            if pieces[index].is_some() {
                self.report.unexpected.push(key.to_string());
            } else {
                pieces[index] = Some((key, tensor));
            }
        }
        self.place_pieces(weight, &pieces);
    }

    fn place_whole(&mut self, weight: &Weight, key: &str, tensor: &HostTensor) {
        // A single number is [] in some files and [1] in others.
        let single = tensor.values.len() == 1 && weight.len() == 1;
        let values = if tensor.shape == weight.shape || single {
            tensor.values.clone()
        } else if let Some((values, note)) = resized(weight, tensor) {
            self.report.layout.push_str(&note);
            values
        } else {
            self.report.wrong_shape.push((
                key.to_string(),
                format!("{:?}", weight.shape),
                format!("{:?}", tensor.shape),
            ));
            return;
        };
        self.report.mapped.push((key.to_string(), weight.name.clone()));
        self.values.push((weight.name.clone(), values));
    }

    fn place_pieces(&mut self, weight: &Weight, pieces: &[Option<(&str, &HostTensor)>]) {
        let mut wanted = weight.shape.clone();
        if let Some(rows) = wanted.first_mut() {
            *rows /= pieces.len();
        }
        let fit = |tensor: &HostTensor| tensor.shape == wanted && wanted.iter().product::<usize>() > 0;
        for (index, piece) in pieces.iter().enumerate() {
            match piece {
                None => self.report.missing.push(format!("{} (piece {} of {})", weight.name, index + 1, pieces.len())),
                Some((key, tensor)) if !fit(tensor) => {
                    self.report.wrong_shape.push((
                        (*key).to_string(),
                        format!("{wanted:?}"),
                        format!("{:?}", tensor.shape),
                    ));
                }
                Some(_) => {}
            }
        }
        let whole: Vec<_> = pieces.iter().flatten().filter(|(_, tensor)| fit(tensor)).collect();
        if whole.len() == pieces.len() {
            self.report.mapped.extend(whole.iter().map(|(key, _)| ((*key).to_string(), weight.name.clone())));
            self.values.push((weight.name.clone(), whole.iter().flat_map(|(_, t)| t.values.iter().copied()).collect()));
        }
    }
}

/// A position table `[1, rows, dim]` brought to the model's grid, and a note for the report.
fn resized(weight: &Weight, tensor: &HostTensor) -> Option<(Vec<f32>, String)> {
    let (&[1, want, dim], &[1, have, same]) = (weight.shape.as_slice(), tensor.shape.as_slice()) else { return None };
    if !weight.name.ends_with("pos_embed") || dim != same {
        return None;
    }
    let ((leading, to), (also, from)) = (resize::grid(want)?, resize::grid(have)?);
    let note = format!(", {} resized from {from} × {from} to {to} × {to}", weight.name);
    (leading == also).then(|| (resize::positions(&tensor.values, leading, from, to, dim), note))
}
