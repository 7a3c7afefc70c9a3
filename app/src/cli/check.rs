//! `masquerade check`: every kernel against its CPU twin on this device.

use clap::Args;
use masquerade_engine::session::{Command, Event, KernelCheck};

use super::engine::{Device, Engine};
use super::failure::{ANSWER_IS_NO, DONE, Outcome};
use super::output::{Output, columns};

/// Options of `check`.
#[derive(Debug, Args)]
pub struct Options {
    /// What computes
    #[arg(long, value_enum, default_value = "auto")]
    device: Device,
    /// One JSON object for each check on standard output
    #[arg(long)]
    json: bool,
}

/// Print the table; the answer is no when a kernel is off.
///
/// # Errors
/// A device that fails.
pub fn run(options: &Options, out: &mut Output) -> Outcome {
    let mut engine = Engine::open(options.device)?;
    engine.send(Command::SelfCheck);
    let checks = engine.wait_for(|event| if let Event::Checked(checks) = event { Some(checks) } else { None })?;
    let good = checks.iter().filter(|c| c.ok).count();
    let count = format!("{good} of {} checks agree with the CPU twin on {}", checks.len(), engine.device.name);
    if options.json {
        for check in &checks {
            out.json(check)?;
        }
        engine.progress.note(count);
    } else {
        let head = ["", "KERNEL", "CASE", "ERROR", "ALLOWED", "DEVICE MS", "TWIN MS"].map(String::from).to_vec();
        for line in columns(&std::iter::once(head).chain(checks.iter().map(row)).collect::<Vec<_>>()) {
            out.line(line)?;
        }
        out.line(count)?;
    }
    Ok(if good == checks.len() && good > 0 { DONE } else { ANSWER_IS_NO })
}

fn row(check: &KernelCheck) -> Vec<String> {
    vec![
        if check.ok { "ok" } else { "OFF" }.to_string(),
        check.kernel.clone(),
        check.case.clone(),
        format!("{:.2e}", check.error),
        format!("{:.2e}", check.allowed),
        format!("{:.3}", check.device_ms),
        format!("{:.3}", check.twin_ms),
    ]
}
