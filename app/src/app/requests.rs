//! What panels wished for, done.

use egui::Context;
use masquerade_engine::card::KnobValue;
use masquerade_engine::session::Command;

use super::App;
use crate::looks::Want;
use crate::text;
use crate::ui_context::UiRequest;

impl App {
    pub(super) fn fulfil(&mut self, ctx: &Context, request: UiRequest) {
        match request {
            UiRequest::Run(action) => self.run(ctx, action),
            UiRequest::Open(session) => self.open(*session),
            UiRequest::Knob(name, value) => self.set_knob(name, value),
            UiRequest::Paint(mask) => {
                self.edit(|s| s.painted = Some(mask.clone()));
                self.link.send(Command::PaintMask(Some(mask)));
                self.state.looks.ask(Want::All);
            }
            UiRequest::Pin(token) => {
                self.edit(|s| s.pinned = token);
                self.link.send(Command::Pin(token));
                self.state.looks.ask(Want::Cursor);
            }
            UiRequest::ApplyWeights => {
                if let Some(file) = self.weights.clone() {
                    self.link.send(Command::LoadWeights { file, apply: true });
                }
            }
            UiRequest::Copy(copied) => {
                ctx.copy_text(copied);
                self.notify(ctx, text::COPIED);
            }
            UiRequest::Read(path) => self.import.read(ctx, &path),
            UiRequest::Pick => {
                if let Some(pick) = &mut self.on_pick {
                    pick();
                }
            }
            UiRequest::CloseError => self.state.error = None,
            UiRequest::Restart => {
                self.state.error = None;
                self.state.lost = false;
                let mut session = self.state.session.clone();
                session.step = 0;
                self.show_session(session);
            }
        }
    }

    /// Only what differs from the preset is kept in the session.
    pub(super) fn set_knob(&mut self, name: String, value: KnobValue) {
        let preset = self
            .state
            .card()
            .and_then(|c| c.preset(&self.state.session.preset))
            .and_then(|p| p.knobs.get(&name))
            .cloned();
        self.edit(|session| {
            if preset.as_ref() == Some(&value) {
                session.knobs.remove(&name);
            } else {
                session.knobs.insert(name.clone(), value.clone());
            }
        });
        self.link.send(Command::SetKnob { name, value });
        self.state.looks.ask(Want::All);
    }
}
