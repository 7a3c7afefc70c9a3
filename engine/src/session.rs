//! The whole protocol between any front end and the engine: one value, [`Session`], and two enums, [`Command`] and
//! [`Event`].
//!
//! Commands go in, events come out, over a thread, a worker or a socket; the front end cannot tell which. Messages
//! are encoded with [`encode`] / [`decode`] (postcard) where they cross a border as bytes, and have a JSON form for
//! scripts.

mod reports;
mod results;
mod user_files;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::card::{Arm, Card, KnobValue, Outcome};
use crate::error::{Error, Report, Result};
use crate::trace::{Cursor, View};
pub use masquerade_formats::reading::{Column, Reading};
pub use reports::{
    Abilities, ColumnReport, DataReport, DeviceReport, FetchReport, LossPoint, ModelReport, PhaseReport, Progress,
    Reproduction, SetReport, Switch, grouped,
};
pub use results::{
    ArmReport, BenchReport, FineTuneReport, KernelCheck, KeyReport, ProbeReport, Race, SizesFound, StepReport,
    StudyReport, VerifyLine, VerifyReport,
};

pub use user_files::UserFiles;

/// The full state of what is on screen and what is trained. Small: undo keeps snapshots of it, links carry it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
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
    /// Masks painted by hand, by id of their [`Grid`](crate::trace::Grid), true = hidden; without one the rule's own
    /// holds. The empty id means the system's first grid that may be painted.
    pub painted: BTreeMap<String, Vec<bool>>,
    /// The token that views of one token are about while the pointer is elsewhere (click pins it).
    pub pinned: Option<Cursor>,
    /// Ids of the display switches that are on: some of those that the model's report lists ([`Abilities`]).
    pub switches: BTreeSet<String>,
    /// What is trained: the system itself, or a head on its encoder.
    pub task: Task,
    /// Show the stored trained weights (true) or what this session trains (false).
    pub stored: bool,
    /// Training goes on from the stored weights; else it begins from scratch, with the stored ones beside it.
    pub go_on: bool,
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
            painted: BTreeMap::new(),
            pinned: None,
            switches: BTreeSet::new(),
            task: Task::Pretrain,
            stored: true,
            go_on: false,
            step: 0,
            first_loss: None,
            unknown: BTreeMap::new(),
        }
    }
}

/// What a session trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// The system by its own loss.
    #[default]
    Pretrain,
    /// A head on the encoder, and the encoder with it, by the labels.
    FineTune,
}

impl Task {
    /// Its name in links and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pretrain => "pretrain",
            Self::FineTune => "finetune",
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

/// Which study: the system's claim, with what is given here in the place of its own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StudyRequest {
    /// Other arms: what is measured is no claim then. A system without a claim has one arm, as it is open.
    pub arms: Vec<Arm>,
    pub outcome: Option<Outcome>,
    /// Shares of the labels, in (0, 1].
    pub labels: Vec<f64>,
    pub seeds: Vec<u64>,
    /// Value of the knob `steps`; 0: the claim's, or that of the open session.
    pub steps: u32,
    /// How often the outcome is measured on the way; 0: once, at the end.
    pub points: u32,
}

/// What a front end asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Show this session. The engine puts it in order (defaults filled in, knobs at the preset's value left out, what
    /// does not fit dropped), does the least work that leads there from what is open, and answers with the session as
    /// it then is: [`Event::Opened`] where model or data are others, [`Event::State`] otherwise. What it cannot show is
    /// an [`Event::Error`], and the session stays as it was.
    ///
    /// `step` counts where a model is built: it is trained so far at once. A model that is kept stays at its step.
    Show(Box<Session>),
    /// Train until told otherwise.
    Play,
    Pause,
    /// Train this many steps, then pause.
    Step(u32),
    /// Start from scratch (fresh weights from the seed, not the stored ones).
    Reset,
    /// Compute these views (ids of [`View`]) now, with the cursor where the pointer is. Only the newest request is
    /// answered.
    Look {
        request: u64,
        views: Vec<String>,
        cursor: Option<Cursor>,
    },
    /// Show which keys of a weights file map, miss or are unexpected; apply them when `apply` is set.
    LoadWeights {
        file: NamedBytes,
        apply: bool,
    },
    /// Answered by [`Event::File`]: a view that is a map over a known ground ([`View::window`]) as GeoTIFF, about the pinned
    /// token.
    SaveMap {
        view: String,
    },
    /// Answered by [`Event::File`]: the weights as safetensors with the official key names.
    SaveWeights,
    /// Answered by [`Event::File`]: a checkpoint (weights, optimiser, step) that resumes exactly.
    SaveCheckpoint,
    /// Answered by [`Event::File`]: the small stored weights that come with the program; `command` is the line that
    /// made them.
    PackWeights {
        command: String,
    },
    LoadCheckpoint(NamedBytes),
    /// The user's own files; they become the data set `folder`.
    AddUserData(UserFiles),
    /// The user's own files as they were added, read in this way.
    ReadAgain(Reading),
    /// k-nearest-neighbour, linear and one-hidden-layer probe of the encoder as it is; while a head is fine-tuned, its
    /// test.
    RunProbe {
        train: u32,
        test: u32,
    },
    /// Run the golden numbers of a fixture folder (`manifest.json` and its tensors).
    Verify(Vec<NamedBytes>),
    /// Compare every kernel with its CPU twin on this device.
    SelfCheck,
    /// Train the arms of a study on its seeds and compare them; answered by [`Event::Studied`].
    RunStudy(StudyRequest),
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
    /// Answered by [`Event::Sets`]: the data sets that can be fetched.
    ListSets,
    /// Fetch a data set of that list, or what a data set of this id is made of. [`Event::Loading`] tells how far it is,
    /// [`Event::Fetched`] and [`Event::Sets`] that it ended; everything else goes on meanwhile.
    Fetch {
        set: String,
    },
    /// Stop what runs for long (probe, test, study, download).
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
    /// What is open; told again when views that were shown can show more.
    Opened {
        session: Box<Session>,
        model: ModelReport,
        data: Box<DataReport>,
    },
    /// The session as it is now: the answer to [`Command::Show`], or changed by the engine's hand (step count, what was
    /// refused put back, play state).
    State {
        session: Box<Session>,
        playing: bool,
    },
    Progress(Progress),
    /// The first step of a link was made: whether its loss is the one that the sharer saw.
    Reproduced(Reproduction),
    Views {
        request: u64,
        views: Vec<View>,
    },
    /// A long job goes on: probe, test, study, check. Of `total` 0: it was stopped.
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
    Studied(StudyReport),
    Benched(BenchReport),
    Device(DeviceReport),
    StepReport(StepReport),
    Sets(Vec<SetReport>),
    Fetched(FetchReport),
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
    postcard::from_bytes(bytes).map_err(|e| {
        Error::request(
            "A message could not be read",
            e,
            "Reload the page: page and engine may be of different versions",
        )
    })
}
