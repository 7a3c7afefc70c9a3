//! What the engine reports: progress, the model, the data, the device, and the outcome of each job.

use serde::{Deserialize, Serialize};

use super::Kernels;
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
    /// Files that were listed and skipped: name and reason.
    pub skipped: Vec<(String, String)>,
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

/// Probe of the frozen encoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProbeReport {
    pub step: u64,
    pub train_samples: u64,
    pub test_samples: u64,
    /// k of the nearest-neighbour vote.
    pub k: u32,
    /// `None` where the data has no labels to tell apart.
    pub knn_accuracy: Option<f64>,
    pub linear_accuracy: Option<f64>,
    pub chance: Option<f64>,
    /// The system's own numbers, by name.
    pub others: Vec<(String, f64)>,
    pub seconds: f64,
}

/// Result of fine-tuning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FineTuneReport {
    pub steps: u64,
    pub first_loss: f32,
    pub last_loss: f32,
    /// Share of the test samples whose class has the largest score.
    pub test_accuracy: f64,
    /// Share of those whose class is among the five largest scores; `None` where there are no more than five classes.
    pub top5_accuracy: Option<f64>,
    pub chance: f64,
    /// What was fine-tuned, in words.
    pub from: String,
    pub seconds: f64,
}

/// Keys of a weights file against the model's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyReport {
    pub file: String,
    /// Layout that was recognised ("official", "Hugging Face").
    pub layout: String,
    /// Key in the file → key of the model.
    pub mapped: Vec<(String, String)>,
    pub missing: Vec<String>,
    pub unexpected: Vec<String>,
    /// Key, what the model wants, what the file has.
    pub wrong_shape: Vec<(String, String, String)>,
    pub applied: bool,
}

/// Result of a fixture folder.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct VerifyReport {
    pub system: String,
    pub device: String,
    pub lines: Vec<VerifyLine>,
}

impl VerifyReport {
    /// Whether every tensor was reached and is within its tolerance.
    pub fn passed(&self) -> bool {
        !self.lines.is_empty() && self.lines.iter().all(|l| l.ok)
    }
}

/// One tensor of one case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VerifyLine {
    pub case: String,
    pub tensor: String,
    /// max |got − ref|.
    pub error: f64,
    /// rtol · max|ref| + atol (0 where equality is asked).
    pub allowed: f64,
    /// Entries over the strict limit where the WGSL allowance was used.
    pub over_strict: u64,
    pub ok: bool,
    pub note: String,
}

/// One kernel against its CPU twin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KernelCheck {
    pub kernel: String,
    pub case: String,
    pub error: f64,
    pub allowed: f64,
    pub ok: bool,
    pub device_ms: f64,
    pub twin_ms: f64,
}

/// What came of a study: a table of arms, and curves that race.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyReport {
    pub method: String,
    /// Title of the data set it was made on.
    pub data: String,
    /// What is claimed; empty: nothing is.
    pub sentence: String,
    /// The number that is compared.
    pub metric: String,
    pub margin: f64,
    pub seeds: Vec<u64>,
    pub steps: u32,
    /// Shares of the labels.
    pub labels: Vec<f64>,
    pub arms: Vec<ArmReport>,
    /// The metric against the steps, and against the labels, where there is more than one of them.
    pub races: Vec<Race>,
    /// What the paper reports, and how this differs.
    pub note: String,
    /// "holds", "does not hold" or "undecided"; empty where nothing is claimed.
    pub verdict: String,
    pub seconds: f64,
}

/// One arm of a study.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ArmReport {
    pub name: String,
    /// The metric at the end: a row for each share of the labels, a value for each seed.
    pub values: Vec<Vec<f64>>,
    /// Mean and standard deviation of each row.
    pub means: Vec<f64>,
    pub spreads: Vec<f64>,
    /// Other metrics by name, each with its mean.
    pub others: Vec<(String, f64)>,
    /// Seconds that one seed took, training and measuring.
    pub seconds: f64,
}

/// Curves of all arms over one axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Race {
    /// What is across: "steps" or "share of the labels".
    pub axis: String,
    /// The axis is best drawn by powers of ten.
    pub logarithmic: bool,
    /// Places across, ascending.
    pub x: Vec<f64>,
    /// Name of the arm, its means there, and their standard deviations over the seeds.
    pub arms: Vec<(String, Vec<f64>, Vec<f64>)>,
}

/// Timing of one workload, in the form of the benchmark's JSON lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BenchReport {
    pub name: String,
    pub unsupported: bool,
    pub setup_ms: f64,
    pub first_ms: f64,
    pub ms: Vec<f64>,
    /// Processor time of one timed run over all threads, where it can be asked (`clock::processor_seconds`).
    pub cpu_ms: Option<f64>,
    pub check: f64,
    pub device: String,
    pub info: Vec<(String, String)>,
}

/// What one warm training step (workload W2) costs on the device. A browser counts every call of the engine's worker;
/// natively the log of the graphics library counts those without sizes, where a program keeps it. `None`: not counted
/// here.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StepReport {
    pub dispatches: Option<u64>,
    pub submits: Option<u64>,
    /// Pipelines made until the first step was over.
    pub pipelines: Option<u64>,
    /// Buffers that this step created.
    pub buffers: Option<u64>,
    pub bytes_up: Option<u64>,
    pub bytes_back: Option<u64>,
    /// Kernel and how often it was launched, the most frequent first: natively only this program's own kernels.
    pub launches: Vec<(String, u64)>,
    pub wall_ms: f64,
    pub device: String,
    pub kernels: Kernels,
}

impl StepReport {
    /// [`StepReport::launches`], and under the name `others` the dispatches that are not among them.
    pub fn by_kernel<'a>(&'a self, others: &'a str) -> impl Iterator<Item = (&'a str, u64)> {
        let named: u64 = self.launches.iter().map(|(_, count)| count).sum();
        let rest = self.dispatches.map_or(0, |all| all.saturating_sub(named));
        let rest = (rest > 0).then_some((others, rest));
        self.launches.iter().map(|(name, count)| (name.as_str(), *count)).chain(rest)
    }
}
