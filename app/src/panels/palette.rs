//! The palette: find any command by typing a part of its name.

use egui::{Id, Key, Modal, ScrollArea, TextEdit, Ui, vec2};

use crate::commands::Action;
use crate::text;
use crate::theme::space;
use crate::ui_context::{UiContext, UiRequest};

/// The dialog, while it is open.
pub fn palette_ui(ui: &Ui, cx: &mut UiContext<'_>) {
    let Some(mut typed) = cx.screen.palette.clone() else { return };
    let found = found(cx, &typed);
    let mut chosen = None;
    let width = (ui.ctx().content_rect().width() - 2.0 * space::XL).min(space::PALETTE);
    let modal = Modal::new(Id::unique("palette")).show(ui.ctx(), |ui| {
        ui.set_width(width);
        let edit = TextEdit::singleline(&mut typed)
            .hint_text(text::PALETTE_HINT)
            .desired_width(f32::INFINITY)
            .margin(vec2(8.0, 8.0));
        let field = ui.add(edit);
        field.request_focus();
        if field.changed() {
            cx.screen.palette_choice = 0;
        }
        let (down, up, enter) =
            ui.input(|i| (i.key_pressed(Key::ArrowDown), i.key_pressed(Key::ArrowUp), i.key_pressed(Key::Enter)));
        let last = found.len().saturating_sub(1);
        let choice = &mut cx.screen.palette_choice;
        *choice = if down { *choice + 1 } else { choice.saturating_sub(usize::from(up)) }.min(last);
        let choice = *choice;
        ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
            for (n, action) in found.iter().enumerate() {
                if row_ui(ui, cx, *action, n == choice, down || up) || (enter && n == choice) {
                    chosen = Some(*action);
                }
            }
            if found.is_empty() {
                ui.label(text::NOTHING_FOUND);
            }
        });
    });
    if let Some(action) = chosen {
        cx.request(UiRequest::Run(action));
    }
    cx.screen.palette = (!modal.should_close() && chosen.is_none()).then_some(typed);
}

fn found(cx: &UiContext<'_>, typed: &str) -> Vec<Action> {
    let wanted = typed.trim().to_lowercase();
    let matches = |action: &Action| {
        let words = format!("{} {}", action.title(cx.state), action.tooltip(cx.state)).to_lowercase();
        wanted.split_whitespace().all(|w| words.contains(w))
    };
    let usable =
        |action: &Action| !matches!(action, Action::Palette | Action::Close) && action.enabled(cx.state, cx.undo);
    Action::all().into_iter().filter(|a| usable(a) && matches(a)).collect()
}

fn row_ui(ui: &mut Ui, cx: &UiContext<'_>, action: Action, selected: bool, scroll: bool) -> bool {
    let mut label = action.title(cx.state);
    if let Action::Exhibit(n) = action
        && let Some(card) = cx.state.catalogue.get(usize::from(n).wrapping_sub(1))
    {
        label.clone_from(&card.title);
    }
    let button = egui::Button::selectable(selected, text::with_icon(action.icon(cx.state), &label));
    let button = button
        .right_text(egui::RichText::new(action.key_text(ui.ctx())).weak())
        .min_size(vec2(ui.available_width(), 0.0));
    let response = ui.add(button).on_hover_text(action.tooltip(cx.state));
    if selected && scroll {
        response.scroll_to_me(None);
    }
    response.clicked()
}
