//! The model's weights: where they come from, loading with a table of keys, saving.

use egui::Ui;
use masquerade_engine::session::KeyReport;

use super::controls::{Look, action_ui, facts_ui, heading_ui};
use super::data::files_ui;
use crate::commands::Action;
use crate::text;
use crate::theme::{self, space};
use crate::ui_context::{UiContext, UiRequest};

/// Facts, saving, and the keys of a file that was loaded.
pub fn weights_ui(ui: &mut Ui, cx: &mut UiContext<'_>) {
    let state = cx.state;
    if let Some(model) = &state.model {
        heading_ui(ui, text::WEIGHTS);
        let step = state.session.step;
        let mut facts = vec![
            (text::FROM, model.weights_at(step)),
            (text::PARAMETERS, text::parameters(model.parameters, model.other_values)),
            (text::TRAINED, text::steps(model.trained_at(step))),
        ];
        if let Some(grid) = model.grids.first() {
            facts.push((text::TOKENS, text::grid(grid)));
            facts.extend((grid.visible < grid.tokens()).then(|| (text::VISIBLE, text::count(u64::from(grid.visible)))));
        }
        facts_ui(ui, "model facts", &facts);
    }
    let has_stored =
        state.card().and_then(|c| c.preset(&state.session.preset)).is_some_and(|p| p.stored_weights.is_some());
    if has_stored {
        let mut stored = state.session.stored;
        if theme::checkbox(ui, &mut stored, text::START_FROM).on_hover_text(text::START_FROM_TOOLTIP).changed() {
            cx.open(|s| {
                s.stored = stored;
                s.step = 0;
                s.first_loss = None;
            });
        }
    }
    ui.add_space(space::S);
    ui.horizontal_wrapped(|ui| {
        action_ui(ui, cx, Action::SaveWeights, Look::Full);
        action_ui(ui, cx, Action::SaveCheckpoint, Look::Full);
        for map in Action::all().into_iter().filter(|a| matches!(a, Action::SaveMap(_)) && a.offered(state)) {
            action_ui(ui, cx, map, Look::Full);
        }
    });
    ui.add_space(space::S);
    ui.add(egui::Label::new(theme::muted(ui, text::DROP_WEIGHTS)).wrap());
    files_ui(ui, cx);
    if let Some(keys) = &state.keys {
        keys_ui(ui, cx, keys);
    }
}

fn keys_ui(ui: &mut Ui, cx: &mut UiContext<'_>, keys: &KeyReport) {
    heading_ui(ui, &keys.file);
    ui.label(theme::caption(ui, &keys.layout));
    for note in &keys.notes {
        ui.label(theme::caption(ui, note));
    }
    // What is missing stays as it was drawn: an encoder alone is enough to look at and to probe.
    let fits = keys.sizes.is_none() && keys.wrong_shape.is_empty();
    if let Some(sizes) = &keys.sizes {
        ui.add(egui::Label::new(sizes.sentence()).wrap());
        for note in &sizes.notes {
            ui.label(theme::caption(ui, note));
        }
        let button = ui.add_enabled(sizes.refused.is_empty(), theme::accent_button(ui, text::BUILD));
        if button.on_hover_text(text::BUILD_TOOLTIP).clicked() {
            cx.request(UiRequest::BuildForWeights);
        }
    } else if keys.applied {
        ui.colored_label(theme::tokens(ui).good, text::APPLIED);
    } else if !keys.mapped.is_empty() {
        let button = ui.add_enabled(fits, theme::accent_button(ui, text::APPLY));
        if button.clicked() {
            cx.request(UiRequest::ApplyWeights);
        }
    }
    let mapped: Vec<String> = keys.mapped.iter().map(|(file, model)| text::maps_to(file, model)).collect();
    let wrong: Vec<String> = keys.wrong_shape.iter().map(|(key, wants, has)| text::shapes(key, wants, has)).collect();
    let parts = [
        (text::WRONG_SHAPE, wrong),
        (text::MISSING, keys.missing.clone()),
        (text::UNEXPECTED, keys.unexpected.clone()),
        (text::MAPPED, mapped),
    ];
    for (label, lines) in parts.iter().filter(|(_, lines)| !lines.is_empty()) {
        egui::CollapsingHeader::new(text::counted(label, lines.len())).id_salt(*label).show(ui, |ui| {
            for line in lines {
                ui.add(egui::Label::new(theme::code(line).size(theme::size::CAPTION)).wrap());
            }
        });
    }
}
