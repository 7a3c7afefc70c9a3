//! What panels wished for, done.

use egui::Context;
use masquerade_engine::session::{Command, Session};

use super::App;
use crate::text;
use crate::ui_context::UiRequest;

impl App {
    pub(super) fn fulfil(&mut self, ctx: &Context, request: UiRequest) {
        match request {
            UiRequest::Run(action) => self.run(ctx, action),
            UiRequest::Open(session) => self.open(*session),
            UiRequest::Knob(name, value) => self.edit(|s| drop(s.knobs.insert(name, value))),
            UiRequest::Paint(grid, mask) => self.edit(|s| drop(s.painted.insert(grid, mask))),
            UiRequest::Pin(cursor) => self.edit(|s| s.pinned = cursor),
            UiRequest::ApplyWeights => {
                if let Some(file) = self.weights.clone() {
                    self.link.send(Command::LoadWeights { file, apply: true });
                }
            }
            UiRequest::Send(command) => self.link.send(*command),
            UiRequest::BuildForWeights => self.build_for_weights(),
            UiRequest::Copy(copied) => {
                ctx.copy_text(copied);
                self.notify(ctx, text::COPIED);
            }
            UiRequest::Read(path) => self.import.read(ctx, &path),
            UiRequest::Pick(what) => match &mut self.on_pick {
                Some(pick) => pick(what),
                None => self.import.pick(ctx, what),
            },
            UiRequest::ListSets => self.link.send(Command::ListSets),
            UiRequest::Fetch(data) => {
                self.state.fetching = Some(data.clone());
                self.link.send(Command::Fetch { set: data });
            }
            UiRequest::StopFetching => self.link.send(Command::Cancel),
            UiRequest::CloseError => self.state.error = None,
            UiRequest::Restart => {
                self.state.error = None;
                self.state.lost = false;
                self.show_session(Session { step: 0, ..self.state.session.clone() });
            }
        }
    }
}
