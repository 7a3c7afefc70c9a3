//! `masquerade pack`: make the small weights file that comes with the program.

use std::path::PathBuf;

use clap::Args;
use masquerade_engine::checkpoint::atomic::write_atomically;
use masquerade_engine::session::Command;

use super::engine::Engine;
use super::failure::{DONE, Outcome};
use super::output::Output;
use super::outputs;
use super::start::Start;

/// Options of `pack`.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    start: Start,
    /// Weights or checkpoint of a run
    #[arg(long, visible_alias = "weights", value_name = "FILE")]
    checkpoint: PathBuf,
    /// Where the small file goes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The command that trained the weights, noted in the file so that others can make it again
    #[arg(long, value_name = "TEXT", default_value = "")]
    command: String,
}

/// Pack the weights and print how large they are.
///
/// # Errors
/// Wrong options, weights that do not fit, a file that cannot be written.
pub fn run(options: &Options, out: &mut Output) -> Outcome {
    outputs::prove_file(&options.out)?;
    let mut plan = options.start.plan_with(Some(&options.checkpoint))?;
    let mut engine = Engine::open(options.start.device)?;
    plan.open_with_weights(&mut engine)?;
    let file = engine.file(Command::PackWeights { command: options.command.clone() })?;
    write_atomically(&options.out, &file.bytes)?;
    out.line(format_args!("{}: {} bytes", options.out.display(), file.bytes.len()))?;
    Ok(DONE)
}
