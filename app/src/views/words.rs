//! A text by tokens: coloured by weight, hidden ones hatched, the one under the pointer is everybody's cursor.

use egui::{Align2, Color32, FontId, Role, Sense, Ui, WidgetInfo, vec2};
use masquerade_engine::trace::Words;

use super::{cursor, hatch, heat, legend, strip_ui};
use crate::scene::words;
use crate::state::Shown;
use crate::text;
use crate::theme::{self, size, space};
use crate::ui_context::UiContext;

/// Draw a text.
pub fn words_ui(ui: &mut Ui, cx: &mut UiContext<'_>, shown: &Shown, drawn: &Words, side: f32) {
    let colours = theme::tokens(ui);
    let font = FontId::proportional(size::TEXT);
    let layout = |token: &String| ui.painter().layout_no_wrap(token.clone(), font.clone(), colours.text);
    let galleys: Vec<_> = drawn.tokens.iter().map(layout).collect();
    let widths: Vec<f32> = galleys.iter().map(|g| g.size().x).collect();
    let places = words::places(drawn, &widths, side, space::XL);
    let size = vec2(side, words::height(&places).max(space::XL));
    let (area, response) = ui.allocate_exact_size(size, Sense::click());
    let hidden = drawn.hidden.iter().filter(|h| **h).count();
    let name = text::words_name(&shown.view.title, &spoken(drawn), hidden, drawn.tokens.len());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));

    let pointer = response.hover_pos().map(|p| p - area.min.to_vec2());
    let under = pointer.and_then(|p| places.iter().position(|place| place.contains(p))).map(|t| t as u32);
    cursor::hover(cx, &shown.view, under, None);
    if response.clicked() {
        cursor::pin(cx, &shown.view, under);
    }
    let (hovered, pinned) = (cursor::hovered(cx, &shown.view), cursor::pinned(cx, &shown.view));
    let range = (!drawn.weights.is_empty()).then(|| heat::range(ui, cx, shown, &drawn.weights));
    let painter = ui.painter().with_clip_rect(area.expand(1.0).intersect(ui.clip_rect()));
    for (token, (place, galley)) in places.iter().zip(galleys).enumerate() {
        let place = place.translate(area.min.to_vec2());
        let weight = drawn.weights.get(token).copied().filter(|w| w.is_finite());
        let ground = weight.zip(range.as_ref()).map(|(w, range)| theme::in_range(w, range));
        let mut ink = colours.text;
        if drawn.hidden.get(token).copied().unwrap_or(false) {
            hatch::hatch(&painter, place, colours);
            ink = colours.muted;
        } else if let Some(ground) = ground {
            painter.rect_filled(place, 3.0, ground);
            ink = readable(ground);
        }
        let at = Align2::CENTER_CENTER.align_size_within_rect(galley.size(), place).min;
        painter.galley_with_override_text_color(at, galley, ink);
        let number = Some(token as u32);
        if number == pinned || number == drawn.query {
            hatch::ring(&painter, place, if number == pinned { 2.0 } else { 1.0 }, colours.accent);
        }
        if number == hovered {
            hatch::ring(&painter, place.shrink(0.5), 1.0, colours.text);
        }
    }
    response.on_hover_text(text::WORDS_HINT);
    let at = hovered.or(pinned).filter(|t| (*t as usize) < drawn.tokens.len());
    let words = at.map(|t| {
        let token = t as usize;
        let hidden = drawn.hidden.get(token).copied().unwrap_or(false);
        text::word(&drawn.tokens[token], token, drawn.weights.get(token).copied(), hidden)
    });
    match &range {
        Some(range) => legend::legend_ui(ui, cx, &shown.view.id, range, words),
        None => strip_ui(ui, side, words.unwrap_or_else(|| text::hidden_share(hidden, drawn.tokens.len()))),
    }
}

/// Black or white, whichever can be read on this ground.
pub fn readable(ground: Color32) -> Color32 {
    let (dark, light) = (theme::DARK.ground, theme::LIGHT.card);
    if theme::contrast(dark, ground) >= theme::contrast(light, ground) { dark } else { light }
}

/// The text as it is read.
fn spoken(drawn: &Words) -> String {
    let mut spoken = String::new();
    for (token, text) in drawn.tokens.iter().enumerate() {
        if token > 0 && !drawn.joined.get(token).copied().unwrap_or(false) {
            spoken.push(' ');
        }
        spoken += text;
    }
    spoken
}
