//! What the engine has said.

use egui::{RichText, ScrollArea, Ui};
use masquerade_engine::session::LogLevel;

use crate::text;
use crate::theme::{self, size};
use crate::ui_context::{UiContext, UiRequest};

/// The lines, newest at the bottom.
pub fn log_ui(ui: &mut Ui, cx: &mut UiContext<'_>) {
    let colours = theme::tokens(ui);
    let log = &cx.state.log;
    if ui.button(text::COPY).clicked() {
        let lines: Vec<&str> = log.iter().map(|(_, line)| line.as_str()).collect();
        cx.request(UiRequest::Copy(lines.join("\n")));
    }
    ScrollArea::vertical()
        .id_salt("log lines")
        .max_height(240.0)
        .auto_shrink([false, true])
        .stick_to_bottom(true)
        .show(ui, |ui| {
            if log.is_empty() {
                ui.label(theme::muted(ui, text::LOG_EMPTY));
            }
            for (level, line) in log {
                let colour = match level {
                    LogLevel::Info => colours.muted,
                    LogLevel::Warning => colours.warn,
                    LogLevel::Error => colours.bad,
                };
                ui.add(egui::Label::new(RichText::new(line).monospace().size(size::CAPTION).color(colour)).wrap());
            }
        });
}
