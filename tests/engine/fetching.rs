//! Fetching data sets from a server on this computer, one that behaves and one that does not; and training on what came.

mod faults;
mod training;

use std::collections::HashMap;
use std::path::Path;

use masquerade_engine::data::files::Files;
use masquerade_engine::data::sets::{self, Set, Summary, download};
use masquerade_engine::error::Result;
use masquerade_tests::server::{Answer, Server};
use masquerade_tests::{block_on, real_data};

/// A made-up set of these files, with their true hashes.
fn made_up(id: &str, kind: &str, files: &[(&str, &[u8])]) -> Set {
    let rows: Vec<serde_json::Value> = files
        .iter()
        .map(|(path, bytes)| serde_json::json!([0, path, path, bytes.len(), sets::sha256(bytes), "", ""]))
        .collect();
    let set = serde_json::json!({
        "id": id, "title": "Made up", "kind": kind, "systems": [], "samples": 1, "licence": "CC0", "terms": "free",
        "credit": "nobody", "people": "none", "classes": [], "bases": ["owner/repository/commit"], "files": rows,
    });
    serde_json::from_value(set).unwrap()
}

/// The sets of the list, from the list that comes with the program.
fn list() -> Vec<Set> {
    block_on(sets::list(&Files::new())).unwrap()
}

fn set(id: &str) -> Set {
    list().into_iter().find(|set| set.id == id).unwrap()
}

/// Fetch all of a set without a word.
fn fetch(set: &Set, folder: &Path, from: &str) -> Result<Summary> {
    download::fetch(set, folder, Some(from), usize::MAX, &mut |_| true)
}

/// What a set's files are called in the folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return names };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        match entry.path().is_dir() {
            true => names.extend(self::names(&entry.path()).into_iter().map(|inner| format!("{name}/{inner}"))),
            false => names.push(name),
        }
    }
    names.sort();
    names
}

/// A server of all original files that are kept beside this repository, each as SET/PATH; `None`: there are none.
fn originals() -> Option<Server> {
    let data = real_data()?;
    let originals = Some(data.join("originals")).filter(|folder| folder.is_dir())?;
    // Some lie under other names in neighbouring folders: what they hold tells.
    let mut by_size: HashMap<u64, Vec<std::path::PathBuf>> = HashMap::new();
    let mut folders = vec![data.join("sentinel12"), data.join("pointclouds")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(found) if found.is_dir() => folders.push(entry.path()),
                Ok(found) => by_size.entry(found.len()).or_default().push(entry.path()),
                Err(_) => (),
            }
        }
    }
    let list = list();
    Some(Server::start(move |request| {
        if let Ok(bytes) = std::fs::read(originals.join(&request.path)) {
            return Answer::File(bytes);
        }
        let (id, path) = request.path.split_once('/').unwrap_or_default();
        let file = list.iter().find(|set| set.id == id).and_then(|set| set.files.iter().find(|file| file.path == path));
        let same = file.and_then(|file| {
            let candidates = by_size.get(&file.bytes).into_iter().flatten().filter_map(|path| std::fs::read(path).ok());
            candidates.into_iter().find(|bytes| file.is_whole(bytes))
        });
        same.map_or(Answer::Status(404, Vec::new()), Answer::File)
    }))
}
