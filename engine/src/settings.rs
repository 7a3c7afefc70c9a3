//! The knobs of a run with every value filled in: the preset's, and the session's over them.

use std::collections::BTreeMap;

use crate::card::{Card, KnobValue};
use crate::error::{Error, Result};
use crate::knobs::{self, KnobType, Valued};
use crate::session::Session;
use crate::shape::Shape;

/// Every knob of a method with its value, and what the data set decides.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    values: BTreeMap<String, KnobValue>,
    /// What the data decides: colour channels, features, classes.
    pub data: Shape,
    /// Seed of first weights, batches and masks.
    pub seed: u64,
}

impl Settings {
    /// The preset's knobs with the session's over them, each checked against its range.
    ///
    /// # Errors
    /// [`Error::Request`] naming the preset or knob that does not exist or whose value does not fit.
    pub fn of(session: &Session, card: &Card, data: Shape) -> Result<Self> {
        let presets = || card.presets.iter().map(|p| p.id.as_str()).collect::<Vec<_>>().join(", ");
        let preset = card.preset(&session.preset).ok_or_else(|| {
            Error::request(
                format!("{} has no preset {:?}", card.title, session.preset),
                format!("there are {}", presets()),
                "Choose one of these",
            )
        })?;
        let mut values = preset.knobs.clone();
        for (name, value) in &session.knobs {
            let knob = card.knob(name).ok_or_else(|| {
                let names = card.knobs.iter().map(|k| k.name.as_str()).collect::<Vec<_>>().join(", ");
                Error::request(
                    format!("{} has no knob {name:?}", card.title),
                    format!("there are {names}"),
                    "Check the spelling",
                )
            })?;
            if let Some(why) = knob.refuses(value) {
                return Err(Error::request(
                    format!("{} cannot be set", knob.title),
                    why,
                    "Choose a value inside the range",
                ));
            }
            values.insert(name.clone(), value.clone());
        }
        if let Some(knob) = card.knobs.iter().find(|knob| !values.contains_key(&knob.name)) {
            return Err(Error::request(
                format!("{} cannot be opened", preset.title),
                format!("the preset has no value for {}", knob.title),
                "Give the knob a value, or choose another preset",
            ));
        }
        Ok(Self { values, data, seed: session.seed })
    }

    /// The value of a knob that every system of the asker's kind has: `get::<f64>("lr")`.
    ///
    /// # Errors
    /// [`Error::Request`] when the system has no such knob, naming those it has, or when it is of another kind.
    pub fn get<T: KnobType>(&self, name: &str) -> Result<T> {
        knobs::get(&self.values, name)
    }

    /// The value of a knob that some systems have, or `None`.
    pub fn find<T: KnobType>(&self, name: &str) -> Option<T> {
        self.values.get(name).and_then(T::of_value)
    }

    /// The same settings with another value of one knob.
    #[must_use]
    pub fn with(&self, name: &str, value: KnobValue) -> Self {
        let mut turned = self.clone();
        turned.values.insert(name.into(), value);
        turned
    }

    /// All values, by knob name.
    pub fn values(&self) -> &BTreeMap<String, KnobValue> {
        &self.values
    }
}

impl Valued for Settings {
    fn all_values(&self) -> &BTreeMap<String, KnobValue> {
        &self.values
    }
}
