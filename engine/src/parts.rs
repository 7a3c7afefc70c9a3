//! Parts of a model whose weights come from elsewhere: teachers and frozen encoders, and encoders that training starts
//! from.
//!
//! A system lists them (`parts` in [`crate::method::Entry`]); [`Run::open`](crate::run::Run::open) loads them before the
//! first step. A frozen part is never trained and in no checkpoint: where it came from and a hash of its values are, so
//! that a run is never taken up with another teacher.

use sha2::{Digest as _, Sha256};

use crate::checkpoint::keys::{self, Layout, OFFICIAL};
use crate::checkpoint::safetensors::File;
use crate::checkpoint::{self, stored};
use crate::data::files::Files;
use crate::error::{Error, Result};
use crate::readback;
use crate::session::KeyReport;
use crate::settings::Settings;
use crate::weights::{Frozen, Upkeep, Weights};

/// Where the weights of a part come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Drawn from the run's seed, as all others.
    Fresh,
    /// Stored weights that come with the program, by file name.
    Stored(&'static str),
    /// A safetensors file of the user's, by its name in the data folders ([`Files`]).
    File(String),
    /// Weights or a checkpoint that a run of another system wrote: the system's id, and the name of the file.
    Run { method: &'static str, file: String },
}

/// All weights of a model whose names start alike, and where they come from.
#[derive(Debug, Clone)]
pub struct Part {
    /// Start of their names in the model (`teacher.`). The file has the rest of each name, as `layouts` say.
    pub prefix: &'static str,
    pub from: Origin,
    /// They never change.
    pub frozen: bool,
    /// Namings of files that fit, the authors' own first.
    pub layouts: &'static [Layout],
}

impl Part {
    /// A teacher or a frozen encoder.
    pub fn frozen(prefix: &'static str, from: Origin) -> Self {
        Self { prefix, from, frozen: true, layouts: &[OFFICIAL] }
    }

    /// Weights that training starts from.
    pub fn start(prefix: &'static str, from: Origin) -> Self {
        Self { frozen: false, ..Self::frozen(prefix, from) }
    }

    /// The same part from files that are named otherwise.
    #[must_use]
    pub fn named(self, layouts: &'static [Layout]) -> Self {
        Self { layouts, ..self }
    }

    /// Where it comes from, in words.
    pub fn origin(&self) -> String {
        match &self.from {
            Origin::Fresh => "drawn from the seed".into(),
            Origin::Stored(name) => format!("stored weights {name}"),
            Origin::File(name) => name.clone(),
            Origin::Run { method, file } => format!("{file}, a run of {method}"),
        }
    }

    /// The name of the file that the user has to have for it.
    pub fn file(&self) -> Option<&str> {
        match &self.from {
            Origin::Fresh | Origin::Stored(_) => None,
            Origin::File(name) | Origin::Run { file: name, .. } => Some(name),
        }
    }

    /// The name of its file and what is in it; `None` where there is no file.
    async fn read(&self, files: &Files, inside: &[(&str, &[u8])]) -> Result<Option<(String, File)>> {
        let (name, run) = match &self.from {
            Origin::Fresh => return Ok(None),
            Origin::Stored(name) => {
                let file = stored::unpack(&files.stored(name, inside).await?)?;
                return Ok(Some(((*name).into(), file)));
            }
            Origin::File(name) => (name, None),
            Origin::Run { method, file } => (file, Some(*method)),
        };
        let missing = || {
            let why = format!(
                "the weights {}… of this model come from it, and it is in none of the data folders",
                self.prefix
            );
            let advice = "Open the file here as weights, or put it into a folder that MASQUERADE_DATA names";
            Error::checkpoint(format!("The file {name} is missing"), why, advice)
        };
        let file = checkpoint::open(&files.find(name).await?.ok_or_else(missing)?)?;
        match run {
            Some(method) if file.metadata.get("method").map(String::as_str) != Some(method) => {
                let told = match file.metadata.get("method") {
                    Some(other) => format!("this file is from a run of {other}"),
                    None => "this file does not say which run it is from".into(),
                };
                Err(Error::checkpoint(
                    format!("The file {name} does not fit"),
                    format!("the weights {}… of this model come from a run of {method}, and {told}", self.prefix),
                    format!("Save the weights of a run of {method} under this name"),
                ))
            }
            _ => Ok(Some((name.clone(), file))),
        }
    }
}

/// The parts of a system that has none.
pub fn none(_: &Settings) -> Vec<Part> {
    Vec::new()
}

/// Load the parts of a model, stored ones from `inside` ([`crate::method::Entry::stored`]): which keys of each file map, miss or are unexpected. Frozen ones are frozen and their
/// hashes noted in [`Weights::frozen_parts`].
///
/// # Errors
/// [`Error::Checkpoint`] when a file is missing, damaged or does not fit, those of reading files, and
/// [`Error::Request`] when a frozen weight belongs to no part.
pub async fn load(
    parts: &[Part],
    weights: &mut Weights,
    files: &Files,
    inside: &[(&str, &[u8])],
) -> Result<Vec<KeyReport>> {
    let mut reports = Vec::new();
    for part in parts {
        if let Some((name, file)) = part.read(files, inside).await? {
            let plan = keys::plan_part(&name, &file, weights, part.prefix, part.layouts);
            plan.fits_whole("Take the file that this part is made for, or sizes that fit it")?;
            reports.push(keys::apply(plan, weights)?);
        }
        if part.frozen {
            let own = weights.list.iter().filter(|w| w.name.starts_with(part.prefix));
            for name in own.map(|w| w.name.clone()).collect::<Vec<_>>() {
                weights.set_upkeep(&name, Upkeep::Frozen);
            }
        }
    }
    let frozen = |part: &&Part| part.frozen;
    let alone = |name: &str| !parts.iter().filter(frozen).any(|part| name.starts_with(part.prefix));
    if let Some(weight) = weights.list.iter().find(|w| w.upkeep == Upkeep::Frozen && alone(&w.name)) {
        let why = format!("{} is frozen and belongs to no part", weight.name);
        return Err(Error::request("The model cannot be loaded", why, "Please report this"));
    }
    for part in parts.iter().filter(frozen) {
        let hashed = hash(weights, part.prefix).await?;
        weights.frozen_parts.push(Frozen { prefix: part.prefix.into(), origin: part.origin(), sha256: hashed });
    }
    Ok(reports)
}

/// SHA-256 over names and values of all weights whose names start so, as hexadecimal digits.
async fn hash(weights: &Weights, prefix: &str) -> Result<String> {
    let own: Vec<_> = weights.list.iter().filter(|w| w.name.starts_with(prefix)).collect();
    let values = readback::many(own.iter().map(|w| w.value.clone()).collect()).await?;
    let mut hasher = Sha256::new();
    for (weight, values) in own.iter().zip(values) {
        hasher.update(weight.name.as_bytes());
        hasher.update([0]);
        hasher.update(values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>());
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
