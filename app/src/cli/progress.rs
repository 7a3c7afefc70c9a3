//! Standard error: messages, and one progress bar when a person watches (it hides itself when they do not).

use std::cell::Cell;
use std::fmt::Display;
use std::io::{self, Write as _};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use masquerade_engine::error::Report;

const WITH_TOTAL: &str = "{bar:28} {human_pos} of {human_len} · {per_sec} · {eta} left · {msg}";
const WITHOUT_TOTAL: &str = "{human_pos} · {elapsed} · {msg}";

/// The bar and the messages above it.
pub struct Progress {
    bar: ProgressBar,
    shown: Cell<bool>,
}

impl Progress {
    /// A bar that is not drawn before there is something to show.
    pub fn new() -> Self {
        Self { bar: ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()), shown: Cell::new(false) }
    }

    /// Show that `done` of `total` (0: not known) is behind us, with a remark (the loss).
    pub fn show(&self, done: u64, total: u64, remark: impl Into<String>) {
        let length = (total > 0).then_some(total);
        if !self.shown.get() || self.bar.length() != length {
            self.begin(done, length);
        }
        self.bar.set_message(remark.into());
        self.bar.set_position(done);
    }

    fn begin(&self, done: u64, length: Option<u64>) {
        let template = if length.is_some() { WITH_TOTAL } else { WITHOUT_TOTAL };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style.progress_chars("━━─"));
        }
        match length {
            Some(length) => self.bar.set_length(length),
            None => self.bar.unset_length(),
        }
        self.bar.reset();
        // What an earlier run has done says nothing of this one's rate.
        self.bar.set_position(done);
        self.bar.reset_eta();
        self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        self.shown.set(true);
    }

    /// Take the bar away: its job is over.
    pub fn clear(&self) {
        if self.shown.replace(false) {
            self.bar.finish_and_clear();
            self.bar.set_draw_target(ProgressDrawTarget::hidden());
        }
    }

    /// Write a line above the bar.
    pub fn note(&self, text: impl Display) {
        self.aside(|| note(text));
    }

    /// Do something that writes to the terminal while the bar is out of the way.
    pub fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }
}

/// Write a message on standard error. When that is closed too there is nobody left to tell.
pub fn note(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Write an error as everywhere in the program: what happened, why, what to do.
pub fn complain(report: &Report) {
    note(format_args!("Error: {}\nWhy: {}\nTry: {}", report.title, report.why, report.what_to_do));
}
