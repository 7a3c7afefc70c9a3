//! The loss, whole and by term, at every training step.

use egui::{Ui, vec2};
use masquerade_engine::session::LossPoint;
use masquerade_engine::trace::Curve;

use crate::commands::Action;
use crate::text;
use crate::theme::{self, space};
use crate::ui_context::{UiContext, UiRequest};
use crate::views::{self, series};

/// The card of the loss, `width` points inside, its plot `height` points high.
pub fn loss_ui(ui: &mut Ui, cx: &mut UiContext<'_>, width: f32, height: f32) {
    views::card_ui(ui, width, |ui| {
        let mut logarithmic = cx.screen.log_scale;
        egui::Sides::new().height(space::TITLE_ROW).shrink_left().truncate().show(
            ui,
            |ui| ui.label(theme::title(text::LOSS)),
            |ui| {
                if theme::checkbox(ui, &mut logarithmic, text::LOG_SCALE)
                    .on_hover_text(text::action_tooltip(Action::LogScale))
                    .clicked()
                {
                    cx.request(UiRequest::Run(Action::LogScale));
                }
            },
        );
        ui.label(theme::caption(ui, text::LOSS_CAPTION));
        if cx.state.losses.is_empty() {
            // As high as the plot with its names will be.
            let names = space::L + ui.spacing().interact_size.y;
            let (rect, _) = ui.allocate_exact_size(vec2(width, height + names), egui::Sense::hover());
            let galley = ui.painter().layout(
                text::LOSS_EMPTY.into(),
                egui::FontId::proportional(theme::size::TEXT),
                theme::tokens(ui).muted,
                width,
            );
            ui.painter().galley(rect.center() - galley.size() * 0.5, galley, theme::tokens(ui).muted);
            return;
        }
        let curves = curves(&cx.state.losses);
        series::plot_ui(ui, "loss", &curves, logarithmic, height);
        series::names_ui(ui, &curves);
    });
}

/// The whole loss first, then its terms where there is more than one.
fn curves(losses: &[LossPoint]) -> Vec<Curve> {
    let total = losses.iter().map(|l| (l.step as f64, f64::from(l.total))).collect();
    let mut curves = vec![Curve { name: text::TOTAL.into(), points: total }];
    let terms = losses.last().map(|l| l.terms.as_slice()).unwrap_or_default();
    if terms.len() > 1 {
        for (name, _) in terms {
            let of =
                |l: &LossPoint| l.terms.iter().find(|(n, _)| n == name).map(|(_, v)| (l.step as f64, f64::from(*v)));
            curves.push(Curve { name: name.clone(), points: losses.iter().filter_map(of).collect() });
        }
    }
    curves
}
