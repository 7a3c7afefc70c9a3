//! What a system says about itself: its card, its knobs, its presets. Plain data, known without a tensor.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::role::Role;

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
            Self::Clouds => "PLY or OBJ files, or a folder of them",
            Self::Graphs => "an edge list and a table of node features as CSV files, or a TU Dortmund set",
            Self::Vectors => "a CSV file of numbers, one sample a line",
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
const LINEAR: &str = "linear_accuracy";
const NEAREST: &str = "knn_accuracy";

/// The number that a study compares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A probe of the frozen encoder: `linear_accuracy` or `knn_accuracy`.
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
            LINEAR | NEAREST => Self::Probe(name.into()),
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

/// A value of a knob.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KnobValue {
    Number(f64),
    Switch(bool),
    Choice(String),
}

/// A setting that the user may turn; sliders, command-line options and link keys are generated from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Knob {
    /// Key in links and on the command line (`mask_ratio`).
    pub name: String,
    pub title: String,
    pub tooltip: String,
    /// Heading it stands under ("Mask", "Model", "Training").
    pub group: String,
    pub kind: KnobKind,
    /// True: takes effect at once. False: the model is built anew (weights start again).
    pub live: bool,
}

/// What values a knob takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KnobKind {
    Number { low: f64, high: f64, step: f64, logarithmic: bool, unit: String },
    Switch,
    Choice { options: Vec<String> },
}

impl Equation {
    /// A formula with its name and a sentence.
    pub fn new(name: &str, formula: &str, words: &str) -> Self {
        Self { name: name.into(), formula: formula.into(), words: words.into() }
    }
}

impl Knob {
    /// A knob whose group and liveness its table gives ([`crate::knobs`]).
    pub(crate) fn new(name: &str, title: &str, tooltip: &str, kind: KnobKind) -> Self {
        Self {
            name: name.into(),
            title: title.into(),
            tooltip: tooltip.into(),
            group: String::new(),
            kind,
            live: false,
        }
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

impl Knob {
    /// Why this knob does not take that value, or `None` if it does.
    pub fn refuses(&self, value: &KnobValue) -> Option<String> {
        match (&self.kind, value) {
            (KnobKind::Number { low, high, .. }, KnobValue::Number(v)) => {
                (!(v.is_finite() && low <= v && v <= high)).then(|| format!("{v} is not between {low} and {high}"))
            }
            (KnobKind::Switch, KnobValue::Switch(_)) => None,
            (KnobKind::Choice { options }, KnobValue::Choice(v)) => {
                (!options.contains(v)).then(|| format!("{v:?} is not one of {}", options.join(", ")))
            }
            (KnobKind::Number { .. }, _) => Some("a number is expected".into()),
            (KnobKind::Switch, _) => Some("on or off is expected".into()),
            (KnobKind::Choice { options }, _) => Some(format!("one of {} is expected", options.join(", "))),
        }
    }

    /// Read a value from text (`0.75`, `on`, `random`), as links and the command line write it.
    ///
    /// # Errors
    /// The reason in words when the text is no value of this knob.
    pub fn parse(&self, text: &str) -> Result<KnobValue, String> {
        let value = match &self.kind {
            KnobKind::Number { .. } => {
                KnobValue::Number(text.parse().map_err(|_| format!("{text:?} is not a number"))?)
            }
            KnobKind::Switch => match text {
                "on" | "true" | "1" | "yes" => KnobValue::Switch(true),
                "off" | "false" | "0" | "no" => KnobValue::Switch(false),
                _ => return Err(format!("{text:?} is not on or off")),
            },
            KnobKind::Choice { .. } => KnobValue::Choice(text.to_string()),
        };
        match self.refuses(&value) {
            Some(why) => Err(why),
            None => Ok(value),
        }
    }
}

impl KnobValue {
    /// The value as links and the command line write it.
    pub fn text(&self) -> String {
        match self {
            Self::Number(v) => format!("{v}"),
            Self::Switch(true) => "on".into(),
            Self::Switch(false) => "off".into(),
            Self::Choice(v) => v.clone(),
        }
    }
}
