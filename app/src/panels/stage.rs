//! The stage: the panels over one sample, then what belongs to the cursor, then the loss.

use egui::{Ui, vec2};

use super::controls::{Look, choice_ui, offered_ui, progress_ui, switch_ui};
use super::loss;
use crate::commands::Action;
use crate::state::Job;
use crate::theme::{self, space};
use crate::ui_context::UiContext;
use crate::views;
use crate::{icons, text};

/// Panels in the first row of a wide stage.
const FIRST_ROW: usize = 4;

/// Title, sentence, and the switches of the pictures.
pub fn heading_ui(ui: &mut Ui, cx: &mut UiContext<'_>) {
    let state = cx.state;
    if let Some(card) = state.card() {
        ui.label(theme::exhibit_title(&card.title));
        ui.add(egui::Label::new(theme::muted(ui, &card.sentence)).wrap());
    }
    if state.model.is_none() {
        return;
    }
    tuning_ui(ui, cx);
    weights_ui(ui, cx);
    ui.horizontal_wrapped(|ui| {
        offered_ui(ui, cx, Action::PreviousSample, Look::Icon);
        offered_ui(ui, cx, Action::NextSample, Look::Icon);
        offered_ui(ui, cx, Action::NewMask, Look::Full);
        // There before anything is painted, so that nothing moves under the pointer while the mask is.
        offered_ui(ui, cx, Action::RuleMask, Look::Icon);
        offered_ui(ui, cx, Action::Unpin, Look::Icon);
        let switches = state.model.as_ref().map(|model| model.abilities.switches.as_slice()).unwrap_or_default();
        for (n, switch) in (0..).zip(switches) {
            switch_ui(ui, cx, Action::Switch(n), state.session.switches.contains(&switch.id));
        }
    });
    ui.add_space(space::XS);
}

/// That a head is fine-tuned, from what, and the way back.
fn tuning_ui(ui: &mut Ui, cx: &mut UiContext<'_>) {
    let state = cx.state;
    if let (true, Some(model)) = (state.tunes(), &state.model) {
        ui.horizontal_wrapped(|ui| {
            ui.label(theme::strong(text::TUNING));
            offered_ui(ui, cx, Action::Pretrain, Look::Full);
            ui.label(theme::caption(ui, &model.weights)).on_hover_text(text::TUNING_CAPTION);
        });
    }
}

/// Stored weights or the session's own, a click apart; and what a link's first step has shown.
fn weights_ui(ui: &mut Ui, cx: &mut UiContext<'_>) {
    let state = cx.state;
    if state.model.as_ref().is_none_or(|model| !model.has_stored) && state.reproduced.is_none() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        for (action, on) in [(Action::ShowNow, !state.session.stored), (Action::ShowTrained, state.session.stored)] {
            if action.offered(state) {
                choice_ui(ui, cx, action, on);
            }
        }
        offered_ui(ui, cx, Action::GoOn, Look::Icon);
        if let Some(found) = &state.reproduced {
            let (words, detail) = text::reproduction(found.same, found.expected, found.got, found.tolerance);
            let colours = theme::tokens(ui);
            let (icon, colour) = if found.same { (icons::SAME, colours.good) } else { (icons::WARNING, colours.warn) };
            let label = egui::RichText::new(text::with_icon(icon, &words)).color(colour);
            ui.label(label).on_hover_text(detail);
        }
    });
}

/// All views of the system and the loss.
pub fn stage_ui(ui: &mut Ui, cx: &mut UiContext<'_>) {
    let state = cx.state;
    if state.model.is_none() {
        waiting_ui(ui, cx);
        return;
    }
    let (panels, others): (Vec<_>, Vec<_>) =
        state.stage().iter().partition(|(id, _)| views::is_panel(state.views.get(id)));
    let wide = ui.available_width() >= space::CARD_MIN * FIRST_ROW as f32;
    let gap = space::S;
    let columns = columns(ui.available_width() + gap, wide, cx, &panels);
    let outer = (ui.available_width() - gap * (columns - 1) as f32) / columns as f32;
    let side = outer - 2.0 * space::S;
    ui.spacing_mut().item_spacing = vec2(gap, gap);
    // A wide stage has one row of panels, a narrow one as many.
    let first = if wide { columns } else { FIRST_ROW };
    // A scene that stands alone has the loss at its side.
    let first = if wide && panels.len() == 1 { 0 } else { first };
    for row in panels.iter().take(first).collect::<Vec<_>>().chunks(columns) {
        ui.horizontal_top(|ui| row.iter().for_each(|(id, title)| views::tile_ui(ui, cx, id, title, side)));
    }
    let rest: Vec<_> = panels.iter().skip(first).chain(&others).collect();
    if wide {
        second_row_ui(ui, cx, &rest, outer);
    } else {
        let side = ui.available_width() - 2.0 * space::S;
        rest.iter().for_each(|(id, title)| views::tile_ui(ui, cx, id, title, side));
        loss::loss_ui(ui, cx, side, space::PLOT);
    }
}

/// How many panels stand side by side: four pictures, fewer scenes, two on a narrow stage.
fn columns(width: f32, wide: bool, cx: &UiContext<'_>, panels: &[&(String, String)]) -> usize {
    let scenes = panels.iter().take(FIRST_ROW).any(|(id, _)| views::is_scene(cx.state.views.get(id)));
    match (wide, scenes) {
        (true, true) => ((width / (space::SCENE_MIN + space::S)) as usize).min(panels.len()).clamp(2, FIRST_ROW),
        (true, false) => FIRST_ROW,
        (false, true) => ((width / (space::SCENE_MIN + space::S)) as usize).clamp(1, 2),
        (false, false) => 2,
    }
}

/// The map of the cursor at the left, the loss beside it.
fn second_row_ui(ui: &mut Ui, cx: &mut UiContext<'_>, rest: &[&&(String, String)], outer: f32) {
    let side = outer * 1.25 - 2.0 * space::S;
    let (map, others) = rest.split_at(rest.len().min(1));
    ui.horizontal_top(|ui| {
        map.iter().for_each(|(id, title)| views::tile_ui(ui, cx, id, title, side));
        let left = ui.available_width() - 2.0 * space::S;
        loss::loss_ui(ui, cx, left, if map.is_empty() { space::PLOT } else { side + space::S });
    });
    // The others are about as wide, in whole rows.
    let width = ui.available_width() + space::S;
    let columns = (width / (outer * 1.25 + space::S)).round().min(others.len() as f32).max(2.0);
    let each = width / columns - 3.0 * space::S;
    for row in others.chunks(columns as usize) {
        ui.horizontal_top(|ui| row.iter().for_each(|(id, title)| views::tile_ui(ui, cx, id, title, each)));
    }
}

/// Before the first picture: what is being done, and how far it is.
fn waiting_ui(ui: &mut Ui, cx: &UiContext<'_>) {
    let start = Job { name: text::STARTING.into(), done: 0, total: 0, note: String::new() };
    let open = Job { name: text::OPENING.into(), done: 0, total: 0, note: String::new() };
    let none = Job { name: text::NOTHING_OPEN.into(), done: 0, total: 0, note: String::new() };
    let job = match (&cx.state.loading, &cx.state.device) {
        (Some(job), _) => job.clone(),
        (None, None) => start,
        (None, Some(_)) if cx.state.refused => none,
        (None, Some(_)) => open,
    };
    let words = if job.name == text::NOTHING_OPEN { text::CHOOSE_SYSTEM } else { text::FIRST_RUN };
    views::card(ui).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.vertical_centered(|ui| {
            ui.add_space(space::XL * 2.0);
            ui.label(egui::RichText::new(icons::PICTURE).size(theme::size::EXHIBIT).color(theme::tokens(ui).muted));
            ui.label(theme::title(&job.name));
            ui.label(theme::muted(ui, words));
            ui.add_space(space::M);
            if job.total > 0 {
                ui.set_max_width(space::INSPECTOR);
                progress_ui(ui, &job);
            }
            ui.add_space(space::XL * 2.0);
        });
    });
}
