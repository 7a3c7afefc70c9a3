//! What the encoder has learned: probes, fine-tuning and the paper's claim.

use egui::{RichText, Ui};

use super::controls::{Look, action_ui, offered_ui, progress_ui, table_ui};
use crate::commands::Action;
use crate::text;
use crate::theme::{self, space};
use crate::ui_context::UiContext;
use crate::views;

/// The card with the buttons, the running job and the tables of results.
pub fn learned_ui(ui: &mut Ui, cx: &mut UiContext<'_>) {
    let state = cx.state;
    if state.model.is_none() {
        return;
    }
    let width = ui.available_width() - 2.0 * space::S;
    views::card_ui(ui, width, |ui| {
        ui.label(theme::title(text::LEARNED));
        ui.label(theme::caption(ui, text::LEARNED_CAPTION));
        ui.horizontal_wrapped(|ui| {
            for action in [Action::Probe, Action::FineTune, Action::Claim] {
                offered_ui(ui, cx, action, Look::Full);
            }
            if state.job.is_some() {
                action_ui(ui, cx, Action::Cancel, Look::Full);
            }
        });
        if let Some(job) = &state.job {
            progress_ui(ui, job);
        }
        if state.data.as_ref().is_some_and(|d| d.classes.len() < 2) {
            ui.label(theme::muted(ui, text::NO_CLASSES));
        } else if state.probes.is_empty() && state.fine_tuned.is_empty() && state.claim.is_none() {
            ui.label(theme::muted(ui, text::LEARNED_EMPTY));
        }
        results_ui(ui, cx);
    });
}

fn results_ui(ui: &mut Ui, cx: &UiContext<'_>) {
    let state = cx.state;
    if !state.probes.is_empty() {
        let row = |p: &masquerade_engine::session::ProbeReport| {
            vec![
                text::count(p.step),
                text::percent_or_none(p.knn_accuracy),
                text::percent_or_none(p.linear_accuracy),
                text::percent_or_none(p.chance),
                text::duration(p.seconds),
            ]
        };
        ui.add_space(space::S);
        table_ui(ui, "probes", &text::PROBE_HEAD, &state.probes.iter().map(row).collect::<Vec<_>>());
        for (metric, value) in state.probes.last().map(|p| p.others.as_slice()).unwrap_or_default() {
            ui.label(theme::caption(ui, text::own_metric(metric, *value)));
        }
    }
    if !state.fine_tuned.is_empty() {
        let row = |f: &masquerade_engine::session::FineTuneReport| {
            vec![
                text::count(f.steps),
                text::two_losses(f.first_loss, f.last_loss),
                text::percent(f.test_accuracy),
                text::percent(f.chance),
                text::duration(f.seconds),
            ]
        };
        ui.add_space(space::S);
        table_ui(ui, "fine-tuned", &text::FINE_TUNE_HEAD, &state.fine_tuned.iter().map(row).collect::<Vec<_>>());
    }
    if let Some(claim) = &state.claim {
        ui.add_space(space::S);
        if !claim.sentence.is_empty() {
            ui.label(&claim.sentence);
        }
        let rows: Vec<_> = claim.arms.iter().flat_map(|arm| arm_rows(&claim.labels, arm)).collect();
        table_ui(ui, "claim", &text::CLAIM_HEAD, &rows);
        if !claim.verdict.is_empty() {
            ui.label(RichText::new(text::verdict(&claim.verdict)).strong());
        }
        ui.label(theme::caption(ui, text::claim_run(claim.seeds.len(), claim.steps, &claim.metric)));
        for (number, (metric, _)) in claim.arms.first().map(|arm| &arm.others).into_iter().flatten().enumerate() {
            let means = claim.arms.iter().filter_map(|arm| Some((arm.name.as_str(), &arm.others.get(number)?.1)));
            ui.label(theme::caption(ui, text::claim_other(metric, means)));
        }
        if !claim.note.is_empty() {
            ui.label(theme::caption(ui, &claim.note));
        }
    }
}

/// A row for each share of the labels: the arm, mean and spread over the seeds, the time of a seed.
fn arm_rows(labels: &[f64], arm: &masquerade_engine::session::ArmReport) -> Vec<Vec<String>> {
    let numbers = labels.iter().zip(arm.means.iter().zip(&arm.spreads));
    let row = |(share, (mean, spread)): (&f64, (&f64, &f64))| {
        let name = if labels.len() > 1 { text::with_labels(&arm.name, *share) } else { arm.name.clone() };
        vec![name, text::mean_and_spread(*mean, *spread), text::duration(arm.seconds)]
    };
    numbers.map(row).collect()
}
