//! The column at the right: knobs, data, weights, device, paper.

use egui::{ScrollArea, Ui};

use super::{data, device, knobs, paper, weights};
use crate::desk::{Desk, Tab};
use crate::text;
use crate::theme::space;

/// The tabs and the part that is chosen.
pub fn inspector_ui(ui: &mut Ui, desk: &mut Desk<'_>) {
    ui.set_width(ui.available_width());
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        ui.spacing_mut().button_padding.x = 7.0;
        let tabs = [
            (Tab::Knobs, text::KNOBS),
            (Tab::Data, text::DATA),
            (Tab::Weights, text::WEIGHTS),
            (Tab::Device, text::DEVICE),
            (Tab::Paper, text::PAPER),
        ];
        for (tab, label) in tabs {
            ui.selectable_value(&mut desk.screen.tab, tab, label);
        }
    });
    ui.add_space(space::XS);
    let part = |ui: &mut Ui, desk: &mut Desk<'_>| match desk.screen.tab {
        Tab::Knobs => knobs::knobs_ui(ui, desk),
        Tab::Data => data::data_ui(ui, desk),
        Tab::Weights => weights::weights_ui(ui, desk),
        Tab::Device => device::device_ui(ui, desk),
        Tab::Paper => paper::paper_ui(ui, desk),
    };
    if ui.available_width() < space::INSPECTOR && ui.available_height().is_finite() {
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| part(ui, desk));
    } else {
        part(ui, desk);
    }
}
