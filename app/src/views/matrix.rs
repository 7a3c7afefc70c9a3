//! A matrix of values, as colour, with its legend.

use egui::{Role, Sense, Ui, WidgetInfo, vec2};
use masquerade_engine::trace::{Heat, Matrix};

use super::{heat, legend};
use crate::state::Shown;
use crate::text;
use crate::ui_context::UiContext;

/// Draw a matrix into a square.
pub fn matrix_ui(ui: &mut Ui, cx: &mut UiContext<'_>, shown: &Shown, matrix: &Matrix, side: f32) {
    let map = Heat {
        rows: matrix.rows,
        columns: matrix.columns,
        values: matrix.values.clone(),
        undefined: Vec::new(),
        query: None,
    };
    let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, text::picture_name(&shown.view.title)));
    let range = heat::range(ui, cx, shown, &map.values);
    let key = shown.version << 20 ^ u64::from(range.low.to_bits()) ^ u64::from(range.high.to_bits()) << 7;
    let texture = cx.textures.get(ui.ctx(), &shown.view.id, key, false, || heat::image(&map, &range));
    let whole = egui::Rect::from_min_max(egui::pos2(0.0, 0.0), egui::pos2(1.0, 1.0));
    ui.painter().image(texture, rect, whole, egui::Color32::WHITE);
    legend::legend_ui(ui, cx, &shown.view.id, &range, None);
}
