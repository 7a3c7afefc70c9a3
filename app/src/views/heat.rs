//! One value for each token, as colour, with its legend.

use egui::{Color32, ColorImage, Id, Ui};
use masquerade_engine::trace::{Heat, Legend, ViewKind};

use super::canvas::{Press, Sheet, canvas_ui, shrinks};
use super::{cursor, hatch, legend};
use crate::scene::picture;
use crate::state::Shown;
use crate::ui_context::UiContext;
use crate::{text, theme};

/// Draw a map; tokens without a meaning are hatched.
pub fn heat_ui(ui: &mut Ui, cx: &mut UiContext<'_>, shown: &Shown, heat: &Heat, side: f32) {
    let state = cx.state;
    let size = |shown: &Shown| match &shown.view.kind {
        ViewKind::Picture(p) => Some((p.width, p.height)),
        _ => None,
    };
    let below = heat.over.as_ref().and_then(|id| state.views.get(id)).filter(|s| size(s).is_some());
    let pixels = below.or(state.picture(&shown.view)).and_then(size).unwrap_or((heat.columns, heat.rows));
    let name = text::heat_name(&shown.view.title, greatest(heat));
    let grid = (heat.rows, heat.columns);
    let canvas =
        canvas_ui(ui, cx, &Sheet { pixels, grid, first: 0, press: Press::Pin, view: &shown.view, name: &name }, side);
    let range = range(ui, cx, shown, &heat.values);
    let key = shown.version << 20 ^ u64::from(range.low.to_bits()) ^ u64::from(range.high.to_bits()) << 7;
    let texture = cx.textures.get(ui.ctx(), &shown.view.id, key, false, || image(heat, &range));
    match below.map(|s| (s, &s.view.kind)) {
        Some((s, ViewKind::Picture(p))) => {
            let smooth = shrinks(pixels, side, ui.pixels_per_point(), cx.selection.zoom);
            let name = format!("{} in grey", s.view.id);
            let grey = cx.textures.get(ui.ctx(), &name, s.version, smooth, || picture::grey(p));
            canvas.image(cx, grey);
            canvas.laid_over(cx, texture, cx.selection.opacity(&shown.view.id));
        }
        _ => canvas.image(cx, texture),
    }
    for (token, _) in heat.undefined.iter().enumerate().filter(|(_, undefined)| **undefined) {
        hatch::hatch(&canvas.painter, canvas.token(cx, token as u32), theme::tokens(ui));
    }
    if let Some(query) = heat.query {
        hatch::ring(&canvas.painter, canvas.token(cx, query), 1.0, theme::tokens(ui).accent);
    }
    canvas.marks(ui, cx);
    canvas.response.on_hover_text(text::heat_hint(&super::nouns(cx, shown)));
    let laid = below.is_some();
    legend::scale_ui(ui, cx, &shown.view.id, &range, words(cx, shown, heat), laid);
}

/// The range the colours span: locked by the user, else the view's own, eased so that it does not flicker.
pub fn range(ui: &Ui, cx: &UiContext<'_>, shown: &Shown, values: &[f32]) -> Legend {
    let values = || values.iter().copied().filter(|v| v.is_finite());
    let mut legend = shown.view.legend.clone().unwrap_or_else(|| Legend {
        low: values().fold(f32::INFINITY, f32::min),
        high: values().fold(f32::NEG_INFINITY, f32::max),
        signed: false,
        unit: String::new(),
    });
    let ease = |end: &str, to: f32| {
        ui.ctx().animate_value_with_time(Id::unique(("range", &shown.view.id, end)), to, ui.style().animation_time)
    };
    (legend.low, legend.high) = match cx.selection.locked.get(&shown.view.id) {
        Some(locked) => *locked,
        None => (ease("low", legend.low), ease("high", legend.high)),
    };
    if !(legend.low.is_finite() && legend.high.is_finite()) || legend.high <= legend.low {
        (legend.low, legend.high) = (0.0, 1.0);
    }
    legend
}

/// The map as a texture, one pixel a token.
pub fn image(heat: &Heat, range: &Legend) -> ColorImage {
    cells(&heat.values, (heat.rows, heat.columns), range)
}

/// Pixels that a side of a texture has at most: every graphics device takes so many.
const TEXTURE: usize = 2048;

/// Values as a picture, one pixel each; of more than a texture takes, evenly spaced ones. No value: no colour.
pub fn cells(values: &[f32], (rows, columns): (u32, u32), range: &Legend) -> ColorImage {
    let (rows, columns) = (rows as usize, columns as usize);
    if values.len() != rows * columns || values.is_empty() {
        return ColorImage::filled([1, 1], Color32::TRANSPARENT);
    }
    let (down, across) = (rows.min(TEXTURE), columns.min(TEXTURE));
    let value = |i: usize| values[i / across * rows / down * columns + i % across * columns / across];
    let colour = |v: f32| if v.is_finite() { theme::in_range(v, range) } else { Color32::TRANSPARENT };
    ColorImage::new([across, down], (0..down * across).map(|i| colour(value(i))).collect())
}

fn is_defined(heat: &Heat, token: usize) -> bool {
    !heat.undefined.get(token).copied().unwrap_or(false)
}

fn greatest(heat: &Heat) -> Option<(f32, u32, u32)> {
    let defined = heat.values.iter().enumerate().filter(|(i, v)| v.is_finite() && is_defined(heat, *i));
    let (token, value) = defined.max_by(|a, b| a.1.total_cmp(b.1))?;
    let columns = heat.columns.max(1);
    Some((*value, token as u32 / columns + 1, token as u32 % columns + 1))
}

/// The value under the cursor, in words.
fn words(cx: &UiContext<'_>, shown: &Shown, heat: &Heat) -> Option<String> {
    let token = cursor::token(cx, &shown.view)?;
    let value = *heat.values.get(token as usize)?;
    let columns = heat.columns.max(1);
    let what = if is_defined(heat, token as usize) { text::value(value) } else { text::UNDEFINED.to_string() };
    Some(text::at_cursor(token / columns, token % columns, &what))
}
