//! Opening a session: data, model, stored weights; the user's own pictures.

use std::rc::Rc;

use super::Host;
use crate::card::{Card, Kind, OWN};
use crate::checkpoint::stored;
use crate::data::{self, Data, Shape};
use crate::device::Compute;
use crate::error::Result;
use crate::limits::Limits;
use crate::loader::{Half, Loader};
use crate::registry;
use crate::run::{Provenance, Run};
use crate::session::{Event, ModelReport, NamedBytes, Session};
use crate::settings::Settings;

impl Host {
    pub(super) async fn open(&mut self, session: Session) -> Result<()> {
        let result = self.try_open(session).await;
        if result.is_err() {
            // Put the front end's knobs back where the engine's are.
            self.tell_state();
        }
        result
    }

    pub(super) async fn try_open(&mut self, mut session: Session) -> Result<()> {
        let card = self.card(&session.method)?;
        if session.data.is_empty() {
            session.data = card.data.first().cloned().unwrap_or_default();
        }
        if session.preset.is_empty() {
            session.preset = card.presets.first().map(|p| p.id.clone()).unwrap_or_default();
        }
        let same_data =
            self.run.is_some() && self.session.data == session.data && self.session.method == session.method;
        let draft = Settings::of(&session, &card, Shape { channels: 1, ..Shape::default() })?;
        let data = match &self.run {
            Some(run) if same_data && session.data != OWN && self.session.seed == session.seed => {
                run.loader.data.clone()
            }
            _ => self.load_data(&session, card.kind, draft.find("img_size").unwrap_or_default()).await?,
        };
        let settings = Settings::of(&session, &card, data.shape())?;
        let keep = self.run.as_ref().is_some_and(|run| {
            same_data
                && run.serves(&session, &settings)
                && self.session.stored == session.stored
                && self.session.preset == session.preset
        });
        let train_to = if keep { 0 } else { session.step };
        if keep {
            self.check_batch(&settings, &data)?;
            if let Some(run) = &mut self.run {
                run.loader.data = data;
                run.adjust(settings)?;
                session.step = run.step;
            }
        } else {
            let run = self.build(&session, &card, settings, data).await?;
            self.run = Some(run);
            self.release();
            self.copies.forget();
            self.job = None;
            self.playing = None;
            self.warm_up()?;
            session.step = 0;
        }
        let samples = self.running()?.loader.len(Half::Test).max(self.running()?.loader.len(Half::Train));
        session.sample = session.sample.min(samples.saturating_sub(1) as u64);
        let tokens = self.running()?.method.grid();
        if session.painted.as_ref().is_some_and(|p| p.len() != (tokens.0 * tokens.1) as usize) {
            session.painted = None;
        }
        self.session = session;
        let (model, data) = (self.model_report()?, self.running()?.loader.report());
        self.emit(Event::Opened { session: Box::new(self.session.clone()), model, data });
        if train_to > 0 {
            self.play(Some(train_to))?;
        }
        Ok(())
    }

    pub(super) async fn load_data(&mut self, session: &Session, kind: Kind, size: usize) -> Result<Rc<Data>> {
        if let Some(data) = self.spare_data.take() {
            return Ok(data);
        }
        self.emit(Event::Loading { what: format!("data: {}", session.data), done: 0, total: 0 });
        if !self.undecoded.is_empty() {
            self.user = Some(data::of_user(std::mem::take(&mut self.undecoded), kind, kept_side(size))?);
        }
        Ok(Rc::new(data::open(&session.data, kind, size as u32, &self.files, self.user.as_ref(), session.seed).await?))
    }

    pub(super) async fn build(
        &mut self,
        session: &Session,
        card: &Card,
        settings: Settings,
        data: Rc<Data>,
    ) -> Result<Run> {
        let compute = self.compute()?.clone();
        let entry = registry::entry(&session.method)?;
        let loader = Loader::new(data, &settings);
        let (mut run, parts) = Run::open(&entry, settings, loader, &compute.device, &self.files).await?;
        parts.into_iter().for_each(|report| self.emit(Event::Keys(report)));
        run.limits = self.limits(&compute);
        run.method.needs().check(run.loader.batch_size(), run.limits)?;
        let weights = card.preset(&session.preset).and_then(|p| p.stored_weights.clone());
        if let (true, Some(name)) = (session.stored, weights) {
            let loaded = match self.files.stored(&name, entry.stored).await {
                Ok(bytes) => stored::unpack(&bytes).and_then(|file| run.take(&file, &name).map(|()| file)),
                Err(error) => Err(error),
            };
            match loaded {
                Ok(file) => {
                    let steps = file.metadata.get("steps").and_then(|s| s.parse().ok()).unwrap_or(0);
                    run.provenance = Provenance {
                        words: format!("stored weights, {steps} steps"),
                        stored: true,
                        trained_steps: steps,
                    };
                }
                // Knobs that change the model leave the stored weights behind; that is no error.
                Err(error) => self.log(format!("From scratch: {}", error.report().why)),
            }
        }
        Ok(run)
    }

    /// Whether the open run's model can be trained with the batch that `settings` ask for.
    fn check_batch(&self, settings: &Settings, data: &Data) -> Result<()> {
        let run = self.running()?;
        let batch = Loader::most(data, settings.get("batch")?);
        run.method.adjusted(settings)?.needs().check(batch, run.limits)
    }

    fn limits(&self, compute: &Compute) -> Limits {
        self.limits.unwrap_or(compute.limits)
    }

    pub(super) fn model_report(&self) -> Result<ModelReport> {
        let run = self.running()?;
        let (rows, columns, visible) = run.method.grid();
        let count = run.weights.count();
        Ok(ModelReport {
            parameters: count.trained as u64,
            other_values: (count.kept + count.frozen) as u64,
            grid: (rows, columns),
            visible_tokens: visible,
            weights: run.provenance.words.clone(),
            trained_steps: run.provenance.trained_steps,
            stored: run.provenance.stored && run.step == 0,
            phases: run.phases().iter().map(|p| (p.title.clone(), p.steps)).collect(),
            views: run.method.views(),
        })
    }

    pub(super) fn tell_state(&mut self) {
        let (session, playing) = (Box::new(self.session.clone()), self.playing.is_some());
        self.emit(Event::State { session, playing });
    }

    pub(super) fn restage(&mut self, change: impl FnOnce(&mut Session)) -> Result<()> {
        change(&mut self.session);
        self.tell_state();
        Ok(())
    }

    pub(super) async fn add_user_data(&mut self, files: Vec<NamedBytes>) -> Result<()> {
        let Some(run) = &self.run else {
            self.log(format!("{} files wait for a system to be opened.", files.len()));
            self.undecoded = files;
            return Ok(());
        };
        self.user =
            Some(data::of_user(files, run.card.kind, kept_side(run.settings.find("img_size").unwrap_or_default()))?);
        let session = Session { data: OWN.into(), sample: 0, step: 0, ..self.session.clone() };
        self.run = None;
        self.open(session).await
    }
}

/// The side that user pictures are kept at, so that a crop of 7/8 still fills the model's input.
fn kept_side(img_size: usize) -> u32 {
    (img_size * 8).div_ceil(7) as u32
}
