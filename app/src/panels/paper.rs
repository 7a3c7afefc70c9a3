//! The paper behind the system: citation, equations, claim.

use egui::Ui;

use super::controls::heading_ui;
use crate::text;
use crate::theme::{self, space};
use crate::ui_context::UiContext;
use crate::views;

/// What the card says of the paper.
pub fn paper_ui(ui: &mut Ui, cx: &UiContext<'_>) {
    let Some(card) = cx.state.card() else { return };
    heading_ui(ui, &card.paper);
    ui.add(egui::Label::new(theme::muted(ui, text::cited(&card.authors, card.year))).wrap());
    if !card.equations.is_empty() {
        heading_ui(ui, text::EQUATIONS);
    }
    for equation in &card.equations {
        views::card(ui).fill(theme::tokens(ui).raised).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.label(theme::strong(&equation.name));
            ui.add(egui::Label::new(theme::code(&equation.formula)).wrap());
            ui.add(egui::Label::new(theme::caption(ui, &equation.words)).wrap());
        });
        ui.add_space(space::XS);
    }
    if let Some(claim) = &card.claim {
        heading_ui(ui, text::CLAIM);
        ui.add(egui::Label::new(&claim.sentence).wrap());
        ui.label(theme::caption(ui, text::study_run(claim.seeds.len(), claim.steps, claim.outcome.name())));
    }
}
