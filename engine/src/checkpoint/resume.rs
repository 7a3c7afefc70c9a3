//! Whole checkpoints: weights, optimiser state, session, in one safetensors file that resumes exactly.

use std::collections::BTreeMap;

use crate::checkpoint::keys::{self, OFFICIAL};
use crate::checkpoint::safetensors::{self, Entry, File, Metadata, Values};
use crate::error::{Error, Result};
use crate::fingerprint::Fingerprint;
use crate::session::Session;
use crate::train::optimiser::{HostMoments, Optimiser};
use crate::weights::{Frozen, Weights};

/// Start of the keys that hold optimiser state.
pub const STATE: &str = "optimiser.";
/// Start of the keys that hold the weights that fine-tuning started from.
pub const PRETRAINED: &str = "pretrained.";
const FROM: &str = "from";
const FROM_STEPS: &str = "from_steps";
const MOMENTS: [&str; 2] = ["optimiser.first.", "optimiser.second."];
const STEPS: &str = "optimiser_steps";
const SESSION: &str = "session";
const FROZEN: &str = "frozen";
const FINGERPRINT: &str = "fingerprint";
const ADVICE: &str = "Choose a checkpoint that this program saved; plain weights are opened with “Load weights”";

/// What fine-tuning started from.
#[derive(Debug, Clone, PartialEq)]
pub struct Pretrained<W> {
    /// The weights of the whole system.
    pub weights: W,
    /// Where the fine-tuning run is from, in words.
    pub words: String,
    /// Steps of pre-training.
    pub steps: u64,
}

/// A checkpoint on the host.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// The session at the time of saving; `session.step` is the step to go on from.
    pub session: Session,
    pub weights: File,
    /// Of a fine-tuning run: what it started from.
    pub pretrained: Option<Pretrained<File>>,
    pub optimiser: BTreeMap<String, HostMoments>,
    /// What it was trained on; `None`: it was written before that was noted.
    pub data: Option<Fingerprint>,
}

fn wrong(why: impl ToString) -> Error {
    Error::checkpoint("The checkpoint cannot be resumed", why, ADVICE)
}

/// Everything that training needs to go on, as a file. Of frozen parts it holds where they came from and their hashes.
///
/// # Errors
/// [`Error::Device`] when the device is lost, [`Error::Training`] when a weight is not finite.
pub async fn save(session: &Session, weights: &Weights, optimiser: &Optimiser) -> Result<Vec<u8>> {
    save_tuned(session, weights, optimiser, None, None).await
}

/// As [`save`], with what fine-tuning started from and what the run is trained on.
///
/// # Errors
/// As [`save`].
pub async fn save_tuned(
    session: &Session,
    weights: &Weights,
    optimiser: &Optimiser,
    pretrained: Option<Pretrained<&Weights>>,
    data: Option<&Fingerprint>,
) -> Result<Vec<u8>> {
    let mut entries = safetensors::entries(weights).await?;
    let mut metadata = super::describe(session, "")?;
    if let Some(Pretrained { weights, words, steps }) = pretrained {
        metadata.extend([(FROM.into(), words), (FROM_STEPS.into(), steps.to_string())]);
        let own = safetensors::entries(weights).await?;
        entries.extend(own.into_iter().map(|entry| Entry { name: format!("{PRETRAINED}{}", entry.name), ..entry }));
    }
    let state = optimiser.export(weights).await?;
    let steps: BTreeMap<&str, u64> = state.iter().map(|(name, m)| (name.as_str(), m.steps)).collect();
    metadata.insert(STEPS.into(), serde_json::to_string(&steps).map_err(wrong)?);
    metadata.insert(SESSION.into(), serde_json::to_string(session).map_err(wrong)?);
    note_frozen(weights, &mut metadata)?;
    if let Some(data) = data {
        metadata.insert(FINGERPRINT.into(), serde_json::to_string(data).map_err(wrong)?);
    }
    for (name, moments) in state {
        for (start, values) in MOMENTS.iter().zip(moments.moments) {
            entries.push(Entry {
                name: format!("{start}{name}"),
                shape: vec![values.len()],
                values: Values::F32(values),
            });
        }
    }
    safetensors::write(entries, &metadata)
}

/// Say in a file's metadata where the frozen weights came from that are not in it, and their hashes.
///
/// # Errors
/// [`Error::Checkpoint`], which names and hashes never cause.
pub fn note_frozen(weights: &Weights, metadata: &mut Metadata) -> Result<()> {
    if !weights.frozen_parts.is_empty() {
        metadata.insert(FROZEN.into(), serde_json::to_string(&weights.frozen_parts).map_err(wrong)?);
    }
    Ok(())
}

/// Read a checkpoint.
///
/// # Errors
/// [`Error::Checkpoint`] when the file is damaged or is not a whole checkpoint.
pub fn read(bytes: &[u8]) -> Result<Checkpoint> {
    let mut file = safetensors::read(bytes)?;
    let text = |name: &str| {
        file.metadata.get(name).ok_or_else(|| wrong(format!("the file has no {name}: it holds weights only")))
    };
    let session = session(text(SESSION)?)?;
    let steps: BTreeMap<String, u64> = serde_json::from_str(text(STEPS)?).map_err(wrong)?;
    let mut optimiser = BTreeMap::new();
    for (name, steps) in steps {
        let moments = MOMENTS
            .iter()
            .map_while(|start| file.tensors.remove(&format!("{start}{name}")).map(|t| t.values))
            .collect();
        optimiser.insert(name, HostMoments { steps, moments });
    }
    let pretrained = file.metadata.get(FROM).cloned().map(|words| {
        let names: Vec<String> = file.tensors.keys().filter(|name| name.starts_with(PRETRAINED)).cloned().collect();
        let take = |name: String| Some((name.strip_prefix(PRETRAINED)?.to_string(), file.tensors.remove(&name)?));
        let (tensors, metadata) = (names.into_iter().filter_map(take).collect(), file.metadata.clone());
        let weights = File { tensors, metadata, ..File::default() };
        let steps = file.metadata.get(FROM_STEPS).and_then(|steps| steps.parse().ok()).unwrap_or(0);
        Pretrained { weights, words, steps }
    });
    let data = file.metadata.get(FINGERPRINT).and_then(|text| serde_json::from_str(text).ok());
    Ok(Checkpoint { session, weights: file, pretrained, optimiser, data })
}

/// The session that a checkpoint's metadata hold, of this version or an earlier one.
///
/// # Errors
/// [`Error::Checkpoint`] when the text is no session.
pub fn session(text: &str) -> Result<Session> {
    let written = serde_json::from_str(text).map_err(wrong)?;
    serde_json::from_value(renewed(written)).map_err(wrong)
}

/// A session as it was written before masks and cursors named their grid and display switches were listed.
fn renewed(mut session: serde_json::Value) -> serde_json::Value {
    use serde_json::{Value, json};
    let Some(fields) = session.as_object_mut() else { return session };
    if let Some(painted) = fields.get_mut("painted").filter(|painted| !painted.is_object()) {
        let mask = painted.take();
        *painted = if mask.is_null() { json!({}) } else { json!({ "": mask }) };
    }
    if let Some(pinned) = fields.get_mut("pinned").filter(|pinned| pinned.is_number()) {
        *pinned = json!({ "grid": "", "token": pinned.take() });
    }
    if !fields.contains_key("switches") {
        let on = |id: &&str| fields.get(*id).and_then(Value::as_bool) == Some(true);
        let switches: Vec<&str> = ["raw_prediction", "true_patch_mean"].into_iter().filter(on).collect();
        fields.insert("switches".into(), json!(switches));
    }
    session
}

impl Checkpoint {
    /// How data differ from those of its run, in a sentence; `None` where they are the same.
    ///
    /// # Errors
    /// [`Error::Data`] when they are of another form, with both numbers.
    pub fn compare(&self, now: &Fingerprint) -> Result<Option<String>> {
        let Some(before) = &self.data else {
            return Ok(Some(format!(
                "The checkpoint does not tell what data it was trained on: {} + {} samples ({}) could not be compared",
                now.samples,
                now.test_samples,
                now.short()
            )));
        };
        let advice = "Give the data of its run, or begin a new run on these";
        before.differs(now).map_err(|why| Error::data("The checkpoint cannot go on with these data", why, advice))
    }

    /// That the run had data of the user's own, and none are here.
    pub fn lacks_own(&self) -> Error {
        let had = match &self.data {
            Some(data) => format!(
                "its run had data of your own: “{}”, {} samples to train on and {} to test",
                data.title, data.samples, data.test_samples
            ),
            None => "its run had data of your own".into(),
        };
        let advice = "Give them too: with --data PATH on the command line, in window and page by dropping them first";
        Error::request("The checkpoint needs its data", format!("{had}; none were given"), advice)
    }

    /// Put weights and optimiser state back. The model must have been built from `session`.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] when a weight is missing or of another shape; the model is then as before.
    pub fn restore(&self, weights: &mut Weights, optimiser: &mut Optimiser) -> Result<()> {
        self.check_frozen(weights)?;
        let plan = keys::plan("The checkpoint", &self.weights, weights, &[OFFICIAL]);
        plan.fits_whole(ADVICE)?;
        optimiser.import(weights, &self.optimiser)?;
        keys::apply(plan, weights)?;
        Ok(())
    }

    /// Whether the frozen parts that are here are those that the checkpoint was trained with.
    fn check_frozen(&self, weights: &Weights) -> Result<()> {
        let told = match self.weights.metadata.get(FROZEN) {
            Some(text) => serde_json::from_str::<Vec<Frozen>>(text).map_err(wrong)?,
            None => Vec::new(),
        };
        for part in &weights.frozen_parts {
            let why = match told.iter().find(|other| other.prefix == part.prefix) {
                Some(other) if other.sha256 == part.sha256 => continue,
                Some(other) => format!(
                    "it was trained with other weights {}…: {} with SHA-256 {}, and here are {} with SHA-256 {}",
                    part.prefix, other.origin, other.sha256, part.origin, part.sha256
                ),
                None => format!("it does not say with which weights {}… it was trained", part.prefix),
            };
            let advice = "Put the file that it was trained with back in its place";
            return Err(Error::checkpoint("The checkpoint cannot be resumed", why, advice));
        }
        Ok(())
    }
}
