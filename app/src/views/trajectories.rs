//! Walkers frame by frame, with a button that plays them and a slider to any frame.

use egui::{Key, Ui};
use masquerade_engine::trace::Trajectories;

use super::dots;
use super::player::{self, Sequence, Words};
use super::viewport::viewport_ui;
use crate::scene::trajectories;
use crate::state::Shown;
use crate::text;
use crate::theme::{self, time};
use crate::ui_context::UiContext;

/// Draw trajectories. They stand at their end, where the walkers have settled, until they are played; and play once.
pub fn trajectories_ui(ui: &mut Ui, cx: &mut UiContext<'_>, shown: &Shown, drawn: &Trajectories, side: f32) {
    let frames = trajectories::frames(drawn);
    let pace = if ui.style().animation_time > 0.0 { time::FRAME } else { time::FRAME_CALM };
    let words = Words { play: text::PLAY_FILM, stop: text::STOP_FILM, frame: text::FRAME };
    let sequence = Sequence { last: frames.saturating_sub(1), pace: Some(pace), again: false, words };
    let mut playback = player::playback(ui, cx, &shown.view.id, &sequence, sequence.last);

    let words = text::frame(playback.frame, frames, drawn.every, &drawn.unit);
    let name = text::trajectories_name(&shown.view.title, drawn.walkers, &words);
    let place = viewport_ui(ui, cx, side, false, (&shown.view.id, &name));
    if place.response.clicked() || place.response.has_focus() && ui.input(|i| i.key_pressed(Key::Enter)) {
        player::toggle(ui, &mut playback, &sequence);
    }
    let marks = trajectories::marks(drawn, playback.frame, &place.lens(cx), theme::tokens(ui));
    dots::paint(&place.painter, cx.textures, &marks);
    place.response.on_hover_text(text::FILM_HINT);
    player::bar_ui(ui, &mut playback, &sequence, side, words);
    player::keep(ui, cx, &shown.view.id, &sequence, playback);
}
