//! The badge that says who computed a view.

use egui::{Frame, Margin, Ui};
use masquerade_engine::trace::{Origin, Source};

use crate::text;
use crate::theme::{self, size, space};

/// Live views in the good colour, stored ones and plain data muted.
pub fn badge_ui(ui: &mut Ui, origin: &Origin) {
    let colours = theme::tokens(ui);
    let (label, meaning) = text::origin(origin.source);
    let colour = match origin.source {
        Source::LiveGpu | Source::LiveCpu => colours.good,
        Source::StoredWeightsGpu | Source::StoredWeightsCpu => colours.warn,
        Source::StoredPicture | Source::Data => colours.muted,
    };
    let frame = Frame::new().fill(colours.raised).corner_radius(space::XS).inner_margin(Margin::symmetric(space::XS as i8 + 1, 1));
    let response = frame.show(ui, |ui| ui.label(egui::RichText::new(label).size(size::CAPTION).color(colour))).response;
    response.on_hover_text(text::origin_tooltip(meaning, &origin.tensor));
}
