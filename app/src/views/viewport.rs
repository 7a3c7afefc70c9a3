//! A square that clouds, fields and trajectories are drawn in: turned or moved by a drag and by arrow keys, enlarged by wheel
//! and pinch.

use egui::{CursorIcon, EventFilter, Key, Painter, PointerButton, Rect, Response, Role, Ui, Vec2, WidgetInfo, vec2};

use super::touch::{self, Tool};
use crate::scene::camera::{Camera, Lens};
use crate::theme::{self, space};
use crate::ui_context::UiContext;

/// What one press of an arrow key does, in points of a drag over a square of 180 points.
const KEY: f32 = 10.0;
const KEY_SIDE: f32 = 180.0;
/// One press of plus or minus, and one point of the wheel.
const KEY_ZOOM: f32 = 1.25;
const WHEEL: f32 = 1.0 / 200.0;

/// The square, and how it was used.
pub struct Viewport {
    /// Clipped to the square.
    pub painter: Painter,
    pub area: Rect,
    pub response: Response,
}

/// Place a square of `side` points; what is in it `turns` (a cloud in space) or is moved (anything in the plane).
pub fn viewport_ui(
    ui: &mut Ui,
    cx: &mut UiContext<'_>,
    side: f32,
    turns: bool,
    (view, name): (&str, &str),
) -> Viewport {
    let (area, response) = ui.allocate_exact_size(Vec2::splat(side), touch::sense(cx, view));
    let drags = cx.selection.takes_drags(view);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    let painter = ui.painter().with_clip_rect(area.intersect(ui.clip_rect()));
    painter.rect_filled(area, f32::from(space::RADIUS), theme::tokens(ui).ground);
    let camera = &mut cx.selection.camera;
    drag(ui, &response, camera, side, turns);
    enlarge(ui, &response, camera, area);
    keys(ui, &response, camera, side, turns);
    if response.double_clicked() {
        cx.selection.camera = Camera::default();
    }
    if response.has_focus() {
        painter.rect_stroke(
            area,
            f32::from(space::RADIUS),
            egui::Stroke::new(2.0, theme::tokens(ui).accent),
            egui::StrokeKind::Inside,
        );
    }
    touch::tool_ui(ui, cx, view, area, Tool::Hand);
    let response = if turns && drags { response.on_hover_and_drag_cursor(CursorIcon::Grab) } else { response };
    Viewport { painter, area, response }
}

impl Viewport {
    pub fn lens(&self, cx: &UiContext<'_>) -> Lens {
        cx.selection.camera.lens(self.area)
    }

    /// The pointer, where it rests on the square and nothing is being turned.
    pub fn pointer(&self) -> Option<egui::Pos2> {
        self.response.hover_pos().filter(|p| self.area.contains(*p) && !self.response.dragged())
    }
}

fn drag(ui: &Ui, response: &Response, camera: &mut Camera, side: f32, turns: bool) {
    let by = |button| if response.dragged_by(button) { response.drag_delta() } else { Vec2::ZERO };
    // Two fingers turn or move, whatever one finger does.
    let fingers = ui.input(|i| i.multi_touch().map(|touch| touch.translation_delta));
    if let Some(moved) = fingers.filter(|_| response.contains_pointer()) {
        if turns { camera.turn(moved, side) } else { camera.slide(moved, side) }
    } else if turns {
        camera.turn(by(PointerButton::Primary), side);
        camera.slide(by(PointerButton::Secondary) + by(PointerButton::Middle), side);
    } else {
        camera.slide(response.drag_delta(), side);
    }
}

fn enlarge(ui: &Ui, response: &Response, camera: &mut Camera, area: Rect) {
    let Some(pointer) = response.hover_pos() else { return };
    let mut factor = ui.input(|i| i.zoom_delta());
    if response.has_focus() {
        // The wheel alone scrolls the page, unless the keyboard is here too.
        factor *= (ui.input(|i| i.smooth_scroll_delta.y) * WHEEL).exp();
        ui.input_mut(|i| i.smooth_scroll_delta = Vec2::ZERO);
    }
    if factor != 1.0 {
        camera.zoom_at(pointer - area.center(), area.width(), factor);
    }
}

fn keys(ui: &Ui, response: &Response, camera: &mut Camera, side: f32, turns: bool) {
    if !response.has_focus() {
        return;
    }
    let arrows = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|m| m.set_focus_lock_filter(response.id, arrows));
    let pressed = |key: Key| ui.input(|i| i.num_presses(key)) as f32;
    let by =
        KEY * vec2(pressed(Key::ArrowRight) - pressed(Key::ArrowLeft), pressed(Key::ArrowDown) - pressed(Key::ArrowUp));
    if turns {
        camera.turn(by, KEY_SIDE);
    } else {
        camera.slide(-by * (side / KEY_SIDE), side);
    }
    let zoom = pressed(Key::Plus) + pressed(Key::Equals) - pressed(Key::Minus);
    if zoom != 0.0 {
        camera.zoom_at(Vec2::ZERO, side, KEY_ZOOM.powf(zoom));
    }
}
