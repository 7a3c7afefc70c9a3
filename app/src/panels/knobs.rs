//! The knobs of a system, generated from its card.

use egui::{ComboBox, Slider, Ui};
use masquerade_engine::card::{FINE_TUNING, Knob, KnobKind, KnobValue};

use super::controls::heading_ui;
use crate::theme::{self, space};
use crate::ui_context::{UiContext, UiRequest};
use crate::{icons, text};

/// Width of the number beside a slider.
const VALUE_WIDTH: f32 = 72.0;

/// All knobs under their headings, and the seed.
pub fn knobs_ui(ui: &mut Ui, cx: &mut UiContext<'_>) {
    let Some(card) = cx.state.card() else { return };
    let mut groups: Vec<&str> = Vec::new();
    for knob in &card.knobs {
        if !groups.contains(&knob.group.as_str()) {
            groups.push(&knob.group);
        }
    }
    // Those of what is trained come first.
    groups.sort_by_key(|group| cx.state.tunes() && *group != FINE_TUNING);
    for group in groups {
        heading_ui(ui, group);
        for knob in card.knobs.iter().filter(|k| k.group == group) {
            ui.push_id(&knob.name, |ui| knob_ui(ui, cx, knob));
        }
    }
    heading_ui(ui, text::SEED);
    let mut seed = cx.state.session.seed;
    let drag = egui::DragValue::new(&mut seed).range(0..=999_999).update_while_editing(false);
    let response = ui.name_inputs(text::SEED, |ui| ui.add(drag)).on_hover_text(text::SEED_TOOLTIP);
    if response.changed() && !response.dragged() || response.drag_stopped() {
        cx.open(|s| {
            s.seed = seed;
            s.step = 0;
            s.first_loss = None;
        });
    }
}

fn knob_ui(ui: &mut Ui, cx: &mut UiContext<'_>, knob: &Knob) {
    let Some(value) = cx.screen.turning.get(&knob.name).or_else(|| cx.state.knob_value(knob)).cloned() else {
        return;
    };
    let changed = cx.state.session.knobs.contains_key(&knob.name);
    match (&knob.kind, value) {
        (KnobKind::Number { low, high, step, logarithmic, unit }, KnobValue::Number(number)) => {
            let label = title_ui(ui, cx, knob, changed);
            let mut turned = number;
            ui.spacing_mut().interact_size.x = VALUE_WIDTH;
            ui.spacing_mut().slider_width = (ui.available_width() - VALUE_WIDTH - space::M).max(space::XL);
            let (step, logarithmic) = (*step, *logarithmic);
            let mut slider = Slider::new(&mut turned, *low..=*high).logarithmic(logarithmic);
            slider = slider.custom_formatter(move |v, _| text::knob_value(v, step, logarithmic));
            if !logarithmic || step >= 1.0 {
                slider = slider.step_by(step);
            }
            let response = ui.name_inputs(&knob.title, |ui| ui.label_inputs_by(label, |ui| ui.add(slider)));
            let hint = if unit.is_empty() { knob.tooltip.clone() } else { format!("{} ({unit})", knob.tooltip) };
            let response = response.on_hover_text(hint);
            // The slider rounds to its step: the last digit of a number that nobody has touched is no change.
            let changed = (turned - number).abs() > step.abs() * 1e-6;
            turn(cx, knob, KnobValue::Number(turned), changed, response.dragged());
        }
        (KnobKind::Switch, KnobValue::Switch(mut on)) => {
            let before = on;
            ui.horizontal(|ui| {
                theme::checkbox(ui, &mut on, &knob.title).on_hover_text(&knob.tooltip);
                reset_ui(ui, cx, knob, changed);
            });
            turn(cx, knob, KnobValue::Switch(on), on != before, false);
        }
        (KnobKind::Choice { options }, KnobValue::Choice(mut choice)) => {
            let before = choice.clone();
            title_ui(ui, cx, knob, changed);
            let combo = ComboBox::from_id_salt(&knob.name).selected_text(&choice).width(ui.available_width());
            let inner = combo.show_ui(ui, |ui| {
                for option in options {
                    ui.selectable_value(&mut choice, option.clone(), option);
                }
            });
            inner.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &knob.title));
            inner.response.on_hover_text(&knob.tooltip);
            let changed = choice != before;
            turn(cx, knob, KnobValue::Choice(choice), changed, false);
        }
        _ => {}
    }
}

/// The knob's name, a note where it builds a new model, and the way back to the preset.
fn title_ui(ui: &mut Ui, cx: &mut UiContext<'_>, knob: &Knob, changed: bool) -> egui::Id {
    ui.horizontal(|ui| {
        ui.spacing_mut().interact_size.y = space::L;
        let label = ui.label(&knob.title).on_hover_text(&knob.tooltip).id;
        if !knob.live {
            ui.label(theme::caption(ui, text::REBUILDS)).on_hover_text(text::REBUILDS_TOOLTIP);
        }
        reset_ui(ui, cx, knob, changed);
        label
    })
    .inner
}

fn reset_ui(ui: &mut Ui, cx: &mut UiContext<'_>, knob: &Knob, changed: bool) {
    let preset = cx.state.card().and_then(|c| c.preset(&cx.state.session.preset)).and_then(|p| p.knobs.get(&knob.name));
    if let (true, Some(value)) = (changed, preset) {
        let button = ui.add(egui::Button::new(theme::caption(ui, icons::UNDO)).frame(false));
        button.widget_info(|| {
            egui::WidgetInfo::labeled(egui::Role::Button, true, format!("{}, {}", knob.title, text::CHANGED_KNOB))
        });
        if button.on_hover_text(text::CHANGED_KNOB).clicked() {
            cx.request(UiRequest::Knob(knob.name.clone(), value.clone()));
        }
    }
}

/// A live knob acts at once; one that builds a new model when it is let go.
fn turn(cx: &mut UiContext<'_>, knob: &Knob, value: KnobValue, changed: bool, dragged: bool) {
    if knob.live {
        if changed {
            cx.request(UiRequest::Knob(knob.name.clone(), value));
        }
    } else if dragged {
        cx.screen.turning.insert(knob.name.clone(), value);
    } else if cx.screen.turning.remove(&knob.name).is_some() || changed {
        cx.request(UiRequest::Knob(knob.name.clone(), value));
    }
}
