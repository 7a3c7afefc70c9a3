//! The column at the right: knobs, data, weights, device, paper.

use egui::{Frame, ScrollArea, Ui};

use super::controls::off_bar;
use super::{data, device, knobs, paper, weights};
use crate::text;
use crate::theme::space;
use crate::ui_context::{Tab, UiContext};

/// The tabs and the part that is chosen.
pub fn inspector_ui(ui: &mut Ui, cx: &mut UiContext<'_>) {
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
            ui.selectable_value(&mut cx.screen.tab, tab, label);
        }
    });
    ui.add_space(space::XS);
    let part = |ui: &mut Ui, cx: &mut UiContext<'_>| match cx.screen.tab {
        Tab::Knobs => knobs::knobs_ui(ui, cx),
        Tab::Data => data::data_ui(ui, cx),
        Tab::Weights => weights::weights_ui(ui, cx),
        Tab::Device => device::device_ui(ui, cx),
        Tab::Paper => paper::paper_ui(ui, cx),
    };
    if ui.available_width() < space::INSPECTOR && ui.available_height().is_finite() {
        let frame = Frame::new().inner_margin(off_bar(ui));
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| frame.show(ui, |ui| part(ui, cx)));
    } else {
        part(ui, cx);
    }
}
