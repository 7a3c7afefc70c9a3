//! The command line: one file a subcommand. A front end like the window, over the same commands and events.
//!
//! `--json` puts one object a line on standard output and nothing else there; progress and messages go to standard
//! error. Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 data, a file or the device failed.

mod bench;
mod check;
mod claim;
mod data;
mod engine;
mod failure;
mod fetch;
mod files;
mod finetune;
mod interrupt;
mod list;
mod output;
mod outputs;
mod pack;
mod phases;
mod probe;
mod progress;
mod reading;
mod running;
mod start;
mod study;
mod train;
mod verify;
pub mod view;
mod weights;

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};

use clap::{Parser, Subcommand};
use masquerade_engine::bench::Counting;
use masquerade_engine::device;
use masquerade_engine::error::Error;
use masquerade_engine::session::Kernels;

use failure::{Failure, Outcome};
use output::Output;

/// Train and look inside systems that learn by hiding data. Without a command: the window.
#[derive(Debug, Parser)]
#[command(
    name = "masquerade",
    version,
    after_help = "Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 data, a file or the device failed"
)]
struct Arguments {
    /// Which code computes
    #[arg(long, global = true, value_enum, default_value = "fused")]
    kernels: engine::Kernels,
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// The systems and what they take
    List(list::Options),
    /// Train a system and keep its checkpoint and weights
    Train(train::Options),
    /// Linear probe and nearest neighbours of the frozen encoder
    Probe(probe::Options),
    /// Train a classifier from the encoder
    Finetune(finetune::Options),
    /// Compare a system with a folder of golden numbers
    Verify(verify::Options),
    /// Test the central comparison of a system's paper
    Claim(claim::Options),
    /// Compare arms on several seeds and with parts of the labels
    Study(study::Options),
    /// What a system sees, as one PNG
    View(view::Options),
    /// Compare every kernel with its CPU twin
    Check(check::Options),
    /// Time the workloads
    Bench(bench::Options),
    /// What files of your own hold, without training
    Data(data::Options),
    /// Download a data set
    Fetch(fetch::Options),
    /// Make the small weights file that comes with the program
    Pack(pack::Options),
}

/// Do what the command line says and return the exit code. `args` begins with the program's name, as
/// [`std::env::args_os`] gives them.
pub fn run(args: impl Iterator<Item = OsString>) -> i32 {
    let arguments = match Arguments::try_parse_from(args) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Nothing can be done about a closed terminal.
            let _ = error.print();
            return error.exit_code();
        }
    };
    device::use_kernels(match arguments.kernels {
        engine::Kernels::Fused => Kernels::Fused,
        engine::Kernels::Stock => Kernels::Stock,
    });
    let mut log = env_logger::Builder::new();
    log.filter_level(log::LevelFilter::Error).parse_default_env();
    match &arguments.task {
        Task::Bench(options) if options.counts() => Counting::install(Box::new(log.build())),
        _ => drop(log.try_init()),
    }
    // A driver or the tensor engine may panic where it cannot fail otherwise; that is a failed device, not a crash.
    let outcome = catch_unwind(AssertUnwindSafe(|| dispatch(&arguments))).unwrap_or_else(|_| {
        Err(Error::device(
            "The engine stopped",
            "the reason is above",
            "Run it again with --device cpu, or with a smaller preset",
        )
        .into())
    });
    match outcome {
        Ok(code) => code,
        Err(Failure { report, code }) => {
            if let Some(report) = report {
                progress::complain(&report);
            }
            code
        }
    }
}

fn dispatch(arguments: &Arguments) -> Outcome {
    let out = &mut Output::new();
    match &arguments.task {
        Task::List(options) => list::run(options, out),
        Task::Train(options) => train::run(options, out),
        Task::Probe(options) => probe::run(options, out),
        Task::Finetune(options) => finetune::run(options, out),
        Task::Verify(options) => verify::run(options, out),
        Task::Claim(options) => claim::run(options, out),
        Task::Study(options) => study::run(options, out),
        Task::Check(options) => check::run(options, out),
        Task::Bench(options) => bench::run(options, arguments.kernels, out),
        Task::View(options) => view::run(options, out),
        Task::Data(options) => data::run(options, out),
        Task::Fetch(options) => fetch::run(options, out),
        Task::Pack(options) => pack::run(options, out),
    }
}
