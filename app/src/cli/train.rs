//! `masquerade train`: train a system and keep what comes of it.

use std::path::PathBuf;

use clap::Args;
use masquerade_engine::card::KnobValue;
use masquerade_engine::error::Error;

use super::engine::Engine;
use super::failure::{DONE, Outcome};
use super::interrupt::Interrupt;
use super::output::Output;
use super::phases::{Lengths, Phases};
use super::running::{self, Record, Resumed, run_folder};
use super::start::Start;

/// Options of `train`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    start: Start,
    /// Steps of the last phase, all others before it; most systems have one phase [default: the preset's]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    steps: Option<u32>,
    /// Steps of another phase; may be given many times
    #[arg(long, value_name = "NAME=STEPS")]
    phase: Vec<String>,
    /// Samples of one step [default: the preset's]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    batch: Option<u32>,
    /// Folder for checkpoint.safetensors and weights.safetensors
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Weights to start from, of this program or another; a checkpoint is gone on with by --resume instead
    #[arg(long, visible_alias = "checkpoint", value_name = "FILE", conflicts_with = "resume")]
    weights: Option<PathBuf>,
    /// Go on from the checkpoint in this folder, with its preset, seed and knobs
    #[arg(long, value_name = "DIR", conflicts_with_all = ["preset", "seed", "batch", "set"])]
    resume: Option<PathBuf>,
    /// One JSON object for each step on standard output
    #[arg(long)]
    json: bool,
}

/// Train until the last step or Ctrl-C, then leave a checkpoint and the weights.
///
/// # Errors
/// Wrong options, data that cannot be used, a device that fails, a loss that is not a number.
pub fn run(options: &Options, out: &mut Output) -> Outcome {
    let resumed = options.resume.as_deref().map(Resumed::read).transpose()?;
    let folder = run_folder(options.out.as_deref(), resumed.as_ref())?;
    let mut plan = options.start.plan_with(options.weights.as_deref())?;
    plan.session.stored = false;
    if let Some(batch) = options.batch {
        plan.turn(&format!("--batch {batch}"), "batch", KnobValue::Number(f64::from(batch)))?;
    }
    if let (Some(_), Some(data), false) = (&options.resume, &options.start.data, plan.has_own_data()) {
        let why = "the checkpoint says which data its run goes on with";
        return Err(Error::request(
            format!("--data {data} cannot be used with --resume"),
            why,
            "Leave it out, or give the run's own files",
        )
        .into());
    }
    let interrupt = Interrupt::listen()?;
    let mut engine = Engine::open(options.start.device)?;
    match resumed {
        Some(resumed) => plan.resume(&mut engine, resumed)?,
        None if options.weights.is_some() => plan.open_with_weights(&mut engine)?,
        None => {
            plan.open(&mut engine)?;
        }
    }
    let lengths = Lengths::asked(options.steps, &options.phase)?;
    if !lengths.is_empty() {
        lengths.plan(&mut plan, engine.phases())?;
        plan.set_knobs(&mut engine)?;
        plan.until = None;
    }
    if folder.is_none() {
        engine.progress.note("Nothing of this run is kept: give --out DIR to keep its checkpoint and weights");
    }
    let phases = Phases(engine.phases().to_vec());
    let of = match (plan.until, phases.total()) {
        (Some(step), _) => step,
        (None, 0) => {
            return Err(
                Error::request("The run has no length", "its knobs ask for no step", "Choose another preset").into()
            );
        }
        (None, steps) => steps,
    };
    if let Some(words) = phases.words() {
        engine.progress.note(words);
    }
    let mut record = Record::new(options.json, engine.session.step, of, phases);
    let folder = folder.as_ref().map(|folder| folder.path.as_path());
    running::go(&mut engine, &interrupt, folder, &mut record, out)?;
    if let Some(folder) = folder {
        running::keep(&mut engine, folder)?;
    }
    if let Some(words) = record.phases.unreached(record.step) {
        engine.progress.note(words);
    }
    record.finish(out)?;
    Ok(DONE)
}
