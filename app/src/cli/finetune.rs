//! `masquerade finetune`: train a classifier from the encoder.

use std::path::PathBuf;

use clap::Args;
use masquerade_engine::session::{Command, Event};

use super::engine::Engine;
use super::failure::{DONE, Outcome};
use super::output::Output;
use super::start::Start;

/// Options of `finetune`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    start: Start,
    /// Weights or checkpoint of a run [default: the weights that came with the program]
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Steps to fine-tune for
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
    /// The result as one JSON object
    #[arg(long)]
    json: bool,
}

/// Fine-tune and print the accuracy.
///
/// # Errors
/// Wrong options, weights that do not fit, data without classes, a device that fails.
pub fn run(options: &Options, out: &mut Output) -> Outcome {
    let mut plan = options.start.plan_with(options.checkpoint.as_deref())?;
    let mut engine = Engine::open(options.start.device)?;
    plan.open_with_weights(&mut engine)?;
    engine.send(Command::FineTune { steps: options.steps });
    let report = engine.wait_for(|event| if let Event::FineTuned(report) = event { Some(report) } else { None })?;
    if options.json {
        out.json(&report)?;
        return Ok(DONE);
    }
    out.line(format_args!(
        "Test accuracy   {:.2} %  (chance {:.2} %)",
        100.0 * report.test_accuracy,
        100.0 * report.chance
    ))?;
    out.line(format_args!("Loss            {:.4} at first, {:.4} at last", report.first_loss, report.last_loss))?;
    out.line(format_args!("{} steps, {:.1} s", report.steps, report.seconds))?;
    Ok(DONE)
}
