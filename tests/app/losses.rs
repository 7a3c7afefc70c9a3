//! The loss: one plot a phase, each with its own axes.

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use masquerade::app::App;
use masquerade::text;
use masquerade_engine::session::{Event, LossPoint, PhaseReport, Progress, Session};

use crate::fake::{Shared, harness, opened, shoot};

const WIDE: [f32; 2] = [1280.0, 900.0];

/// A run of two phases, the first with losses near 100 and the second with losses near 1, that has made `steps`.
fn run(steps: u64) -> (Harness<'static, App>, Shared) {
    let mut events = opened(true);
    for event in &mut events {
        if let Event::Opened { model, .. } = event {
            let phase = |title: &str, steps| PhaseReport { title: title.into(), steps, knob: None };
            model.phases = vec![phase("autoencoder", 100), phase("unused", 0), phase("contrast", 200)];
        }
    }
    let total = |step: u64| if step <= 100 { 100.0 + step as f32 } else { 1.0 + step as f32 / 1000.0 };
    let losses = (1..=steps).map(|step| LossPoint { step, total: total(step), terms: Vec::new() }).collect();
    let progress = Progress {
        step: steps,
        of: 300,
        steps_per_second: 10.0,
        seconds_left: 1.0,
        phase: "contrast".into(),
        phases: (2, 2),
        losses,
        learning_rate: 1e-3,
    };
    events.push(Event::State { session: Box::new(Session { step: steps, ..Session::default() }), playing: false });
    events.push(Event::Progress(progress));
    let (mut app, wire) = harness(WIDE, true, events);
    app.run_steps(4);
    (app, wire)
}

fn last(app: &Harness<'static, App>, value: &str) -> bool {
    app.query_all_by_label_contains(&format!("{}  {value}", text::TOTAL)).next().is_some()
}

#[test]
fn each_phase_has_a_plot_of_its_own() {
    let (mut app, _) = run(150);
    assert!(app.query_by_label(&text::phase_tab(1, "contrast")).is_some(), "a phase without steps has no tab");
    assert!(app.query_by_label(&text::phase_tab(0, "autoencoder")).is_some());
    assert!(app.query_by_label_contains("unused").is_none());
    assert!(last(&app, "1.1500"), "the present phase is shown");
    shoot(&mut app, "loss-phase-2");
    app.get_by_label(&text::phase_tab(0, "autoencoder")).click();
    app.run_steps(3);
    assert!(last(&app, "200.0000"), "its last loss, not that of the run");
    shoot(&mut app, "loss-phase-1");
    app.get_by_label(&text::phase_tab(1, "contrast")).click();
    app.run_steps(3);
    assert!(last(&app, "1.1500"));
}

#[test]
fn the_plot_follows_the_run_into_its_next_phase() {
    let (mut app, wire) = run(100);
    assert!(last(&app, "200.0000"), "the last step of the first phase");
    let point = LossPoint { step: 101, total: 1.101, terms: Vec::new() };
    let progress = Progress {
        step: 101,
        of: 300,
        steps_per_second: 10.0,
        seconds_left: 1.0,
        phase: "contrast".into(),
        phases: (2, 2),
        losses: vec![point],
        learning_rate: 1e-3,
    };
    wire.borrow_mut().events.push_back(Event::Progress(progress));
    app.run_steps(4);
    assert!(last(&app, "1.1010"));
}

#[test]
fn a_run_of_one_phase_has_no_tabs_and_an_unbegun_phase_says_so() {
    let (mut app, _) = run(40);
    assert!(last(&app, "140.0000"));
    app.get_by_label(&text::phase_tab(1, "contrast")).click();
    app.run_steps(3);
    assert!(!last(&app, "140.0000"), "nothing of the first phase");
    let (app, _) = harness(WIDE, true, opened(true));
    assert!(app.query_by_label(&text::phase_tab(0, "training")).is_none());
}
