//! The data set in use, and the user's own files.

use egui::{RichText, Ui};
use masquerade_engine::card::{Kind, OWN};

use super::controls::{facts_ui, heading_ui};
use super::fetch;
use crate::theme::{self, space};
use crate::ui_context::{Pick, UiContext, UiRequest};
use crate::{icons, text, views};

/// Choose a data set, drop files, see what was skipped.
pub fn data_ui(ui: &mut Ui, cx: &mut UiContext<'_>) {
    let state = cx.state;
    heading_ui(ui, text::DATA_SET);
    fetch::ask(cx);
    let now = state.data.as_ref().map_or(state.session.data.as_str(), |d| &d.id);
    for id in state.card().map(|c| c.data.as_slice()).unwrap_or_default() {
        let chosen = id == now;
        if theme::radio(ui, chosen, id).clicked() && !chosen {
            cx.open(|s| {
                s.data.clone_from(id);
                s.sample = 0;
                s.painted.clear();
                s.step = 0;
                s.first_loss = None;
            });
        }
        fetch::fetch_ui(ui, cx, id);
    }
    if let Some(card) = state.card().filter(|c| c.data.iter().any(|id| id == OWN)) {
        drop_ui(ui, cx, card.kind);
    }
    let Some(data) = &state.data else { return };
    heading_ui(ui, &data.title);
    if let Some(card) = state.card() {
        ui.label(data.line(card.kind));
    }
    let facts = [
        (text::SAMPLES, format!("{} + {}", text::count(data.samples), text::count(data.test_samples))),
        (text::SIZE, if data.detail.is_empty() { text::picture_size(data.picture) } else { data.detail.clone() }),
        (text::CLASSES, text::classes(&data.classes, &data.class_sizes)),
        (text::SOURCE, data.source.clone()),
        (text::LICENCE, data.licence.clone()),
    ];
    facts_ui(ui, "data facts", &facts);
    if !data.notes.is_empty() {
        heading_ui(ui, text::UNDERSTOOD);
        for line in &data.notes {
            ui.label(theme::caption(ui, line));
        }
    }
    if !data.skipped.is_empty() {
        heading_ui(ui, &text::counted(text::SKIPPED, data.skipped.len()));
        for (name, why) in &data.skipped {
            ui.label(theme::caption(ui, text::skipped(name, why)));
        }
    }
    super::reading::reading_ui(ui, cx, data);
}

fn drop_ui(ui: &mut Ui, cx: &mut UiContext<'_>, kind: Kind) {
    ui.add_space(space::S);
    let colours = theme::tokens(ui);
    let over = ui.input(|i| !i.raw.hovered_files.is_empty());
    let outline = egui::Stroke::new(1.0, if over { colours.accent } else { colours.line_strong });
    views::card(ui).fill(colours.raised).stroke(outline).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.vertical_centered(|ui| {
            ui.label(RichText::new(icons::UPLOAD).size(theme::size::EXHIBIT).color(colours.muted));
            ui.label(text::drop_here(kind));
            ui.label(theme::caption(ui, text::STAYS));
        });
    });
    files_ui(ui, cx);
}

/// Other ways to files than dropping them: a dialog, or (natively) a path.
pub fn files_ui(ui: &mut Ui, cx: &mut UiContext<'_>) {
    ui.horizontal_wrapped(|ui| {
        for (name, pick) in [(text::CHOOSE_FILES, Pick::Files), (text::CHOOSE_FOLDER, Pick::Folder)] {
            if ui.button(name).clicked() {
                cx.request(UiRequest::Pick(pick));
            }
        }
    });
    if cfg!(not(target_arch = "wasm32")) {
        ui.horizontal(|ui| {
            let width = ui.available_width() - 72.0;
            let edit = egui::TextEdit::singleline(&mut cx.screen.path).hint_text(text::PATH).desired_width(width);
            let done = ui.add(edit).lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
            if (ui.button(text::OPEN).clicked() || done) && !cx.screen.path.trim().is_empty() {
                let path = cx.screen.path.trim().to_string();
                cx.request(UiRequest::Read(path));
            }
        });
    }
}
