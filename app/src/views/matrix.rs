//! A matrix of values as colour, with the names of its rows and columns, a cross under the pointer, and its legend.

use egui::text::{LayoutJob, TextWrapping};
use egui::{Align2, FontId, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use masquerade_engine::trace::Matrix;

use super::{cursor, heat, legend, theme};
use crate::state::Shown;
use crate::text;
use crate::theme::{size, space};
use crate::ui_context::UiContext;

/// The shorter side of a matrix is at least this part of the longer one: a few rows must not become a line.
const FLATTEST: f32 = 0.3;
/// Share of the width that the names of the rows take at most.
const NAMES: f32 = 0.3;

/// Draw a matrix, as wide as its card.
pub fn matrix_ui(ui: &mut Ui, cx: &mut UiContext<'_>, shown: &Shown, matrix: &Matrix, side: f32) {
    let (rows, columns) = (matrix.rows.max(1), matrix.columns.max(1));
    let height = side * (rows as f32 / columns as f32).clamp(FLATTEST, 1.0);
    let (outer, response) = ui.allocate_exact_size(vec2(side, height + space::L), Sense::click());
    let name = text::matrix_name(&shown.view.title, rows, columns);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
    let area = frame(ui, matrix, outer);
    let range = heat::range(ui, cx, shown, &matrix.values);
    let key = shown.version << 20 ^ u64::from(range.low.to_bits()) ^ u64::from(range.high.to_bits()) << 7;
    let cells = || heat::cells(&matrix.values, (matrix.rows, matrix.columns), &range);
    let texture = cx.textures.get(ui.ctx(), &shown.view.id, key, area.width() < columns as f32, cells);
    let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    ui.painter().image(texture, area, whole, egui::Color32::WHITE);

    let cell = vec2(area.width() / columns as f32, area.height() / rows as f32);
    let pointer = response.hover_pos().filter(|p| area.contains(*p));
    let under = pointer.map(|p| {
        let at = (p - area.min) / cell;
        ((at.y as u32).min(rows - 1), (at.x as u32).min(columns - 1))
    });
    let [row, column] = under.map_or([None, None], |(row, column)| matrix.tokens_at(row, column));
    // Where both are tokens the cursor is the row's.
    let token = row.or(column);
    if let Some(token) = &token {
        cx.selection.hover(token.clone(), None);
    }
    if response.clicked() && (matrix.row_grid.is_some() || matrix.column_grid.is_some()) {
        cursor::pin_at(cx, token);
    }
    marks(ui, cx, matrix, area, cell);
    if let Some((row, column)) = under {
        let corner = area.min + vec2(column as f32, row as f32) * cell;
        let line = egui::Stroke::new(1.0, theme::tokens(ui).accent);
        let rect = Rect::from_min_size(corner, cell);
        let across = Rect::from_x_y_ranges(area.x_range(), rect.y_range());
        let down = Rect::from_x_y_ranges(rect.x_range(), area.y_range());
        for band in [across, down] {
            ui.painter().rect_stroke(band, 0.0, line, egui::StrokeKind::Outside);
        }
    }
    let words = under.and_then(|(row, column)| {
        let value = *matrix.values.get((row * columns + column) as usize)?;
        let named = |names: &[String], n: u32, noun: &str| {
            names.get(n as usize).cloned().unwrap_or_else(|| text::numbered(noun, n))
        };
        let (row, column) =
            (named(&matrix.row_names, row, text::ROW), named(&matrix.column_names, column, text::COLUMN));
        Some(text::matrix_cell(value, &row, &column))
    });
    legend::legend_ui(ui, cx, &shown.view.id, &range, words);
}

/// The rows and columns of the token under the pointer and of the pinned one, in whichever view it is.
fn marks(ui: &Ui, cx: &UiContext<'_>, matrix: &Matrix, area: Rect, cell: egui::Vec2) {
    let colours = theme::tokens(ui);
    let cursors = [(&cx.state.session.pinned, 2.0, colours.accent), (&cx.selection.hovered, 1.0, colours.text)];
    for (cursor, width, colour) in cursors {
        let Some(cursor) = cursor else { continue };
        let line = egui::Stroke::new(width, colour);
        for row in matrix.rows_at(cursor) {
            let top = area.top() + row as f32 * cell.y;
            let band = Rect::from_x_y_ranges(area.x_range(), top..=top + cell.y);
            ui.painter().rect_stroke(band, 0.0, line, egui::StrokeKind::Inside);
        }
        for column in matrix.columns_at(cursor) {
            let left = area.left() + column as f32 * cell.x;
            let band = Rect::from_x_y_ranges(left..=left + cell.x, area.y_range());
            ui.painter().rect_stroke(band, 0.0, line, egui::StrokeKind::Inside);
        }
    }
}

/// What rows and columns are, over the matrix; the rows' names at its left, the columns' under the titles, where cells
/// have room for them. The rest of the place is for the cells.
fn frame(ui: &Ui, matrix: &Matrix, outer: Rect) -> Rect {
    let (font, colour) = (FontId::proportional(size::CAPTION), theme::tokens(ui).muted);
    let wide = |name: &String| ui.painter().layout_no_wrap(name.clone(), font.clone(), colour).size().x;
    let titles = text::axes(&matrix.row_title, &matrix.column_title);
    let mut area = outer;
    area.min.y += space::L;
    let mut line = LayoutJob::simple_singleline(titles, font.clone(), colour);
    line.wrap = TextWrapping::truncate_at_width(outer.width());
    ui.painter().galley(outer.left_top(), ui.painter().layout_job(line), colour);
    let rows = matrix.rows.max(1) as f32;
    let cell = area.height() / rows;
    let most = matrix.row_names.iter().map(wide).fold(0.0_f32, f32::max);
    if !matrix.row_names.is_empty() && cell >= size::CAPTION && most <= NAMES * outer.width() {
        area.min.x += most + space::XS;
        for (row, name) in matrix.row_names.iter().enumerate() {
            let at = pos2(area.left() - space::XS, area.top() + (row as f32 + 0.5) * cell);
            ui.painter().text(at, Align2::RIGHT_CENTER, name, font.clone(), colour);
        }
    }
    let across = area.width() / matrix.columns.max(1) as f32;
    let most = matrix.column_names.iter().map(wide).fold(0.0_f32, f32::max);
    if !matrix.column_names.is_empty() && most + space::XS <= across {
        area.min.y += space::L;
        for (column, name) in matrix.column_names.iter().enumerate() {
            let at = pos2(area.left() + (column as f32 + 0.5) * across, area.top() - 1.0);
            ui.painter().text(at, Align2::CENTER_BOTTOM, name, font.clone(), colour);
        }
    }
    area
}
