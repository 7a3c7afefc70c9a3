//! Ctrl-C as a request, not an end: the first asks the run to finish its step, the second ends the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use masquerade_engine::error::{Error, Result};

/// What shells expect of a program that was interrupted.
pub const INTERRUPTED: i32 = 130;

/// Whether the user has asked to stop.
#[derive(Clone)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listen from now on.
    ///
    /// # Errors
    /// [`Error::Device`] when the system refuses the signal handler.
    pub fn listen() -> Result<Self> {
        let asked = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&asked);
        ctrlc::set_handler(move || {
            if flag.swap(true, Ordering::SeqCst) {
                std::process::exit(INTERRUPTED);
            }
        })
        .map_err(|e| Error::device("Ctrl-C cannot be caught", e, "Run the command in an ordinary terminal"))?;
        Ok(Self(asked))
    }

    /// Whether Ctrl-C was pressed.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
