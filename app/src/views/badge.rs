//! The badge that says who computed a view.

use egui::{Align2, FontId, Role, Sense, Ui, WidgetInfo, vec2};
use masquerade_engine::trace::{Origin, Source};

use crate::text;
use crate::theme::{self, size, space};

/// Live views in the good colour, stored weights in the colour of a notice, pictures and data muted.
pub fn badge_ui(ui: &mut Ui, origin: &Origin, short: bool) {
    let colours = theme::tokens(ui);
    let (label, meaning) = text::origin(origin.source);
    let label = if short { text::origin_short(origin.source) } else { label };
    let colour = match origin.source {
        Source::LiveGpu | Source::LiveCpu => colours.good,
        Source::StoredWeightsGpu | Source::StoredWeightsCpu => colours.warn,
        Source::StoredPicture | Source::Data | Source::Formula => colours.muted,
    };
    let galley = ui.painter().layout_no_wrap(label.into(), FontId::proportional(size::CAPTION), colour);
    let (rect, response) = ui.allocate_exact_size(galley.size() + vec2(2.0 * space::XS, space::XS), Sense::hover());
    ui.painter().rect_filled(rect, space::XS, colours.raised);
    ui.painter().galley(Align2::CENTER_CENTER.align_size_within_rect(galley.size(), rect).min, galley, colour);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, label));
    response.on_hover_text(text::origin_tooltip(meaning, &origin.tensor));
}
