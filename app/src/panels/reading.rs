//! How a table of the user's was read: its columns, its first rows, and what to say where a guess was wrong.

use egui::{ComboBox, Frame, Margin, ScrollArea, Ui};
use masquerade_engine::session::{Column, Command, DataReport, Reading};

use super::controls::{heading_ui, off_bar, table_ui};
use crate::text;
use crate::ui_context::{UiContext, UiRequest};

/// Separators and decimal marks that can be chosen.
const SEPARATORS: [char; 5] = [',', ';', '\t', ' ', '|'];
const DECIMALS: [char; 2] = ['.', ','];

/// Columns, first rows and the choices, where the data came from text.
pub fn reading_ui(ui: &mut Ui, cx: &mut UiContext<'_>, data: &DataReport) {
    if !data.columns.is_empty() {
        heading_ui(ui, &text::counted(text::COLUMNS, data.columns.len()));
        let rows: Vec<Vec<String>> = data
            .columns
            .iter()
            .map(|column| vec![column.name.clone(), column.kind.clone(), text::column_range(column.range)])
            .collect();
        scrolled_ui(ui, "columns", |ui| table_ui(ui, "columns", &[text::NAME, text::TAKEN_FOR, text::RANGE], &rows));
    }
    if let Some((head, rows)) = data.preview.split_first() {
        heading_ui(ui, text::FIRST_ROWS);
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        scrolled_ui(ui, "first rows", |ui| table_ui(ui, "first rows", &head, rows));
    }
    let Some(reading) = &data.reading else { return };
    heading_ui(ui, text::READ_OTHERWISE);
    let mut wanted = reading.clone();
    let separators = SEPARATORS.map(|c| (Some(c), text::separator(c)));
    choice_ui(ui, text::SEPARATOR, &mut wanted.separator, guessed(separators));
    let decimals = DECIMALS.map(|c| (Some(c), text::decimal(c)));
    choice_ui(ui, text::DECIMAL, &mut wanted.decimal, guessed(decimals));
    let headers = [true, false].map(|yes| (Some(yes), text::yes_no(yes).to_string()));
    choice_ui(ui, text::HEADER, &mut wanted.header, guessed(headers));
    if let Some(now) = coordinates(data) {
        axes_ui(ui, &mut wanted.axes, now, columns(data));
    } else if !data.columns.is_empty() {
        choice_ui(ui, text::CLASS_COLUMN, &mut wanted.label, columns(data));
        choice_ui(ui, text::NAME_COLUMN, &mut wanted.ids, columns(data));
    }
    if wanted != *reading {
        read_again(cx, wanted);
    }
}

/// Names of the coordinates of a point, as the report has them.
const AXES: [&str; 3] = ["x", "y", "z"];

/// The columns that are a cloud's coordinates, where it came from text.
fn coordinates(data: &DataReport) -> Option<[Column; 3]> {
    let place = |axis| data.columns.iter().position(|column| column.kind == axis).map(|at| Column::At(at + 1));
    let [x, y, z] = AXES.map(place);
    Some([x?, y?, z?])
}

/// A choice for each coordinate. A column that another one has changes places with its own.
fn axes_ui(ui: &mut Ui, axes: &mut Option<[Column; 3]>, now: [Column; 3], columns: Vec<(Option<Column>, String)>) {
    let columns: Vec<_> = columns.into_iter().filter(|(column, _)| *column != Some(Column::None)).collect();
    for (at, axis) in AXES.into_iter().enumerate() {
        let mut chosen = Some(now[at].clone());
        choice_ui(ui, axis, &mut chosen, columns.clone());
        let Some(chosen) = chosen else { return *axes = None };
        if chosen != now[at] {
            let mut others = now.clone();
            if let Some(other) = others.iter().position(|column| *column == chosen) {
                others.swap(at, other);
            }
            others[at] = chosen;
            *axes = Some(others);
        }
    }
}

fn read_again(cx: &mut UiContext<'_>, reading: Reading) {
    cx.request(UiRequest::Send(Box::new(Command::ReadAgain(reading))));
}

fn scrolled_ui(ui: &mut Ui, id: &str, add: impl FnOnce(&mut Ui)) {
    /// Points that a table may be high.
    const HIGH: f32 = 160.0;
    let margin = Margin { bottom: off_bar(ui).right, ..off_bar(ui) };
    ScrollArea::both().id_salt(id).max_height(HIGH).show(ui, |ui| Frame::new().inner_margin(margin).show(ui, add));
}

/// The choices with "guessed" before them.
fn guessed<T>(choices: impl IntoIterator<Item = (Option<T>, String)>) -> Vec<(Option<T>, String)> {
    std::iter::once((None, text::GUESSED.to_string())).chain(choices).collect()
}

fn columns(data: &DataReport) -> Vec<(Option<Column>, String)> {
    let named =
        data.columns.iter().enumerate().map(|(place, column)| (Some(Column::At(place + 1)), column.name.clone()));
    guessed(std::iter::once((Some(Column::None), text::NO_COLUMN.to_string())).chain(named))
}

fn choice_ui<T: PartialEq + Clone>(ui: &mut Ui, title: &str, value: &mut Option<T>, choices: Vec<(Option<T>, String)>) {
    ui.horizontal(|ui| {
        ui.label(title);
        let shown = choices.iter().find(|(choice, _)| choice == value).map_or("", |(_, name)| name.as_str());
        let combo = ComboBox::from_id_salt(title).selected_text(shown).width(ui.available_width());
        let inner = combo.show_ui(ui, |ui| {
            for (choice, name) in &choices {
                ui.selectable_value(value, choice.clone(), name);
            }
        });
        inner.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, title));
    });
}
