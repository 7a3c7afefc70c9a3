//! `masquerade verify`: run a folder of golden numbers and compare every tensor.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use masquerade_engine::error::{Error, Result};
use masquerade_engine::session::{Command, Event, NamedBytes, VerifyLine, VerifyReport};
use serde::Serialize;

use super::engine::{Device, Engine};
use super::failure::{ANSWER_IS_NO, DONE, Outcome};
use super::files;
use super::output::{Output, columns};
use super::start::built;

const MANIFEST: &str = "manifest.json";

/// Options of `verify`.
#[derive(Debug, Args)]
pub struct Options {
    /// The system the numbers are of
    name: String,
    /// Folder with manifest.json and its *.safetensors
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// What computes
    #[arg(long, value_enum, default_value = "cpu")]
    device: Device,
    /// One JSON object for each tensor on standard output
    #[arg(long)]
    json: bool,
}

/// One tensor as a line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    case: &'a str,
    tensor: &'a str,
    error: f64,
    allowed: f64,
    ok: bool,
}

/// Print a line for each tensor and a count; the answer is no when one is over its tolerance.
///
/// # Errors
/// A folder that cannot be read or is of another system, a device that fails.
pub fn run(options: &Options, out: &mut Output) -> Outcome {
    let card = built(&options.name)?;
    let files = fixture(&options.folder, &card.id)?;
    let mut engine = Engine::open(options.device)?;
    engine.send(Command::Verify(files));
    let report = engine.wait_for(|event| if let Event::Verified(report) = event { Some(report) } else { None })?;
    if options.json {
        for line in &report.lines {
            out.json(&Line {
                case: &line.case,
                tensor: &line.tensor,
                error: line.error,
                allowed: line.allowed,
                ok: line.ok,
            })?;
        }
    } else {
        for line in columns(&report.lines.iter().map(row).collect::<Vec<_>>()) {
            out.line(line)?;
        }
    }
    let good = report.lines.iter().filter(|l| l.ok).count();
    let count = format!(
        "{}: {good} of {} tensors are within their tolerance on {}",
        report.system,
        report.lines.len(),
        report.device
    );
    for line in [Some(count), allowance(&report)].into_iter().flatten() {
        if options.json {
            engine.progress.note(line);
        } else {
            out.line(line)?;
        }
    }
    Ok(if report.passed() { DONE } else { ANSWER_IS_NO })
}

fn row(line: &VerifyLine) -> Vec<String> {
    let mut cells = vec![
        if line.ok { "ok" } else { "OFF" }.to_string(),
        line.case.clone(),
        line.tensor.clone(),
        format!("error {:.2e}", line.error),
        format!("allowed {:.2e}", line.allowed),
    ];
    let strict = (line.over_strict > 0).then(|| format!("{} over the strict limit", line.over_strict));
    let remarks: Vec<String> = strict.into_iter().chain((!line.note.is_empty()).then(|| line.note.clone())).collect();
    cells.push(remarks.join("; "));
    cells
}

/// On the WGSL path some tolerances are wider: how many entries needed that.
fn allowance(report: &VerifyReport) -> Option<String> {
    let entries: u64 = report.lines.iter().map(|l| l.over_strict).sum();
    let tensors = report.lines.iter().filter(|l| l.over_strict > 0).count();
    (entries > 0).then(|| {
        format!("{entries} entries in {tensors} tensors miss the strict limit and are within the one for WGSL")
    })
}

/// The manifest and the tensor files of a folder, once it is clear that they are of this system.
fn fixture(folder: &Path, system: &str) -> Result<Vec<NamedBytes>> {
    let mend = "Give a folder with manifest.json and its *.safetensors";
    let manifest = files::read(&folder.join(MANIFEST))?;
    let parsed: serde_json::Value = serde_json::from_slice(&manifest.bytes)
        .map_err(|e| Error::fixture(format!("{MANIFEST} of {} cannot be read", folder.display()), e, mend))?;
    let of = parsed.get("system").and_then(|s| s.as_str()).unwrap_or("no system");
    if of != system {
        let what = format!("{} is not a folder of {system}", folder.display());
        return Err(Error::fixture(what, format!("its {MANIFEST} says {of:?}"), mend));
    }
    let refuse = |e| Error::fixture(format!("{} cannot be read", folder.display()), e, mend);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(refuse)? {
        let path = entry.map_err(refuse)?.path();
        if path.extension().is_some_and(|e| e == "safetensors") {
            paths.push(path);
        }
    }
    paths.sort();
    let mut all = vec![manifest];
    for path in paths {
        all.push(files::read(&path)?);
    }
    Ok(all)
}
