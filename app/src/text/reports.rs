//! Errors and notices of the front end itself.

use masquerade_engine::error::Report;
use masquerade_engine::session::SetReport;

use super::{WHAT_TO_DO, WHY, bytes};

/// The engine has ended.
pub fn engine_lost(why: &str) -> Report {
    Report {
        title: "The engine has stopped".into(),
        why: if why.is_empty() { "It ended without giving a reason.".into() } else { why.into() },
        what_to_do: "Start it again: your settings are kept, training goes on from its last copy. If it happens again, choose the CPU."
            .into(),
        usage: false,
    }
}

/// A dropped or named file cannot be read.
pub fn unreadable(name: &str, why: &str) -> Report {
    Report {
        title: format!("{name} could not be read"),
        why: why.into(),
        what_to_do: "Check that the file exists and that you may read it, then try again.".into(),
        usage: false,
    }
}

/// The desktop shows no dialog for files.
pub fn no_dialog() -> Report {
    Report {
        title: "No dialog could be opened".into(),
        why: "this desktop has none for files".into(),
        what_to_do: "Drop the files on the window, or type their path. (On Linux the dialog comes from \
                     xdg-desktop-portal or zenity.)"
            .into(),
        usage: false,
    }
}

/// Weights in several parts cannot be put together.
pub fn incomplete(name: &str, why: &str) -> Report {
    Report {
        title: format!("The weights {name} cannot be used"),
        why: why.into(),
        what_to_do: "Drop all parts together, with their index or without.".into(),
        usage: false,
    }
}

/// A file could not be written.
pub fn unwritable(name: &str, why: &str) -> Report {
    Report {
        title: format!("{name} could not be saved"),
        why: why.into(),
        what_to_do: "Check that there is room and that you may write to the folder, then save again.".into(),
        usage: false,
    }
}

/// What a set costs, by what licence and from where, in a line.
pub fn to_fetch(set: &SetReport) -> String {
    let part = if set.here > 0 { format!("{} of {} files are here; ", set.here, set.files) } else { String::new() };
    format!("{part}{}, {} ({}), from {}", bytes(set.bytes), set.licence, set.terms, set.source)
}

/// The button that fetches a set, as it is read out.
pub fn fetch(title: &str) -> String {
    format!("Fetch {title}")
}

/// Whom to name, and whether people can be seen or heard.
pub fn set_details(set: &SetReport) -> String {
    let people = if set.people.is_empty() { String::new() } else { format!("\nPeople: {}", set.people) };
    format!("{}\n{}{people}", set.title, set.credit)
}

/// A file was written there.
pub fn saved(place: &str) -> String {
    format!("Saved {place}")
}

/// No window can be opened.
pub fn no_window(why: &str) -> String {
    format!("No window can be opened: {why}. The command line works without one: masquerade --help")
}

/// An error as text for the clipboard.
pub fn report_text(report: &Report) -> String {
    format!("{}\n{WHY}: {}\n{WHAT_TO_DO}: {}", report.title, report.why, report.what_to_do)
}
