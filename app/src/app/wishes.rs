//! What panels wished for, done.

use egui::Context;
use masquerade_engine::card::KnobValue;
use masquerade_engine::session::Command;

use super::App;
use crate::desk::Wish;
use crate::looks::Want;
use crate::text;

impl App {
    pub(super) fn fulfil(&mut self, ctx: &Context, wish: Wish) {
        match wish {
            Wish::Run(action) => self.run(ctx, action),
            Wish::Open(session) => self.open(*session),
            Wish::Knob(name, value) => self.set_knob(name, value),
            Wish::Paint(mask) => {
                self.edit(|s| s.painted = Some(mask.clone()));
                self.link.send(Command::PaintMask(Some(mask)));
                self.state.looks.ask(Want::All);
            }
            Wish::Pin(token) => {
                self.edit(|s| s.pinned = token);
                self.link.send(Command::Pin(token));
                self.state.looks.ask(Want::Cursor);
            }
            Wish::ApplyWeights => {
                if let Some(file) = self.weights.clone() {
                    self.link.send(Command::LoadWeights { file, apply: true });
                }
            }
            Wish::Copy(copied) => {
                ctx.copy_text(copied);
                self.notify(ctx, text::COPIED);
            }
            Wish::Read(path) => self.import.read(ctx, &path),
            Wish::Pick => {
                if let Some(pick) = &mut self.on_pick {
                    pick();
                }
            }
            Wish::CloseError => self.state.error = None,
            Wish::Restart => {
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
