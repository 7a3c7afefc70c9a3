//! Pictures side by side, each framed in the colour of its group, with what they should not share outlined.

use egui::{
    Align2, Color32, ColorImage, CornerRadius, FontId, Rect, Role, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo,
    vec2,
};
use masquerade_engine::trace::Board;

use super::{cursor, picture, strip_ui};
use crate::scene::board::Layout;
use crate::state::Shown;
use crate::theme::{self, size, space};
use crate::ui_context::UiContext;
use crate::{icons, text};

/// Width of a frame, and of the outline of a clash around it.
const FRAME: f32 = 2.0;
/// A cell so wide has room for the number of its group.
const NUMBERED: f32 = 40.0;
/// In a smaller one a clash has a corner so wide instead of a sign.
const CORNER: f32 = 10.0;
/// How much larger a picture is under the pointer, at most, and the side it then has.
const LARGER: f32 = 6.0;
const LARGE: f32 = 160.0;

/// Draw a board into a square, or less high where it has fewer rows.
pub fn board_ui(ui: &mut Ui, cx: &mut UiContext<'_>, shown: &Shown, board: &Board, side: f32) {
    let layout = Layout::new(board, side);
    let (area, response) = ui.allocate_exact_size(layout.size(), Sense::click());
    let clashes = board.clashes.iter().filter(|c| **c).count();
    let count = text::board_count(board.pictures.len(), layout.shown(), clashes);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, text::board_name(&shown.view.title, &count)));
    let texture = cx.textures.get(ui.ctx(), &shown.view.id, shown.version, false, || sheet(board, &layout));
    for (index, drawn) in board.pictures.iter().enumerate().take(layout.shown()) {
        let cell = layout.cell(index).translate(area.min.to_vec2());
        let place = layout.picture(drawn, cell, FRAME + 1.0, ui.pixels_per_point());
        ui.painter().image(texture, place, layout.part(index, drawn), Color32::WHITE);
        frame(ui, board, index, cell);
    }
    let under = response.hover_pos().and_then(|p| layout.at(p - area.min));
    let token = under.map(|index| index as u32);
    cursor::hover(cx, &shown.view, token, None);
    if response.clicked() && shown.view.grid.is_some() {
        cursor::pin(cx, &shown.view, token);
    }
    let colours = theme::tokens(ui);
    let hovered = cursor::hovered(cx, &shown.view).or(token);
    for (token, width, colour) in [(cursor::pinned(cx, &shown.view), 2.0, colours.accent), (hovered, 1.0, colours.text)]
    {
        if let Some(index) = token.map(|t| t as usize).filter(|index| *index < layout.shown()) {
            let cell = layout.cell(index).translate(area.min.to_vec2());
            ui.painter().rect_stroke(cell, CornerRadius::same(2), Stroke::new(width, colour), StrokeKind::Outside);
        }
    }
    let words = under.and_then(|index| board.words.get(index)).cloned();
    if let (Some(index), Some(words)) = (under, &words) {
        response.on_hover_ui(|ui| large_ui(ui, board, index, &layout, texture, words));
    }
    strip_ui(ui, side, words.unwrap_or(count));
}

/// The frame in the colour of the group, its number, and the outline of a clash with its sign.
fn frame(ui: &Ui, board: &Board, index: usize, cell: Rect) {
    let colours = theme::tokens(ui);
    let inner = cell.shrink(FRAME);
    let corner = CornerRadius::same(1);
    // Where there is only one group its frame would say nothing.
    let grouped = board.group.iter().any(|group| Some(group) != board.group.first());
    let group = board.group.get(index).copied().filter(|_| grouped);
    if let Some(group) = group {
        ui.painter().rect_stroke(
            inner,
            corner,
            Stroke::new(FRAME, theme::category(group as usize)),
            StrokeKind::Outside,
        );
    }
    let tag = |corner: Align2, words: String, ink: Color32, ground: Color32| {
        let galley = ui.painter().layout_no_wrap(words, FontId::proportional(size::CAPTION), ink);
        let rect = corner.align_size_within_rect(galley.size() + vec2(space::XS, 0.0), inner);
        ui.painter().rect_filled(rect, 0.0, ground);
        ui.painter().galley(rect.min + vec2(0.5 * space::XS, 0.0), galley, ink);
    };
    if let Some(group) = group.filter(|_| cell.width() >= NUMBERED) {
        tag(Align2::LEFT_TOP, (group + 1).to_string(), colours.text, colours.card);
    }
    if board.clashes.get(index).copied().unwrap_or(false) {
        ui.painter().rect_stroke(cell, corner, Stroke::new(FRAME, colours.bad), StrokeKind::Inside);
        if cell.width() >= NUMBERED {
            tag(Align2::RIGHT_BOTTOM, icons::WARNING.into(), colours.card, colours.bad);
        } else {
            let corner = cell.right_bottom();
            let points = vec![corner, corner - vec2(CORNER, 0.0), corner - vec2(0.0, CORNER)];
            ui.painter().add(Shape::convex_polygon(points, colours.bad, Stroke::NONE));
        }
    }
}

/// The picture under the pointer, larger, with its words.
fn large_ui(ui: &mut Ui, board: &Board, index: usize, layout: &Layout, texture: egui::TextureId, words: &str) {
    let Some(drawn) = board.pictures.get(index) else { return };
    let (width, height) = (drawn.width.max(1) as f32, drawn.height.max(1) as f32);
    let scale = (LARGE / width.max(height)).floor().clamp(1.0, LARGER);
    let (rect, _) = ui.allocate_exact_size(vec2(width, height) * scale, Sense::hover());
    ui.painter().image(texture, rect, layout.part(index, drawn), Color32::WHITE);
    ui.label(words);
}

/// All pictures as one texture.
fn sheet(board: &Board, layout: &Layout) -> ColorImage {
    let (width, height) = layout.sheet();
    let mut sheet = ColorImage::filled([width, height], Color32::TRANSPARENT);
    for (index, drawn) in board.pictures.iter().enumerate().take(layout.shown()) {
        let (left, top) = layout.corner(index);
        let image = picture::image(drawn);
        for row in 0..image.height() {
            let from = &image.pixels[row * image.width()..(row + 1) * image.width()];
            let start = (top + row) * width + left;
            if let Some(to) = sheet.pixels.get_mut(start..start + image.width()) {
                to.copy_from_slice(from);
            }
        }
    }
    sheet
}
