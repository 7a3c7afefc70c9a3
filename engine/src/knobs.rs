//! One typed table of knobs a system: name, default, range, unit, title and tooltip of each, one after the other.
//!
//! `knobs!` makes of the table a struct with a field for each knob: what the sliders, links and the command line know
//! ([`KnobTable::table`]), the values of a run ([`KnobTable::of`]) and a full set of defaults come from it. A `presets!`
//! list and the [`arms`](crate::card::Arm) of a claim (`chosen!`) name only what differs. A misspelt name or a value of
//! the wrong type does not compile; a name that comes from outside and is not in the table is an error.

pub mod shared;

use std::collections::BTreeMap;

use crate::card::{KnobKind, KnobValue};
use crate::error::{Error, Result};

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

/// A menu: an enum whose variants have names.
///
/// ```ignore
/// choice! {
///     /// Which patches are hidden.
///     pub enum Sampling { Random = "random", Block = "block", Grid = "grid" }
/// }
/// ```
macro_rules! choice {
    ($(#[$about:meta])* $seen:vis enum $of:ident { $($(#[$each:meta])* $variant:ident = $name:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $seen enum $of { $($(#[$each])* $variant),+ }

        impl $crate::knobs::Choice for $of {
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}
pub(crate) use choice;

/// A table of knobs as a struct. Knobs stand in groups with a heading; `live` ones act at once, for the others the model
/// is `rebuilt`. A row is `name: type = default, [low..=high by step "unit"], "Title", "Tooltip";`, the range for numbers
/// only. A row that ends in the name of another table takes its words from there, and its range unless it gives its own.
///
/// ```ignore
/// knobs! {
///     /// What of MAE can be turned.
///     pub struct MaeKnobs {
///         "Mask" live {
///             mask_ratio: f64 = 0.75, [0.0..=0.95 by 0.01], "Mask ratio", "Share of the patches that is hidden.";
///             sampling: Sampling = Sampling::Random, "Sampling", "Which patches are hidden.";
///         }
///         "Training" live {
///             lr: f64 = 3e-3, Training;
///         }
///     }
/// }
/// ```
macro_rules! knobs {
    (
        $(#[$about:meta])*
        $seen:vis struct $of:ident {
            $($group:literal $when:ident {
                $($name:ident: $type:ty = $default:expr
                    $(, [$low:literal ..= $high:literal by $step:literal $($unit:literal)?])?
                    $(, $title:literal, $tooltip:literal)?
                    $(, $shared:ident)?
                ;)*
            })*
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq)]
        $seen struct $of {
            $($($(#[doc = $tooltip])? pub $name: $type,)*)*
        }

        impl Default for $of {
            fn default() -> Self {
                Self { $($($name: $default,)*)* }
            }
        }

        impl $of {
            $($(
                /// The knob of this name.
                pub(crate) fn $name() -> $crate::card::Knob {
                    $crate::card::Knob {
                        group: $group.into(),
                        live: $crate::knobs::knobs!(@when $when),
                        ..$crate::knobs::knobs!(@knob $name $type
                            $(, [$low, $high, $step, concat!("" $(, $unit)?)])? $(, $title, $tooltip)? $(, $shared)?)
                    }
                }
            )*)*
        }

        impl $crate::knobs::KnobTable for $of {
            fn table() -> Vec<$crate::card::Knob> {
                vec![$($(Self::$name(),)*)*]
            }

            fn values(&self) -> std::collections::BTreeMap<String, $crate::card::KnobValue> {
                [$($((stringify!($name), $crate::knobs::KnobType::to_value(&self.$name)),)*)*]
                    .into_iter()
                    .map(|(name, value)| (name.to_string(), value))
                    .collect()
            }

            fn of_values(
                values: &std::collections::BTreeMap<String, $crate::card::KnobValue>,
            ) -> $crate::error::Result<Self> {
                Ok(Self { $($($name: $crate::knobs::get(values, stringify!($name))?,)*)* })
            }
        }
    };
    (@when live) => { true };
    (@when rebuilt) => { false };
    (@knob $name:ident $type:ty, [$low:expr, $high:expr, $step:expr, $unit:expr], $title:literal, $tooltip:literal) => {
        $crate::card::Knob::new(
            stringify!($name), $title, $tooltip, <$type as $crate::knobs::Number>::range($low, $high, $step, $unit),
        )
    };
    (@knob $name:ident $type:ty, $title:literal, $tooltip:literal) => {
        $crate::card::Knob::new(stringify!($name), $title, $tooltip, <$type as $crate::knobs::Options>::options())
    };
    (@knob $name:ident $type:ty, [$low:expr, $high:expr, $step:expr, $unit:expr], $shared:ident) => {
        $crate::card::Knob {
            kind: <$type as $crate::knobs::Number>::range($low, $high, $step, $unit),
            ..$shared::$name()
        }
    };
    (@knob $name:ident $type:ty, $shared:ident) => { $shared::$name() };
}
pub(crate) use knobs;

/// Some knobs of a table with their values, by name: those of an arm.
///
/// ```ignore
/// chosen! { MaeKnobs { mask_ratio: 0.25 } }
/// ```
macro_rules! chosen {
    ($of:ident { $($name:ident $(: $value:expr)?),+ $(,)? }) => {{
        let chosen = $of { $($name $(: $value)?,)+ ..<$of as Default>::default() };
        std::collections::BTreeMap::from([
            $((stringify!($name).to_string(), $crate::knobs::KnobType::to_value(&chosen.$name))),+
        ])
    }};
}
pub(crate) use chosen;

/// The presets of a system: id, title, note, and by name what differs from the table's defaults. `stored` names the
/// trained weights that come with the program.
///
/// ```ignore
/// presets! { MaeKnobs:
///     "nano", "Nano, 28 × 28", "Minutes on two CPU cores.", stored "mae-nano.safetensors" {}
///     "micro", "Micro, 28 × 28", "For tests: a step is over at once." { dim: 32, depth: 1 }
/// }
/// ```
macro_rules! presets {
    ($of:ident: $($id:literal, $title:literal, $note:literal $(, stored $stored:literal)?
        { $($name:ident: $value:expr),* $(,)? })+
    ) => {
        vec![$({
            let knobs = $of { $($name: $value,)* ..<$of as Default>::default() };
            $crate::card::Preset {
                id: $id.into(),
                title: $title.into(),
                note: $note.into(),
                knobs: $crate::knobs::KnobTable::values(&knobs),
                stored_weights: [$($stored)?].first().map(|name: &&str| (*name).to_string()),
            }
        }),+]
    };
}
pub(crate) use presets;
