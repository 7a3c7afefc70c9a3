//! A system that could not be opened for want of a weights file, and the file when it comes.

use super::Host;
use crate::parts::Part;
use crate::session::{NamedBytes, Session};

/// The session that was to be shown, and the names of the files that its parts come from.
pub(super) struct Waiting {
    session: Session,
    files: Vec<String>,
}

impl Waiting {
    /// Of a session whose model could not be built; `None` where no part of it comes from a file of the user's.
    pub fn new(session: &Session, parts: &[Part]) -> Option<Self> {
        let files: Vec<String> = parts.iter().filter_map(Part::file).map(String::from).collect();
        (!files.is_empty()).then(|| Self { session: session.clone(), files })
    }
}

/// A name without its folders.
fn bare(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

impl Host {
    /// Keep a weights file that a system waits for: the session to show now. `None`: nothing waits for it.
    pub(super) fn awaited(&mut self, file: &NamedBytes) -> Option<Session> {
        let waiting = self.waiting.as_ref()?;
        let name = waiting.files.iter().find(|name| bare(name) == bare(&file.name))?.clone();
        self.files.give(NamedBytes { name, bytes: file.bytes.clone() });
        self.waiting.take().map(|waiting| waiting.session)
    }
}
