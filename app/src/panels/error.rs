//! An error: what happened, why, what to do.

use egui::{Align2, Area, Id, Order, RichText, Ui};

use crate::theme::{self, space};
use crate::ui_context::{UiContext, UiRequest};
use crate::{icons, text, views};

/// The card of the newest error, until it is closed.
pub fn error_ui(ui: &Ui, cx: &mut UiContext<'_>) {
    let Some(report) = &cx.state.error else { return };
    let width = (ui.ctx().content_rect().width() - 2.0 * space::L).min(space::PALETTE);
    let area =
        Area::new(Id::unique("error")).order(Order::Foreground).anchor(Align2::CENTER_BOTTOM, [0.0, -3.0 * space::XL]);
    area.show(ui.ctx(), |ui| {
        let colours = theme::tokens(ui);
        let frame = views::card(ui)
            .inner_margin(space::L)
            .stroke(egui::Stroke::new(1.0, colours.bad))
            .shadow(ui.visuals().window_shadow);
        frame.show(ui, |ui| {
            ui.set_width(width - 2.0 * space::L);
            if width < space::PALETTE {
                ui.spacing_mut().interact_size.y = space::TOUCH;
            }
            ui.horizontal_top(|ui| {
                ui.spacing_mut().interact_size.y = space::XL;
                ui.label(RichText::new(icons::ERROR).size(theme::size::TITLE).color(colours.bad));
                ui.add(egui::Label::new(theme::title(&report.title)).wrap());
            });
            for (label, words) in [(text::WHY, &report.why), (text::WHAT_TO_DO, &report.what_to_do)] {
                ui.add_space(space::XS);
                ui.label(theme::caption(ui, label));
                ui.add(egui::Label::new(words).wrap().selectable(true));
            }
            ui.add_space(space::S);
            ui.horizontal(|ui| {
                if cx.state.lost && ui.add(theme::accent_button(ui, text::RESTART)).clicked() {
                    cx.requests.push(UiRequest::Restart);
                }
                if ui.button(text::with_icon(icons::COPY, text::COPY)).clicked() {
                    cx.requests.push(UiRequest::Copy(text::report_text(report)));
                }
                if ui.button(text::CLOSE).clicked() {
                    cx.requests.push(UiRequest::CloseError);
                }
            });
        });
    });
}
