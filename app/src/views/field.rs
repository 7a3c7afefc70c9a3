//! Arrows over a part of the plane, the arrows they are compared with, and the data they belong to.

use egui::Ui;
use masquerade_engine::trace::Field;

use super::viewport::viewport_ui;
use super::{dots, heat, legend, strip_ui};
use crate::scene::field::{self, Style};
use crate::scene::{Mark, Sign};
use crate::state::Shown;
use crate::ui_context::UiContext;
use crate::{text, theme};

/// Radius of the ring around the start of the arrow under the pointer.
const RING: f32 = 4.5;

/// Draw a field.
pub fn field_ui(ui: &mut Ui, cx: &mut UiContext<'_>, shown: &Shown, drawn: &Field, side: f32) {
    let name = text::field_name(&shown.view.title, drawn.rows, drawn.columns);
    let place = viewport_ui(ui, cx, side, false, (&shown.view.id, &name));
    let lens = place.lens(cx);
    let range = (!drawn.ground.is_empty()).then(|| heat::range(ui, cx, shown, &drawn.ground));
    let style = Style { colours: theme::tokens(ui), range: range.as_ref() };
    let mut marks = field::marks(drawn, &lens, place.area, &style);

    let plane = field::plane(drawn);
    let under = place.pointer().and_then(|p| field::arrow_at(drawn, plane.from_unit(lens.from_plane(p))));
    if let Some(index) = under {
        let columns = drawn.columns.max(1);
        let start = field::start(drawn, index as u32 / columns, index as u32 % columns);
        let ring = Sign { fill: crate::scene::Fill::Empty, ..Sign::default() };
        let at = lens.plane(plane.unit(start));
        marks.push(Mark::Dot { at, radius: RING, colour: style.colours.text, sign: ring });
    }
    dots::paint(&place.painter, cx.textures, &marks);

    let words = under.and_then(|index| {
        let reference = field::arrow(&drawn.reference, index);
        Some(text::arrow_words(field::arrow(&drawn.arrows, index)?, reference, drawn.ground.get(index).copied()))
    });
    let scale = text::field_scale(field::length_of_a_cell(drawn), !drawn.reference.is_empty());
    place.response.on_hover_text(match &words {
        Some(words) => format!("{words}\n{scale}\n{}", text::PLANE_HINT),
        None => format!("{scale}\n{}", text::PLANE_HINT),
    });
    match &range {
        Some(range) => legend::legend_ui(ui, cx, &shown.view.id, range, words),
        None => strip_ui(ui, side, words.unwrap_or(scale)),
    }
}
