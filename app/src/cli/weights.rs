//! Weights files that the user names: what they say of the run they are from, and loading them.

use std::collections::BTreeMap;

use masquerade_engine::checkpoint::resume;
use masquerade_engine::error::{Error, Result};
use masquerade_engine::session::{Command, Event, NamedBytes, Session};

use super::engine::Engine;
use super::failure::Failure;

/// The session that a weights file or checkpoint says it is from; `None` for a file that says nothing.
///
/// # Errors
/// [`Error::Checkpoint`] when what it says cannot be read.
pub fn recorded(metadata: &BTreeMap<String, String>) -> Result<Option<Session>> {
    let refuse = |e: serde_json::Error| {
        Error::checkpoint("What the file says of its run cannot be read", e, "Choose another file")
    };
    if let Some(session) = metadata.get("session") {
        return resume::session(session).map(Some);
    }
    let Some(method) = metadata.get("method") else { return Ok(None) };
    let text = |key: &str| metadata.get(key).cloned().unwrap_or_default();
    Ok(Some(Session {
        method: method.clone(),
        preset: text("preset"),
        data: text("data"),
        seed: text("seed").parse().unwrap_or(Session::default().seed),
        knobs: metadata
            .get("knobs")
            .map(|knobs| serde_json::from_str(knobs))
            .transpose()
            .map_err(refuse)?
            .unwrap_or_default(),
        ..Session::default()
    }))
}

/// Load a weights file into the open model and say which keys did not map.
///
/// # Errors
/// When the file cannot be read or does not fit the model.
pub fn load_weights(engine: &mut Engine, file: NamedBytes) -> std::result::Result<(), Failure> {
    /// Keys that are named before the rest is only counted.
    const SHOWN: usize = 8;
    engine.send(Command::LoadWeights { file, apply: true });
    let keys = engine.wait_for(|event| if let Event::Keys(keys) = event { Some(keys) } else { None })?;
    engine.settle()?;
    engine.progress.note(format_args!("{}: {} keys ({} layout)", keys.file, keys.mapped.len(), keys.layout));
    for (key, wants, has) in &keys.wrong_shape {
        engine.progress.note(format_args!("Wrong shape {key}: the model wants {wants}, the file has {has}"));
    }
    for (word, list) in [("Missing", &keys.missing), ("Not used", &keys.unexpected)] {
        if !list.is_empty() {
            let more = if list.len() > SHOWN { format!(" and {} more", list.len() - SHOWN) } else { String::new() };
            let first: Vec<&str> = list.iter().take(SHOWN).map(String::as_str).collect();
            engine.progress.note(format_args!("{word}: {}{more}", first.join(", ")));
        }
    }
    // An encoder alone is enough to probe, so missing keys are told but are no failure.
    if keys.applied {
        return Ok(());
    }
    let why = format!("{} keys are missing, {} have another shape", keys.missing.len(), keys.wrong_shape.len());
    Err(Error::checkpoint(
        format!("{} does not fit the model", keys.file),
        why,
        "Give the --preset and --set options it was trained with",
    )
    .into())
}
