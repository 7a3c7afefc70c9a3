//! Weights files that the user names: what they say of the run they are from, and loading them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use masquerade_engine::checkpoint::resume;
use masquerade_engine::error::{Error, Result};
use masquerade_engine::session::{Command, Event, NamedBytes, Session};
use masquerade_formats::weights;

use super::engine::Engine;
use super::failure::Failure;
use super::files;

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

/// Load a weights file into the open model and say which keys did not map. Where it is of a model of other sizes, that one is
/// built first where `may_build` says that the user asked for no sizes.
///
/// # Errors
/// When the file cannot be read or does not fit the model.
pub fn load_weights(engine: &mut Engine, file: NamedBytes, may_build: bool) -> std::result::Result<(), Failure> {
    let keys = |event| if let Event::Keys(keys) = event { Some(keys) } else { None };
    engine.send(Command::LoadWeights { file: file.clone(), apply: false });
    let listed = engine.wait_for(keys)?;
    engine.settle()?;
    if let Some(sizes) = listed.sizes.filter(|sizes| may_build && sizes.refused.is_empty()) {
        engine.progress.note(format_args!("{}: {}", listed.file, sizes.sentence()));
        sizes.notes.iter().for_each(|note| engine.progress.note(note));
        let session = Session { preset: sizes.preset, knobs: sizes.knobs, step: 0, ..engine.session.clone() };
        engine.send(Command::Show(Box::new(session)));
        engine.settle()?;
    }
    engine.send(Command::LoadWeights { file, apply: true });
    let keys = engine.wait_for(keys)?;
    engine.settle()?;
    engine.progress.note(format_args!("{}: {} keys ({} layout)", keys.file, keys.mapped.len(), keys.layout));
    keys.notes.iter().for_each(|note| engine.progress.note(note));
    // An encoder alone is enough to probe, so missing keys are told but are no failure.
    for (word, list) in [("Missing", &keys.missing), ("Not used", &keys.unexpected)] {
        if !list.is_empty() {
            engine.progress.note(format_args!("{word}: {}", first_of(list)));
        }
    }
    Ok(())
}

/// The first few names, and how many more there are.
fn first_of(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let more = if names.len() > SHOWN { format!(" and {} more", names.len() - SHOWN) } else { String::new() };
    let first: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    format!("{}{more}", first.join(", "))
}

/// Read a weights file with all its parts: an index or one of several files leads to the others beside it, a folder to the
/// weights in it.
///
/// # Errors
/// [`Error::File`] when it cannot be read, [`Error::Checkpoint`] naming parts that are missing.
pub fn read_weights(path: &Path) -> Result<NamedBytes> {
    let path = if path.is_dir() { in_folder(path)? } else { path.to_path_buf() };
    let file = files::read(&path)?;
    let parts = weights::parts_of(&file.name, &file.bytes);
    if parts.is_empty() {
        return Ok(file);
    }
    let beside = path.parent().unwrap_or(Path::new(""));
    let mut all = vec![weights::Named { name: file.name.clone(), bytes: file.bytes }];
    for part in parts.into_iter().filter(|part| *part != file.name) {
        // What is missing is named with the others.
        if let Ok(bytes) = std::fs::read(beside.join(&part)) {
            all.push(weights::Named { name: part, bytes });
        }
    }
    let refuse = |name: String, why: String| {
        let advice = "Put all parts into one folder";
        Error::checkpoint(format!("The weights {name} cannot be used"), why, advice)
    };
    match weights::joined(all).into_iter().next() {
        Some(Ok(whole)) => Ok(NamedBytes { name: whole.name, bytes: whole.bytes }),
        Some(Err((name, why))) => Err(refuse(name, why)),
        None => Err(refuse(file.name, "it names no part".into())),
    }
}

/// The weights in a folder: an index of parts, or the only weights file there.
fn in_folder(folder: &Path) -> Result<PathBuf> {
    let refuse = |why: String| {
        let what = format!("{} holds no weights to take", folder.display());
        Error::checkpoint(what, why, "Name the weights file itself")
    };
    let entries = std::fs::read_dir(folder).map_err(|e| refuse(e.to_string()))?;
    let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    found.retain(|path| {
        path.extension().is_some_and(|end| end == "safetensors") || path.ends_with("model.safetensors.index.json")
    });
    found.sort_by_key(|path| (path.extension().is_some_and(|end| end == "safetensors"), path.clone()));
    let names: Vec<String> =
        found.iter().filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect();
    match found.as_slice() {
        [only] => Ok(only.clone()),
        [first, ..] if first.extension().is_some_and(|end| end == "json") => Ok(first.clone()),
        [first, ..] if weights::parts_of(&names[0], &[]).len() == found.len() => Ok(first.clone()),
        [] => Err(refuse("there is no .safetensors file in it".into())),
        _ => Err(refuse(format!("there are {}", names.join(", ")))),
    }
}
