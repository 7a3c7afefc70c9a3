//! Weights and checkpoints in and out, and moving to another device.

use std::rc::Rc;

use super::Host;
use super::show::in_order;
use crate::bench;
use crate::card::OWN;
use crate::checkpoint::{self, keys, resume, safetensors, stored};
use crate::data::Dataset;
use crate::device;
use crate::error::{Error, Result};
use crate::fingerprint::Fingerprint;
use crate::kernels::choice;
use crate::memory;
use crate::run::Provenance;
use crate::session::{DeviceChoice, DeviceReport, Event, Kernels, KeyReport, LogLevel, NamedBytes, Session};
use crate::sizes;

/// That a file is of a model of other sizes, with what its shapes tell of it.
fn other_sizes(report: &KeyReport) -> Error {
    let why = match report.wrong_shape.first() {
        Some((key, wanted, has)) => format!("{key} should be {wanted} and is {has}"),
        None if report.mapped.is_empty() => "none of its keys is one of this model".into(),
        None => format!("it is deeper: {} of its keys are more than this model has", report.unexpected.len()),
    };
    let (told, advice) = match &report.sizes {
        Some(sizes) => {
            let notes: String = sizes.notes.iter().map(|note| format!(". {note}")).collect();
            let refused = !sizes.refused.is_empty();
            let build = if refused {
                "Take a file of a smaller model".into()
            } else {
                format!("Build it with {}", sizes.options())
            };
            (format!(". {}{notes}", sizes.sentence()), build)
        }
        None => {
            let notes = report.notes.iter().map(|note| format!(". {note}"));
            (notes.collect(), "Choose the data, the preset and the knobs that the file was made for".into())
        }
    };
    Error::checkpoint(format!("{} does not fit this model", report.file), format!("{why}{told}"), advice)
}

impl Host {
    pub(super) fn load_weights(&mut self, file: &NamedBytes, apply: bool) -> Result<()> {
        let read = checkpoint::open(&file.bytes)?;
        let id = self.run.as_ref().map(|run| run.card.id.clone()).unwrap_or_default();
        let sizes = self.entry(&id).ok().map(|entry| entry.sizes);
        let run = self
            .run
            .as_mut()
            .ok_or_else(|| Error::request("Nothing is open", "weights need a model", "Choose a system first"))?;
        let mut plan = keys::plan(&file.name, &read, &run.weights, run.method.layouts());
        if plan.other_sizes() || plan.values.is_empty() {
            let open = (self.session.preset.as_str(), run.settings.values());
            match sizes.and_then(|sizes| sizes::found(sizes, &plan.shapes, &run.card, open)) {
                // The sizes are right: it is the data that are others.
                Some((sizes, true)) => plan.report.notes.extend(sizes.notes),
                Some((sizes, false)) => plan.report.sizes = Some(sizes),
                None => {}
            }
        }
        let mut report = plan.report.clone();
        if apply {
            if plan.other_sizes() || report.sizes.is_some() {
                return Err(other_sizes(&report));
            }
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
        let session = Session { step: 0, stored: false, ..checkpoint.session.clone() };
        let (data, fingerprint) = self.data_of(&checkpoint, &session).await?;
        let differs = checkpoint.compare(&fingerprint)?;
        self.spare_data = Some(data);
        let opened = self.open_anew(session).await;
        self.spare_data = None;
        opened?;
        let run = self
            .run
            .take()
            .ok_or_else(|| Error::request("Nothing is open", "the checkpoint's system did not open", "Try again"))?;
        let mut run = run.restore(&checkpoint)?;
        run.loader.know(fingerprint);
        let mut words = format!("resumed from {} at step {step}", file.name);
        if let Some(differs) = differs {
            if checkpoint.data.is_some() {
                words.push_str(", with other data");
            }
            self.emit(Event::Log { level: LogLevel::Warning, text: format!("{differs}.") });
        }
        run.provenance.words = match &checkpoint.pretrained {
            Some(from) => format!("{}; {words}", from.words),
            None => words,
        };
        (run.provenance.since, run.provenance.trained_steps) = (step, step);
        self.run = Some(run);
        self.session.step = step;
        self.tell_opened()
    }

    /// The data that a checkpoint's run goes on with, and what tells them from others.
    async fn data_of(
        &mut self,
        checkpoint: &resume::Checkpoint,
        session: &Session,
    ) -> Result<(Rc<dyn Dataset>, Fingerprint)> {
        if session.data == OWN && self.user.is_none() && self.undecoded.is_none() && self.spare_data.is_none() {
            return Err(checkpoint.lacks_own());
        }
        let card = self.card(&session.method)?;
        let (session, draft) = in_order(session.clone(), &card)?;
        let data = self.load_data(&session, card.kind, draft.find("img_size").unwrap_or_default()).await?;
        let fingerprint = data.fingerprint();
        Ok((data, fingerprint))
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
