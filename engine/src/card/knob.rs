//! The settings of a system as front ends, links and the command line know them.

use serde::{Deserialize, Serialize};

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
