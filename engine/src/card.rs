//! What a system says about itself: its card, its knobs, its presets. Plain data, known without a tensor.

mod knob;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::role::Role;
pub use knob::{Knob, KnobKind, KnobValue};

/// The four ideas the list of systems is grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Idea {
    Base,
    HideAndFill,
    PullAndPush,
    BothAtOnce,
    DecodeAndDetect,
}

impl Idea {
    /// The group's title in the list.
    pub fn title(self) -> &'static str {
        match self {
            Self::Base => "Bases",
            Self::HideAndFill => "Hide and fill",
            Self::PullAndPush => "Pull and push",
            Self::BothAtOnce => "Both at once",
            Self::DecodeAndDetect => "Decode and detect",
        }
    }
}

/// The id of the user's own data, of whatever kind.
pub const OWN: &str = "folder";

/// Heading of the knobs that a fine-tuning run goes by.
pub const FINE_TUNING: &str = "Fine-tuning";

/// The kinds of data that systems take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    #[default]
    Pictures,
    Clouds,
    Graphs,
    Vectors,
    /// Places seen by an optical satellite and by a radar one.
    Scenes,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Pictures, Self::Clouds, Self::Graphs, Self::Vectors, Self::Scenes];

    /// What its samples are called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pictures => "pictures",
            Self::Clouds => "point clouds",
            Self::Graphs => "graphs",
            Self::Vectors => "vectors",
            Self::Scenes => "radar and optical scenes",
        }
    }

    /// What one sample is called.
    pub fn one(self) -> &'static str {
        match self {
            Self::Pictures => "picture",
            Self::Clouds => "point cloud",
            Self::Graphs => "graph",
            Self::Vectors => "vector",
            Self::Scenes => "radar and optical scene",
        }
    }

    /// The roles that every sample has; a data set may have more.
    pub fn roles(self) -> &'static [Role] {
        match self {
            Self::Pictures => &[Role::Imgs],
            Self::Clouds => &[Role::Points],
            Self::Graphs => &[Role::Nodes],
            Self::Vectors => &[Role::Vectors],
            Self::Scenes => &[Role::Optical, Role::Radar],
        }
    }

    /// The files a user can bring.
    pub fn files(self) -> &'static str {
        match self {
            Self::Pictures => "PNG, JPEG or WebP pictures, or a folder of them",
            Self::Clouds => "clouds as PLY, OBJ, STL, OFF, PCD, NumPy arrays or text, or a folder of them",
            Self::Graphs => "an edge list and a table of node features, arrays of a graph, or a TU Dortmund set",
            Self::Vectors => "a table of numbers as text or NumPy arrays, one sample a row",
            Self::Scenes => "GeoTIFF files of optical and radar bands, or a folder of them",
        }
    }
}

/// One system's entry in the catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// Name of its fixture folder: `mae`, `croma`, `pointcmae` …
    pub id: String,
    pub title: String,
    pub paper: String,
    pub authors: String,
    pub year: u32,
    /// Kind of data: "pictures", "sound and faces", "point clouds" …
    pub modality: String,
    /// What its data sets hold.
    pub kind: Kind,
    pub idea: Idea,
    /// The idea in one sentence.
    pub sentence: String,
    /// Equations as plain text, in the order of the paper.
    pub equations: Vec<Equation>,
    /// False: not built yet, and the card says so.
    pub built: bool,
    /// Default preset first.
    pub presets: Vec<Preset>,
    pub knobs: Vec<Knob>,
    /// Data sets that fit, default first (`fashion-mnist`, `shapes`, `photos`, `folder`).
    pub data: Vec<String>,
    /// The paper's central comparison, small enough to run in minutes.
    pub claim: Option<Study>,
}

/// Arms that differ in a few knobs, trained on the same seeds and compared by one number. With a sentence it is a claim,
/// with several shares of the labels a label budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Study {
    /// What is claimed, in one sentence; empty: nothing is.
    pub sentence: String,
    /// First arm: the one that should win.
    pub arms: Vec<Arm>,
    pub outcome: Outcome,
    /// Metrics of the system that are told beside it; they have no say in the verdict.
    pub also: Vec<String>,
    /// By how much the first arm's mean must be ahead of every other's for "holds".
    pub margin: f64,
    pub seeds: Vec<u64>,
    /// Shares of the labels that the outcome may use, in (0, 1]; a claim's verdict is of the first one.
    pub labels: Vec<f64>,
    /// Value of the knob `steps`.
    pub steps: u32,
    /// How often the outcome is measured while an arm trains, evenly, the end included.
    pub points: u32,
    /// The data set it is made on; empty: the first of the card.
    pub data: String,
    /// What the paper reports, and how this differs.
    pub note: String,
}

impl Default for Study {
    fn default() -> Self {
        Self {
            sentence: String::new(),
            arms: Vec::new(),
            outcome: Outcome::Probe(LINEAR.into()),
            also: Vec::new(),
            margin: 0.0,
            seeds: vec![1, 2, 3],
            labels: vec![1.0],
            steps: 0,
            points: 1,
            data: String::new(),
            note: String::new(),
        }
    }
}

/// The frame's own probes of frozen features.
pub const LINEAR: &str = "linear_accuracy";
const NEAREST: &str = "knn_accuracy";
const HIDDEN_LAYER: &str = "mlp_accuracy";

/// The number that a study compares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A probe of the frozen encoder: `linear_accuracy`, `knn_accuracy` or `mlp_accuracy` (one hidden layer).
    Probe(String),
    /// The test accuracy after fine-tuning.
    FineTune,
    /// A metric of the system's own, by name.
    Own(String),
}

impl Outcome {
    /// The outcome of this name.
    pub fn named(name: &str) -> Self {
        match name {
            LINEAR | NEAREST | HIDDEN_LAYER => Self::Probe(name.into()),
            "finetune" => Self::FineTune,
            _ => Self::Own(name.into()),
        }
    }

    /// Its name in tables.
    pub fn name(&self) -> &str {
        match self {
            Self::Probe(name) | Self::Own(name) => name,
            Self::FineTune => "finetune",
        }
    }
}

/// One side of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    pub name: String,
    pub knobs: BTreeMap<String, KnobValue>,
}

/// A formula with its name and a sentence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Equation {
    pub name: String,
    pub formula: String,
    pub words: String,
}

/// A named start state with the numbers it is expected to reach.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preset {
    pub id: String,
    pub title: String,
    /// Time it takes and on what, and what it reaches.
    pub note: String,
    pub knobs: BTreeMap<String, KnobValue>,
    /// File name of trained weights that came with the program, if any.
    pub stored_weights: Option<String>,
}

impl Equation {
    /// A formula with its name and a sentence.
    pub fn new(name: &str, formula: &str, words: &str) -> Self {
        Self { name: name.into(), formula: formula.into(), words: words.into() }
    }
}

impl Card {
    /// The preset of this name, or the default one when the name is empty.
    pub fn preset(&self, id: &str) -> Option<&Preset> {
        if id.is_empty() { self.presets.first() } else { self.presets.iter().find(|p| p.id == id) }
    }

    /// The knob of this name.
    pub fn knob(&self, name: &str) -> Option<&Knob> {
        self.knobs.iter().find(|k| k.name == name)
    }
}
