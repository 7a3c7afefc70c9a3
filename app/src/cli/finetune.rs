//! `masquerade finetune`: train a head on the encoder, and the encoder with it.

use std::path::PathBuf;

use clap::Args;
use masquerade_engine::card::KnobValue;
use masquerade_engine::session::{Command, Event, Session, Task};

use super::engine::Engine;
use super::failure::{DONE, Outcome};
use super::interrupt::Interrupt;
use super::output::Output;
use super::phases::Phases;
use super::running::{self, Record, Resumed, run_folder};
use super::start::Start;

/// Options of `finetune`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    start: Start,
    /// Weights or checkpoint: a file, one of several parts or their index [default: the weights that came with the program]
    #[arg(long, visible_alias = "weights", value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Steps to fine-tune for [default: the preset's]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    steps: Option<u32>,
    /// Folder for checkpoint.safetensors and weights.safetensors
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Go on from the fine-tuning checkpoint in this folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["preset", "seed", "set", "checkpoint"])]
    resume: Option<PathBuf>,
    /// The result as one JSON object
    #[arg(long)]
    json: bool,
}

/// Fine-tune and print the accuracy.
///
/// # Errors
/// Wrong options, weights that do not fit, data without classes, a device that fails.
pub fn run(options: &Options, out: &mut Output) -> Outcome {
    let resumed = options.resume.as_deref().map(Resumed::read).transpose()?;
    let folder = run_folder(options.out.as_deref(), resumed.as_ref())?;
    let mut plan = options.start.plan_with(options.checkpoint.as_deref())?;
    if let Some(steps) = options.steps {
        plan.turn(&format!("--steps {steps}"), "tune_steps", KnobValue::Number(f64::from(steps)))?;
    }
    let interrupt = Interrupt::listen()?;
    let mut engine = Engine::open(options.start.device)?;
    match resumed {
        Some(resumed) => plan.resume(&mut engine, resumed)?,
        None => {
            plan.session.task = Task::Pretrain;
            plan.open_with_weights(&mut engine)?;
            let session = Session { task: Task::FineTune, step: 0, ..engine.session.clone() };
            engine.send(Command::Show(Box::new(session)));
            engine.settle()?;
        }
    }
    let phases = Phases(engine.phases().to_vec());
    let of = phases.total();
    let mut record = Record::new(false, engine.session.step, of, phases);
    let folder = folder.as_ref().map(|folder| folder.path.as_path());
    running::go(&mut engine, &interrupt, folder, &mut record, out)?;
    if let Some(folder) = folder {
        running::keep(&mut engine, folder)?;
    }
    let report = match record.tuned.take() {
        Some(report) => report,
        // Nothing was left to train: test what there is.
        None if record.step >= of => {
            engine.send(Command::RunProbe { train: 0, test: 0 });
            engine.wait_for(|event| if let Event::FineTuned(report) = event { Some(report) } else { None })?
        }
        None => {
            record.finish(out)?;
            return Ok(DONE);
        }
    };
    if options.json {
        out.json(&report)?;
        return Ok(DONE);
    }
    out.line(format_args!(
        "Test accuracy   {:.2} %  (chance {:.2} %)",
        100.0 * report.test_accuracy,
        100.0 * report.chance
    ))?;
    if let Some(five) = report.top5_accuracy {
        out.line(format_args!("Among the five  {:.2} %", 100.0 * five))?;
    }
    out.line(format_args!("Loss            {:.4} at first, {:.4} at last", report.first_loss, report.last_loss))?;
    out.line(format_args!("{} steps, {}", report.steps, report.from))?;
    Ok(DONE)
}
