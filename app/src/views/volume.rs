//! A volume slice by slice, with a slider through its depth.

use egui::Ui;
use masquerade_engine::trace::Volume;

use super::canvas::{Press, Sheet, canvas_ui};
use super::clip::mixed;
use super::player::{self, Sequence, Words};
use super::{cursor, hatch, heat, legend};
use crate::scene::volume;
use crate::state::Shown;
use crate::ui_context::UiContext;
use crate::{text, theme};

/// Draw a volume, at first its middle slice.
pub fn volume_ui(ui: &mut Ui, cx: &mut UiContext<'_>, shown: &Shown, drawn: &Volume, side: f32) {
    let slices = volume::slices(drawn);
    let controls = Words { play: text::SLICE, stop: text::SLICE, frame: text::SLICE };
    let sequence = Sequence { last: slices.saturating_sub(1), pace: None, again: false, words: controls };
    let mut playback = player::playback(ui, cx, &shown.view.id, &sequence, slices / 2);

    let words = text::slice(playback.frame, slices, drawn.spacing[0]);
    let name = text::volume_name(&shown.view.title, drawn.shape, &words);
    let pixels = volume::proportions(drawn);
    let sheet = Sheet { pixels, grid: (0, 0), first: 0, press: Press::Own, view: &shown.view, name: &name };
    let canvas = canvas_ui(ui, cx, &sheet, side);
    player::keys(ui, &canvas.response, &mut playback, &sequence);

    let range = (!drawn.values.is_empty()).then(|| heat::range(ui, cx, shown, &drawn.values));
    let opacity = cx.selection.opacity(&shown.view.id);
    let key = [shown.version, playback.frame as u64]
        .into_iter()
        .chain(range.iter().flat_map(|r| [r.low, r.high, opacity].map(|v| u64::from(v.to_bits()))));
    let scan = volume::scan_range(drawn);
    let slice = || volume::slice(drawn, playback.frame, scan, range.as_ref(), opacity);
    let texture = cx.textures.get(ui.ctx(), &shown.view.id, mixed(key), false, slice);
    canvas.painter.rect_filled(canvas.area, 0.0, theme::tokens(ui).ground);
    canvas.image(cx, texture);

    let pointer = canvas.response.hover_pos().filter(|p| canvas.area.contains(*p));
    let under = pointer.and_then(|p| volume::voxel(drawn, playback.frame, cx.selection.to_picture(canvas.area, p)));
    let token = under.and_then(|voxel| volume::token(drawn, voxel));
    cursor::hover(cx, &shown.view, token, None);
    if canvas.response.clicked() {
        cursor::pin(cx, &shown.view, token);
    }
    tokens(ui, cx, shown, drawn, &canvas, playback.frame);
    if canvas.response.has_focus() {
        hatch::ring(&canvas.painter, canvas.area, 2.0, theme::tokens(ui).accent);
    }
    canvas.response.on_hover_text(text::VOLUME_HINT);
    let at = under.map(|voxel| {
        let scan = drawn.scan.get(voxel).copied().filter(|v| v.is_finite());
        text::voxel(voxel, drawn.shape, volume::value(drawn, voxel), scan)
    });
    player::bar_ui(ui, &mut playback, &sequence, side, at.clone().unwrap_or(words));
    match &range {
        Some(range) => legend::scale_ui(ui, cx, &shown.view.id, range, at, !drawn.scan.is_empty()),
        None => super::strip_ui(ui, side, scan.map_or_else(String::new, |(low, high)| text::scan(low, high))),
    }
    player::keep(ui, cx, &shown.view.id, &sequence, playback);
}

/// Hatch over hidden tokens, and the edge of the token under the cursor.
fn tokens(ui: &Ui, cx: &UiContext<'_>, shown: &Shown, drawn: &Volume, canvas: &super::canvas::Canvas, slice: usize) {
    if drawn.token.is_empty() {
        return;
    }
    let colours = theme::tokens(ui);
    let [_, rows, columns] = drawn.shape;
    let focus = cursor::token(cx, &shown.view);
    let number = |row: u32, column: u32| ((slice as u32 * rows + row) * columns + column) as usize;
    let of = |row: u32, column: u32| volume::token(drawn, number(row, column));
    for row in 0..rows {
        for column in 0..columns {
            let cell = || cx.selection.token_rect(canvas.area, (rows, columns), row * columns + column);
            if volume::hidden(drawn, number(row, column)) {
                hatch::lines(&canvas.painter, cell(), egui::Stroke::new(1.0, colours.line_strong));
            }
            if focus.is_some() && of(row, column) == focus {
                let (rect, line) = (cell(), egui::Stroke::new(1.0, colours.accent));
                if column == 0 || of(row, column - 1) != focus {
                    canvas.painter.vline(rect.left(), rect.y_range(), line);
                }
                if column + 1 == columns || of(row, column + 1) != focus {
                    canvas.painter.vline(rect.right(), rect.y_range(), line);
                }
                if row == 0 || of(row - 1, column) != focus {
                    canvas.painter.hline(rect.x_range(), rect.top(), line);
                }
                if row + 1 == rows || of(row + 1, column) != focus {
                    canvas.painter.hline(rect.x_range(), rect.bottom(), line);
                }
            }
        }
    }
}
