//! `masquerade data`: what files hold, and how they would be read, without training.

use std::path::PathBuf;

use clap::Args;
use masquerade_engine::card::Kind;
use masquerade_engine::data;
use masquerade_engine::error::Error;
use masquerade_engine::registry;
use masquerade_engine::session::{DataReport, UserFiles};
use serde::Serialize;

use super::failure::{DONE, Outcome};
use super::output::{Output, columns};
use super::reading::ReadingOptions;
use crate::folder::{self, Limits};

/// Shorter side that pictures are looked at with, in pixels.
const SIDE: u32 = 64;

/// Options of `data`.
#[derive(Debug, Args)]
pub struct Options {
    /// Files and folders
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    reading: ReadingOptions,
    /// The result as one JSON object
    #[arg(long)]
    json: bool,
}

/// What files were read as.
#[derive(Debug, Serialize)]
struct Found {
    kind: Kind,
    systems: Vec<String>,
    line: String,
    report: DataReport,
}

/// What they cannot be read as.
#[derive(Debug, Serialize)]
struct Refused {
    kind: Kind,
    why: String,
}

#[derive(Debug, Serialize)]
struct Answer {
    read: Vec<Found>,
    not_read: Vec<Refused>,
}

/// Read and tell.
///
/// # Errors
/// When nothing can be read as any kind of data.
pub fn run(options: &Options, out: &mut Output) -> Outcome {
    let files = UserFiles { reading: options.reading.reading(), ..folder::read(&options.paths, Limits::default()) };
    let answer = read(&files);
    if options.json {
        out.json(&answer)?;
    } else {
        answer.read.iter().try_for_each(|found| tell(found, out))?;
    }
    if answer.read.is_empty() {
        let why: Vec<String> = answer.not_read.iter().map(|r| format!("as {}: {}", r.kind.name(), r.why)).collect();
        let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.files()).collect();
        return Err(Error::data(
            "Nothing here can be trained on",
            why.join("; "),
            format!("Give {}", kinds.join("; or ")),
        )
        .into());
    }
    Ok(DONE)
}

/// What these files are, as every kind that they can be read as; that which leaves least out comes first.
fn read(files: &UserFiles) -> Answer {
    let cards = registry::cards();
    let mut answer = Answer { read: Vec::new(), not_read: Vec::new() };
    for kind in Kind::ALL {
        match data::of_user(files.clone(), kind, SIDE) {
            Ok(set) => {
                let report = data::report(&*set);
                let systems = cards.iter().filter(|card| card.built && card.kind == kind);
                answer.read.push(Found {
                    kind,
                    systems: systems.map(|card| card.id.clone()).collect(),
                    line: report.line(kind),
                    report,
                });
            }
            Err(error) => answer.not_read.push(Refused { kind, why: error.report().why }),
        }
    }
    let unused =
        |report: &DataReport| report.columns.iter().filter(|column| column.kind.starts_with("left out")).count();
    answer.read.sort_by_key(|found| (found.report.skipped.len(), unused(&found.report)));
    answer
}

fn tell(found: &Found, out: &mut Output) -> Result<(), super::failure::Failure> {
    let report = &found.report;
    out.line(format_args!("As {} ({}): {}", found.kind.name(), found.systems.join(", "), found.line))?;
    for note in &report.notes {
        out.line(format_args!("  Taken so: {note}"))?;
    }
    for (class, size) in report.classes.iter().zip(&report.class_sizes) {
        out.line(format_args!("  Class {class}: {size}"))?;
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    for column in &report.columns {
        let range = column.range.map_or_else(String::new, |(low, high)| format!("{low} … {high}"));
        let missing = if column.missing > 0 { format!("{} missing", column.missing) } else { String::new() };
        rows.push(vec![format!("  {}", column.name), column.kind.clone(), range, missing]);
    }
    for line in columns(&rows) {
        out.line(line)?;
    }
    for (what, why) in report.skipped.iter().skip(DataReport::NAMED) {
        out.line(format_args!("  Left out {what}: {why}"))?;
    }
    Ok(())
}
