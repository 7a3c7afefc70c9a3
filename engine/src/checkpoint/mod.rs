//! Weights as files: safetensors with the official key names, whole checkpoints that resume exactly, small stored
//! weights.

#[cfg(not(target_arch = "wasm32"))]
pub mod atomic;
pub mod keys;
pub mod resize;
pub mod resume;
pub mod safetensors;
pub mod stored;

use crate::error::{Error, Result};
use crate::session::Session;
use safetensors::{File, Metadata};

/// Read the weights of any file this program writes or knows: plain, quantised, or a whole checkpoint (its optimiser
/// state is left out).
///
/// # Errors
/// [`Error::Checkpoint`] when the file is not one of them or is damaged.
pub fn open(bytes: &[u8]) -> Result<File> {
    let mut file = stored::unpack(bytes)?;
    file.tensors.retain(|name, _| !name.starts_with(resume::STATE) && !name.starts_with(resume::PRETRAINED));
    Ok(file)
}

/// What a weights file says about itself: method, preset, data, knobs (JSON), steps, seed, and the command that makes
/// it.
///
/// # Errors
/// [`Error::Checkpoint`] when the knobs have no JSON form (a number that is not finite).
pub fn describe(session: &Session, command: &str) -> Result<Metadata> {
    let knobs = serde_json::to_string(&session.knobs)
        .map_err(|e| Error::checkpoint("The knobs cannot be written down", e, "Set the knobs to ordinary numbers"))?;
    let entries = [
        ("method", session.method.clone()),
        ("preset", session.preset.clone()),
        ("data", session.data.clone()),
        ("task", session.task.name().to_string()),
        ("knobs", knobs),
        ("steps", session.step.to_string()),
        ("seed", session.seed.to_string()),
        ("command", command.to_string()),
    ];
    Ok(entries.into_iter().map(|(name, value)| (name.to_string(), value)).collect())
}
