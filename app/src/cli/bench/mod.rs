//! `masquerade bench`: time the workloads, one JSON object a line; compare the kernels; count what a training step
//! costs.

mod compare;
mod step;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::process;

use clap::{Args, ValueEnum};
use masquerade_engine::bench::WORKLOADS;
use masquerade_engine::error::Error;
use masquerade_engine::session::{BenchReport, Command, Event};
use serde::Serialize;

use super::engine::{Device, Engine, Kernels};
use super::failure::{DONE, Failure, Outcome};
use super::output::Output;

/// Options of `bench`.
#[derive(Debug, Args)]
pub struct Options {
    /// Workloads to run [default: all]
    workloads: Vec<String>,
    /// Name to report the results under
    #[arg(long, default_value = "masquerade")]
    peer: String,
    /// What computes
    #[arg(long, value_enum, default_value = "auto")]
    device: Device,
    /// Runs before the timed ones
    #[arg(long, default_value_t = 2)]
    warmup: u32,
    /// Timed runs at most
    #[arg(long, default_value_t = 7)]
    reps: u32,
    /// No further timed run begins after this many milliseconds
    #[arg(long, default_value_t = 15_000)]
    max_ms: u32,
    /// Time the fused and the stock kernels in turns, and print how many times as long the stock ones take
    #[arg(long, conflicts_with = "step")]
    compare: bool,
    /// Count what one training step asks of the device instead
    #[arg(long, conflicts_with = "workloads")]
    step: bool,
    /// With --compare and --step: JSON on standard output instead of a table
    #[arg(long)]
    json: bool,
}

impl Options {
    /// Whether calls of the graphics library are to be counted.
    pub fn counts(&self) -> bool {
        self.step
    }
}

#[derive(Serialize)]
struct Timed<'a> {
    peer: &'a str,
    name: &'a str,
    first_ms: f64,
    setup_ms: f64,
    ms: &'a [f64],
    cpu_ms: Option<f64>,
    check: f64,
    peak_rss_mb: Option<f64>,
    info: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct Unsupported<'a> {
    peer: &'a str,
    name: &'a str,
    unsupported: bool,
}

/// Time the workloads. Each has a process of its own, so that none finds pipelines or memory warmed by another.
///
/// # Errors
/// A device that fails, a workload that there is not.
pub fn run(options: &Options, kernels: Kernels, out: &mut Output) -> Outcome {
    if options.step {
        return step::run(options, out);
    }
    if options.compare {
        return compare::run(options, out);
    }
    match options.workloads.as_slice() {
        [name] => one(options, name, out),
        [] => each(options, kernels, &WORKLOADS.map(String::from)),
        names => each(options, kernels, names),
    }
}

fn one(options: &Options, name: &str, out: &mut Output) -> Outcome {
    let mut engine = Engine::open(options.device)?;
    engine.send(Command::Bench {
        name: name.into(),
        warmup: options.warmup,
        repeats: options.reps,
        max_ms: options.max_ms,
    });
    let report = engine.wait_for(|event| if let Event::Benched(report) = event { Some(report) } else { None })?;
    if report.unsupported {
        out.json(&Unsupported { peer: &options.peer, name, unsupported: true })?;
    } else {
        out.json(&timed(options, &report))?;
    }
    Ok(DONE)
}

fn timed<'a>(options: &'a Options, report: &'a BenchReport) -> Timed<'a> {
    let mut info: BTreeMap<&str, &str> = report.info.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    info.insert("device", &report.device);
    Timed {
        peer: &options.peer,
        name: &report.name,
        first_ms: report.first_ms,
        setup_ms: report.setup_ms,
        ms: &report.ms,
        cpu_ms: report.cpu_ms,
        check: report.check,
        peak_rss_mb: peak_rss_mb(),
        info,
    }
}

/// The most memory this process has held, where the system tells (Linux).
fn peak_rss_mb() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes / 1024.0)
}

/// Run this program once for each workload; the worst exit code is ours.
fn each(options: &Options, kernels: Kernels, names: &[String]) -> Outcome {
    let mut worst = DONE;
    for name in names {
        let status = child(options, name, &["--kernels", &value(kernels)])?.status().map_err(refuse)?;
        // No code: a signal ended it. That counts as a failed device.
        worst = worst.max(status.code().unwrap_or(3));
    }
    Ok(worst)
}

/// This program once more, for one workload.
fn child(options: &Options, name: &str, more: &[&str]) -> Result<process::Command, Failure> {
    let mut program = process::Command::new(std::env::current_exe().map_err(refuse)?);
    let numbers = [("--warmup", options.warmup), ("--reps", options.reps), ("--max-ms", options.max_ms)];
    program
        .args(["bench", "--peer", &options.peer, "--device", &value(options.device)])
        .args(numbers.iter().flat_map(|(flag, value)| [(*flag).to_string(), value.to_string()]))
        .args(more)
        .args(["--", name]);
    Ok(program)
}

fn refuse(why: io::Error) -> Failure {
    Error::device("A workload could not be started", why, "Name one workload at a time").into()
}

fn value(option: impl ValueEnum) -> String {
    option.to_possible_value().map_or_else(String::new, |v| v.get_name().to_string())
}
