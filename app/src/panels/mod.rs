//! The parts of the screen, and how they are laid out at each width.

mod controls;
mod data;
mod device;
mod error;
mod fetch;
mod inspector;
mod knobs;
mod learned;
mod list;
mod log;
mod loss;
mod palette;
mod paper;
mod reading;
mod shortcuts;
mod stage;
mod status;
mod top;
mod weights;

use egui::containers::scroll_area::{DragScroll, ScrollSource};
use egui::{CentralPanel, Frame, Margin, Panel, ScrollArea, Ui};

use crate::theme::{self, space};
use crate::ui_context::UiContext;

/// Lay out the whole screen.
pub fn screen_ui(ui: &mut Ui, cx: &mut UiContext<'_>) {
    if ui.available_width() >= space::WIDE {
        wide_ui(ui, cx);
    } else {
        narrow_ui(ui, cx);
    }
    error::error_ui(ui, cx);
    palette::palette_ui(ui, cx);
    shortcuts::shortcuts_ui(ui, cx);
    status::notice_ui(ui, cx);
}

fn bar(ui: &Ui) -> Frame {
    Frame::new().fill(theme::tokens(ui).card).inner_margin(Margin::symmetric(space::M as i8, space::S as i8))
}

fn ground(ui: &Ui) -> Frame {
    Frame::new().fill(theme::tokens(ui).ground).inner_margin(space::M)
}

/// What is scrolled: by one finger too, but not while two turn or enlarge a drawing.
fn page(ui: &Ui) -> ScrollArea {
    let two_fingers = ui.input(|input| input.multi_touch().is_some());
    let drag = if two_fingers { DragScroll::Never } else { DragScroll::OnTouch };
    ScrollArea::vertical().auto_shrink([false, false]).scroll_source(ScrollSource { drag, ..ScrollSource::default() })
}

fn wide_ui(ui: &mut Ui, cx: &mut UiContext<'_>) {
    Panel::top("top").frame(bar(ui)).show_separator_line(false).show(ui, |ui| top::top_ui(ui, cx));
    Panel::bottom("status").frame(bar(ui)).show_separator_line(false).show(ui, |ui| status::status_ui(ui, cx));
    if cx.screen.log {
        Panel::bottom("log").frame(bar(ui)).default_size(160.0).show(ui, |ui| log::log_ui(ui, cx));
    }
    let list = Panel::left("list").frame(bar(ui)).exact_size(space::LIST).resizable(false).show_separator_line(false);
    list.show(ui, |ui| list::list_ui(ui, cx));
    let inspector = Panel::right("inspector")
        .frame(bar(ui))
        .exact_size(space::INSPECTOR)
        .resizable(false)
        .show_separator_line(false);
    inspector.show(ui, |ui| inspector::inspector_ui(ui, cx));
    CentralPanel::default().frame(ground(ui)).show(ui, |ui| {
        page(ui).show(ui, |ui| {
            stage::heading_ui(ui, cx);
            stage::stage_ui(ui, cx);
            learned::learned_ui(ui, cx);
        });
    });
}

fn narrow_ui(ui: &mut Ui, cx: &mut UiContext<'_>) {
    ui.spacing_mut().interact_size.y = space::TOUCH;
    Panel::top("top").frame(bar(ui)).show_separator_line(false).show(ui, |ui| top::narrow_top_ui(ui, cx));
    Panel::bottom("bottom").frame(bar(ui)).show_separator_line(false).show(ui, |ui| top::bottom_ui(ui, cx));
    CentralPanel::default().frame(ground(ui)).show(ui, |ui| {
        page(ui).show(ui, |ui| {
            stage::heading_ui(ui, cx);
            stage::stage_ui(ui, cx);
            learned::learned_ui(ui, cx);
            ui.add_space(space::S);
            let width = ui.available_width() - 2.0 * space::S;
            crate::views::card_ui(ui, width, |ui| inspector::inspector_ui(ui, cx));
            ui.add_space(space::S);
            crate::views::card_ui(ui, width, |ui| {
                status::status_ui(ui, cx);
                if cx.screen.log {
                    log::log_ui(ui, cx);
                }
            });
        });
    });
}
