//! What one warm training step asks of the device.

use super::calls;
use super::workloads::{TRAINING, Work};
use crate::clock::Stopwatch;
use crate::device::Compute;
use crate::error::Result;
use crate::kernels::choice;
use crate::session::StepReport;

/// What one warm step of the training workload costs: its time, and the calls of the graphics library as far as they
/// are counted.
///
/// # Errors
/// [`crate::error::Error::Device`] when the device is lost.
pub async fn step_report(compute: &Compute) -> Result<StepReport> {
    let mut report =
        StepReport { device: compute.report.name.clone(), kernels: choice::kernels(), ..StepReport::default() };
    let Some(mut work) = Work::prepare(TRAINING, &compute.device)? else { return Ok(report) };
    let start = calls::so_far();
    work.once().await?;
    let cold = calls::so_far();
    let watch = Stopwatch::start();
    work.once().await?;
    report.wall_ms = watch.seconds() * 1e3;
    let warm = calls::so_far();
    if !compute.report.gpu {
        return Ok(report);
    }
    let between = |count: fn(&calls::Calls) -> Option<u64>| Some(count(&warm)? - count(&cold)?);
    report.dispatches = between(|c| c.dispatches);
    report.submits = between(|c| c.submits);
    report.buffers = between(|c| c.buffers);
    report.bytes_up = between(|c| c.bytes_up);
    report.bytes_back = between(|c| c.bytes_back);
    report.pipelines = cold.pipelines.zip(start.pipelines).map(|(after, before)| after - before);
    let before = |name: &String| cold.kernels.get(name).copied().unwrap_or(0);
    report.launches =
        warm.kernels.iter().map(|(name, count)| (name.clone(), count - before(name))).filter(|l| l.1 > 0).collect();
    report.launches.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(report)
}
