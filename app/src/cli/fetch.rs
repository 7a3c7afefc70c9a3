//! `masquerade fetch`: download data sets into the user's cache, and list those that can be fetched.

use std::path::PathBuf;

use clap::Args;
use masquerade_engine::data::files::{Files, cache_folder};
use masquerade_engine::data::sets::{self, Set, Summary, download};
use masquerade_engine::error::{Error, Result};
use serde_json::json;

use super::failure::{ANSWER_IS_NO, DONE, Failure, Outcome};
use super::interrupt::{INTERRUPTED, Interrupt};
use super::output::{Output, columns};
use super::outputs;
use super::progress::Progress;
use crate::text;

/// Options of `fetch`.
#[derive(Debug, Args)]
#[command(after_help = "Proxies are taken from HTTPS_PROXY, ALL_PROXY and NO_PROXY.")]
pub struct Options {
    /// Data sets to fetch; none: list them, with what is here already
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Folder to put them in [default: the user's cache folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Fetch the first N files of each set alone: of sets with classes, as many of each
    #[arg(long, value_name = "N")]
    first: Option<usize>,
    /// Take the files from another place, where each is SET/PATH (several, apart by commas: mirrors) [default: the
    /// environment variable MASQUERADE_FETCH_FROM]
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    /// One JSON object a set
    #[arg(long)]
    json: bool,
}

/// Fetch what is not there yet, one file after the other, and say where it is.
///
/// # Errors
/// A set that is not in the list, no network, a source that limits downloads, a folder that cannot be written.
pub fn run(options: &Options, out: &mut Output) -> Outcome {
    let list = pollster::block_on(sets::list(&Files::new()))?;
    if options.names.is_empty() {
        return table(options.json, out);
    }
    let wanted = wanted(&list, &options.names)?;
    let no_cache = || {
        Error::file(
            "There is no cache folder",
            "neither XDG_CACHE_HOME nor HOME is set",
            "Give a folder with --out DIR",
        )
    };
    let folder = options.out.clone().or_else(cache_folder).ok_or_else(no_cache)?;
    outputs::prove_folder(&folder)?;
    let from = options.from.clone().or_else(sets::from_environment);
    let (progress, interrupt) = (Progress::new(), Interrupt::listen()?);
    let mut missing = false;
    for set in wanted {
        describe(set, &progress);
        let mut note = String::new();
        let fetched =
            download::fetch(set, &folder, from.as_deref(), options.first.unwrap_or(usize::MAX), &mut |told| {
                if !told.note.is_empty() && note.is_empty() {
                    progress.note(format_args!("{}: {}", told.file, told.note));
                }
                note.clone_from(&told.note);
                let place = format!("{} of {}: {}", told.number, told.of, told.file);
                progress.show(told.done, told.total, if note.is_empty() { place } else { format!("{place}, {note}") });
                !interrupt.asked()
            });
        progress.clear();
        let summary = fetched?;
        tell(set, &summary, &folder, options.json, &progress, out)?;
        if summary.stopped {
            progress.note("Stopped: what is whole stays, and fetching it again goes on from there");
            return Ok(INTERRUPTED);
        }
        missing |= !summary.failed.is_empty();
    }
    Ok(if missing { ANSWER_IS_NO } else { DONE })
}

/// The sets of these names, or that data sets of these names are made of.
fn wanted<'a>(list: &'a [Set], names: &[String]) -> Result<Vec<&'a Set>> {
    let mut wanted: Vec<&Set> = Vec::new();
    for name in names {
        let ids = sets::of_data(name);
        let found: Vec<&Set> = list.iter().filter(|set| ids.contains(&set.id.as_str())).collect();
        if found.is_empty() {
            let known: Vec<&str> = list.iter().map(|set| set.id.as_str()).collect();
            let why = format!("the sets are {}", known.join(", "));
            return Err(Error::request(format!("There is no data set {name:?} to fetch"), why, "Choose one of them"));
        }
        wanted
            .extend(found.into_iter().filter(|set| !wanted.iter().any(|other| other.id == set.id)).collect::<Vec<_>>());
    }
    Ok(wanted)
}

/// What one agrees to by fetching a set.
fn describe(set: &Set, progress: &Progress) {
    progress.note(format_args!("{} ({}): {}, {} files", set.title, set.id, text::bytes(set.bytes()), set.files.len()));
    progress.note(format_args!("  Licence: {} ({})", set.licence, set.terms));
    progress.note(format_args!("  Credit: {}", set.credit));
    if !set.people.is_empty() {
        progress.note(format_args!("  People: {}", set.people));
    }
    progress.note(format_args!("  Source: {}", set.source()));
    if set.holds().is_none() {
        progress.note("  No system of this program reads it yet");
    }
}

fn tell(
    set: &Set,
    summary: &Summary,
    folder: &std::path::Path,
    as_json: bool,
    progress: &Progress,
    out: &mut Output,
) -> std::result::Result<(), Failure> {
    for (name, why) in &summary.failed {
        progress.note(format_args!("Warning: {name} could not be fetched: {why}"));
    }
    let place = set.files.first().map(|file| folder.join(set.place(file)));
    let place = if set.files.len() == 1 { place } else { place.and_then(|path| Some(path.parent()?.to_path_buf())) };
    // A file may lie in a folder of its set.
    let place = if set.files.len() == 1 || !folder.join(&set.id).is_dir() { place } else { Some(folder.join(&set.id)) };
    let place = place.unwrap_or_else(|| folder.to_path_buf());
    if as_json {
        return out.json(&json!({
            "set": set.id, "title": set.title, "bytes": set.bytes(), "licence": set.licence, "terms": set.terms,
            "credit": set.credit, "source": set.source(), "files": summary.of, "here": summary.here,
            "fetched": summary.fetched, "failed": summary.failed, "stopped": summary.stopped, "folder": place,
        }));
    }
    let part = if summary.here < summary.of { ": a part, which can be used" } else { "" };
    out.line(format_args!("{}: {} of {} files in {}{part}", set.id, summary.here, summary.of, place.display()))
}

fn table(as_json: bool, out: &mut Output) -> Outcome {
    let reports = pollster::block_on(sets::reports(&Files::new()))?;
    if as_json {
        for report in &reports {
            out.json(report)?;
        }
        return Ok(DONE);
    }
    let mut rows = vec![["NAME", "KIND", "SIZE", "HERE", "SYSTEMS", "LICENCE"].map(String::from).to_vec()];
    for report in &reports {
        let kind = report.kind.map_or("(no system reads it yet)", masquerade_engine::card::Kind::name);
        let here = match report.here {
            0 => "–".to_string(),
            here if here == report.files => "all".into(),
            here => format!("{here} of {} files", report.files),
        };
        let (systems, licence) = (report.systems.join(" "), report.licence.clone());
        rows.push(vec![report.id.clone(), kind.to_string(), text::bytes(report.bytes), here, systems, licence]);
    }
    for line in columns(&rows) {
        out.line(line)?;
    }
    Ok(DONE)
}
