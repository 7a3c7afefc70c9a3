//! Sound as a drawing that is enlarged and moved, and played where the platform can.

use egui::{Button, EventFilter, Key, Response, Role, Ui, WidgetInfo, vec2};
use masquerade_engine::trace::Wave;

use super::touch::{self, Tool};
use super::{STRIP, dots};
use crate::scene::wave::{self, Window};
use crate::state::Shown;
use crate::theme::{self, space};
use crate::ui_context::UiContext;
use crate::{icons, text};

/// One press of plus or minus, one of an arrow key, and one point of the wheel.
const KEY_ZOOM: f64 = 1.25;
const KEY_SHIFT: f64 = 0.1;
const WHEEL: f64 = 1.0 / 200.0;

/// Draw a wave: all of it until it is enlarged.
pub fn wave_ui(ui: &mut Ui, cx: &mut UiContext<'_>, shown: &Shown, drawn: &Wave, side: f32) {
    let (id, length) = (&shown.view.id, drawn.length());
    let mut window = cx.selection.windows.get(id).copied().unwrap_or_else(|| Window::whole(length));
    if window.to > Window::whole(length).to + 0.5 {
        window = Window::whole(length);
    }
    let words = text::wave(drawn.seconds(), drawn.rate, drawn.channels);
    let (area, response) = ui.allocate_exact_size(vec2(side, side.min(space::PLOT)), touch::sense(cx, id));
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, text::wave_name(&shown.view.title, &words)));
    let window = navigate(ui, &response, window, length);
    cx.selection.windows.insert(id.clone(), window);

    let colours = theme::tokens(ui);
    let painter = ui.painter().with_clip_rect(area.intersect(ui.clip_rect()));
    painter.rect_filled(area, f32::from(space::RADIUS), colours.ground);
    let played = cx.heard(id).map(|second| second * f64::from(drawn.rate));
    dots::paint(&painter, cx.textures, &wave::marks(drawn, area, window, played, colours));
    let pointer = response.hover_pos().filter(|p| area.contains(*p));
    if let Some(at) = pointer {
        painter.vline(at.x, area.y_range(), egui::Stroke::new(1.0, colours.text));
    }
    if response.has_focus() {
        let line = egui::Stroke::new(2.0, colours.accent);
        painter.rect_stroke(area, f32::from(space::RADIUS), line, egui::StrokeKind::Inside);
    }
    touch::tool_ui(ui, cx, id, area, Tool::Hand);
    response.on_hover_text(text::WAVE_HINT);
    let second = |sample: f64| sample / f64::from(drawn.rate.max(1));
    let under = pointer.map(|p| window.at(f64::from((p.x - area.left()) / area.width())).max(0.0));
    let words = match under {
        Some(sample) => {
            let values = (0..drawn.channels.max(1) as usize).filter_map(|c| drawn.channel(c).get(sample as usize));
            text::sample(second(sample), &values.copied().collect::<Vec<f32>>())
        }
        None if window == Window::whole(length) => words,
        None => text::part(second(window.from), second(window.to), &words),
    };
    bar_ui(ui, cx, shown, drawn, window, side, words);
}

/// What the wheel, a drag and the keyboard make of the part that is shown.
fn navigate(ui: &Ui, response: &Response, window: Window, length: usize) -> Window {
    let width = f64::from(response.rect.width().max(1.0));
    let mut window = window;
    if let Some(pointer) = response.hover_pos() {
        let mut factor = f64::from(ui.input(|i| i.zoom_delta()));
        if response.has_focus() {
            // The wheel alone scrolls the page, unless the keyboard is here too.
            factor *= (f64::from(ui.input(|i| i.smooth_scroll_delta.y)) * WHEEL).exp();
            ui.input_mut(|i| i.smooth_scroll_delta = egui::Vec2::ZERO);
        }
        if factor != 1.0 {
            window = window.zoom(f64::from(pointer.x - response.rect.left()) / width, factor, length);
        }
    }
    if response.dragged() {
        window = window.shift(-f64::from(response.drag_delta().x) / width, length);
    }
    if response.double_clicked() {
        window = Window::whole(length);
    }
    if response.has_focus() {
        let arrows = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|m| m.set_focus_lock_filter(response.id, arrows));
        let times = |key| ui.input(|i| i.num_presses(key)) as f64;
        let zoom = times(Key::Plus) + times(Key::Equals) - times(Key::Minus);
        let shift = times(Key::ArrowRight) - times(Key::ArrowLeft);
        if zoom != 0.0 {
            window = window.zoom(0.5, KEY_ZOOM.powf(zoom), length);
        }
        if shift != 0.0 {
            window = window.shift(KEY_SHIFT * shift, length);
        }
    }
    window
}

/// The button that plays, where there is a player, and words.
fn bar_ui(ui: &mut Ui, cx: &mut UiContext<'_>, shown: &Shown, drawn: &Wave, window: Window, side: f32, words: String) {
    let id = &shown.view.id;
    let heard = cx.heard(id).is_some();
    if heard {
        ui.ctx().request_repaint();
    }
    ui.allocate_ui(vec2(side, STRIP), |ui| {
        ui.set_min_height(STRIP);
        ui.horizontal(|ui| {
            if cx.sound.is_some() {
                let (icon, label) =
                    if heard { (icons::STOP, text::STOP_SOUND) } else { (icons::SPEAKER, text::PLAY_SOUND) };
                let button = ui.add(Button::new(icon).frame(false).min_size(vec2(space::XL, space::XL)));
                button.widget_info(|| WidgetInfo::labeled(Role::Button, true, label));
                if button.on_hover_text(label).clicked() {
                    cx.hear(id, drawn, (!heard).then(|| window.from / f64::from(drawn.rate.max(1))));
                }
            }
            ui.add(egui::Label::new(theme::caption(ui, words)).truncate());
        });
    });
}
