//! One typed table of knobs a system: name, default, range, unit, title and tooltip of each, one after the other.
//!
//! `knobs!` makes of the table a struct with a field for each knob: what the sliders, links and the command line know
//! ([`KnobTable::table`]), the values of a run ([`KnobTable::of`]) and a full set of defaults come from it. A `presets!`
//! list and the [`arms`](crate::card::Arm) of a claim (`chosen!`) name only what differs. A misspelt name or a value of
//! the wrong type does not compile; a name that comes from outside and is not in the table is an error.

mod macros;
pub mod shared;

use std::collections::BTreeMap;

use crate::card::{KnobKind, KnobValue};
use crate::error::{Error, Result};
pub(crate) use macros::{choice, chosen, knobs, presets};

/// The value of a knob in Rust: `f64`, `usize`, `bool`, or what `choice!` makes.
pub trait KnobType: Sized {
    /// The value as links, presets and messages carry it.
    fn to_value(&self) -> KnobValue;

    /// The value in Rust, or `None` when it is of another kind.
    fn of_value(value: &KnobValue) -> Option<Self>;
}

/// A number of a knob, which needs a range.
pub trait Number: KnobType {
    /// From `low` to `high`, logarithmic where these are a thousand times apart.
    fn range(low: Self, high: Self, step: Self, unit: &str) -> KnobKind;
}

/// What a knob takes that is no number.
pub trait Options: KnobType {
    /// A switch or a menu.
    fn options() -> KnobKind;
}

impl KnobType for f64 {
    fn to_value(&self) -> KnobValue {
        KnobValue::Number(*self)
    }

    fn of_value(value: &KnobValue) -> Option<Self> {
        if let KnobValue::Number(v) = value { Some(*v) } else { None }
    }
}

impl Number for f64 {
    fn range(low: Self, high: Self, step: Self, unit: &str) -> KnobKind {
        KnobKind::Number { low, high, step, logarithmic: low > 0.0 && high / low >= 1000.0, unit: unit.into() }
    }
}

/// Whole numbers; what a link says is rounded.
impl KnobType for usize {
    fn to_value(&self) -> KnobValue {
        KnobValue::Number(*self as f64)
    }

    fn of_value(value: &KnobValue) -> Option<Self> {
        f64::of_value(value).map(|v| v.round().max(0.0) as Self)
    }
}

impl Number for usize {
    fn range(low: Self, high: Self, step: Self, unit: &str) -> KnobKind {
        f64::range(low as f64, high as f64, step as f64, unit)
    }
}

impl KnobType for bool {
    fn to_value(&self) -> KnobValue {
        KnobValue::Switch(*self)
    }

    fn of_value(value: &KnobValue) -> Option<Self> {
        if let KnobValue::Switch(v) = value { Some(*v) } else { None }
    }
}

impl Options for bool {
    fn options() -> KnobKind {
        KnobKind::Switch
    }
}

/// A menu's value, as `choice!` makes it.
pub trait Choice: Copy + PartialEq + 'static {
    /// All of them, in the order of the menu.
    const ALL: &'static [Self];

    /// Its name in links and on the command line.
    fn name(self) -> &'static str;

    /// The one of this name.
    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|choice| choice.name() == name)
    }
}

impl<T: Choice> KnobType for T {
    fn to_value(&self) -> KnobValue {
        KnobValue::Choice(self.name().into())
    }

    fn of_value(value: &KnobValue) -> Option<Self> {
        if let KnobValue::Choice(name) = value { T::named(name) } else { None }
    }
}

impl<T: Choice> Options for T {
    fn options() -> KnobKind {
        KnobKind::Choice { options: T::ALL.iter().map(|choice| choice.name().to_string()).collect() }
    }
}

/// What `knobs!` makes of a table.
pub trait KnobTable: Default {
    /// The knobs in the order of the table.
    fn table() -> Vec<crate::card::Knob>;

    /// All values by name.
    fn values(&self) -> BTreeMap<String, KnobValue>;

    /// The values that every knob of the table has in `values`, which may hold others too.
    ///
    /// # Errors
    /// [`Error::Request`] naming the knob that is missing or of another kind.
    fn of_values(values: &BTreeMap<String, KnobValue>) -> Result<Self>;

    /// The values of a run, which its settings are.
    ///
    /// # Errors
    /// As [`KnobTable::of_values`].
    fn of(run: &impl Valued) -> Result<Self> {
        Self::of_values(run.all_values())
    }
}

/// What has a value for every knob of a system.
pub trait Valued {
    /// All values, by knob name.
    fn all_values(&self) -> &BTreeMap<String, KnobValue>;
}

/// The value of a knob by its name.
///
/// # Errors
/// [`Error::Request`] when there is no such knob, with the names that exist, or when it is of another kind.
pub fn get<T: KnobType>(values: &BTreeMap<String, KnobValue>, name: &str) -> Result<T> {
    let value = values.get(name).ok_or_else(|| {
        let names = values.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        Error::request(format!("There is no knob {name:?}"), format!("there are {names}"), "Check the spelling")
    })?;
    T::of_value(value).ok_or_else(|| {
        Error::request(
            format!("The knob {name:?} cannot be read"),
            format!("its value {:?} is of another kind", value.text()),
            "Choose a value of its kind",
        )
    })
}
