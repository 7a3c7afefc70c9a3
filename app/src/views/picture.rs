//! A picture, with its hidden tokens hatched.

use egui::{ColorImage, Ui};
use masquerade_engine::trace::Picture;

use super::canvas::{Press, Sheet, canvas_ui, shrinks};
use super::hatch;
use crate::state::Shown;
use crate::ui_context::UiContext;
use crate::{text, theme};

/// Draw a picture; on the first one of the stage a drag paints the mask.
pub fn picture_ui(ui: &mut Ui, cx: &mut UiContext<'_>, shown: &Shown, picture: &Picture, side: f32) {
    let first = cx.state.picture(&shown.view).is_some_and(|p| p.view.id == shown.view.id);
    let grid = cx.state.grid(&shown.view).filter(|grid| grid.paintable);
    let paintable = first && grid.is_some_and(|grid| cx.state.mask(&grid.id).is_some());
    let press = if paintable { Press::PinAndPaint } else { Press::Pin };
    let pixels = (picture.width, picture.height);
    let name = text::picture_name(&shown.view.title);
    let canvas =
        canvas_ui(ui, cx, &Sheet { pixels, grid: picture.grid, first: 0, press, view: &shown.view, name: &name }, side);
    let smooth = shrinks(pixels, side, ui.pixels_per_point(), cx.selection.zoom);
    let texture = cx.textures.get(ui.ctx(), &shown.view.id, shown.version, smooth, || image(picture));
    canvas.image(cx, texture);
    for (token, _) in picture.hidden.iter().enumerate().filter(|(_, hidden)| **hidden) {
        hatch::hatch(&canvas.painter, canvas.token(cx, token as u32), theme::tokens(ui));
    }
    canvas.marks(ui, cx);
    let nouns = super::nouns(cx, shown);
    canvas.response.on_hover_text(if paintable { text::picture_hint(&nouns) } else { text::heat_hint(&nouns) });
    super::strip_ui(ui, side, text::pixels(picture.height, picture.width, picture.grid, &nouns));
}

/// The picture as egui takes it; a picture whose bytes do not fit its size is drawn empty.
pub fn image(picture: &Picture) -> ColorImage {
    let size = [picture.width as usize, picture.height as usize];
    if picture.rgba.len() == size[0] * size[1] * 4 {
        ColorImage::from_rgba_unmultiplied(size, &picture.rgba)
    } else {
        ColorImage::filled([1, 1], egui::Color32::TRANSPARENT)
    }
}
