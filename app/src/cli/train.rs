//! `masquerade train`: train a system and keep what comes of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use masquerade_engine::card::KnobValue;
use masquerade_engine::checkpoint::atomic::write_atomically;
use masquerade_engine::clock::Stopwatch;
use masquerade_engine::error::Error;
use masquerade_engine::session::{Command, Event, Progress};
use serde::Serialize;

use super::engine::{Engine, Turn};
use super::failure::{DONE, Failure, Outcome};
use super::files;
use super::interrupt::Interrupt;
use super::output::Output;
use super::start::{Plan, Start};

/// Seconds between two checkpoints of a run.
const CHECKPOINT_EVERY: f64 = 60.0;
const CHECKPOINT: &str = "checkpoint.safetensors";
const WEIGHTS: &str = "weights.safetensors";

/// Options of `train`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    start: Start,
    /// Length of the run in steps [default: the preset's]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    steps: Option<u32>,
    /// Samples of one step [default: the preset's]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    batch: Option<u32>,
    /// Folder for checkpoint.safetensors and weights.safetensors
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Go on from the checkpoint in this folder, with its preset, seed and knobs
    #[arg(long, value_name = "DIR", conflicts_with_all = ["preset", "seed", "batch", "set"])]
    resume: Option<PathBuf>,
    /// One JSON object for each step on standard output
    #[arg(long)]
    json: bool,
}

/// One step as a line of JSON.
#[derive(Serialize)]
struct Line {
    step: u64,
    loss: f32,
    terms: BTreeMap<String, f32>,
    steps_per_second: f64,
    /// Only on the last line: the mean loss over the last 5 % of the steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    mean_loss: Option<f64>,
}

/// Train until the last step or Ctrl-C, then leave a checkpoint and the weights.
///
/// # Errors
/// Wrong options, data that cannot be used, a device that fails, a loss that is not a number.
pub fn run(options: &Options, out: &mut Output) -> Outcome {
    let mut plan = options.start.plan()?;
    plan.session.stored = false;
    plan.until = options.steps.map(u64::from).or(plan.until);
    for (name, value) in [("steps", options.steps), ("batch", options.batch)] {
        if let Some(value) = value {
            plan.turn(name, KnobValue::Number(f64::from(value)))?;
        }
    }
    if let (Some(_), Some(data), false) = (&options.resume, &options.start.data, plan.has_pictures()) {
        let why = "the checkpoint says which data its run goes on with";
        return Err(Error::request(
            format!("--data {data} cannot be used with --resume"),
            why,
            "Leave it out, or give the run's folder of pictures",
        )
        .into());
    }
    let checkpoint = options.resume.as_ref().map(|folder| files::read(&folder.join(CHECKPOINT))).transpose()?;
    let folder = options.out.clone().or_else(|| options.resume.clone());
    if let Some(folder) = &folder {
        files::make_folder(folder)?;
    }
    let interrupt = Interrupt::listen()?;
    let mut engine = Engine::open(options.start.device)?;
    match checkpoint {
        Some(file) => plan.resume(&mut engine, file)?,
        None => {
            plan.open(&mut engine)?;
        }
    }
    if folder.is_none() {
        engine.progress.note("Nothing of this run is kept: give --out DIR to keep its checkpoint and weights");
    }
    let of = length(&plan, &engine)?;
    let done = engine.session.step;
    let mut record = Record { json: options.json, of, step: done, ..Record::default() };
    if done < of {
        engine.send(Command::Step(u32::try_from(of - done).unwrap_or(u32::MAX)));
        let trained = train(&mut engine, &interrupt, folder.as_deref(), &mut record, out);
        engine.progress.clear();
        if trained.is_err() {
            record.flush(out)?;
        }
        trained?;
    }
    if let Some(folder) = &folder {
        for (name, command) in [(CHECKPOINT, Command::SaveCheckpoint), (WEIGHTS, Command::SaveWeights)] {
            let file = engine.file(command)?;
            write_atomically(&folder.join(name), &file.bytes)?;
        }
        engine.progress.note(format_args!("Kept in {}: {CHECKPOINT} and {WEIGHTS}", folder.display()));
    }
    record.finish(out)?;
    Ok(DONE)
}

/// Steps of the whole run: as a link says, or those of its phases.
fn length(plan: &Plan, engine: &Engine) -> Result<u64, Failure> {
    let phases = engine.model.as_ref().map_or(0, |model| model.phases.iter().map(|(_, steps)| steps).sum());
    match (plan.until, phases) {
        (Some(step), _) => Ok(step),
        (None, 0) => Err(Error::request("The run has no length", "its knobs ask for no step", "Give --steps N").into()),
        (None, steps) => Ok(steps),
    }
}

fn train(
    engine: &mut Engine,
    interrupt: &Interrupt,
    folder: Option<&Path>,
    record: &mut Record,
    out: &mut Output,
) -> Result<(), Failure> {
    let mut since_checkpoint = Stopwatch::start();
    let mut stopping = false;
    loop {
        match engine.turn()? {
            Turn::Event(event) => match (*event, folder) {
                (Event::Progress(progress), _) => record.take(&progress, engine, out)?,
                (Event::File(file), Some(folder)) => write_atomically(&folder.join(CHECKPOINT), &file.bytes)?,
                _ => {}
            },
            Turn::Worked => {}
            Turn::Idle => return Ok(()),
        }
        if stopping {
            continue;
        }
        if interrupt.asked() {
            engine.progress.note("Stopping after this step");
            engine.send(Command::Pause);
            stopping = true;
        } else if folder.is_some() && since_checkpoint.seconds() > CHECKPOINT_EVERY {
            engine.send(Command::SaveCheckpoint);
            since_checkpoint = Stopwatch::start();
        }
    }
}

/// The losses of the run so far.
#[derive(Default)]
struct Record {
    json: bool,
    of: u64,
    step: u64,
    losses: Vec<f32>,
    /// The newest line of JSON: kept back, because the last one also carries the mean.
    waiting: Option<Line>,
}

impl Record {
    fn take(&mut self, progress: &Progress, engine: &Engine, out: &mut Output) -> Result<(), Failure> {
        for point in &progress.losses {
            self.step = point.step;
            self.losses.push(point.total);
            let next = Line {
                step: point.step,
                loss: point.total,
                terms: point.terms.iter().cloned().collect(),
                steps_per_second: progress.steps_per_second,
                mean_loss: None,
            };
            if let Some(line) = self.waiting.replace(next).filter(|_| self.json) {
                engine.progress.aside(|| out.json(&line))?;
            }
        }
        let mut loss = self.losses.last().map_or_else(String::new, |loss| format!("loss {loss:.4}"));
        if progress.phases.1 > 1 {
            loss = format!("{} · {loss}", progress.phase);
        }
        engine.progress.show(self.step, self.of, loss);
        Ok(())
    }

    /// The mean loss over the last 5 % of the steps, at least one, and how many these are.
    fn mean(&self) -> Option<(usize, f64)> {
        let count = self.losses.len().div_ceil(20);
        let last = &self.losses[self.losses.len() - count..];
        (count > 0).then(|| (count, last.iter().map(|l| f64::from(*l)).sum::<f64>() / count as f64))
    }

    /// Write the line that was kept back, for a run that ends in an error.
    fn flush(&mut self, out: &mut Output) -> Result<(), Failure> {
        match self.waiting.take().filter(|_| self.json) {
            Some(line) => out.json(&line),
            None => Ok(()),
        }
    }

    fn finish(self, out: &mut Output) -> Result<(), Failure> {
        let mean = self.mean();
        match (self.waiting, self.json) {
            (Some(line), true) => out.json(&Line { mean_loss: mean.map(|(_, mean)| mean), ..line }),
            (None, true) => Ok(()),
            (_, false) => out.line(match mean {
                Some((count, mean)) => {
                    format!("Step {} of {}, mean loss over the last {count} steps: {mean:.4}", self.step, self.of)
                }
                None => format!("Step {} of {}: nothing was left to train", self.step, self.of),
            }),
        }
    }
}
