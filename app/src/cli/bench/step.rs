//! `masquerade bench --step`: what one training step asks of the device.

use masquerade_engine::session::{Command, Event, Kernels, StepReport};

use super::Options;
use crate::cli::engine::Engine;
use crate::cli::failure::{DONE, Outcome};
use crate::cli::output::{Output, columns};

/// Print the report of one warm step.
///
/// # Errors
/// A device that fails.
pub fn run(options: &Options, out: &mut Output) -> Outcome {
    let mut engine = Engine::open(options.device)?;
    engine.send(Command::MeasureStep);
    let report = engine.wait_for(|event| if let Event::StepReport(report) = event { Some(report) } else { None })?;
    if options.json {
        out.json(&report)?;
    } else {
        for line in columns(&table(&report)) {
            out.line(line)?;
        }
    }
    Ok(DONE)
}

fn table(report: &StepReport) -> Vec<Vec<String>> {
    let row = |name: &str, value: String| vec![name.to_string(), value];
    let kernels = if report.kernels == Kernels::Stock { "stock" } else { "fused" };
    let mut rows = vec![
        row("Device", report.device.clone()),
        row("Kernels", kernels.into()),
        row("Milliseconds", format!("{:.1}", report.wall_ms)),
    ];
    let counts = [
        ("Dispatches", report.dispatches),
        ("Submits", report.submits),
        ("Pipelines made until the first step was over", report.pipelines),
        ("Buffers created", report.buffers),
        ("Bytes up", report.bytes_up),
        ("Bytes back", report.bytes_back),
    ];
    rows.extend(
        counts.map(|(name, count)| row(name, count.map_or_else(|| "not counted here".into(), |n| n.to_string()))),
    );
    let launches: Vec<_> = report.by_kernel("all others").map(|(name, count)| row(name, count.to_string())).collect();
    if !launches.is_empty() {
        rows.extend([Vec::new(), row("KERNEL", "LAUNCHES".into())]);
        rows.extend(launches);
    }
    rows
}
