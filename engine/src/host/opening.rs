//! What a session is opened from: data, model, stored weights; the user's own files. And telling what is open.

use std::rc::Rc;

use super::Host;
use super::waiting::Waiting;
use crate::card::{Card, Kind, OWN};
use crate::checkpoint::stored;
use crate::data::{self, Dataset};
use crate::device::Compute;
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::loader::Loader;
use crate::run::{Provenance, Run};
use crate::session::{Event, ModelReport, PhaseReport, Reading, Session, Task, UserFiles};
use crate::settings::Settings;
use crate::train::recipe::Phase;

impl Host {
    pub(super) async fn load_data(&mut self, session: &Session, kind: Kind, size: usize) -> Result<Rc<dyn Dataset>> {
        if let Some(data) = self.spare_data.take() {
            return Ok(data);
        }
        self.emit(Event::Loading { what: format!("data: {}", session.data), done: 0, total: 0 });
        if session.data == OWN
            && let Some(files) = self.undecoded.take()
        {
            self.read_user_files(files, kind, size)?;
        }
        data::open(&session.data, kind, size as u32, &self.files, self.user.as_ref(), session.seed).await
    }

    pub(super) async fn build(
        &mut self,
        session: &Session,
        card: &Card,
        settings: Settings,
        data: Rc<dyn Dataset>,
    ) -> Result<Run> {
        self.emit(Event::Loading { what: "Building the model".into(), done: 0, total: 0 });
        let compute = self.compute()?.clone();
        let entry = self.entry(&session.method)?;
        let loader = Loader::new(data, &settings);
        let parts = (entry.parts)(&settings);
        let opened = Run::open(&entry, settings, loader, &compute.device, &self.files).await;
        self.waiting = if opened.is_err() { Waiting::new(session, &parts) } else { None };
        let (mut run, parts) = opened?;
        parts.into_iter().for_each(|report| self.emit(Event::Keys(report)));
        run.limits = self.limits(&compute);
        run.method.needs().check(at_once(&run.settings, run.loader.batch_size()), run.limits)?;
        let weights = card.preset(&session.preset).and_then(|p| p.stored_weights.clone());
        if let (true, Some(name)) = (session.stored || session.go_on, weights) {
            let loaded = match self.files.stored(&name, entry.stored).await {
                Ok(bytes) => stored::unpack(&bytes).and_then(|file| run.take(&file, &name).map(|()| file)),
                Err(error) => Err(error),
            };
            match loaded {
                Ok(file) => {
                    let steps = file.metadata.get("steps").and_then(|s| s.parse().ok()).unwrap_or(0);
                    run.provenance = Provenance {
                        words: format!("stored weights, {steps} steps"),
                        since: 0,
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
    pub(super) fn check_batch(&self, settings: &Settings, data: &dyn Dataset) -> Result<()> {
        let run = self.running()?;
        let batch = Loader::most(data, settings.get("batch")?);
        run.method.adjusted(settings)?.needs().check(at_once(settings, batch), run.limits)
    }

    /// Pre-train or fine-tune the open system, as the session says. What is fine-tuned is what is shown: stored weights
    /// beside a run from scratch take its place until pre-training goes on. True: it was the other task before.
    pub(super) fn turn_to(&mut self, session: &mut Session) -> Result<bool> {
        let turns = self.run.as_ref().is_some_and(|run| run.task() != session.task);
        if !turns {
            return Ok(false);
        }
        let tunes = session.task == Task::FineTune;
        if let Some(stored) = self.beside.as_ref().filter(|_| tunes && session.stored).cloned() {
            self.aside = self.run.replace(stored);
        }
        let Some(run) = self.run.take() else { return Ok(false) };
        let run = match run.turned_to(session.task) {
            Ok(run) if tunes => run,
            Ok(run) => self.aside.take().unwrap_or(run),
            Err((run, error)) => {
                self.run = Some(self.aside.take().unwrap_or(*run));
                return Err(error);
            }
        };
        session.step = run.step;
        // Nothing of it but the stored weights is there to be shown.
        session.stored |= !tunes && run.provenance.stored && run.step == 0;
        self.run = Some(run);
        (session.first_loss, self.playing) = (None, None);
        self.stop_job();
        self.copies.turn();
        self.warm_up()?;
        Ok(true)
    }

    /// Fine-tune from the beginning.
    pub(super) fn tune_again(&mut self) -> Result<()> {
        let mut session = Session { first_loss: None, ..self.session.clone() };
        self.turn_to(&mut Session { task: Task::Pretrain, ..session.clone() })?;
        self.turn_to(&mut session)?;
        self.session = session;
        self.tell_opened()
    }

    fn limits(&self, compute: &Compute) -> Limits {
        self.limits.unwrap_or(compute.limits)
    }

    fn model_report(&self) -> Result<ModelReport> {
        let trains = self.running()?;
        // What is fine-tuned says what it is from, whatever is shown.
        let (run, beside) =
            if trains.head().is_some() { (trains, false) } else { (self.shown()?, self.shows_beside()) };
        let count = run.weights.count();
        Ok(ModelReport {
            parameters: count.trained as u64,
            other_values: (count.kept + count.frozen) as u64,
            grids: run.method.grids(),
            abilities: run.method.abilities(),
            weights: run.provenance.words.clone(),
            // No step of the run that trains is one of the stored weights beside it.
            weights_step: if beside { u64::MAX } else { run.provenance.since },
            trained_steps: run.provenance.trained_steps,
            stored: run.provenance.stored,
            has_stored: self.has_stored(),
            phases: run.phases().iter().map(phase_report).collect(),
            views: run.method.views(),
        })
    }

    /// Whether there are stored weights for the open model: those in use, or those that were not asked for yet. What was
    /// asked for and is not there did not fit.
    fn has_stored(&self) -> bool {
        let fits = |run: &Run| run.provenance.stored;
        let preset = self.run.as_ref().and_then(|run| run.card.preset(&self.session.preset));
        let asked = self.session.stored;
        self.beside.as_ref().or(self.run.as_ref()).is_some_and(fits)
            || !asked && preset.is_some_and(|preset| preset.stored_weights.is_some() && self.session.knobs.is_empty())
    }

    /// Tell what is open now.
    pub(super) fn tell_opened(&mut self) -> Result<()> {
        self.kept = None;
        let (model, data) = (self.model_report()?, self.running()?.loader.report());
        self.told_open = Some((model.clone(), data.clone()));
        self.emit(Event::Opened { session: Box::new(self.session.clone()), model, data: Box::new(data) });
        Ok(())
    }

    /// Tell what the session is now: as [`Event::Opened`] only where facts of the model or the data are others than
    /// were told.
    pub(super) fn tell_shown(&mut self) -> Result<()> {
        let now = Some((self.model_report()?, self.running()?.loader.report()));
        if now == self.told_open {
            self.tell_state();
            return Ok(());
        }
        self.tell_opened()
    }

    pub(super) fn tell_state(&mut self) {
        let (session, playing) = (Box::new(self.session.clone()), self.playing.is_some());
        self.emit(Event::State { session, playing });
    }

    pub(super) async fn add_user_data(&mut self, files: UserFiles) -> Result<()> {
        let Some(run) = &self.run else {
            self.undecoded = Some(files);
            return Ok(());
        };
        let (kind, size) = (run.card.kind, run.settings.find("img_size").unwrap_or_default());
        self.read_user_files(files, kind, size)?;
        self.open_user_data().await
    }

    /// Read the user's text files once more, as the user now says.
    pub(super) async fn read_again(&mut self, reading: Reading) -> Result<()> {
        let kind = self.run.as_ref().map(|run| run.card.kind);
        let (Some(kind), Some(files)) = (kind, self.given.clone()) else {
            return Err(Error::request(
                "There is nothing to be read again",
                "no text files of your own are in use",
                "Add a table or a graph first",
            ));
        };
        self.read_user_files(UserFiles { reading, ..files }, kind, 0)?;
        self.open_user_data().await
    }

    /// Files become a data set; those of text are kept, because they may have to be read otherwise.
    fn read_user_files(&mut self, files: UserFiles, kind: Kind, size: usize) -> Result<()> {
        let kept = data::may_be_text(&files, kind).then(|| files.clone());
        let user = data::of_user(files, kind, kept_side(size))?;
        self.given = kept.filter(|_| user.report().reading.is_some());
        self.user = Some(user);
        Ok(())
    }

    async fn open_user_data(&mut self) -> Result<()> {
        let session = Session { data: OWN.into(), sample: 0, step: 0, ..self.session.clone() };
        self.open_anew(session).await
    }
}

fn phase_report(phase: &Phase) -> PhaseReport {
    PhaseReport { title: phase.title.clone(), steps: phase.steps, knob: phase.knob.map(String::from) }
}

/// Samples of a batch that go through the model at once.
fn at_once(settings: &Settings, batch: usize) -> usize {
    settings.find::<usize>("at_once").filter(|size| *size > 0).map_or(batch, |size| size.min(batch))
}

/// The side that user pictures are kept at, so that a crop of 7/8 still fills the model's input.
fn kept_side(img_size: usize) -> u32 {
    (img_size * 8).div_ceil(7) as u32
}
