//! The list of keys.

use egui::{Grid, Id, Modal, ScrollArea, Ui, vec2};

use crate::commands::Action;
use crate::text;
use crate::theme::{self, space};
use crate::ui_context::UiContext;

/// The dialog, while it is open.
pub fn shortcuts_ui(ui: &Ui, cx: &mut UiContext<'_>) {
    if !cx.screen.shortcuts {
        return;
    }
    let modal = Modal::new(Id::unique("shortcuts")).show(ui.ctx(), |ui| {
        ui.label(theme::title(text::SHORTCUTS));
        ScrollArea::vertical().max_height(ui.ctx().content_rect().height() * 0.7).show(ui, |ui| {
            Grid::new("keys").num_columns(2).spacing(vec2(space::XL, space::XS)).min_row_height(0.0).show(ui, |ui| {
                let keyed = |a: &Action| a.shortcut().is_some() && !matches!(a, Action::Exhibit(n) if *n > 1);
                for action in Action::all().into_iter().filter(|a| keyed(a) && a.offered(cx.state)) {
                    let key =
                        if matches!(action, Action::Exhibit(_)) { "1 … 9".into() } else { action.key_text(ui.ctx()) };
                    ui.label(theme::code(key));
                    ui.label(action.tooltip(cx.state));
                    ui.end_row();
                }
            });
        });
        ui.add_space(space::S);
        ui.button(text::CLOSE).clicked()
    });
    cx.screen.shortcuts = !(modal.inner || modal.should_close());
}
