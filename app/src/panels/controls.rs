//! Buttons of actions, rows of facts, tables: what several panels need to look the same.

use egui::{Button, Grid, Response, RichText, Role, Ui, WidgetInfo, vec2};

use crate::commands::Action;
use crate::text;
use crate::theme::{self, space};
use crate::ui_context::{UiContext, UiRequest};

/// How much of an action's button is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// The one main action of the screen.
    Accent,
    /// Icon and text.
    Full,
    /// Icon and short text, for a thumb.
    Short,
    /// Only the icon; its name is in the tooltip.
    Icon,
}

/// The button of an action.
pub fn action_ui(ui: &mut Ui, cx: &mut UiContext<'_>, action: Action, look: Look) -> Response {
    action_sized_ui(ui, cx, action, look, 0.0)
}

/// The button of an action, at least so wide.
pub fn action_sized_ui(ui: &mut Ui, cx: &mut UiContext<'_>, action: Action, look: Look, width: f32) -> Response {
    let label = action.title(cx.state);
    let icon = action.icon(cx.state);
    let button = match look {
        Look::Accent => theme::accent_button(ui, text::with_icon(icon, &label)),
        Look::Full => Button::new(text::with_icon(icon, &label)),
        Look::Short => Button::new(text::with_icon(icon, &action.short_title(cx.state))),
        Look::Icon => Button::new(RichText::new(icon).size(theme::size::TITLE)).frame_when_inactive(false),
    };
    let height = ui.spacing().interact_size.y;
    let button = button.min_size(vec2(width.max(height), height));
    let response = ui.add_enabled(action.enabled(cx.state, cx.undo), button);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, response.enabled(), &label));
    let key = action.key_text(ui.ctx());
    let mut tooltip = text::with_key(&action.tooltip(cx.state), &key);
    if look == Look::Icon {
        tooltip = format!("{label}\n{tooltip}");
    }
    let response = response.on_hover_text(&tooltip).on_disabled_hover_text(tooltip);
    if response.clicked() {
        cx.request(UiRequest::Run(action));
    }
    response
}

/// The button of an action, where the open system has it.
pub fn offered_ui(ui: &mut Ui, cx: &mut UiContext<'_>, action: Action, look: Look) {
    if action.offered(cx.state) {
        action_ui(ui, cx, action, look);
    }
}

/// One of several choices, each an action of its own.
pub fn choice_ui(ui: &mut Ui, cx: &mut UiContext<'_>, action: Action, on: bool) {
    let response = theme::radio(ui, on, &action.title(cx.state));
    let tooltip = text::with_key(&action.tooltip(cx.state), &action.key_text(ui.ctx()));
    if response.on_hover_text(tooltip).clicked() && !on {
        cx.request(UiRequest::Run(action));
    }
}

/// A switch of an action.
pub fn switch_ui(ui: &mut Ui, cx: &mut UiContext<'_>, action: Action, mut on: bool) {
    let label = action.title(cx.state);
    let enabled = action.enabled(cx.state, cx.undo);
    let response = theme::boxed(ui, |ui| ui.add_enabled(enabled, egui::Checkbox::new(&mut on, label)));
    if response.on_hover_text(text::with_key(&action.tooltip(cx.state), &action.key_text(ui.ctx()))).clicked() {
        cx.request(UiRequest::Run(action));
    }
}

/// Name and value, one a line; long values wrap.
pub fn facts_ui(ui: &mut Ui, id: &str, facts: &[(&str, String)]) {
    Grid::new(id).num_columns(2).spacing(vec2(space::M, space::XS)).min_row_height(0.0).show(ui, |ui| {
        for (name, value) in facts {
            ui.label(theme::muted(ui, *name));
            ui.add(egui::Label::new(value).wrap());
            ui.end_row();
        }
    });
}

/// A table of numbers, the first column at the left and the others at the right.
pub fn table_ui(ui: &mut Ui, id: &str, head: &[&str], rows: &[Vec<String>]) {
    Grid::new(id).num_columns(head.len()).spacing(vec2(space::L, space::XS)).min_row_height(0.0).show(ui, |ui| {
        let cell = |ui: &mut Ui, column: usize, cell: RichText| {
            if column == 0 {
                ui.label(cell);
            } else {
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| ui.label(cell));
            }
        };
        for (column, name) in head.iter().enumerate() {
            let name = theme::caption(ui, *name);
            cell(ui, column, name);
        }
        ui.end_row();
        for row in rows {
            for (column, value) in row.iter().enumerate() {
                cell(ui, column, RichText::new(value));
            }
            ui.end_row();
        }
    });
}

/// A heading inside a panel.
pub fn heading_ui(ui: &mut Ui, title: &str) {
    ui.add_space(space::M);
    ui.label(theme::strong(title));
}

/// Progress of a job with its numbers.
pub fn progress_ui(ui: &mut Ui, job: &crate::state::Job) {
    let share = if job.total == 0 { 0.0 } else { job.done as f32 / job.total as f32 };
    ui.label(theme::caption(ui, format!("{}  {}  {}", job.name, text::done_of(job.done, job.total), job.note)));
    ui.add(egui::ProgressBar::new(share).desired_height(space::XS).fill(theme::tokens(ui).accent))
        .widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, &job.name));
}

/// Room at the right for the bar, which lies over what it scrolls.
pub fn off_bar(ui: &Ui) -> egui::Margin {
    let scroll = ui.spacing().scroll;
    egui::Margin { right: (scroll.bar_width + scroll.bar_inner_margin).ceil() as i8, ..egui::Margin::ZERO }
}
