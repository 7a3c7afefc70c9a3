//! What each action does.

use egui::{Context, ThemePreference};
use masquerade_engine::card::{KnobKind, KnobValue};
use masquerade_engine::session::{Command, DataReport, Kernels, Session};

use super::App;
use crate::commands::{Action, MASK_RATIO, ThemeChoice};
use crate::looks::Want;
use crate::{text, theme};

/// Samples a probe learns from and is tested on, where the data has as many.
const PROBE: (u32, u32) = (2000, 1000);
/// Steps of fine-tuning.
const FINE_TUNE_STEPS: u32 = 200;
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
            Action::Reset => self.reset(),
            Action::NewMask => self.new_mask(),
            Action::RuleMask => {
                self.edit(|s| s.painted = None);
                self.link.send(Command::PaintMask(None));
                self.state.looks.ask(Want::All);
            }
            Action::MoreMask => self.turn_ratio(RATIO_STEP),
            Action::LessMask => self.turn_ratio(-RATIO_STEP),
            Action::NextSample => self.turn_sample(1),
            Action::PreviousSample => self.turn_sample(-1),
            Action::Unpin => {
                self.edit(|s| s.pinned = None);
                self.link.send(Command::Pin(None));
                self.state.looks.ask(Want::Cursor);
            }
            Action::RawPrediction => self.set_display(|s| s.raw_prediction = !s.raw_prediction),
            Action::TruePatchMean => self.set_display(|s| s.true_patch_mean = !s.true_patch_mean),
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
            Action::SaveCheckpoint => self.link.send(Command::SaveCheckpoint),
            Action::Probe => {
                let (train, test) = self.state.data.as_ref().map_or((0, 0), |d| (d.samples, d.test_samples));
                let at_most = |have: u64, wanted: u32| u32::try_from(have).unwrap_or(u32::MAX).min(wanted);
                self.link.send(Command::RunProbe { train: at_most(train, PROBE.0), test: at_most(test, PROBE.1) });
            }
            Action::FineTune => self.link.send(Command::FineTune { steps: FINE_TUNE_STEPS }),
            Action::Claim => self.link.send(Command::RunClaim { steps: 0, seeds: Vec::new() }),
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

    fn reset(&mut self) {
        self.edit(|s| {
            s.stored = false;
            s.step = 0;
            s.first_loss = None;
        });
        self.state.losses.clear();
        self.state.progress = None;
        self.link.send(Command::Reset);
        self.state.looks.ask(Want::All);
    }

    fn new_mask(&mut self) {
        let seed = self.state.session.mask_seed.wrapping_add(1);
        if self.state.session.painted.is_some() {
            self.link.send(Command::PaintMask(None));
        }
        self.edit(|s| {
            s.mask_seed = seed;
            s.painted = None;
        });
        self.link.send(Command::Remask(seed));
        self.state.looks.ask(Want::All);
    }

    fn turn_ratio(&mut self, by: f64) {
        let knob = self.state.card().and_then(|c| c.knob(MASK_RATIO));
        let value = knob.and_then(|k| self.state.knob_value(k));
        if let (Some(KnobKind::Number { low, high, .. }), Some(KnobValue::Number(now))) = (knob.map(|k| &k.kind), value)
        {
            let turned = ((now + by).clamp(*low, *high) * 100.0).round() / 100.0;
            self.set_knob(MASK_RATIO.into(), KnobValue::Number(turned));
        }
    }

    fn turn_sample(&mut self, by: i64) {
        // The stage shows samples of the test half, where there is one.
        let shown = |d: &DataReport| if d.test_samples > 0 { d.test_samples } else { d.samples };
        let samples = self.state.data.as_ref().map_or(1, shown).max(1);
        let sample = self.state.session.sample.saturating_add(samples).saturating_add_signed(by) % samples;
        self.edit(|s| s.sample = sample);
        self.link.send(Command::SetSample(sample));
        self.state.looks.ask(Want::All);
    }

    fn set_display(&mut self, change: impl FnOnce(&mut Session)) {
        self.edit(change);
        let Session { raw_prediction, true_patch_mean, .. } = self.state.session;
        self.link.send(Command::SetDisplay { raw_prediction, true_patch_mean });
        self.state.looks.ask(Want::All);
    }

    fn close(&mut self) {
        if self.screen.palette.take().is_none() && !std::mem::take(&mut self.screen.shortcuts) {
            self.state.error = None;
        }
    }
}
