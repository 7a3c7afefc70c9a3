//! The loss, whole and by term, at every training step: one plot a phase, because phases have losses of their own.

use std::ops::Range;

use egui::{Ui, vec2};
use masquerade_engine::session::LossPoint;
use masquerade_engine::trace::Curve;

use crate::commands::Action;
use crate::state::State;
use crate::text;
use crate::theme::{self, space};
use crate::ui_context::{UiContext, UiRequest};
use crate::views::{self, curves};

/// The card of the loss, `width` points inside, its plot `height` points high.
pub fn loss_ui(ui: &mut Ui, cx: &mut UiContext<'_>, width: f32, height: f32) {
    views::card_ui(ui, width, |ui| {
        let mut logarithmic = cx.screen.log_scale;
        egui::Sides::new().height(space::TITLE_ROW).shrink_left().truncate().show(
            ui,
            |ui| ui.label(theme::title(text::LOSS)),
            |ui| {
                if theme::checkbox(ui, &mut logarithmic, text::LOG_SCALE)
                    .on_hover_text(text::action_tooltip(Action::LogScale))
                    .clicked()
                {
                    cx.request(UiRequest::Run(Action::LogScale));
                }
            },
        );
        ui.label(theme::caption(ui, text::LOSS_CAPTION));
        let phases = phases(cx.state);
        let now = phase_of(&phases, cx.state.session.step);
        let chosen = cx.screen.loss_phase.filter(|p| *p < phases.len()).unwrap_or(now);
        if phases.len() > 1 {
            tabs_ui(ui, cx, &phases, chosen, now);
        }
        // With its tabs the card is as high as without.
        let tabs = if phases.len() > 1 { ui.spacing().interact_size.y + ui.spacing().item_spacing.y } else { 0.0 };
        let height = height - tabs;
        let losses = losses(cx.state, phases.get(chosen));
        if losses.is_empty() {
            // As high as the plot with its names will be.
            let names = space::L + ui.spacing().interact_size.y;
            let (rect, _) = ui.allocate_exact_size(vec2(width, height + names), egui::Sense::hover());
            let empty = if cx.state.losses.is_empty() { text::LOSS_EMPTY } else { text::PHASE_EMPTY };
            let galley = ui.painter().layout(
                empty.into(),
                egui::FontId::proportional(theme::size::TEXT),
                theme::tokens(ui).muted,
                width,
            );
            ui.painter().galley(rect.center() - galley.size() * 0.5, galley, theme::tokens(ui).muted);
            return;
        }
        let curves = terms(losses);
        let axes = curves::Axes { x_title: "", y_title: "", log_x: false, log_y: logarithmic };
        // Each phase has a plot of its own, so that the axes of one say nothing about another.
        curves::plot_ui(ui, &format!("loss {chosen}"), &curves, &axes, height);
        curves::names_ui(ui, &curves);
    });
}

/// A phase of the run: its title and the steps that end in it (the first step of a run is number 1).
struct Phase {
    title: String,
    steps: Range<u64>,
}

/// The phases that have steps. The last one goes on for as long as the run does.
fn phases(state: &State) -> Vec<Phase> {
    let mut start = 0;
    let mut phases = Vec::new();
    for phase in state.model.iter().flat_map(|m| &m.phases).filter(|phase| phase.steps > 0) {
        phases.push(Phase { title: phase.title.clone(), steps: start + 1..start + phase.steps + 1 });
        start += phase.steps;
    }
    if let Some(last) = phases.last_mut() {
        last.steps.end = u64::MAX;
    }
    phases
}

/// The phase of the step that was made last.
fn phase_of(phases: &[Phase], step: u64) -> usize {
    phases.iter().position(|p| step.max(1) < p.steps.end).unwrap_or(0)
}

/// One small tab a phase; the one the run is in follows it into the next phase.
fn tabs_ui(ui: &mut Ui, cx: &mut UiContext<'_>, phases: &[Phase], chosen: usize, now: usize) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        ui.spacing_mut().button_padding.x = 7.0;
        for (number, phase) in phases.iter().enumerate() {
            if ui.selectable_label(number == chosen, text::phase_tab(number, &phase.title)).clicked() {
                cx.screen.loss_phase = (number != now).then_some(number);
            }
        }
    });
}

/// The losses of a phase, oldest first; without phases all of them.
fn losses<'a>(state: &'a State, phase: Option<&Phase>) -> &'a [LossPoint] {
    let Some(Phase { steps, .. }) = phase else { return &state.losses };
    let from = state.losses.partition_point(|l| l.step < steps.start);
    let to = state.losses.partition_point(|l| l.step < steps.end);
    state.losses.get(from..to).unwrap_or_default()
}

/// The whole loss first, then its terms where there is more than one.
fn terms(losses: &[LossPoint]) -> Vec<Curve> {
    let total = losses.iter().map(|l| (l.step as f64, f64::from(l.total))).collect();
    let mut curves = vec![Curve::line(text::TOTAL, total)];
    let terms = losses.last().map(|l| l.terms.as_slice()).unwrap_or_default();
    if terms.len() > 1 {
        for (name, _) in terms {
            let of =
                |l: &LossPoint| l.terms.iter().find(|(n, _)| n == name).map(|(_, v)| (l.step as f64, f64::from(*v)));
            curves.push(Curve::line(name, losses.iter().filter_map(of).collect()));
        }
    }
    curves
}
