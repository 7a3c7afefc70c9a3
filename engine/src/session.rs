//! The whole protocol between any front end and the engine: one value, [`Session`], and two enums, [`Command`] and [`Event`].
//!
//! Commands go in, events come out, over a thread, a worker or a socket; the front end cannot tell which. Messages
//! are encoded with [`encode`] / [`decode`] (postcard) where they cross a border as bytes, and have a JSON form for scripts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::card::{Card, KnobValue};
use crate::error::{Error, Report, Result};
use crate::trace::View;

/// The full state of what is on screen and what is trained. Small: undo keeps snapshots of it, links carry it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Id of the system (`mae`).
    pub method: String,
    /// Id of the preset (`nano`).
    pub preset: String,
    /// Id of the data set (`fashion-mnist`, `shapes`, `photos`, `folder`).
    pub data: String,
    /// Seed of first weights, batches and masks of the run.
    pub seed: u64,
    /// Knobs that differ from the preset.
    pub knobs: BTreeMap<String, KnobValue>,
    /// Index of the picture on the stage.
    pub sample: u64,
    /// Seed of the mask on the stage (`M` draws a new one).
    pub mask_seed: u64,
    /// A mask painted by hand over the stage's picture, true = hidden. `None`: the rule's own mask.
    pub painted: Option<Vec<bool>>,
    /// The token whose similarity to all others is shown (click pins it).
    pub pinned: Option<u32>,
    /// Show the raw prediction everywhere instead of pasting the visible patches over it.
    pub raw_prediction: bool,
    /// Undo `norm_pix` with the true patch's mean and deviation (leaks the answer).
    pub true_patch_mean: bool,
    /// Start from the stored trained weights (true) or from scratch (false).
    pub stored: bool,
    /// Steps trained since the start; a link carries it as "train this far".
    pub step: u64,
    /// The loss that the sharer saw at the first step, to check a reproduction against.
    pub first_loss: Option<f32>,
    /// Keys of a link this version does not know: kept, written back.
    pub unknown: BTreeMap<String, String>,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            method: "mae".into(),
            preset: String::new(),
            data: String::new(),
            seed: 7,
            knobs: BTreeMap::new(),
            sample: 0,
            mask_seed: 0,
            painted: None,
            pinned: None,
            raw_prediction: false,
            true_patch_mean: false,
            stored: true,
            step: 0,
            first_loss: None,
            unknown: BTreeMap::new(),
        }
    }
}

/// Which processor to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceChoice {
    /// A hardware GPU if there is one, else the CPU.
    #[default]
    Auto,
    /// The GPU, a software one too.
    Gpu,
    Cpu,
}

/// Which code computes what this program has kernels of its own for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kernels {
    /// This program's own kernels, each of which does what would be several launches.
    #[default]
    Fused,
    /// The tensor library's own operations: to compare, and to work around a bad driver.
    Stock,
}

/// A file by name and content: user data, weights, an export.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NamedBytes {
    /// File name, with its folders when a folder was given (`cats/1.png`).
    pub name: String,
    pub bytes: Vec<u8>,
}

/// What a front end asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Show this session: build or keep the model, load the data. The answer is [`Event::Opened`] and fresh views.
    Open(Box<Session>),
    /// Train until told otherwise.
    Play,
    Pause,
    /// Train this many steps, then pause.
    Step(u32),
    /// Start from scratch (fresh weights from the seed, not the stored ones).
    Reset,
    SetKnob {
        name: String,
        value: KnobValue,
    },
    /// The picture on the stage.
    SetSample(u64),
    /// Draw another mask for the stage by the rule.
    Remask(u64),
    /// The mask painted by hand, true = hidden; `None` goes back to the rule's.
    PaintMask(Option<Vec<bool>>),
    /// Which display switches are on.
    SetDisplay {
        raw_prediction: bool,
        true_patch_mean: bool,
    },
    /// Pin a token, or none.
    Pin(Option<u32>),
    /// Compute these views (ids of [`View`]) now; the cursor is a token index. Only the newest request is answered.
    Look {
        request: u64,
        views: Vec<String>,
        cursor: Option<u32>,
    },
    /// Show which keys of a weights file map, miss or are unexpected; apply them when `apply` is set.
    LoadWeights {
        file: NamedBytes,
        apply: bool,
    },
    /// Answered by [`Event::File`]: the weights as safetensors with the official key names.
    SaveWeights,
    /// Answered by [`Event::File`]: a checkpoint (weights, optimiser, step) that resumes exactly.
    SaveCheckpoint,
    /// Answered by [`Event::File`]: the small stored weights that come with the program; `command` is the line that made them.
    PackWeights {
        command: String,
    },
    LoadCheckpoint(NamedBytes),
    /// The user's own pictures; they become the data set `folder`.
    AddUserData(Vec<NamedBytes>),
    /// k-nearest-neighbour and linear probe of the encoder as it is.
    RunProbe {
        train: u32,
        test: u32,
    },
    /// Fine-tune a classifier from the encoder for this many steps.
    FineTune {
        steps: u32,
    },
    /// Run the golden numbers of a fixture folder (`manifest.json` and its tensors).
    Verify(Vec<NamedBytes>),
    /// Compare every kernel with its CPU twin on this device.
    SelfCheck,
    /// Train the arms of the system's claim on its seeds and compare them. `steps` 0 and no seeds: the claim's own.
    RunClaim {
        steps: u32,
        seeds: Vec<u64>,
    },
    /// Run a named workload (`w1-mae-fwd-tiny` …) and time it.
    Bench {
        name: String,
        warmup: u32,
        repeats: u32,
        max_ms: u32,
    },
    UseDevice(DeviceChoice),
    /// Answered by [`Event::Device`]. It holds for the whole process.
    UseKernels(Kernels),
    /// Answered by [`Event::Device`].
    DescribeDevice,
    /// Answered by [`Event::StepReport`]: what one training step costs.
    MeasureStep,
    /// Stop what runs for long (probe, fine-tuning, check).
    Cancel,
    /// End the engine.
    Close,
}

/// What the engine tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The engine is up.
    Ready {
        device: DeviceReport,
        catalogue: Vec<Card>,
    },
    /// A long start: pipelines, downloads. `total` 0 = not known.
    Loading {
        what: String,
        done: u64,
        total: u64,
    },
    Opened {
        session: Box<Session>,
        model: ModelReport,
        data: DataReport,
    },
    /// The session changed by the engine's hand (step count, refused knob put back, play state).
    State {
        session: Box<Session>,
        playing: bool,
    },
    Progress(Progress),
    Views {
        request: u64,
        views: Vec<View>,
    },
    /// A long job goes on: probe, fine-tuning, check.
    Job {
        name: String,
        done: u64,
        total: u64,
        note: String,
    },
    Probe(ProbeReport),
    FineTuned(FineTuneReport),
    Keys(KeyReport),
    File(NamedBytes),
    Verified(VerifyReport),
    Checked(Vec<KernelCheck>),
    Claimed(ClaimReport),
    Benched(BenchReport),
    Device(DeviceReport),
    StepReport(StepReport),
    Log {
        level: LogLevel,
        text: String,
    },
    Error(Report),
    /// The engine is gone (a panic or a lost device); the session to go on from.
    Lost {
        report: Report,
        session: Box<Session>,
    },
    /// The device was lost and the session goes on without it: what happened, why, what was done.
    Recovered(Report),
    /// A copy of the training, a checkpoint, for whoever starts the engine again should it end.
    Copied(NamedBytes),
}

/// How serious a line of the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    Info,
    Warning,
    Error,
}

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

/// Facts of the model that was built.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelReport {
    pub parameters: u64,
    /// Tokens of a sample, down and across.
    pub grid: (u32, u32),
    pub visible_tokens: u32,
    /// "stored weights" or "from scratch" or "loaded from …", in words.
    pub weights: String,
    /// Steps that the stored weights were trained for, 0 from scratch.
    pub trained_steps: u64,
    pub stored: bool,
    /// Phases of the run: title and steps.
    pub phases: Vec<(String, u64)>,
    /// Views this system has, in stage order: id and title.
    pub views: Vec<(String, String)>,
}

/// Facts of the data set in use.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DataReport {
    pub id: String,
    pub title: String,
    pub samples: u64,
    pub test_samples: u64,
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
    /// Bytes the engine holds on the device, kept for reuse or in use; on the CPU those of the whole process. `None`: not known.
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
    pub test_accuracy: f64,
    pub chance: f64,
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

/// Outcome of a claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimReport {
    pub method: String,
    /// Title of the data set it was made on.
    pub data: String,
    pub sentence: String,
    pub metric: String,
    pub margin: f64,
    pub seeds: Vec<u64>,
    pub steps: u32,
    /// Name of the arm and its metric for each seed.
    pub arms: Vec<(String, Vec<f64>)>,
    /// The arm's mean, in the order of `arms`.
    pub means: Vec<f64>,
    /// Seconds that one seed of each arm took, training and measuring.
    pub arm_seconds: Vec<f64>,
    /// What the paper reports, and how this differs.
    pub note: String,
    /// "holds", "does not hold" or "undecided".
    pub verdict: String,
    pub seconds: f64,
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

/// What one warm training step (workload W2) costs on the device. A browser counts every call of the engine's worker; natively
/// the log of the graphics library counts those without sizes, where a program keeps it. `None`: not counted here.
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

/// Encode a message for a border that takes bytes (worker, socket).
///
/// # Errors
/// When the message cannot be written, which the types here never cause.
pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>> {
    postcard::to_stdvec(message).map_err(|e| Error::request("A message could not be written", e, "Please report this"))
}

/// Decode a message that [`encode`] wrote.
///
/// # Errors
/// When the bytes are not such a message (another version, a truncated frame).
pub fn decode<T: for<'a> Deserialize<'a>>(bytes: &[u8]) -> Result<T> {
    postcard::from_bytes(bytes)
        .map_err(|e| Error::request("A message could not be read", e, "Reload the page: page and engine may be of different versions"))
}
