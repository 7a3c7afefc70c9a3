//! What comes of each job: probes, fine-tuning, weights files, checks, studies, timings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Kernels;
use crate::card::KnobValue;

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
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct KeyReport {
    pub file: String,
    /// Layout that was recognised ("official", "Hugging Face"), and the start that was taken off its keys.
    pub layout: String,
    /// What was guessed, one line each.
    pub notes: Vec<String>,
    /// Key in the file → key of the model.
    pub mapped: Vec<(String, String)>,
    pub missing: Vec<String>,
    pub unexpected: Vec<String>,
    /// Key, what the model wants, what the file has.
    pub wrong_shape: Vec<(String, String, String)>,
    pub applied: bool,
    /// The model that the file is of, where it is another one than the open one and its shapes tell.
    pub sizes: Option<SizesFound>,
}

/// The sizes that the shapes of a weights file tell, as a session to build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SizesFound {
    /// "dim 192, depth 12, patch_size 16"
    pub words: String,
    /// The preset that it is, or the one to begin from.
    pub preset: String,
    /// Knobs that differ from the preset's.
    pub knobs: BTreeMap<String, KnobValue>,
    /// What shapes do not tell and was taken instead, and what the data have to be like; one line each.
    pub notes: Vec<String>,
    /// Why such a model cannot be built; empty: it can.
    pub refused: String,
}

impl SizesFound {
    /// What to add to a command line to build that model.
    pub fn options(&self) -> String {
        let set = self.knobs.iter().map(|(name, value)| format!(" --set {name}={}", value.text()));
        format!("--preset {}{}", self.preset, set.collect::<String>())
    }

    /// What the file is, in a sentence without its full stop.
    pub fn sentence(&self) -> String {
        match (self.refused.is_empty(), self.knobs.is_empty()) {
            (false, _) => format!("It is of {}, which cannot be built here: {}", self.words, self.refused),
            (true, true) => format!("It is the preset {} ({})", self.preset, self.words),
            (true, false) => format!("It is of {}: build it with {}", self.words, self.options()),
        }
    }
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
