//! Data sets that anybody can fetch: which they are, from where, and what is here of them.
//!
//! The list lies in `engine/sets/sets.json`, with the SHA-256 of every file. A page fetches it beside itself when it is
//! asked for.
//!
//! * [`Set`], [`list`]: the list; [`here`]: the whole files of a set that are on this computer
//! * `download` natively, `kept` in a browser: how files arrive and where they stay
//! * [`attempts`]: what to try next when a source does not answer as it should

pub mod attempts;
#[cfg(target_arch = "wasm32")]
mod browser;
#[cfg(not(target_arch = "wasm32"))]
pub mod download;
#[cfg(not(target_arch = "wasm32"))]
mod running;

#[cfg(target_arch = "wasm32")]
pub use browser::Running;
#[cfg(not(target_arch = "wasm32"))]
pub use running::{Running, from_environment};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::card::Kind;
use crate::data::files::Files;
use crate::error::{Error, Result};
use crate::session::{DataReport, NamedBytes, SetReport};

/// Where the files of all sets are, and the mirror of the same.
const RAW: &str = "https://raw.githubusercontent.com";
const MIRROR: &str = "https://cdn.jsdelivr.net/gh";

/// A set that can be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Set {
    pub id: String,
    pub title: String,
    /// What it holds, as the list calls it; [`Set::holds`] is the kind that systems take.
    pub kind: String,
    /// Systems that it suits, built or not.
    pub systems: Vec<String>,
    pub samples: u64,
    pub licence: String,
    /// What the licence amounts to, in a word.
    pub terms: String,
    /// Whom to name.
    pub credit: String,
    /// Whether people can be seen or heard in it.
    pub people: String,
    pub classes: Vec<String>,
    /// OWNER/REPOSITORY/COMMIT of its files.
    bases: Vec<String>,
    /// Balanced over the classes and parts: the first ones are a small set of their own.
    pub files: Vec<SetFile>,
}

/// A file of a set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "(usize, String, String, u64, String, String, String)")]
pub struct SetFile {
    base: usize,
    at: String,
    /// Name within the set, with folders.
    pub path: String,
    pub bytes: u64,
    /// 64 hexadecimal digits.
    pub sha256: String,
    /// Class and part (`train`, `test` …) as the source tells them; empty: it does not.
    pub label: String,
    pub split: String,
}

impl From<(usize, String, String, u64, String, String, String)> for SetFile {
    fn from(row: (usize, String, String, u64, String, String, String)) -> Self {
        let (base, at, path, bytes, sha256, label, split) = row;
        Self { base, at, path, bytes, sha256, label, split }
    }
}

impl SetFile {
    /// Whether these bytes are the original's.
    pub fn is_whole(&self, bytes: &[u8]) -> bool {
        bytes.len() as u64 == self.bytes && sha256(bytes) == self.sha256
    }
}

/// The SHA-256 of bytes as 64 hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Bytes as hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Set {
    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// The kind that systems take; `None`: no system reads it yet.
    pub fn holds(&self) -> Option<Kind> {
        match self.kind.as_str() {
            "pictures" => Some(Kind::Pictures),
            "clouds" => Some(Kind::Clouds),
            "graphs" => Some(Kind::Graphs),
            "vectors" => Some(Kind::Vectors),
            "radar_optical" => Some(Kind::Scenes),
            _ => None,
        }
    }

    /// Where the set's files come from, for people.
    pub fn source(&self) -> String {
        let sources = self.bases.iter().map(|base| {
            let mut parts = base.splitn(3, '/');
            let mut next = || parts.next().unwrap_or_default();
            let (owner, repository, commit) = (next(), next(), next());
            format!("github.com/{owner}/{repository} @ {}", commit.get(..10).unwrap_or(commit))
        });
        sources.collect::<Vec<String>>().join(", ")
    }

    /// Name of a file among all data files.
    pub fn place(&self, file: &SetFile) -> String {
        // These have always lain beside the other sets.
        if self.id == "fashion-mnist" { file.path.clone() } else { format!("{}/{}", self.id, file.path) }
    }

    /// Addresses of a file, the source first. `from`: another place, where it lies as SET/PATH.
    pub fn addresses(&self, file: &SetFile, from: Option<&str>) -> Vec<String> {
        if let Some(from) = from {
            let place = format!("{}/{}", self.id, file.path);
            return from.split(',').map(|base| format!("{}/{}", base.trim_end_matches('/'), escaped(&place))).collect();
        }
        let base = self.bases.get(file.base).map_or("", String::as_str);
        let at = escaped(&file.at);
        let mirror = match base.rsplit_once('/') {
            Some((repository, commit)) => format!("{MIRROR}/{repository}@{commit}/{at}"),
            None => String::new(),
        };
        vec![format!("{RAW}/{base}/{at}"), mirror]
    }
}

/// A path as it stands in an address.
fn escaped(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// How far a download is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    pub set: String,
    /// The file that is on its way, its number from 1, and the number of all.
    pub file: String,
    pub number: u64,
    pub of: u64,
    /// Bytes of the set that are here, and all.
    pub done: u64,
    pub total: u64,
    /// What is waited for; empty: nothing.
    pub note: String,
}

/// How a download ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    pub set: String,
    /// Files of the set that are here, and all.
    pub here: u64,
    pub of: u64,
    /// Files that were not here before.
    pub fetched: u64,
    /// Files that could not be had: name and reason.
    pub failed: Vec<(String, String)>,
    /// It was asked to stop.
    pub stopped: bool,
}

/// What a download says on its way.
#[derive(Debug)]
pub enum Message {
    Told(Told),
    Ended(Result<Summary>),
}

/// All sets.
///
/// # Errors
/// [`Error::File`] when (in a page) the list cannot be fetched, [`Error::Data`] when it is damaged.
pub async fn list(files: &Files) -> Result<Vec<Set>> {
    let bytes = files.sets().await?;
    serde_json::from_slice(&bytes).map_err(|e| {
        Error::data("The list of data sets cannot be read", e, "Reload the page, or fetch the program again")
    })
}

/// Ids of the sets of the list that hold the data set of this id: those of its own name, of which it is made, or whose
/// samples are its nodes.
pub fn of_data(id: &str) -> Vec<&str> {
    match id.strip_suffix("-graph").unwrap_or(id) {
        "kaykit" => vec!["kaykit120"],
        "sentinel12" => vec!["terramesh5", "ssl4eo2", "sen1floods11_1"],
        "iris" | "wine" | "breast-cancer" => vec!["tables"],
        "fashion" => vec!["fashion-mnist"],
        id => vec![id],
    }
}

/// Ids of the data sets that a set of the list holds; the reverse of [`of_data`] where fetching is the way to them.
fn gives(set: &str) -> Vec<String> {
    let ids: &[&str] = match set {
        // A page brings a part of it along, and computes with that.
        "fashion-mnist" if cfg!(target_arch = "wasm32") => &[],
        "tables" => &["iris", "wine", "breast-cancer", "iris-graph", "wine-graph", "breast-cancer-graph"],
        "digits" => &["digits", "digits-graph"],
        _ => &[set],
    };
    ids.iter().map(ToString::to_string).collect()
}

/// All sets, with what is here of each.
///
/// # Errors
/// Those of [`list`].
pub async fn reports(files: &Files) -> Result<Vec<SetReport>> {
    let mut reports = Vec::new();
    for set in list(files).await? {
        let mut here = 0;
        for file in &set.files {
            here += u64::from(files.has(&set.place(file), file.bytes).await);
        }
        reports.push(SetReport {
            gives: gives(&set.id),
            kind: set.holds(),
            bytes: set.bytes(),
            files: set.files.len() as u64,
            here,
            source: set.source(),
            id: set.id,
            title: set.title,
            systems: set.systems,
            samples: set.samples,
            licence: set.licence,
            terms: set.terms,
            credit: set.credit,
            people: set.people,
        });
    }
    Ok(reports)
}

/// What is on this computer of a set.
#[derive(Debug, Clone)]
pub struct Here {
    pub set: Set,
    /// The files that are whole, in the order of the list.
    pub files: Vec<(SetFile, Vec<u8>)>,
    /// Files that are there and not the originals, by name.
    pub damaged: Vec<String>,
}

impl Here {
    /// Files of the set by the names that `name` gives them; those without a name are left out.
    pub fn named(&mut self, name: impl Fn(&SetFile) -> Option<String>) -> Vec<NamedBytes> {
        let name = |(file, bytes): &mut (SetFile, Vec<u8>)| {
            name(file).map(|name| NamedBytes { name, bytes: std::mem::take(bytes) })
        };
        self.files.iter_mut().filter_map(name).collect()
    }

    /// A report with what the list says of the set.
    pub fn report(&self, id: &str) -> DataReport {
        let mut report = DataReport::default();
        self.tell(id, &mut report);
        report
    }

    /// Write into a report which set it is of, and that it is a part where it is one.
    pub fn tell(&self, id: &str, report: &mut DataReport) {
        report.id = id.into();
        report.title.clone_from(&self.set.title);
        report.licence.clone_from(&self.set.licence);
        report.source = format!("{}; {}", self.set.credit, self.set.source());
        let (here, all) = (self.files.len(), self.set.files.len());
        if here < all {
            report.notes.insert(0, format!("A part of the set: {here} of {all} files"));
        }
        let damaged = self.damaged.iter().map(|name| (name.clone(), "it is not the original file".to_string()));
        report.skipped.extend(damaged);
    }
}

/// The whole files of a set that are on this computer; `None`: there is no such set, or no file of it.
///
/// # Errors
/// Those of [`list`], and [`Error::File`] when a file cannot be read.
pub async fn here(id: &str, files: &Files) -> Result<Option<Here>> {
    let Some(set) = list(files).await?.into_iter().find(|set| set.id == id) else { return Ok(None) };
    let mut here = Here { files: Vec::new(), damaged: Vec::new(), set };
    for file in &here.set.files {
        let place = here.set.place(file);
        match files.fetched(&place).await? {
            Some(bytes) if file.is_whole(&bytes) => here.files.push((file.clone(), bytes)),
            Some(_) => here.damaged.push(file.path.clone()),
            None => (),
        }
    }
    Ok((!here.files.is_empty()).then_some(here))
}

/// Why a data set cannot be opened that could be fetched.
pub fn missing(id: &str) -> Error {
    let sets = of_data(id);
    let mend = if cfg!(target_arch = "wasm32") {
        "Fetch it in the data panel, or choose another data set".to_string()
    } else {
        format!("Run masquerade fetch {}, or choose another data set", sets.join(" "))
    };
    let why = format!("no whole file of {} was found in any data folder", sets.join(", "));
    Error::data(format!("The data set {id} is not on this computer"), why, mend)
}
