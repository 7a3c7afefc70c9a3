//! What a file is, by its content and never by its name: for the reason that a reader gives when it cannot read.

mod containers;
mod signatures;
mod writing;

use std::fmt;

/// Bytes at the start, and at the end, that are looked at for words.
const WINDOW: usize = 1 << 16;

/// What a file is, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Short name of the format: "PNG", "safetensors", "Git LFS pointer".
    pub name: &'static str,
    pub kind: Kind,
    /// With its article, to stand after "it is": "a pointer of Git LFS, not the file".
    pub what: String,
    /// What to do so that it can be used, a sentence without its full stop; empty where that depends on what was wanted.
    pub advice: String,
}

/// What formats are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// No content: no bytes, or only zeros.
    Nothing,
    /// What stands where a file should be: a pointer, a page of the web, a system's notes on a file.
    StandIn,
    /// Weights of a model.
    Weights,
    /// Other files in one, or one made smaller.
    Archive,
    Picture,
    Film,
    Sound,
    /// Meshes and clouds of points.
    Shape,
    Table,
    /// Numbers in rows, of any dimension.
    Array,
    Graph,
    /// Words of any other kind.
    Text,
    Other,
}

impl Found {
    fn new(name: &'static str, kind: Kind, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, kind, what: what.into(), advice: advice.into() }
    }

    /// What it is and what to do, to stand after "it is": "a Parquet table: save it as CSV".
    pub fn words(&self) -> String {
        let mut letters = self.advice.chars();
        match letters.next() {
            Some(first) => format!("{}: {}{}", self.what, first.to_lowercase(), letters.as_str()),
            None => self.what.clone(),
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "it is {}", self.what)
    }
}

/// What the bytes of a whole file are; `None`: nothing that is known here, and no text.
pub fn sniff(bytes: &[u8]) -> Option<Found> {
    if bytes.is_empty() {
        let advice = "Copy or download it again";
        return Some(Found::new("empty", Kind::Nothing, "an empty file", advice));
    }
    if bytes.iter().all(|byte| *byte == 0) {
        let advice = "Copy or download it again: a download or copy that broke off leaves zeros";
        let what = format!("a file of {} zero bytes and nothing else", bytes.len());
        return Some(Found::new("zeros", Kind::Nothing, what, advice));
    }
    containers::found(bytes).or_else(|| signatures::found(bytes)).or_else(|| writing::found(bytes))
}

/// What `bytes` are where something else was wanted, to stand as a reason: "it is a PNG picture, not a safetensors file";
/// `reason` where they are not known or are of the format `wanted` itself (its [`Found::name`]).
pub fn instead_of(bytes: &[u8], wanted: &str, reason: impl ToString) -> String {
    match sniff(bytes) {
        Some(found) if found.name != wanted => format!("{found}"),
        _ => reason.to_string(),
    }
}

/// The bytes in which words are looked for: all of a small file, start and end of a large one.
fn ends(bytes: &[u8]) -> [&[u8]; 2] {
    let head = bytes.len().min(WINDOW);
    let tail = bytes.len().saturating_sub(WINDOW).max(head);
    [&bytes[..head], &bytes[tail..]]
}

/// Whether one of the ends of a file holds `words`.
pub(crate) fn holds(bytes: &[u8], words: &str) -> bool {
    let words = words.as_bytes();
    ends(bytes).iter().any(|part| part.windows(words.len()).any(|window| window == words))
}
