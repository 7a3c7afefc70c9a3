//! A run that trains: the loop, its losses, and what is kept of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use masquerade_engine::checkpoint::atomic::write_atomically;
use masquerade_engine::checkpoint::resume;
use masquerade_engine::clock::Stopwatch;
use masquerade_engine::error::Result;
use masquerade_engine::session::{Command, Event, FineTuneReport, NamedBytes, Progress, Session};
use serde::Serialize;

use super::engine::{Engine, Turn};
use super::failure::Failure;
use super::files;
use super::interrupt::Interrupt;
use super::output::Output;
use super::outputs::RunFolder;
use super::phases::Phases;

/// Seconds between two checkpoints of a run.
const CHECKPOINT_EVERY: f64 = 60.0;
const CHECKPOINT: &str = "checkpoint.safetensors";
const WEIGHTS: &str = "weights.safetensors";

/// One step as a line of JSON.
#[derive(Serialize)]
struct Line {
    step: u64,
    loss: f32,
    terms: BTreeMap<String, f32>,
    steps_per_second: f64,
    /// Only on the last line: the mean loss over the last 5 % of the steps of the last phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    mean_loss: Option<f64>,
}

/// A checkpoint to go on from, read and checked before anything else is.
pub struct Resumed {
    /// Where the run goes on writing.
    folder: PathBuf,
    pub file: NamedBytes,
    pub session: Session,
}

impl Resumed {
    /// The checkpoint of a run's folder, or in a file of any name.
    ///
    /// # Errors
    /// [`Error::File`](masquerade_engine::error::Error::File) when there is none,
    /// [`Error::Checkpoint`](masquerade_engine::error::Error::Checkpoint) when it cannot be resumed.
    pub fn read(path: &Path) -> Result<Self> {
        let file = files::read(&if path.is_file() { path.into() } else { path.join(CHECKPOINT) })?;
        let session = resume::read(&file.bytes)?.session;
        let folder = if path.is_file() { path.parent().unwrap_or(path) } else { path };
        Ok(Self { folder: if folder.as_os_str().is_empty() { ".".into() } else { folder.into() }, file, session })
    }
}

/// The folder of a run that is begun or gone on with, made, proved writable and held; `None`: nothing is kept.
///
/// # Errors
/// Those of [`RunFolder::open`].
pub fn run_folder(out: Option<&Path>, resumed: Option<&Resumed>) -> Result<Option<RunFolder>> {
    out.or(resumed.map(|resumed| resumed.folder.as_path())).map(RunFolder::open).transpose()
}

/// Leave the checkpoint and the weights in a folder.
///
/// # Errors
/// When the engine failed or the files cannot be written.
pub fn keep(engine: &mut Engine, folder: &Path) -> std::result::Result<(), Failure> {
    for (name, command) in [(CHECKPOINT, Command::SaveCheckpoint), (WEIGHTS, Command::SaveWeights)] {
        let file = engine.file(command)?;
        write_atomically(&folder.join(name), &file.bytes)?;
    }
    engine.progress.note(format_args!("Kept in {}: {CHECKPOINT} and {WEIGHTS}", folder.display()));
    Ok(())
}

/// Train the open run to its last step or until Ctrl-C.
///
/// # Errors
/// When the engine failed, standard output cannot be written, or a loss is not a number. A checkpoint on the way that cannot
/// be written is a warning.
pub fn go(
    engine: &mut Engine,
    interrupt: &Interrupt,
    folder: Option<&Path>,
    record: &mut Record,
    out: &mut Output,
) -> std::result::Result<(), Failure> {
    let left = record.of.saturating_sub(engine.session.step);
    if left == 0 {
        return Ok(());
    }
    engine.send(Command::Step(u32::try_from(left).unwrap_or(u32::MAX)));
    let trained = train(engine, interrupt, folder, record, out);
    engine.progress.clear();
    if trained.is_err() {
        record.flush(out)?;
    }
    trained
}

fn train(
    engine: &mut Engine,
    interrupt: &Interrupt,
    folder: Option<&Path>,
    record: &mut Record,
    out: &mut Output,
) -> std::result::Result<(), Failure> {
    let mut since_checkpoint = Stopwatch::start();
    let mut stopping = false;
    loop {
        match engine.turn()? {
            Turn::Event(event) => match (*event, folder) {
                (Event::Progress(progress), _) => record.take(&progress, engine, out)?,
                (Event::FineTuned(report), _) => record.tuned = Some(report),
                (Event::File(file), Some(folder)) => {
                    // A disk that is full now may have space again at the next one.
                    if let Err(error) = write_atomically(&folder.join(CHECKPOINT), &file.bytes) {
                        let report = error.report();
                        engine.progress.note(format_args!(
                            "Warning: {} ({}). The run goes on, and the checkpoint before it is whole. {}",
                            report.title, report.why, report.what_to_do
                        ));
                    }
                }
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
pub struct Record {
    json: bool,
    /// Steps of the whole run, and made so far.
    of: u64,
    pub step: u64,
    pub phases: Phases,
    /// The test at the end of fine-tuning.
    pub tuned: Option<FineTuneReport>,
    /// Those of the phase that the run is in.
    losses: Vec<f32>,
    /// The newest line of JSON: kept back, because the last one also carries the mean.
    waiting: Option<Line>,
}

impl Record {
    /// Of a run that stands at `step` and goes to `of`.
    pub fn new(json: bool, step: u64, of: u64, phases: Phases) -> Self {
        Self { json, of, step, phases, ..Self::default() }
    }

    fn take(&mut self, progress: &Progress, engine: &Engine, out: &mut Output) -> std::result::Result<(), Failure> {
        for point in &progress.losses {
            self.step = point.step;
            if self.phases.begins_at(point.step) {
                self.losses.clear();
            }
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

    /// The mean loss over the last 5 % of the steps of the phase, at least one, and how many these are.
    fn mean(&self) -> Option<(usize, f64)> {
        let count = self.losses.len().div_ceil(20);
        let last = &self.losses[self.losses.len() - count..];
        (count > 0).then(|| (count, last.iter().map(|l| f64::from(*l)).sum::<f64>() / count as f64))
    }

    /// Write the line that was kept back, for a run that ends in an error.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn flush(&mut self, out: &mut Output) -> std::result::Result<(), Failure> {
        match self.waiting.take().filter(|_| self.json) {
            Some(line) => out.json(&line),
            None => Ok(()),
        }
    }

    /// Say how the run ended.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn finish(self, out: &mut Output) -> std::result::Result<(), Failure> {
        let mean = self.mean();
        match (self.waiting, self.json) {
            (Some(line), true) => out.json(&Line { mean_loss: mean.map(|(_, mean)| mean), ..line }),
            (None, true) => Ok(()),
            (_, false) => out.line(match mean {
                Some((count, mean)) => {
                    let phases = self.phases.words().map_or_else(String::new, |words| format!(" ({words})"));
                    let at = format!("Step {} of {}{phases}", self.step, self.of);
                    format!("{at}, mean loss over the last {count} steps: {mean:.4}")
                }
                None => format!("Step {} of {}: nothing was left to train", self.step, self.of),
            }),
        }
    }
}
