//! Weights and checkpoints in and out, and moving to another device.

use super::Host;
use crate::bench;
use crate::checkpoint::{self, keys, resume, safetensors, stored};
use crate::device;
use crate::error::{Error, Result};
use crate::kernels::choice;
use crate::memory;
use crate::run::Provenance;
use crate::session::{DeviceChoice, DeviceReport, Event, Kernels, NamedBytes, Session};

impl Host {
    pub(super) fn load_weights(&mut self, file: &NamedBytes, apply: bool) -> Result<()> {
        let read = checkpoint::open(&file.bytes)?;
        let run = self
            .run
            .as_mut()
            .ok_or_else(|| Error::request("Nothing is open", "weights need a model", "Choose a system first"))?;
        let plan = keys::plan(&file.name, &read, &run.weights, run.method.layouts());
        let mut report = plan.report.clone();
        if apply {
            report = keys::apply(plan, &mut run.weights)?;
            let steps = read.metadata.get("steps").and_then(|s| s.parse().ok()).unwrap_or(0);
            run.provenance = Provenance {
                words: format!("loaded from {}", file.name),
                since: run.step,
                stored: false,
                trained_steps: steps,
            };
        }
        self.emit(Event::Keys(report));
        if apply { self.tell_opened() } else { Ok(()) }
    }

    /// What a weights file says of itself; `steps` counts those of the weights it started from too.
    pub(super) fn metadata(&self, command: &str) -> Result<safetensors::Metadata> {
        let run = self.running()?;
        let session = Session { step: run.trained(), ..self.session.clone() };
        let mut metadata = checkpoint::describe(&session, command)?;
        resume::note_frozen(&run.weights, &mut metadata)?;
        Ok(metadata)
    }

    pub(super) async fn save_weights(&mut self) -> Result<()> {
        let (run, metadata) = (self.running()?, self.metadata("")?);
        let name = format!("{}-{}-{}.safetensors", run.card.id, self.session.preset, run.trained());
        let bytes = safetensors::save(&run.weights, &metadata).await?;
        self.emit(Event::File(NamedBytes { name, bytes }));
        Ok(())
    }

    pub(super) async fn pack_weights(&mut self, command: &str) -> Result<()> {
        let (run, mut metadata) = (self.running()?, self.metadata("")?);
        metadata.insert("command".into(), command.into());
        let name = format!("{}-{}.safetensors", run.card.id, self.session.preset);
        let bytes = stored::pack(&run.weights, &metadata).await?;
        self.emit(Event::File(NamedBytes { name, bytes }));
        Ok(())
    }

    pub(super) async fn save_checkpoint(&mut self) -> Result<()> {
        self.tell_progress().await?;
        let run = self.running()?;
        let bytes = run.checkpoint(&self.session).await?;
        self.emit(Event::File(NamedBytes { name: "checkpoint.safetensors".into(), bytes }));
        Ok(())
    }

    pub(super) async fn load_checkpoint(&mut self, file: &NamedBytes) -> Result<()> {
        let checkpoint = resume::read(&file.bytes)?;
        let step = checkpoint.session.step;
        self.open_anew(Session { step: 0, stored: false, ..checkpoint.session.clone() }).await?;
        let run = self
            .run
            .take()
            .ok_or_else(|| Error::request("Nothing is open", "the checkpoint's system did not open", "Try again"))?;
        let mut run = run.restore(&checkpoint)?;
        run.provenance.words = match &checkpoint.pretrained {
            Some(from) => format!("{}; resumed from {} at step {step}", from.words, file.name),
            None => format!("resumed from {} at step {step}", file.name),
        };
        (run.provenance.since, run.provenance.trained_steps) = (step, step);
        self.run = Some(run);
        self.session.step = step;
        self.tell_opened()
    }

    pub(super) fn device_report(&self) -> Result<DeviceReport> {
        let compute = self.compute()?;
        let mut report = compute.report.clone();
        report.kernels = choice::kernels();
        match compute.device.memory_pool_usage().filter(|_| report.gpu) {
            Some(usage) => {
                report.memory_bytes = Some(usage.bytes_reserved);
                report.memory_used = Some(usage.bytes_in_use);
            }
            None => report.memory_bytes = memory::of_process(),
        }
        Ok(report)
    }

    pub(super) async fn use_device(&mut self, choice: DeviceChoice) -> Result<()> {
        let compute = device::open(choice).await?;
        (self.choice, self.copies.losses) = (choice, 0);
        let changed = self.compute.as_ref().is_none_or(|now| now.report.gpu != compute.report.gpu);
        let checkpoint = match &self.run {
            Some(run) if changed && run.step > 0 => Some(run.checkpoint(&self.session).await?),
            _ => None,
        };
        self.compute = Some(compute);
        let report = self.device_report()?;
        self.emit(Event::Device(report));
        if changed && self.run.is_some() {
            match checkpoint {
                Some(bytes) => self.load_checkpoint(&NamedBytes { name: "the other device".into(), bytes }).await?,
                None => {
                    self.run = None;
                    self.show(self.session.clone()).await?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn use_kernels(&mut self, kernels: Kernels) -> Result<()> {
        device::use_kernels(kernels);
        let report = self.device_report()?;
        self.emit(Event::Device(report));
        // The others are not made yet.
        if self.run.is_some() { self.warm_up() } else { Ok(()) }
    }

    pub(super) async fn measure_step(&mut self) -> Result<()> {
        let compute = self.compute()?.clone();
        let report = bench::step_report(&compute).await?;
        self.emit(Event::StepReport(report));
        Ok(())
    }
}
