//! A clip: frames with their tokens, played, paused and leafed through.

use egui::Ui;
use masquerade_engine::trace::Clip;

use super::canvas::{Press, Sheet, canvas_ui, shrinks};
use super::player::{self, Sequence, Words};
use super::{cursor, hatch, heat, legend};
use crate::scene::clip;
use crate::state::Shown;
use crate::ui_context::UiContext;
use crate::{text, theme};

/// Slowest and fastest that a clip is played, in frames a second.
const RATES: (f32, f32) = (1.0, 60.0);
/// Where the clip does not say.
const RATE: f32 = 8.0;

/// Draw a clip. It stands at its first frame until it is played, and is played over and over.
pub fn clip_ui(ui: &mut Ui, cx: &mut UiContext<'_>, shown: &Shown, drawn: &Clip, side: f32) {
    let frames = drawn.frames();
    let rate = if drawn.rate > 0.0 { drawn.rate.clamp(RATES.0, RATES.1) } else { RATE };
    let controls = Words { play: text::PLAY_CLIP, stop: text::STOP_CLIP, frame: text::FRAME };
    let sequence =
        Sequence { last: frames.saturating_sub(1), pace: Some(1.0 / f64::from(rate)), again: true, words: controls };
    let mut playback = player::playback(ui, cx, &shown.view.id, &sequence, 0);

    let (tokens, [_, rows, columns]) = (clip::tokens(drawn, playback.frame), drawn.grid);
    let grid = if tokens.is_empty() { (0, 0) } else { (rows, columns) };
    let words = text::clip_frame(playback.frame, frames, drawn.rate);
    // What is painted is drawn before the engine has answered.
    let painted = shown.view.grid.as_ref().and_then(|grid| cx.state.mask(grid));
    let hidden = painted.filter(|m| m.len() == drawn.hidden.len()).unwrap_or_else(|| drawn.hidden.clone());
    let paintable = !hidden.is_empty() && cx.state.grid(&shown.view).is_some_and(|grid| grid.paintable);
    let press = if paintable { Press::PinAndPaint } else { Press::Pin };
    let count = hidden.iter().filter(|h| **h).count();
    let name = text::clip_name(&shown.view.title, &words, count, hidden.len());
    let pixels = (drawn.width, drawn.height);
    let sheet = Sheet { pixels, grid, first: tokens.start, press, view: &shown.view, name: &name };
    let canvas = canvas_ui(ui, cx, &sheet, side);
    player::keys(ui, &canvas.response, &mut playback, &sequence);

    let range = (!drawn.values.is_empty()).then(|| heat::range(ui, cx, shown, &drawn.values));
    let opacity = cx.selection.opacity(&shown.view.id);
    let key = [shown.version, playback.frame as u64]
        .into_iter()
        .chain(range.iter().flat_map(|r| [r.low, r.high, opacity].map(|v| u64::from(v.to_bits()))));
    let smooth = shrinks(pixels, side, ui.pixels_per_point(), cx.selection.zoom);
    let frame = || clip::frame(drawn, playback.frame, range.as_ref(), opacity);
    let texture = cx.textures.get(ui.ctx(), &shown.view.id, mixed(key), smooth, frame);
    canvas.image(cx, texture);
    for token in tokens.filter(|t| hidden.get(*t as usize).copied().unwrap_or(false)) {
        hatch::hatch(&canvas.painter, canvas.token(cx, token), theme::tokens(ui));
    }
    if let Some(query) = drawn.query.filter(|q| canvas.shows(*q)) {
        hatch::ring(&canvas.painter, canvas.token(cx, query), 1.0, theme::tokens(ui).accent);
    }
    canvas.marks(ui, cx);
    if canvas.response.has_focus() {
        hatch::ring(&canvas.painter, canvas.area, 2.0, theme::tokens(ui).accent);
    }
    canvas.response.on_hover_text(text::clip_hint(&super::nouns(cx, shown)));
    player::bar_ui(ui, &mut playback, &sequence, side, words);
    if let Some(range) = &range {
        let value = cursor::token(cx, &shown.view).and_then(|t| Some((t, *drawn.values.get(t as usize)?)));
        let words = value.map(|(t, v)| text::at_time(t, drawn.grid, &text::value(v)));
        legend::scale_ui(ui, cx, &shown.view.id, range, words, true);
    }
    player::keep(ui, cx, &shown.view.id, &sequence, playback);
}

/// One number from several, for the key of a texture.
pub fn mixed(parts: impl IntoIterator<Item = u64>) -> u64 {
    parts.into_iter().fold(0xcbf2_9ce4_8422_2325, |key, part| (key ^ part).wrapping_mul(0x0100_0000_01b3)) >> 1
}
