//! What the encoder has learned: probes, fine-tuning and studies.

use egui::{RichText, Ui};
use masquerade_engine::session::{ArmReport, FineTuneReport, ProbeReport, StudyReport};

use super::controls::{Look, action_ui, offered_ui, progress_ui, table_ui};
use crate::commands::Action;
use crate::theme::{self, space};
use crate::ui_context::UiContext;
use crate::views::{self, curves};
use crate::{scene, text};

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
            for action in [Action::Probe, Action::FineTune, Action::Pretrain, Action::Claim, Action::LabelBudget] {
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
        } else if state.probes.is_empty() && state.fine_tuned.is_empty() && state.study.is_none() {
            ui.label(theme::muted(ui, text::LEARNED_EMPTY));
        }
        results_ui(ui, cx);
    });
}

fn results_ui(ui: &mut Ui, cx: &mut UiContext<'_>) {
    let state = cx.state;
    if !state.probes.is_empty() {
        let row = |p: &ProbeReport| {
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
        let row = |f: &FineTuneReport| {
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
    if let Some(study) = &state.study {
        ui.add_space(space::S);
        study_ui(ui, cx, study);
    }
}

/// A study: its table, its races beside it where there is room, and what it means.
fn study_ui(ui: &mut Ui, cx: &mut UiContext<'_>, study: &StudyReport) {
    if !study.sentence.is_empty() {
        ui.label(&study.sentence);
    }
    let table = |ui: &mut Ui| {
        let rows: Vec<_> = study.arms.iter().flat_map(|arm| arm_rows(&study.labels, arm)).collect();
        table_ui(ui, "study", &text::STUDY_HEAD, &rows);
        if !study.verdict.is_empty() {
            ui.label(RichText::new(text::verdict(&study.verdict)).strong());
        }
    };
    let races = |ui: &mut Ui, cx: &mut UiContext<'_>| {
        for (number, race) in study.races.iter().enumerate() {
            curves::curves_ui(ui, cx, &format!("race {number}"), &scene::curves::race(race, &study.metric));
        }
    };
    if study.races.is_empty() {
        table(ui);
    } else if ui.available_width() >= space::WIDE / 2.0 {
        ui.columns(2, |columns| {
            if let [left, right] = columns {
                table(left);
                races(right, cx);
            }
        });
    } else {
        table(ui);
        races(ui, cx);
    }
    ui.label(theme::caption(ui, text::study_run(study.seeds.len(), study.steps, &study.metric)));
    for (number, (metric, _)) in study.arms.first().map(|arm| &arm.others).into_iter().flatten().enumerate() {
        let means = study.arms.iter().filter_map(|arm| Some((arm.name.as_str(), &arm.others.get(number)?.1)));
        ui.label(theme::caption(ui, text::study_other(metric, means)));
    }
    if !study.note.is_empty() {
        ui.label(theme::caption(ui, &study.note));
    }
}

/// A row for each share of the labels: the arm, mean and spread over the seeds, the time of a seed.
fn arm_rows(labels: &[f64], arm: &ArmReport) -> Vec<Vec<String>> {
    let numbers = labels.iter().zip(arm.means.iter().zip(&arm.spreads));
    let row = |(share, (mean, spread)): (&f64, (&f64, &f64))| {
        let name = if labels.len() > 1 { text::with_labels(&arm.name, *share) } else { arm.name.clone() };
        vec![name, text::mean_and_spread(*mean, *spread), text::duration(arm.seconds)]
    };
    numbers.map(row).collect()
}
