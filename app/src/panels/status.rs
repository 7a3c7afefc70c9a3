//! The line at the bottom: log, device, running job; and short notices.

use egui::{Align2, Area, Id, Order, RichText, Ui};

use super::controls::{Look, action_ui, progress_ui};
use crate::commands::Action;
use crate::theme::{self, size, space};
use crate::ui_context::{Tab, UiContext};
use crate::{icons, text, views};

/// Log switch, device, and what is being loaded or computed.
pub fn status_ui(ui: &mut Ui, cx: &mut UiContext<'_>) {
    let state = cx.state;
    ui.horizontal_wrapped(|ui| {
        action_ui(ui, cx, Action::ShowLog, Look::Full);
        if let Some(device) = &state.device {
            let icon = if device.gpu { icons::GPU } else { icons::CPU };
            let label = text::with_icon(icon, &format!("{} · {}", device.name, device.backend));
            let button = egui::Button::new(RichText::new(label).size(size::CAPTION)).frame_when_inactive(false);
            if ui.add(button).on_hover_text(&device.reason).clicked() {
                cx.screen.tab = Tab::Device;
            }
        }
        if let Some(model) = &state.model {
            ui.label(theme::caption(ui, model.weights_at(state.session.step)));
        }
    });
    if let Some(job) = state.loading.as_ref().filter(|_| state.model.is_some()) {
        progress_ui(ui, job);
    }
}

/// A short notice over the bottom of the screen.
pub fn notice_ui(ui: &Ui, cx: &UiContext<'_>) {
    let Some((notice, _)) = &cx.screen.notice else { return };
    let area =
        Area::new(Id::unique("notice")).order(Order::Foreground).anchor(Align2::CENTER_BOTTOM, [0.0, -3.0 * space::XL]);
    area.show(ui.ctx(), |ui| {
        views::card(ui).stroke(ui.visuals().window_stroke).shadow(ui.visuals().popup_shadow).show(ui, |ui| {
            ui.set_max_width(space::INSPECTOR);
            ui.label(text::with_icon(icons::DONE, notice));
        });
    });
}
