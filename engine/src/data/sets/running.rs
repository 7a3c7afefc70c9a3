//! A download on a thread of its own, so that the engine goes on meanwhile (native only).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

use super::{Message, Set, Summary, Told, download};
use crate::data::files::{Files, cache_folder};
use crate::error::{Error, Result};

/// Names another place to take files from: addresses, apart by commas, where a file is SET/PATH.
const FROM: &str = "MASQUERADE_FETCH_FROM";

/// The other place that the environment names in `MASQUERADE_FETCH_FROM`.
pub fn from_environment() -> Option<String> {
    std::env::var(FROM).ok().filter(|from| !from.is_empty())
}

/// A download that goes on.
#[derive(Debug)]
pub struct Running {
    messages: Receiver<Message>,
    stop: Arc<AtomicBool>,
    ended: bool,
}

impl Running {
    /// Begin to fetch a set into the user's cache folder.
    ///
    /// # Errors
    /// [`Error::File`] when there is no such folder or no thread to be had.
    pub fn start(set: Set, _files: &Files) -> Result<Self> {
        let no_cache = || {
            Error::file(
                "There is no cache folder",
                "neither XDG_CACHE_HOME nor HOME is set",
                "Set one of them, or run masquerade fetch with --out DIR",
            )
        };
        let folder = cache_folder().ok_or_else(no_cache)?;
        let (sender, messages) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let asked = stop.clone();
        let body = move || {
            let mut tell = |told: &Told| {
                // Without a listener the download is not wanted any more.
                sender.send(Message::Told(told.clone())).is_ok() && !asked.load(Ordering::Relaxed)
            };
            let from = from_environment();
            let ended = download::fetch(&set, &folder, from.as_deref(), usize::MAX, &mut tell);
            let _ = sender.send(Message::Ended(ended));
        };
        let spawned = std::thread::Builder::new().name("fetch".into()).spawn(body);
        spawned.map_err(|e| Error::file("The download cannot begin", e, "Close other programs and try again"))?;
        Ok(Self { messages, stop, ended: false })
    }

    /// The next message, if there is one.
    pub fn message(&mut self) -> Option<Message> {
        match self.messages.try_recv() {
            Ok(message) => {
                self.ended = matches!(message, Message::Ended(_));
                Some(message)
            }
            Err(TryRecvError::Disconnected) if !self.ended => {
                self.ended = true;
                Some(Message::Ended(Ok(Summary { stopped: true, ..Summary::default() })))
            }
            Err(_) => None,
        }
    }

    /// Let some time pass.
    pub async fn rest(&self) {
        std::thread::sleep(Duration::from_millis(20));
    }

    /// Ask it to end.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
