//! What a session trains, and what is studied: fine-tuning and back, a test at its end, studies with their races.

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use masquerade::app::App;
use masquerade::commands::Action;
use masquerade::scene::curves;
use masquerade::text;
use masquerade::undo::Undo;
use masquerade_engine::card::{Kind, KnobValue, Outcome};
use masquerade_engine::link;
use masquerade_engine::registry;
use masquerade_engine::session::{
    ArmReport, Command, Event, FineTuneReport, LossPoint, PhaseReport, Progress, Race, Session, StudyReport, Task,
};

use crate::fake::{self, Shared, harness, opened, shoot, shown, trained};
use crate::offered::{app, settle};

/// High enough for all panels.
const TALL: [f32; 2] = [1280.0, 2600.0];
const PHONE: [f32; 2] = [380.0, 4200.0];

fn name(action: Action) -> String {
    text::action(action, false)
}

fn has(app: &Harness<'static, App>, action: Action) -> bool {
    app.query_all_by_label(&name(action)).next().is_some()
}

fn click(app: &mut Harness<'static, App>, action: Action) {
    app.get_all_by_label(&name(action)).next().unwrap().click();
    app.run_steps(3);
}

fn tell(app: &mut Harness<'static, App>, wire: &Shared, event: Event) {
    wire.borrow_mut().events.push_back(event);
    app.run_steps(4);
}

/// The engine's answer to a session of this task.
fn turned(task: Task, step: u64) -> Event {
    let Some(Event::Opened { session, mut model, data }) =
        opened(true).into_iter().find(|event| matches!(event, Event::Opened { .. }))
    else {
        panic!("no model")
    };
    if task == Task::FineTune {
        model.phases = vec![PhaseReport { title: "fine-tuning".into(), steps: 8, knob: Some("tune_steps".into()) }];
        model.weights = "fine-tuned after 240 steps of pre-training".into();
    }
    Event::Opened { session: Box::new(Session { task, step, ..*session }), model, data }
}

fn progress(step: u64) -> Event {
    Event::Progress(Progress {
        step,
        of: 8,
        steps_per_second: 2.0,
        seconds_left: 1.0,
        phase: "fine-tuning".into(),
        phases: (1, 1),
        losses: (1..=step).map(|step| LossPoint { step, total: 2.0, terms: Vec::new() }).collect(),
        learning_rate: 5e-4,
    })
}

#[test]
fn fine_tuning_is_a_task_of_the_session_with_a_way_back() {
    let (mut app, wire) = harness(TALL, true, [opened(true), trained()].concat());
    app.run_steps(4);
    assert!(has(&app, Action::ShowNow) && !has(&app, Action::Pretrain));
    click(&mut app, Action::FineTune);
    assert_eq!(shown(&wire).last().unwrap().task, Task::FineTune);
    tell(&mut app, &wire, turned(Task::FineTune, 0));
    assert!(app.state().state().losses.is_empty(), "its losses are its own");
    assert!(has(&app, Action::Pretrain) && !has(&app, Action::FineTune));
    assert!(!has(&app, Action::ShowNow) && !has(&app, Action::GoOn), "what trains is not the system itself");
    assert!(app.query_all_by_label_contains("after 240 steps").next().is_some());
    assert!(app.query_by_label(text::TEST).is_some(), "the probe is a test now");

    wire.borrow_mut().events.push_back(Event::State {
        session: Box::new(Session { task: Task::FineTune, ..Session::default() }),
        playing: false,
    });
    app.run_steps(2);
    click(&mut app, Action::PlayPause);
    assert!(wire.borrow().sent.contains(&Command::Play));
    tell(&mut app, &wire, progress(8));
    assert_eq!(app.state().state().losses.len(), 8);
    let report = FineTuneReport {
        steps: 8,
        first_loss: 2.3,
        last_loss: 1.1,
        test_accuracy: 0.8125,
        top5_accuracy: None,
        chance: 0.1,
        from: "stored weights".into(),
        seconds: 3.0,
    };
    tell(&mut app, &wire, Event::FineTuned(report));
    app.get_by_label(&text::two_losses(2.3, 1.1));
    shoot(&mut app, "fine-tuning");

    click(&mut app, Action::Pretrain);
    assert_eq!(shown(&wire).last().unwrap().task, Task::Pretrain);
    tell(&mut app, &wire, turned(Task::Pretrain, 240));
    assert_eq!(app.state().state().losses.len(), 240, "the losses of pre-training come back");
    assert!(has(&app, Action::FineTune) && has(&app, Action::ShowNow));
}

#[test]
fn without_labels_nothing_that_needs_them_is_offered() {
    let (mut app, _) = harness(TALL, true, opened(false));
    app.run_steps(4);
    for action in [Action::FineTune, Action::LabelBudget] {
        assert!(!has(&app, action) && !action.enabled(app.state().state(), &Undo::default()), "{action:?}");
    }
}

#[test]
fn the_engine_turns_to_fine_tuning_and_back_to_the_same_run() {
    let (mut app, ctx) = app("mae", Kind::Pictures);
    let run = |app: &mut App, action: Action| {
        assert!(action.enabled(app.state(), &Undo::default()), "{action:?}");
        app.run(&ctx, action);
        settle(app, &ctx);
    };
    (0..2).for_each(|_| run(&mut app, Action::Step));
    let before = app.state().losses.clone();
    assert_eq!((before.len(), app.session().step), (2, 2));
    run(&mut app, Action::FineTune);
    assert_eq!((app.session().task, app.session().step), (Task::FineTune, 0));
    assert!(app.state().model.as_ref().unwrap().phases.iter().any(|phase| phase.title == "fine-tuning"));
    let shared = app.link_text();
    (0..3).for_each(|_| run(&mut app, Action::Step));
    assert_eq!((app.state().losses.len(), app.session().step), (3, 3));
    run(&mut app, Action::Probe);
    assert_eq!(app.state().fine_tuned.len(), 1, "{:?}", app.state().log);
    run(&mut app, Action::Pretrain);
    assert_eq!((app.session().task, app.session().step), (Task::Pretrain, 2));
    assert_eq!(app.state().losses, before);
    run(&mut app, Action::Step);
    assert_eq!(app.state().losses.len(), 3);

    // A link of it opens it.
    assert!(shared.contains("task=finetune"), "{shared}");
    let linked = link::from_text(&shared, &registry::cards()).unwrap();
    let mut second = crate::offered::over(linked);
    settle(&mut second, &ctx);
    assert_eq!(second.session().task, Task::FineTune);
    assert!(Action::Pretrain.offered(second.state()) && !Action::FineTune.offered(second.state()));
}

/// Two arms that race over steps and over shares of the labels.
fn study() -> StudyReport {
    let arm = |name: &str, at: f64| ArmReport {
        name: name.into(),
        values: vec![vec![at - 0.05, at + 0.05], vec![at, at]],
        means: vec![at, at],
        spreads: vec![0.05, 0.0],
        others: Vec::new(),
        seconds: 4.0,
    };
    let race = |axis: &str, x: Vec<f64>| Race {
        axis: axis.into(),
        logarithmic: axis != "steps",
        arms: [("guided", 0.6), ("random", 0.5)]
            .map(|(name, at)| (name.into(), x.iter().map(|_| at).collect(), x.iter().map(|_| 0.05).collect()))
            .to_vec(),
        x,
    };
    StudyReport {
        method: "mae".into(),
        data: "Fashion-MNIST".into(),
        sentence: String::new(),
        metric: "linear_accuracy".into(),
        margin: 0.0,
        seeds: vec![1, 2],
        steps: 100,
        labels: vec![0.01, 1.0],
        arms: vec![arm("guided", 0.6), arm("random", 0.5)],
        races: vec![race("steps", vec![50.0, 100.0]), race("share of the labels", vec![0.01, 0.1, 1.0])],
        note: String::new(),
        verdict: String::new(),
        seconds: 16.0,
    }
}

#[test]
fn a_study_is_drawn_as_a_table_with_its_races() {
    for (size, name) in [(TALL, "wide"), (PHONE, "phone")] {
        let (mut app, wire) = harness(size, true, opened(true));
        app.run_steps(4);
        tell(&mut app, &wire, Event::Studied(study()));
        let named = |app: &Harness<'static, App>, label: &str| app.query_all_by_label(label).count();
        assert_eq!(named(&app, "guided  0.6000"), 2, "a line in each race");
        assert_eq!(named(&app, "random  0.5000"), 2);
        assert_eq!(named(&app, &text::mean_and_spread(0.6, 0.05)), 1, "and a row of the table for each share");
        for share in [0.01, 1.0] {
            assert_eq!(named(&app, &text::with_labels("guided", share)), 1);
        }
        shoot(&mut app, &format!("study-{name}"));
    }
    let study = study();
    let drawn = curves::race(&study.races[1], &study.metric);
    assert_eq!(
        (drawn.x_title.as_str(), drawn.y_title.as_str(), drawn.log_x),
        ("share of the labels", "linear accuracy", true)
    );
    assert_eq!(drawn.curves.len(), study.arms.len());
    for (curve, at) in drawn.curves.iter().zip([0.6, 0.5]) {
        assert_eq!(curve.points, [(0.01, at), (0.1, at), (1.0, at)]);
        assert!(curve.spread.len() == 3 && curve.spread.iter().all(|s| *s == (at - 0.05, at + 0.05)), "{curve:?}");
    }
}

#[test]
fn a_label_budget_is_started_and_stopped_beside_the_claim() {
    let (mut app, wire) = harness(TALL, true, opened(true));
    app.run_steps(4);
    let asked = |wire: &Shared| {
        let sent = wire.borrow().sent.clone();
        sent.into_iter().rev().find_map(|c| if let Command::RunStudy(request) = c { Some(request) } else { None })
    };
    click(&mut app, Action::LabelBudget);
    let request = asked(&wire).unwrap();
    assert_eq!((request.labels, request.seeds.len()), (vec![0.01, 0.1, 1.0], 3));
    assert_eq!(request.outcome, Some(Outcome::named("linear_accuracy")));
    assert_eq!((request.arms.len(), request.arms[0].name.as_str()), (1, "Nano, 28 × 28"));
    tell(&mut app, &wire, Event::Job { name: "study".into(), done: 3, total: 900, note: "seed 1".into() });
    assert!(!Action::LabelBudget.enabled(app.state().state(), &Undo::default()));
    click(&mut app, Action::Cancel);
    assert!(wire.borrow().sent.contains(&Command::Cancel));
    tell(&mut app, &wire, Event::Job { name: "study".into(), done: 0, total: 0, note: "stopped".into() });
    assert!(app.state().state().job.is_none() && Action::Claim.enabled(app.state().state(), &Undo::default()));

    click(&mut app, Action::Claim);
    let claim = asked(&wire).unwrap();
    assert!(claim.arms.is_empty() && claim.points > 1, "a claim is a race too: {claim:?}");

    // While a head is fine-tuned, that is what the labels are for.
    wire.borrow_mut().events.push_back(turned(Task::FineTune, 0));
    app.run_steps(3);
    click(&mut app, Action::LabelBudget);
    assert_eq!(asked(&wire).unwrap().outcome, Some(Outcome::FineTune));
}

#[test]
fn knobs_of_fine_tuning_come_first_while_it_is_the_task() {
    let tuning = |events: &mut Vec<Event>| {
        for event in events {
            if let Event::Ready { catalogue, .. } = event {
                let mut knob = catalogue[0].knob("lr").unwrap().clone();
                (knob.name, knob.title, knob.group) =
                    ("tune_lr".into(), "Tuning rate".into(), masquerade_engine::card::FINE_TUNING.into());
                catalogue[0].knobs.push(knob);
                for preset in &mut catalogue[0].presets {
                    preset.knobs.insert("tune_lr".into(), KnobValue::Number(5e-4));
                }
            }
        }
    };
    let mut events = opened(true);
    tuning(&mut events);
    let (mut app, wire) = harness(TALL, true, events);
    app.run_steps(4);
    let above = |app: &Harness<'static, App>| {
        let top = |label: &str| app.get_all_by_label(label).next().unwrap().rect().top();
        top("Tuning rate") < top("Mask ratio")
    };
    assert!(!above(&app));
    tell(&mut app, &wire, turned(Task::FineTune, 0));
    assert!(above(&app));
    assert!(fake::shown(&wire).iter().all(|session| session.task == Task::Pretrain), "nobody asked for it");
}

#[test]
fn what_takes_long_is_looked_at_when_it_is_there() {
    let session = Session { method: "gsimclr".into(), data: "shapes".into(), ..Session::default() };
    let (mut app, ctx) = (crate::offered::over(session), egui::Context::default());
    let caption = |app: &App| app.state().views.get("batch").map(|shown| shown.view.caption.clone());
    (0..2).for_each(|_| app.update(&ctx));
    assert!(caption(&app).is_none_or(|words| words.contains("at random")), "the first views do not wait");
    (0..4).for_each(|_| app.update(&ctx));
    assert_eq!(app.state().error, None);
    assert!(caption(&app).unwrap().contains("clusters"), "{:?}", caption(&app));
}
