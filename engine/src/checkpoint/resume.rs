//! Whole checkpoints: weights, optimiser state, session, in one safetensors file that resumes exactly.

use std::collections::BTreeMap;

use crate::checkpoint::keys::{self, OFFICIAL};
use crate::checkpoint::safetensors::{self, Entry, File, Values};
use crate::error::{Error, Result};
use crate::session::Session;
use crate::train::optimiser::{HostMoments, Optimiser};
use crate::weights::Weights;

/// Start of the keys that hold optimiser state.
pub const STATE: &str = "optimiser.";
const MOMENTS: [&str; 2] = ["optimiser.first.", "optimiser.second."];
const STEPS: &str = "optimiser_steps";
const SESSION: &str = "session";

/// A checkpoint on the host.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// The session at the time of saving; `session.step` is the step to go on from.
    pub session: Session,
    pub weights: File,
    pub optimiser: BTreeMap<String, HostMoments>,
}

fn wrong(why: impl ToString) -> Error {
    Error::checkpoint(
        "The checkpoint cannot be resumed",
        why,
        "Choose a checkpoint that this program saved; plain weights are opened with “Load weights”",
    )
}

/// Everything that training needs to go on, as a file.
///
/// # Errors
/// [`Error::Device`] when the device is lost, [`Error::Training`] when a weight is not finite.
pub async fn save(session: &Session, weights: &Weights, optimiser: &Optimiser) -> Result<Vec<u8>> {
    let mut entries = safetensors::entries(weights).await?;
    let state = optimiser.export(weights).await?;
    let steps: BTreeMap<&str, u64> = state.iter().map(|(name, m)| (name.as_str(), m.steps)).collect();
    let mut metadata = super::describe(session, "")?;
    metadata.insert(STEPS.into(), serde_json::to_string(&steps).map_err(wrong)?);
    metadata.insert(SESSION.into(), serde_json::to_string(session).map_err(wrong)?);
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

/// Read a checkpoint.
///
/// # Errors
/// [`Error::Checkpoint`] when the file is damaged or is not a whole checkpoint.
pub fn read(bytes: &[u8]) -> Result<Checkpoint> {
    let mut file = safetensors::read(bytes)?;
    let text = |name: &str| {
        file.metadata.get(name).ok_or_else(|| wrong(format!("the file has no {name}: it holds weights only")))
    };
    let session: Session = serde_json::from_str(text(SESSION)?).map_err(wrong)?;
    let steps: BTreeMap<String, u64> = serde_json::from_str(text(STEPS)?).map_err(wrong)?;
    let mut optimiser = BTreeMap::new();
    for (name, steps) in steps {
        let moments = MOMENTS
            .iter()
            .map_while(|start| file.tensors.remove(&format!("{start}{name}")).map(|t| t.values))
            .collect();
        optimiser.insert(name, HostMoments { steps, moments });
    }
    Ok(Checkpoint { session, weights: file, optimiser })
}

impl Checkpoint {
    /// Put weights and optimiser state back. The model must have been built from `session`.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] when a weight is missing or of another shape; the model is then as before.
    pub fn restore(&self, weights: &mut Weights, optimiser: &mut Optimiser) -> Result<()> {
        let plan = keys::plan("the checkpoint", &self.weights, weights, &[OFFICIAL]);
        if let Some(name) = plan.report.missing.first() {
            return Err(wrong(format!("{name} is missing")));
        }
        if let Some((name, wanted, given)) = plan.report.wrong_shape.first() {
            return Err(wrong(format!("{name} should be {wanted} and is {given}")));
        }
        optimiser.import(weights, &self.optimiser)?;
        keys::apply(plan, weights)?;
        Ok(())
    }
}
