//! What each action does.

use egui::{Context, ThemePreference};
use masquerade_engine::card::{Arm, KnobKind, KnobValue, LINEAR, Outcome};
use masquerade_engine::session::{Command, Kernels, Session, StudyRequest, Task};

use super::App;
use crate::commands::{Action, ThemeChoice};
use crate::{text, theme};

/// Samples a probe learns from and is tested on, where the data has as many.
const PROBE: (u32, u32) = (2000, 1000);
/// Points at which the arms of a claim are measured, so that there is a race to see.
const RACE: u32 = 4;
/// The shares of a label budget.
const BUDGET: [f64; 3] = [0.01, 0.1, 1.0];
/// The seeds of a label budget.
const SEEDS: [u64; 3] = [1, 2, 3];
/// How far one key press turns the mask ratio.
const RATIO_STEP: f64 = 0.05;

impl App {
    /// Do what an action says; the caller has asked whether it can be done.
    pub fn run(&mut self, ctx: &Context, action: Action) {
        match action {
            Action::PlayPause => {
                let command = if self.state.playing { Command::Pause } else { Command::Play };
                self.state.playing = !self.state.playing;
                self.link.send(command);
            }
            Action::Step => self.link.send(Command::Step(1)),
            Action::Reset => {
                self.undo.keep(&self.state.session);
                self.link.send(Command::Reset);
            }
            Action::GoOn => {
                self.edit(|s| s.go_on = true);
                self.state.playing = true;
                self.link.send(Command::Play);
            }
            Action::ShowTrained => self.edit(|s| s.stored = true),
            Action::ShowNow => self.edit(|s| s.stored = false),
            Action::NewMask => self.edit(|s| {
                s.mask_seed = s.mask_seed.wrapping_add(1);
                s.painted.clear();
            }),
            Action::RuleMask => self.edit(|s| s.painted.clear()),
            Action::MoreMask => self.turn_ratio(RATIO_STEP),
            Action::LessMask => self.turn_ratio(-RATIO_STEP),
            Action::NextSample => self.turn_sample(1),
            Action::PreviousSample => self.turn_sample(-1),
            Action::Unpin => self.edit(|s| s.pinned = None),
            Action::Switch(n) => {
                if let Some(id) = self.state.switch(n).map(|switch| switch.id.clone()) {
                    self.edit(|s| {
                        if !s.switches.remove(&id) {
                            s.switches.insert(id);
                        }
                    });
                }
            }
            Action::WholePicture => self.selection.reset_zoom(),
            Action::Undo => {
                if let Some(session) = self.undo.undo(&self.state.session) {
                    self.show_session(session);
                }
            }
            Action::Redo => {
                if let Some(session) = self.undo.redo(&self.state.session) {
                    self.show_session(session);
                }
            }
            Action::Share => {
                ctx.copy_text(self.link_text());
                self.notify(ctx, text::LINK_COPIED);
            }
            Action::SaveWeights => self.link.send(Command::SaveWeights),
            Action::SaveMap(n) => {
                if let Some(view) = self.state.map(n).map(|view| view.id.clone()) {
                    self.link.send(Command::SaveMap { view });
                }
            }
            Action::SaveCheckpoint => self.link.send(Command::SaveCheckpoint),
            Action::Probe => {
                let (train, test) = self.state.data.as_ref().map_or((0, 0), |d| (d.samples, d.test_samples));
                let at_most = |have: u64, wanted: u32| u32::try_from(have).unwrap_or(u32::MAX).min(wanted);
                self.link.send(Command::RunProbe { train: at_most(train, PROBE.0), test: at_most(test, PROBE.1) });
            }
            Action::FineTune => self.edit(|s| s.task = Task::FineTune),
            Action::Pretrain => self.edit(|s| s.task = Task::Pretrain),
            Action::Claim => {
                self.link.send(Command::RunStudy(StudyRequest { points: RACE, ..StudyRequest::default() }))
            }
            Action::LabelBudget => self.link.send(Command::RunStudy(self.label_budget())),
            Action::Cancel => {
                self.link.send(Command::Cancel);
                self.state.job = None;
            }
            Action::MeasureStep => self.link.send(Command::MeasureStep),
            Action::SelfCheck => self.link.send(Command::SelfCheck),
            Action::StockKernels => {
                let stock = self.state.device.as_ref().is_some_and(|device| device.kernels == Kernels::Stock);
                self.link.send(Command::UseKernels(if stock { Kernels::Fused } else { Kernels::Stock }));
            }
            Action::UseDevice(kind) => self.link.send(Command::UseDevice(kind.into())),
            Action::Theme(choice) => ctx.set_theme(match choice {
                ThemeChoice::System => ThemePreference::System,
                ThemeChoice::Light => ThemePreference::Light,
                ThemeChoice::Dark => ThemePreference::Dark,
            }),
            Action::Lecture => {
                self.screen.lecture = !self.screen.lecture;
                ctx.set_zoom_factor(if self.screen.lecture { theme::size::LECTURE } else { 1.0 });
            }
            Action::LogScale => self.screen.log_scale = !self.screen.log_scale,
            Action::ShowLog => self.screen.log = !self.screen.log,
            Action::Palette => {
                self.screen.palette = Some(String::new());
                self.screen.palette_choice = 0;
            }
            Action::Shortcuts => self.screen.shortcuts = true,
            Action::Close => self.close(),
            Action::Exhibit(n) => {
                let card = self.state.catalogue.get(usize::from(n).wrapping_sub(1));
                if let Some(method) = card.filter(|c| c.id != self.state.session.method).map(|c| c.id.clone()) {
                    self.open(Session { method, seed: self.state.session.seed, ..Session::default() });
                }
            }
        }
    }

    /// The open preset as it is, with shares of the labels: of the probe, or of fine-tuning while that is the task.
    fn label_budget(&self) -> StudyRequest {
        let card = self.state.card();
        let preset = card.and_then(|card| card.preset(&self.state.session.preset));
        let steps = card.and_then(|card| card.knob("steps")).and_then(|knob| self.state.knob_value(knob));
        StudyRequest {
            arms: vec![Arm {
                name: preset.map_or_else(String::new, |preset| preset.title.clone()),
                knobs: self.state.session.knobs.clone(),
            }],
            outcome: Some(if self.state.tunes() { Outcome::FineTune } else { Outcome::named(LINEAR) }),
            labels: BUDGET.to_vec(),
            seeds: SEEDS.to_vec(),
            steps: if let Some(KnobValue::Number(steps)) = steps { *steps as u32 } else { 0 },
            ..StudyRequest::default()
        }
    }

    fn turn_ratio(&mut self, by: f64) {
        let Some(knob) = self.state.mask_knob() else { return };
        let (name, value) = (knob.name.clone(), self.state.knob_value(knob));
        if let (KnobKind::Number { low, high, .. }, Some(KnobValue::Number(now))) = (&knob.kind, value) {
            let turned = ((now + by).clamp(*low, *high) * 100.0).round() / 100.0;
            self.edit(|s| drop(s.knobs.insert(name, KnobValue::Number(turned))));
        }
    }

    fn turn_sample(&mut self, by: i64) {
        let samples = self.state.samples().max(1);
        let sample = self.state.session.sample.saturating_add(samples).saturating_add_signed(by) % samples;
        self.edit(|s| s.sample = sample);
    }

    fn close(&mut self) {
        if self.screen.palette.take().is_none() && !std::mem::take(&mut self.screen.shortcuts) {
            self.state.error = None;
        }
    }
}
