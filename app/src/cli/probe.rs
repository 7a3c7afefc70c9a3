//! `masquerade probe`: how much the frozen encoder knows of the classes.

use std::path::PathBuf;

use clap::Args;
use masquerade_engine::session::{Command, Event};

use super::engine::Engine;
use super::failure::{DONE, Outcome};
use super::output::Output;
use super::start::Start;

/// Options of `probe`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    start: Start,
    /// Weights or checkpoint: a file, one of several parts or their index [default: the weights that came with the program]
    #[arg(long, visible_alias = "weights", value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Samples to learn the probe from
    #[arg(long, default_value_t = 10_000)]
    train: u32,
    /// Samples to test it on
    #[arg(long, default_value_t = 2_000)]
    test: u32,
    /// The result as one JSON object
    #[arg(long)]
    json: bool,
}

/// Probe and print the accuracies.
///
/// # Errors
/// Wrong options, weights that do not fit, data without classes, a device that fails.
pub fn run(options: &Options, out: &mut Output) -> Outcome {
    let mut plan = options.start.plan_with(options.checkpoint.as_deref())?;
    let mut engine = Engine::open(options.start.device)?;
    plan.open_with_weights(&mut engine)?;
    engine.send(Command::RunProbe { train: options.train, test: options.test });
    let report = engine.wait_for(|event| if let Event::Probe(report) = event { Some(report) } else { None })?;
    if options.json {
        out.json(&report)?;
        return Ok(DONE);
    }
    if let (Some(linear), Some(knn), Some(chance)) = (report.linear_accuracy, report.knn_accuracy, report.chance) {
        out.line(format_args!("Linear probe          {:.2} %", 100.0 * linear))?;
        out.line(format_args!("Nearest neighbours    {:.2} %  (k = {})", 100.0 * knn, report.k))?;
        out.line(format_args!("Chance                {:.2} %", 100.0 * chance))?;
        out.line(format_args!("{} samples to learn from, {} to test on", report.train_samples, report.test_samples))?;
    }
    for (metric, value) in &report.others {
        out.line(format_args!("{metric:<26}{value:.4}"))?;
    }
    out.line(format_args!("Step {}, {:.1} s", report.step, report.seconds))?;
    Ok(DONE)
}
