//! Points in the plane or in space, by token: coloured by value or by class, turned together, found under the pointer.

use egui::Ui;
use masquerade_engine::trace::{Cloud, Legend};

use super::viewport::viewport_ui;
use super::{classes, cursor, dots, heat, legend, nouns};
use crate::scene::cloud::{self, Style};
use crate::state::Shown;
use crate::text;
use crate::theme::{self, space};
use crate::ui_context::UiContext;

/// Draw a cloud.
pub fn cloud_ui(ui: &mut Ui, cx: &mut UiContext<'_>, shown: &Shown, drawn: &Cloud, side: f32) {
    let hidden = drawn.hidden.iter().filter(|h| **h).count();
    let nouns = nouns(cx, shown);
    let name = text::cloud_name(&shown.view.title, cloud::points(drawn), cloud::tokens(drawn), hidden, &nouns);
    let turns = drawn.dims == 3;
    let place = viewport_ui(ui, cx, side, turns, (&shown.view.id, &name));
    let seen = cloud::project(drawn, &cx.selection.camera, place.area);
    let under = place.pointer().and_then(|p| cloud::nearest(drawn, &seen, p, space::REACH));
    cursor::hover(cx, &shown.view, under, None);
    if place.response.clicked() {
        cursor::pin(cx, &shown.view, under);
    }

    let range = (!drawn.values.is_empty()).then(|| heat::range(ui, cx, shown, &drawn.values));
    let colours = theme::tokens(ui);
    let style = Style { colours, range: range.as_ref(), side, zoom: cx.selection.camera.zoom };
    let (hovered, pinned) = (cursor::hovered(cx, &shown.view), cursor::pinned(cx, &shown.view));
    let focus: Vec<u32> = [hovered, pinned].into_iter().flatten().collect();
    let mut marks = cloud::marks(drawn, &seen, &style, &focus);
    for (token, colour) in [(drawn.query, colours.accent), (pinned, colours.accent), (hovered, colours.text)] {
        marks.extend(token.into_iter().flat_map(|t| cloud::outlined(drawn, &seen, &style, t, colour)));
    }
    dots::paint(&place.painter, cx.textures, &marks);

    let words =
        hovered.or(pinned).filter(|t| (*t as usize) < cloud::tokens(drawn)).map(|t| token_words(drawn, t, &nouns));
    // The words of a token stand under the drawing; a tooltip would cover them.
    if under.is_none() {
        place.response.on_hover_text(text::cloud_hint(turns, &nouns));
    }
    below_ui(ui, cx, shown, drawn, range.as_ref(), words, &nouns);
}

/// The scale of the values or the names of the classes.
fn below_ui(
    ui: &mut Ui,
    cx: &mut UiContext<'_>,
    shown: &Shown,
    drawn: &Cloud,
    range: Option<&Legend>,
    words: Option<String>,
    nouns: &text::Nouns,
) {
    match range {
        Some(range) => legend::legend_ui(ui, cx, &shown.view.id, range, words),
        None => {
            let count = text::cloud_count(cloud::points(drawn), cloud::tokens(drawn), nouns);
            let edges = drawn.edges.len() / 2;
            let count = if edges > cloud::EDGES { text::edges_thinned(&count, edges) } else { count };
            classes::classes_ui(ui, cx.textures, drawn, count, words);
        }
    }
}

/// A token in words: its number, class, value, and whether it is hidden.
fn token_words(drawn: &Cloud, token: u32, nouns: &text::Nouns) -> String {
    let value = drawn.values.get(token as usize).copied();
    text::token_words(token, nouns, value, cloud::class(drawn, token), cloud::hidden(drawn, token))
}
