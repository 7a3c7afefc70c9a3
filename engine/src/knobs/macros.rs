//! The macros that make structs, menus, arms and presets of a table of knobs.

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
