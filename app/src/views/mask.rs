//! The mask over the input picture; hidden tokens are hatched, and painting answers at once.

use egui::Ui;
use masquerade_engine::trace::{Mask, ViewKind};

use super::canvas::{Press, Sheet, canvas_ui, shrinks};
use super::{hatch, picture};
use crate::state::Shown;
use crate::ui_context::UiContext;
use crate::{text, theme};

/// Draw the mask. What the user paints is drawn before the engine has answered.
pub fn mask_ui(ui: &mut Ui, cx: &mut UiContext<'_>, shown: &Shown, mask: &Mask, side: f32) {
    let grid = cx.state.grid(&shown.view);
    let paintable = grid.is_some_and(|grid| grid.paintable);
    let painted = grid.and_then(|grid| cx.state.mask(&grid.id)).filter(|m| m.len() == mask.hidden.len());
    let hidden = painted.unwrap_or_else(|| mask.hidden.clone());
    let count = hidden.iter().filter(|h| **h).count();
    let below = cx.state.picture(&shown.view);
    let pixels = match below.map(|s| &s.view.kind) {
        Some(ViewKind::Picture(p)) => (p.width, p.height),
        _ => (mask.columns, mask.rows),
    };
    let press = if paintable { Press::Paint } else { Press::Pin };
    let name = text::mask_name(&shown.view.title, count, hidden.len());
    let grid = (mask.rows, mask.columns);
    let canvas = canvas_ui(ui, cx, &Sheet { pixels, grid, first: 0, press, view: &shown.view, name: &name }, side);
    if let Some((id, version, p)) = below.and_then(|s| match &s.view.kind {
        ViewKind::Picture(p) => Some((&s.view.id, s.version, p)),
        _ => None,
    }) {
        let smooth = shrinks(pixels, side, ui.pixels_per_point(), cx.selection.zoom);
        let texture = cx.textures.get(ui.ctx(), id, version, smooth, || picture::image(p));
        canvas.image(cx, texture);
    }
    for (token, _) in hidden.iter().enumerate().filter(|(_, hidden)| **hidden) {
        hatch::hatch(&canvas.painter, canvas.token(cx, token as u32), theme::tokens(ui));
    }
    canvas.marks(ui, cx);
    let nouns = super::nouns(cx, shown);
    canvas.response.on_hover_text(if paintable { text::mask_hint(&nouns) } else { text::heat_hint(&nouns) });
    super::strip_ui(ui, side, text::hidden_share(count, hidden.len()));
}
