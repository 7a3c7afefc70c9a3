//! What the engine reports of what is open: progress, the model, the data, the device.

use serde::{Deserialize, Serialize};

use super::Kernels;
use super::Reading;
use crate::card::Kind;
use crate::trace::Grid;

/// Training goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    pub step: u64,
    /// Steps the preset asks for.
    pub of: u64,
    pub steps_per_second: f64,
    pub seconds_left: f64,
    /// Title of the phase the run is in, and its number among how many.
    pub phase: String,
    pub phases: (u32, u32),
    /// The losses since the last message, oldest first.
    pub losses: Vec<LossPoint>,
    pub learning_rate: f64,
}

/// The loss at one step, whole and by term.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LossPoint {
    pub step: u64,
    pub total: f32,
    pub terms: Vec<(String, f32)>,
}

/// Whether a link led to the same numbers here as where it was shared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Reproduction {
    /// Loss of the first step in the link, and here.
    pub expected: f32,
    pub got: f32,
    /// By how large a part of it they may differ and still count as the same.
    pub tolerance: f32,
    pub same: bool,
}

/// Facts of the model that was built.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelReport {
    /// Values that training changes by their gradients.
    pub parameters: u64,
    /// All others: tables, running statistics, momentum copies, teachers.
    pub other_values: u64,
    /// What its views are divided into; the first one is that of the sample itself.
    pub grids: Vec<Grid>,
    /// What can be done with it, beyond training and looking.
    pub abilities: Abilities,
    /// "stored weights, 1800 steps" or "from scratch" or "loaded from …", in words, as they were at `weights_step`;
    /// see [`ModelReport::weights_at`].
    pub weights: String,
    /// Step of the run at which it had these weights.
    pub weights_step: u64,
    /// Steps that these weights had been trained for by then, 0 from scratch.
    pub trained_steps: u64,
    /// It started from the weights that come with the program.
    pub stored: bool,
    /// There are stored weights for this model, to be shown beside what trains.
    pub has_stored: bool,
    /// Phases of the run, in order.
    pub phases: Vec<PhaseReport>,
    /// Views this system has, in stage order: id and title.
    pub views: Vec<(String, String)>,
}

impl ModelReport {
    /// Where the weights come from, in words, once the run has come to `step`.
    pub fn weights_at(&self, step: u64) -> String {
        match step.saturating_sub(self.weights_step) {
            0 => self.weights.clone(),
            more if self.weights.ends_with("steps") => format!("{} + {more}", self.weights),
            more => format!("{} + {more} steps", self.weights),
        }
    }

    /// Steps that the weights were trained for, here and before, once the run has come to `step`.
    pub fn trained_at(&self, step: u64) -> u64 {
        self.trained_steps + step.saturating_sub(self.weights_step)
    }

    /// The grid of this id; the empty id is the first one's.
    pub fn grid(&self, id: &str) -> Option<&Grid> {
        if id.is_empty() { self.grids.first() } else { self.grids.iter().find(|grid| grid.id == id) }
    }
}

/// What a system can do as it is built now. A front end offers nothing else: a control is there only if it acts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Abilities {
    /// The stage shows one sample of the data, and another one can be chosen.
    pub samples: bool,
    /// What `Session::mask_seed` draws anew on the stage ("mask", "noise"); `None`: nothing there is drawn.
    pub draws: Option<String>,
    /// The knob that says how much is hidden.
    pub mask_knob: Option<String>,
    /// A classifier can be fine-tuned on its encoder.
    pub fine_tunes: bool,
    /// Its display switches, in the order they are offered.
    pub switches: Vec<Switch>,
}

/// Something about the views that can be on or off ([`Session::switches`](super::Session)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switch {
    pub id: String,
    pub title: String,
    pub tooltip: String,
}

impl Switch {
    /// A switch.
    pub fn new(id: &str, title: &str, tooltip: &str) -> Self {
        Self { id: id.into(), title: title.into(), tooltip: tooltip.into() }
    }

    /// Show what is predicted for what is visible too.
    pub fn raw_prediction() -> Self {
        let tooltip = "Show what the model predicts for what is visible too; there is no loss on it";
        Self::new("raw_prediction", "Raw prediction", tooltip)
    }

    /// Undo the normalisation of targets with the true patch's mean and deviation.
    pub fn true_patch_mean() -> Self {
        let tooltip = "Undo the normalisation with the hidden patch's own mean: this leaks the answer";
        Self::new("true_patch_mean", "Use the true patch mean", tooltip)
    }
}

/// One phase of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseReport {
    pub title: String,
    pub steps: u64,
    /// The knob that sets its length, where one does.
    pub knob: Option<String>,
}

/// Facts of the data set in use.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DataReport {
    pub id: String,
    pub title: String,
    pub samples: u64,
    pub test_samples: u64,
    /// The test sample that the stage opens with, a telling one; the others follow in their order.
    pub first: u64,
    pub classes: Vec<String>,
    /// Width, height and channels of its first picture; zeros for other kinds.
    pub picture: (u32, u32, u32),
    /// What a sample of another kind is, in words ("1,024 points a cloud"); empty for pictures.
    pub detail: String,
    pub licence: String,
    /// Where it came from, in words.
    pub source: String,
    /// How files were understood where that had to be guessed, one line each.
    pub notes: Vec<String>,
    /// What was left out (files, lines, columns, points): which, and why.
    pub skipped: Vec<(String, String)>,
    /// Samples of each class, those of both halves; empty when classes are not known.
    pub class_sizes: Vec<u64>,
    /// Columns of a table, in its order; of clouds as text those of the first.
    pub columns: Vec<ColumnReport>,
    /// The names of the columns of a table, then its first rows as they stand in the file.
    pub preview: Vec<Vec<String>>,
    /// How the user wants files of text to be read; `None`: there is nothing about these data that could be read
    /// otherwise.
    pub reading: Option<Reading>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ColumnReport {
    /// As in the header, else its place (`column 3`).
    pub name: String,
    /// What it was taken for, in words: "number", "class", "name of the row", "x", "constant", "left out: words".
    pub kind: String,
    /// Smallest and largest number.
    pub range: Option<(f64, f64)>,
    /// Cells without a value.
    pub missing: u64,
}

impl DataReport {
    /// Things left out that [`Self::line`] names; the rest it only counts.
    pub const NAMED: usize = 3;

    /// What was read, in one line: "450 clouds, 1,024 points a cloud, 27 classes; 2 left out: a.ply (…), b.ply (…)".
    pub fn line(&self, kind: Kind) -> String {
        let mut line = match kind {
            // A graph's numbers are its detail.
            Kind::Graphs => self.detail.clone(),
            _ => {
                let all = self.samples + self.test_samples;
                let mut line = format!("{} {}", grouped(all), if all == 1 { kind.one() } else { kind.name() });
                if self.test_samples > 0 {
                    line += &format!(" ({} to test on)", grouped(self.test_samples));
                }
                if !self.detail.is_empty() {
                    line += &format!(", {}", self.detail);
                }
                line
            }
        };
        if !self.classes.is_empty() {
            line += &format!(", {} classes", grouped(self.classes.len() as u64));
        }
        if !self.skipped.is_empty() {
            let named: Vec<String> =
                self.skipped.iter().take(Self::NAMED).map(|(what, why)| format!("{what} ({why})")).collect();
            let more = self.skipped.len().saturating_sub(Self::NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            line += &format!("; {} left out: {}{more}", grouped(self.skipped.len() as u64), named.join(", "));
        }
        line
    }
}

/// A number with a comma between thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let (head, rest) = digits.split_at(first);
    let groups = rest.as_bytes().chunks(3).map(|group| String::from_utf8_lossy(group).into_owned());
    let groups: Vec<String> = (!head.is_empty()).then(|| head.to_string()).into_iter().chain(groups).collect();
    groups.join(",")
}

/// What computes, and why.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DeviceReport {
    pub gpu: bool,
    /// Name of the adapter or "CPU".
    pub name: String,
    /// "Vulkan", "WebGPU", "Flex" …
    pub backend: String,
    pub software: bool,
    pub kernels: Kernels,
    /// Why this one, in words.
    pub reason: String,
    /// Limits and features worth showing: name and value.
    pub facts: Vec<(String, String)>,
    /// Bytes the engine holds on the device, kept for reuse or in use; on the CPU those of the whole process. `None`:
    /// not known.
    pub memory_bytes: Option<u64>,
    /// Bytes of these that tensors use now, where they are counted apart.
    pub memory_used: Option<u64>,
}

/// A data set that can be fetched, and what is here of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SetReport {
    pub id: String,
    pub title: String,
    /// `None`: no system reads it yet.
    pub kind: Option<Kind>,
    /// Data sets ([`Card::data`](crate::card::Card::data)) that are made of it.
    pub gives: Vec<String>,
    pub systems: Vec<String>,
    pub samples: u64,
    pub bytes: u64,
    /// Files of the set, and those that are here.
    pub files: u64,
    pub here: u64,
    pub licence: String,
    /// The licence in a word, whom to name, whether people can be seen or heard, where it comes from.
    pub terms: String,
    pub credit: String,
    pub people: String,
    pub source: String,
}

/// How a download ended.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FetchReport {
    pub set: String,
    /// Files of the set that are here, and all.
    pub here: u64,
    pub of: u64,
    /// Files that could not be had: name and reason.
    pub failed: Vec<(String, String)>,
    /// It was stopped by [`Command::Cancel`](super::Command::Cancel).
    pub stopped: bool,
}

impl FetchReport {
    /// How it ended, in one line.
    pub fn line(&self) -> String {
        let missing = match self.failed.first() {
            Some((name, why)) => format!("; {} could not be had, the first: {name} ({why})", self.failed.len()),
            None => String::new(),
        };
        format!("{}: {} of {} files are here{missing}", self.set, self.here, self.of)
    }
}
