//! Data sets that are not here yet: how large, by what licence, from where, and a button that fetches them.

use egui::{Role, Ui, WidgetInfo};

use crate::text;
use crate::theme::{self, space};
use crate::ui_context::{UiContext, UiRequest};

/// Ask once which sets can be fetched.
pub fn ask(cx: &mut UiContext<'_>) {
    if !std::mem::replace(&mut cx.screen.asked_sets, true) {
        cx.request(UiRequest::ListSets);
    }
}

/// What there is to know of a data set before it is fetched, where not all of it is here.
pub fn fetch_ui(ui: &mut Ui, cx: &mut UiContext<'_>, data: &str) {
    let state = cx.state;
    let Some(set) = state.sets.iter().find(|set| set.gives.iter().any(|id| id == data)) else { return };
    if set.here >= set.files {
        return;
    }
    ui.indent(data, |ui| {
        ui.label(theme::caption(ui, text::to_fetch(set)));
        let fetching = state.fetching.is_some();
        let label = text::fetch(&set.title);
        let button = ui.add_enabled(!fetching, egui::Button::new(text::FETCH));
        button.widget_info(|| WidgetInfo::labeled(Role::Button, !fetching, &label));
        if button.on_hover_text(text::set_details(set)).clicked() {
            cx.request(UiRequest::Fetch(data.to_string()));
        }
        if state.fetching.as_deref() == Some(data) && ui.button(text::STOP_FETCHING).clicked() {
            cx.request(UiRequest::StopFetching);
        }
        ui.add_space(space::S);
    });
}
