//! Workloads W1–W5: the same deterministic weights and inputs as every peer computes, so that a fast wrong answer is
//! caught.

mod calls;
mod step;
mod weights;
mod workloads;

use crate::clock::{self, Stopwatch};
use crate::device::Compute;
use crate::error::Result;
use crate::kernels::choice;
use crate::session::{BenchReport, StepReport};

#[cfg(not(target_arch = "wasm32"))]
pub use calls::Counting;
pub use step::step_report;
pub use workloads::WORKLOADS;
use workloads::Work;

/// The workloads that have been prepared on a device, so that a workload can be timed more than once.
pub struct Bench {
    compute: Compute,
    prepared: Vec<(String, Work)>,
}

impl Bench {
    /// Nothing is prepared yet.
    pub fn new(compute: Compute) -> Self {
        Self { compute, prepared: Vec::new() }
    }

    /// Time one workload. The first time it is named it is prepared and run once, which gives `setup_ms`, `first_ms`
    /// and `check`; then come `warmup` untimed runs and `repeats` timed ones, or as many as begin within `max_ms`. Of a
    /// GPU, `info` says how much memory is reserved afterwards (`device_mb`, MiB, everything prepared so far).
    ///
    /// # Errors
    /// [`crate::error::Error::Device`] when the device is lost.
    pub async fn run(&mut self, name: &str, warmup: u32, repeats: u32, max_ms: f64) -> Result<BenchReport> {
        let mut report = BenchReport {
            name: name.into(),
            unsupported: false,
            setup_ms: 0.0,
            first_ms: 0.0,
            ms: Vec::new(),
            cpu_ms: None,
            check: f64::NAN,
            device: self.compute.report.name.clone(),
            info: Vec::new(),
        };
        if !self.prepared.iter().any(|(known, _)| known == name) {
            let watch = Stopwatch::start();
            let Some(mut work) = Work::prepare(name, &self.compute.device)? else {
                report.unsupported = true;
                return Ok(report);
            };
            report.setup_ms = watch.seconds() * 1e3;
            report.check = work.once().await?;
            report.first_ms = watch.seconds() * 1e3;
            self.prepared.push((name.into(), work));
        }
        let Some((_, work)) = self.prepared.iter_mut().find(|(known, _)| known == name) else { return Ok(report) };
        for _ in 0..warmup {
            work.once().await?;
        }
        let all = Stopwatch::start();
        let spent = clock::processor_seconds();
        for _ in 0..repeats {
            let one = Stopwatch::start();
            work.once().await?;
            report.ms.push(one.seconds() * 1e3);
            if all.seconds() * 1e3 > max_ms {
                break;
            }
        }
        report.cpu_ms =
            clock::processor_seconds().zip(spent).map(|(now, then)| (now - then) * 1e3 / report.ms.len().max(1) as f64);
        report.info.push(("backend".into(), self.compute.report.backend.clone()));
        report.info.push(("kernels".into(), if choice::stock() { "stock" } else { "fused" }.into()));
        if let Some(usage) = self.compute.device.memory_pool_usage().filter(|_| self.compute.report.gpu) {
            report.info.push(("device_mb".into(), format!("{:.1}", usage.bytes_reserved as f64 / f64::from(1 << 20))));
        }
        Ok(report)
    }

    /// What one warm step of the training workload costs (see [`step_report`]).
    ///
    /// # Errors
    /// [`crate::error::Error::Device`] when the device is lost.
    pub async fn step(&self) -> Result<StepReport> {
        step_report(&self.compute).await
    }
}
