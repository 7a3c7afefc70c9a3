//! The bar at the top: preset, the run's controls and counters, sharing. On narrow screens also the bar at the bottom.

use egui::{ComboBox, Layout, RichText, Ui};

use super::controls::{Look, action_sized_ui, action_ui};
use crate::commands::{Action, ThemeChoice};
use crate::theme::{self, space};
use crate::ui_context::{UiContext, UiRequest};
use crate::{icons, text};

/// The bar of the desktop layout.
pub fn top_ui(ui: &mut Ui, cx: &mut UiContext<'_>) {
    ui.horizontal(|ui| {
        ui.label(theme::title(text::APP));
        ui.add_space(space::S);
        preset_ui(ui, cx);
        ui.add_space(space::S);
        action_sized_ui(ui, cx, Action::PlayPause, Look::Accent, 88.0);
        action_ui(ui, cx, Action::Step, Look::Icon);
        action_ui(ui, cx, Action::Reset, Look::Icon);
        ui.add_space(space::S);
        counters_ui(ui, cx, true);
        ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = space::XS;
            action_ui(ui, cx, Action::Shortcuts, Look::Icon);
            theme_ui(ui, cx);
            action_ui(ui, cx, Action::Palette, Look::Icon);
            action_ui(ui, cx, Action::Redo, Look::Icon);
            action_ui(ui, cx, Action::Undo, Look::Icon);
            action_ui(ui, cx, Action::Share, Look::Full);
        });
    });
}

/// The bar at the top of a narrow screen: which system, which preset, the rest.
pub fn narrow_top_ui(ui: &mut Ui, cx: &mut UiContext<'_>) {
    ui.horizontal(|ui| {
        // Long names are cut, so that the icons at the right keep their places.
        let (gap, icon) = (ui.spacing().item_spacing.x, ui.spacing().interact_size.y);
        let room = ui.available_width() - 2.0 * icon - 2.0 * gap;
        within(ui, room * 0.5, |ui| system_ui(ui, cx));
        within(ui, ui.available_width() - 2.0 * icon - gap, |ui| preset_ui(ui, cx));
        ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            theme_ui(ui, cx);
            action_ui(ui, cx, Action::Palette, Look::Icon);
        });
    });
}

/// Add something no wider than this.
fn within(ui: &mut Ui, width: f32, add: impl FnOnce(&mut Ui)) {
    let size = egui::vec2(width, ui.spacing().interact_size.y);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(egui::Align::Center), |ui| {
        ui.set_max_width(width);
        add(ui);
    });
}

/// The bar at the bottom of a narrow screen: what a thumb needs.
pub fn bottom_ui(ui: &mut Ui, cx: &mut UiContext<'_>) {
    ui.horizontal(|ui| counters_ui(ui, cx, false));
    let mut actions = vec![Action::PlayPause, Action::Step, Action::NewMask, Action::Share];
    actions.retain(|action| action.offered(cx.state));
    let gap = space::S;
    let width = (ui.available_width() - gap * (actions.len() - 1) as f32) / actions.len() as f32;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        ui.spacing_mut().button_padding.x = space::XS;
        for action in actions {
            let look = if action == Action::PlayPause { Look::Accent } else { Look::Short };
            action_sized_ui(ui, cx, action, look, width);
        }
    });
}

fn preset_ui(ui: &mut Ui, cx: &mut UiContext<'_>) {
    let Some(card) = cx.state.card() else { return };
    let now = card.preset(&cx.state.session.preset);
    let combo = ComboBox::from_id_salt("preset")
        .selected_text(now.map_or(text::PRESET, |p| &p.title))
        .width(ui.available_width().min(136.0))
        .truncate();
    let inner = combo.show_ui(ui, |ui| {
        for preset in &card.presets {
            let chosen = now.is_some_and(|p| p.id == preset.id);
            if ui.selectable_label(chosen, &preset.title).on_hover_text(&preset.note).clicked() && !chosen {
                cx.open(|s| {
                    s.preset.clone_from(&preset.id);
                    s.knobs.clear();
                    s.painted.clear();
                    s.pinned = None;
                    s.step = 0;
                    s.first_loss = None;
                });
            }
        }
    });
    inner.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, text::PRESET));
    if let Some(preset) = now {
        inner.response.on_hover_text(&preset.note);
    }
}

fn system_ui(ui: &mut Ui, cx: &mut UiContext<'_>) {
    let title = cx.state.card().map_or(text::SYSTEMS, |c| &c.title);
    let combo = ComboBox::from_id_salt("system")
        .selected_text(theme::strong(title))
        .width(ui.available_width().min(104.0))
        .height(400.0)
        .truncate();
    let inner = combo.show_ui(ui, |ui| super::list::systems_ui(ui, cx));
    inner.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, text::SYSTEMS));
}

fn theme_ui(ui: &mut Ui, cx: &mut UiContext<'_>) {
    let icon = if ui.visuals().dark_mode { icons::MOON } else { icons::SUN };
    let side = ui.spacing().interact_size.y;
    let button = egui::Button::new(RichText::new(icon).size(theme::size::TITLE)).frame_when_inactive(false);
    let (response, _) =
        egui::containers::menu::MenuButton::from_button(button.min_size(egui::vec2(side, side))).ui(ui, |ui| {
            let themes = [ThemeChoice::System, ThemeChoice::Light, ThemeChoice::Dark].map(Action::Theme);
            for action in themes.into_iter().chain([Action::Lecture]) {
                let label = text::with_icon(action.icon(cx.state), &action.title(cx.state));
                if ui.button(label).on_hover_text(action.tooltip(cx.state)).clicked() {
                    cx.request(UiRequest::Run(action));
                }
            }
        });
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, text::THEME));
    response.on_hover_text(text::THEME);
}

/// Step, phase, loss and, where there is room for it, the rate.
fn counters_ui(ui: &mut Ui, cx: &UiContext<'_>, room: bool) {
    let state = cx.state;
    if state.model.is_none() {
        return;
    }
    let of = state.progress.as_ref().map_or(0, |p| p.of);
    ui.label(text::step_of(state.session.step, of));
    if let Some(progress) = state.progress.as_ref().filter(|p| p.phases.1 > 1) {
        ui.label(theme::muted(ui, text::phase(&progress.phase, progress.phases)));
    }
    if let Some(progress) = state.progress.as_ref().filter(|_| state.playing) {
        if room || progress.phases.1 <= 1 {
            ui.label(theme::muted(ui, text::rate(progress.steps_per_second)));
        }
        ui.label(theme::muted(ui, text::time_left(progress.seconds_left)));
    }
    if let Some(loss) = state.losses.last() {
        ui.label(theme::muted(ui, format!("{} {:.4}", text::LOSS.to_lowercase(), loss.total)));
    }
}
