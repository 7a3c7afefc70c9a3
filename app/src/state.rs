//! The model of the screen: what the engine has told, folded into one value by [`State::apply`].

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use masquerade_engine::card::{Card, Knob, KnobValue};
use masquerade_engine::error::Report;
use masquerade_engine::registry;
use masquerade_engine::session::{
    DataReport, DeviceReport, Event, FineTuneReport, KernelCheck, KeyReport, LogLevel, LossPoint, ModelReport,
    ProbeReport, Progress, Reproduction, Session, SetReport, StepReport, StudyReport, Switch, Task,
};
use masquerade_engine::trace::{Grid, View, ViewKind};

use crate::looks::{Looks, Want};

/// Lines of the log that are kept.
const LOG_LINES: usize = 500;
/// Points of the loss that are kept; beyond, every second one is dropped.
const LOSS_POINTS: usize = 8192;

/// A view and how often it was replaced.
#[derive(Debug, Clone)]
pub struct Shown {
    pub view: View,
    pub version: u64,
}

/// A long job or start: what, how far.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub name: String,
    pub done: u64,
    /// 0: not known.
    pub total: u64,
    pub note: String,
}

/// Everything the panels draw from.
#[derive(Debug, Default)]
pub struct State {
    pub session: Session,
    pub catalogue: Vec<Card>,
    pub model: Option<ModelReport>,
    pub data: Option<DataReport>,
    pub device: Option<DeviceReport>,
    pub playing: bool,
    pub progress: Option<Progress>,
    /// Whether the link that was opened led to the same first loss here.
    pub reproduced: Option<Reproduction>,
    pub losses: Vec<LossPoint>,
    /// Those of pre-training, while a head is fine-tuned.
    pretrained: Vec<LossPoint>,
    /// The run whose losses are held, as the engine last told it.
    run: (String, String, String, u64, Task),
    pub views: BTreeMap<String, Shown>,
    pub loading: Option<Job>,
    pub job: Option<Job>,
    pub probes: Vec<ProbeReport>,
    pub fine_tuned: Vec<FineTuneReport>,
    /// What came of the last study.
    pub study: Option<StudyReport>,
    pub keys: Option<KeyReport>,
    pub checks: Vec<KernelCheck>,
    pub step_report: Option<StepReport>,
    pub log: VecDeque<(LogLevel, String)>,
    pub error: Option<Report>,
    /// Data sets that can be fetched; empty: not asked for yet.
    pub sets: Vec<SetReport>,
    /// The data set whose files are on their way.
    pub fetching: Option<String>,
    /// One that has just arrived, to be opened.
    pub fetched: Option<String>,
    /// The engine has ended and is to be started again.
    pub lost: bool,
    /// The user is turning something: what the engine says of the session is older than what is on screen.
    pub held: bool,
    /// Something that the engine said of the session was passed over for that.
    pub passed_over: bool,
    /// The engine could not open what was asked for.
    pub refused: bool,
    pub looks: Looks,
    versions: u64,
}

impl State {
    /// The screen of a session that is about to be opened. The list of systems is known before the engine is up.
    pub fn new(session: Session) -> Self {
        Self { session, catalogue: registry::cards(), ..Self::default() }
    }

    /// Fold one event in.
    pub fn apply(&mut self, event: Event) {
        match event {
            Event::Ready { device, catalogue } => {
                self.device = Some(device);
                self.catalogue = catalogue;
                self.loading = None;
                self.lost = false;
            }
            Event::Loading { what, done, total } => {
                let finished = total > 0 && done >= total;
                self.loading = (!finished).then(|| Job { name: what, done, total, note: String::new() });
            }
            Event::Opened { session, model, data } => self.opened(*session, model, *data),
            Event::State { session, playing } => self.state(*session, playing),
            Event::Progress(progress) => self.progress(progress),
            Event::Reproduced(found) => self.reproduced = Some(found),
            Event::Views { request, views } => self.show(request, views),
            // Of no total: it was stopped.
            Event::Job { name, done, total, note } => {
                self.job = (total > 0).then_some(Job { name, done, total, note });
            }
            Event::Probe(report) => self.finish(|s| s.probes.push(report)),
            Event::FineTuned(report) => self.finish(|s| s.fine_tuned.push(report)),
            Event::Studied(report) => self.finish(|s| s.study = Some(report)),
            Event::Checked(checks) => self.finish(|s| s.checks = checks),
            Event::Keys(keys) => {
                if keys.applied {
                    self.looks.ask(Want::All);
                }
                self.keys = Some(keys);
            }
            Event::Verified(_) | Event::Benched(_) => self.job = None,
            Event::File(_) => {}
            Event::Device(device) => self.device = Some(device),
            Event::StepReport(report) => self.finish(|s| s.step_report = Some(report)),
            Event::Sets(sets) => self.sets = sets,
            Event::Fetched(report) => {
                self.loading = None;
                self.note(LogLevel::Info, report.line());
                let data = self.fetching.take();
                self.fetched = data.filter(|_| report.here > 0 && !report.stopped);
            }
            Event::Log { level, text } => self.note(level, text),
            Event::Error(report) => {
                self.note(LogLevel::Error, format!("{}: {}", report.title, report.why));
                self.job = None;
                self.loading = None;
                self.refused = true;
                self.fetching = None;
                self.error = Some(report);
            }
            Event::Lost { report, session } => self.lose(report, *session),
            Event::Recovered(report) => {
                self.note(LogLevel::Warning, format!("{}: {} {}", report.title, report.why, report.what_to_do));
                self.job = None;
                self.loading = None;
                self.looks.forget();
                self.looks.ask(Want::All);
                self.error = Some(report);
            }
            // The link keeps it.
            Event::Copied(_) => {}
        }
    }

    fn opened(&mut self, session: Session, model: ModelReport, data: DataReport) {
        self.turn_to(&session);
        let same_run =
            self.model.is_some() && self.losses.last().is_some_and(|l| l.step <= session.step) && session.step > 0;
        if !same_run {
            self.losses.clear();
            self.progress = None;
            self.reproduced = None;
        }
        self.views.retain(|id, _| model.views.iter().any(|(view, _)| view == id));
        self.take(session);
        self.model = Some(model);
        self.refused = false;
        self.data = Some(data);
        self.loading = None;
        self.looks.ask(Want::All);
    }

    /// Fine-tuning has losses of its own; those of pre-training come back with it.
    fn turn_to(&mut self, session: &Session) {
        let run = |task| (session.method.clone(), session.preset.clone(), session.data.clone(), session.seed, task);
        let before = std::mem::replace(&mut self.run, run(session.task));
        if before == self.run {
            return;
        }
        let turned = run(before.4) == before;
        let losses = std::mem::take(&mut self.pretrained);
        if turned && session.task == Task::FineTune {
            (self.pretrained, self.losses) = (std::mem::take(&mut self.losses), Vec::new());
        } else if turned {
            self.losses = losses;
            self.losses.retain(|l| l.step <= session.step);
        }
        (self.progress, self.reproduced) = (None, None);
    }

    fn state(&mut self, session: Session, playing: bool) {
        self.turn_to(&session);
        if session.step < self.session.step {
            self.losses.retain(|l| l.step <= session.step);
        }
        let looked_at = |session: &Session| Session { first_loss: None, ..session.clone() };
        if looked_at(&session) != looked_at(&self.session) {
            self.looks.ask(Want::All);
        }
        self.take(session);
        self.playing = playing;
        // What has no end of its own was on the way to this answer.
        self.loading = self.loading.take().filter(|job| job.total > 0);
    }

    /// The session as the engine has it. While the user turns something, that is older than what is on screen.
    fn take(&mut self, session: Session) {
        if self.held && session.method == self.session.method {
            self.passed_over |= session != self.session;
            self.session.step = session.step;
            self.session.first_loss = session.first_loss;
        } else {
            self.leave(&session);
            self.session = session;
        }
    }

    /// Put a session on screen before the engine has answered, and ask for the views that it changes.
    pub fn propose(&mut self, session: Session) {
        let now = &self.session;
        let built = |s: &Session| (s.method.clone(), s.preset.clone(), s.data.clone(), s.seed, s.go_on);
        let rebuilt = |name: &String| self.card().and_then(|c| c.knob(name)).is_none_or(|knob| !knob.live);
        let turned =
            session.knobs.keys().chain(now.knobs.keys()).filter(|k| session.knobs.get(*k) != now.knobs.get(*k));
        // What builds a model is looked at when it is there.
        if built(&session) == built(now) && !turned.into_iter().any(rebuilt) {
            let pins = [now.pinned.clone(), session.pinned.clone()];
            if session == (Session { pinned: session.pinned.clone(), ..now.clone() }) {
                pins.iter().flatten().for_each(|cursor| self.ask_cursor(&cursor.grid));
            } else {
                self.looks.ask(Want::All);
            }
        }
        self.leave(&session);
        self.session = session;
        self.refused = false;
    }

    /// Ask for the views that are about the cursor of a grid, if there are any.
    pub fn ask_cursor(&mut self, grid: &str) {
        if self.views.values().any(|s| s.view.follows.as_deref() == Some(grid)) {
            self.looks.ask(Want::of(grid));
        }
    }

    /// Forget what belongs to another system or preset than the session's.
    fn leave(&mut self, session: &Session) {
        if session.method != self.session.method {
            self.model = None;
            self.views.clear();
        }
        if session.method != self.session.method || session.preset != self.session.preset {
            self.probes.clear();
            self.fine_tuned.clear();
            self.study = None;
            self.keys = None;
        }
    }

    fn progress(&mut self, mut progress: Progress) {
        let first = progress.losses.first().map_or(u64::MAX, |l| l.step);
        self.losses.retain(|l| l.step < first);
        self.losses.append(&mut progress.losses);
        if self.losses.len() > LOSS_POINTS {
            let mut keep = false;
            self.losses.retain(|_| {
                keep = !keep;
                keep
            });
        }
        self.session.step = progress.step;
        self.progress = Some(progress);
        self.looks.ask(Want::All);
    }

    fn show(&mut self, request: u64, views: Vec<View>) {
        if !self.looks.answered(request) {
            return;
        }
        for view in views {
            self.versions += 1;
            self.views.insert(view.id.clone(), Shown { view, version: self.versions });
        }
    }

    fn finish(&mut self, store: impl FnOnce(&mut Self)) {
        self.job = None;
        store(self);
    }

    fn lose(&mut self, report: Report, session: Session) {
        self.note(LogLevel::Error, format!("{}: {}", report.title, report.why));
        // What the engine last knew may be older than the user's last change; only its training counts.
        self.session.step = session.step;
        self.playing = false;
        self.lost = true;
        self.job = None;
        self.loading = None;
        self.looks.forget();
        self.error = Some(report);
    }

    /// Write a line into the log.
    pub fn note(&mut self, level: LogLevel, text: String) {
        if self.log.len() == LOG_LINES {
            self.log.pop_front();
        }
        self.log.push_back((level, text));
    }

    /// Whether the session fine-tunes.
    pub fn tunes(&self) -> bool {
        self.session.task == Task::FineTune
    }

    /// Whether the data has classes to tell apart, in both halves.
    pub fn labelled(&self) -> bool {
        self.data.as_ref().is_some_and(|d| d.classes.len() > 1 && d.samples > 0 && d.test_samples > 0)
    }

    /// The card of the system on screen.
    pub fn card(&self) -> Option<&Card> {
        self.catalogue.iter().find(|c| c.id == self.session.method)
    }

    /// The value of a knob: the session's own, else the preset's.
    pub fn knob_value(&self, knob: &Knob) -> Option<&KnobValue> {
        let preset = || self.card().and_then(|c| c.preset(&self.session.preset)).and_then(|p| p.knobs.get(&knob.name));
        self.session.knobs.get(&knob.name).or_else(preset)
    }

    /// The views of the stage: id and title, in the system's order.
    pub fn stage(&self) -> &[(String, String)] {
        self.model.as_ref().map_or(&[], |m| &m.views)
    }

    /// Ids of the views that one request asks for.
    pub fn wanted(&self, want: &Want) -> Vec<String> {
        let follows = |id: &String, grids: &BTreeSet<String>| match self.views.get(id) {
            Some(shown) => shown.view.follows.as_ref().is_some_and(|grid| grids.contains(grid)),
            None => true,
        };
        let chosen = |id: &&String| match want {
            Want::All => true,
            Want::Cursor(grids) => follows(id, grids),
        };
        self.stage().iter().map(|(id, _)| id).filter(chosen).cloned().collect()
    }

    /// The grid whose tokens a view shows.
    pub fn grid(&self, view: &View) -> Option<&Grid> {
        self.model.as_ref()?.grids.iter().find(|grid| Some(&grid.id) == view.grid.as_ref())
    }

    /// The pinned token of a grid.
    pub fn pinned_on(&self, grid: Option<&str>) -> Option<u32> {
        self.session.pinned.as_ref()?.on(grid?)
    }

    /// What the open system draws anew on the stage ("mask").
    pub fn draws(&self) -> Option<&str> {
        self.model.as_ref()?.abilities.draws.as_deref()
    }

    /// The n-th display switch of the open system.
    pub fn switch(&self, n: u8) -> Option<&Switch> {
        self.model.as_ref()?.abilities.switches.get(usize::from(n))
    }

    /// The n-th of the maps on the stage that lie over a known ground.
    pub fn map(&self, n: u8) -> Option<&View> {
        let views = self.stage().iter().filter_map(|(id, _)| self.views.get(id));
        views.map(|shown| &shown.view).filter(|view| view.window.is_some()).nth(usize::from(n))
    }

    /// The knob of the open system that says how much is hidden.
    pub fn mask_knob(&self) -> Option<&Knob> {
        let name = self.model.as_ref()?.abilities.mask_knob.as_ref()?;
        self.card()?.knob(name)
    }

    /// Samples that the stage can show: of the half that is not trained on, where there is one.
    pub fn samples(&self) -> u64 {
        self.data.as_ref().map_or(0, |d| if d.test_samples > 0 { d.test_samples } else { d.samples })
    }

    /// The mask of a grid, true = hidden: the painted one, else that of the mask view or clip.
    pub fn mask(&self, grid: &str) -> Option<Vec<bool>> {
        let of_grid = || self.views.values().filter(|s| s.view.grid.as_deref() == Some(grid)).map(|s| &s.view.kind);
        let masked = of_grid().find_map(|kind| if let ViewKind::Mask(mask) = kind { Some(&mask.hidden) } else { None });
        // A clip is its own mask view.
        let view = masked.or_else(|| {
            of_grid().find_map(|kind| match kind {
                ViewKind::Clip(clip) if !clip.hidden.is_empty() => Some(&clip.hidden),
                _ => None,
            })
        });
        match (self.session.painted.get(grid), view) {
            (Some(painted), Some(hidden)) if painted.len() == hidden.len() => Some(painted.clone()),
            (_, hidden) => hidden.cloned(),
        }
    }

    /// The picture that masks of a view's grid lie on: the first one of the stage that shows this grid.
    pub fn picture(&self, view: &View) -> Option<&Shown> {
        let pictures = self.stage().iter().filter_map(|(id, _)| self.views.get(id));
        pictures.filter(|s| matches!(s.view.kind, ViewKind::Picture(_))).find(|s| s.view.grid == view.grid)
    }
}
