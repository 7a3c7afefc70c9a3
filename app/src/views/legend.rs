//! The scale under a map: the true range, its unit, the value at the cursor.

use egui::{Mesh, Rect, Ui, pos2, vec2};
use masquerade_engine::trace::Legend;

use crate::theme::{self, space};
use crate::ui_context::UiContext;
use crate::{icons, text};

/// Bands the scale is drawn in.
const BANDS: usize = 64;

/// Width of the slider that makes a map more or less strong.
const SLIDER: f32 = 40.0;

/// Draw the scale of `range` with a button that locks it; the value at the cursor takes the place of the range's words.
pub fn legend_ui(ui: &mut Ui, cx: &mut UiContext<'_>, view: &str, range: &Legend, cursor: Option<String>) {
    scale_ui(ui, cx, view, range, cursor, false);
}

/// The same; of a map that is `laid` over a picture, with a slider that says how strong the map is.
pub fn scale_ui(ui: &mut Ui, cx: &mut UiContext<'_>, view: &str, range: &Legend, cursor: Option<String>, laid: bool) {
    ui.spacing_mut().interact_size.y = space::L;
    let (mut rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), space::LEGEND), egui::Sense::hover());
    if laid {
        let place = Rect::from_center_size(pos2(rect.right() - 0.5 * SLIDER, rect.center().y), vec2(SLIDER, space::L));
        rect.max.x -= SLIDER + space::S;
        opacity_ui(ui, cx, view, place);
    }
    scale(ui, rect, range);
    let ends = text::range(range.low, range.high, &range.unit);
    let words = cursor.unwrap_or_else(|| ends.clone());
    egui::Sides::new().height(space::L).shrink_left().truncate().show(
        ui,
        |ui| ui.label(theme::caption(ui, words)).on_hover_text(ends),
        |ui| {
            let locked = cx.selection.locked.contains_key(view);
            let (icon, hint) =
                if locked { (icons::LOCKED, text::UNLOCK_RANGE) } else { (icons::UNLOCKED, text::LOCK_RANGE) };
            let button =
                ui.add(egui::Button::new(theme::caption(ui, icon)).frame(false).min_size(vec2(space::L, space::L)));
            button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, hint));
            if button.on_hover_text(hint).clicked() {
                if locked {
                    cx.selection.locked.remove(view);
                } else {
                    cx.selection.locked.insert(view.into(), (range.low, range.high));
                }
            }
        },
    );
}

/// How strong a map is over its picture.
fn opacity_ui(ui: &mut Ui, cx: &mut UiContext<'_>, view: &str, place: Rect) {
    let mut opacity = cx.selection.opacity(view);
    ui.spacing_mut().slider_width = SLIDER;
    let slider = egui::Slider::new(&mut opacity, 0.0..=1.0).show_value(false);
    let slider = ui.name_inputs(text::OPACITY, |ui| ui.put(place, slider));
    if slider.on_hover_text(text::OPACITY).changed() {
        cx.selection.opacities.insert(view.into(), opacity);
    }
}

fn scale(ui: &Ui, rect: Rect, range: &Legend) {
    let mut mesh = Mesh::default();
    for i in 0..=BANDS {
        let t = i as f32 / BANDS as f32;
        let colour = theme::in_range(range.low + (range.high - range.low) * t, range);
        let x = rect.left() + rect.width() * t;
        mesh.colored_vertex(pos2(x, rect.top()), colour);
        mesh.colored_vertex(pos2(x, rect.bottom()), colour);
        if i > 0 {
            let n = 2 * i as u32;
            mesh.add_triangle(n - 2, n - 1, n);
            mesh.add_triangle(n - 1, n + 1, n);
        }
    }
    ui.painter().add(mesh);
}
