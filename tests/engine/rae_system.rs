//! Regularized autoencoders as a system: data sets, training, views, measures.

use std::rc::Rc;

use masquerade_engine::batch::Half;
use masquerade_engine::card::{Kind, KnobValue, OWN};
use masquerade_engine::data::files::Files;
use masquerade_engine::data::vectors::{self, VectorData, digits};
use masquerade_engine::data::{self, Dataset};
use masquerade_engine::loader::Loader;
use masquerade_engine::method::Subject;
use masquerade_engine::methods::rae::ENTRY;
use masquerade_engine::run::Run;
use masquerade_engine::session::{Column, Command, DataReport, Event, ModelReport, NamedBytes, Reading, Session};
use masquerade_engine::settings::Settings;
use masquerade_engine::trace::{Source, View, ViewKind};
use masquerade_tests::{block_on, real_data};

use crate::methods::{Driven, losses};

fn opened(id: &str, seed: u64) -> VectorData {
    block_on(vectors::open(id, &Files::new(), seed)).expect("a set")
}

fn session(preset: &str, data: &str, knobs: &[(&str, KnobValue)]) -> Session {
    Session {
        method: "rae".into(),
        preset: preset.into(),
        data: data.into(),
        seed: 3,
        knobs: knobs.iter().map(|(name, value)| ((*name).to_string(), value.clone())).collect(),
        ..Session::default()
    }
}

fn started(session: &Session, data: VectorData) -> Run {
    let settings = Settings::of(session, &(ENTRY.card)(), data.shape()).expect("settings");
    let loader = Loader::new(Rc::new(data), &settings);
    Run::new(&ENTRY, settings, loader, &burn::tensor::Device::flex()).expect("a run")
}

fn driven(session: Session) -> Driven {
    let mut driven = Driven::cpu();
    let events = driven.send(Command::Show(Box::new(session)));
    assert!(events.iter().any(|e| matches!(e, Event::Opened { .. })), "{events:?}");
    driven
}

#[test]
fn drawn_sets_hold_what_their_truth_says() {
    for (id, dims, train) in [("spiral", 2, 4000), ("mixture", 2, 4000), ("line", 1, 4000), ("points", 1, 27)] {
        let data = opened(id, 5);
        assert_eq!((data.dims, data.train.len() / data.dims, data.report.samples), (dims, train, train as u64), "{id}");
        assert_eq!(data, opened(id, 5), "{id}: the same seed");
        assert!(id == "points" || data.train != opened(id, 6).train, "{id}: another seed");
        let truth = data.truth.as_ref().expect("a truth");
        let mean = |values: &[f32]| values.iter().step_by(dims).sum::<f32>() / (values.len() / dims) as f32;
        let wanted: f64 = truth.weights().iter().zip(truth.means().iter().step_by(dims)).map(|(w, m)| w * m).sum();
        assert!(
            (f64::from(mean(&data.train)) - wanted).abs() < 0.03,
            "{id}: {} instead of {wanted}",
            mean(&data.train)
        );
        assert!(data.train.iter().all(|v| v.abs() < 2.0), "{id} lies near the unit square");
    }
    assert!(block_on(data::open("spirals", Kind::Vectors, 0, &Files::new(), None, 1)).is_err());
}

#[test]
fn digits_are_read_and_damaged_files_refused() {
    let line =
        |last: &str| (0..64).map(|i| (i % 17).to_string()).chain([last.to_string()]).collect::<Vec<_>>().join(",");
    let text = (0..10).map(|i| line(&i.to_string())).collect::<Vec<_>>().join("\n");
    let data = digits::handwritten(text.as_bytes()).expect("digits");
    assert_eq!((data.train.len() / 64, data.test.len() / 64, data.test_labels), (8, 2, vec![4, 9]));
    assert!((data.train[16] - 1.0).abs() < 1e-6 && data.train[17] == 0.0);
    for bad in [line("10"), line("-1"), "1,2,3".into(), String::new(), line("x")] {
        assert!(digits::handwritten(bad.as_bytes()).is_err(), "{bad}");
    }
    assert!(digits::handwritten(b"\x1f\x8b cut off").is_err());
    if let Some(folder) = real_data() {
        let data = block_on(data::open("digits", Kind::Vectors, 0, &Files::in_folders(vec![folder]), None, 1))
            .expect("digits");
        assert_eq!((data.count(Half::Train), data.count(Half::Test), data.shape().classes), (1438, 359, 10));
    }
}

fn table(text: &str) -> masquerade_engine::error::Result<VectorData> {
    let file = NamedBytes { name: "own.csv".into(), bytes: text.as_bytes().to_vec() };
    data::vectors::from_files(vec![file], &Reading::default())
}

#[test]
fn tables_of_the_user() {
    let rows: String = (0..20)
        .map(|i| {
            format!(
                "{},{},{}\n",
                0.5 + f64::from(i),
                3.0 - f64::from(i) * 0.5,
                if i % 2 == 0 { "odd one" } else { "even" }
            )
        })
        .collect();
    let data = table(&format!("height,weight,kind\n{rows}broken,1,even\n1,2,3,even\n")).expect("a table");
    assert_eq!(
        (data.dims, data.report.classes.clone(), data.report.skipped.len()),
        (2, vec!["even".into(), "odd one".into()], 2)
    );
    assert_eq!((data.report.samples, data.report.test_samples, data.test_labels.len()), (16, 4, 4));
    assert_eq!(data.report.skipped[0], ("line 23".into(), "4 cells instead of 3".into()));
    assert_eq!(data.report.skipped[1].0, "line 22");
    let all: Vec<f32> = data.train.iter().chain(&data.test).copied().collect();
    let column = |i: usize| all.iter().skip(i).step_by(2).copied().collect::<Vec<f32>>();
    let deviation = (column(0).iter().map(|v| v * v).sum::<f32>() / 20.0).sqrt();
    assert!((deviation - 1.0 / 3.0).abs() < 1e-4 && column(0).iter().zip(column(1)).all(|(a, b)| (a + b).abs() < 1e-5));
    // Numbers in a column that is headed as a class are classes; a constant column stays finite.
    let data = table("a;b;label\n1;5;0\n2;5;1\n3;5;1\n").expect("a table");
    assert_eq!((data.dims, data.report.classes.len(), data.train_labels.clone()), (2, 2, vec![0, 1, 1]));
    assert!(data.train.iter().all(|v| v.is_finite()));
    for bad in ["", "a,b\n", "no table at all", "x,y\nu,v\n", "nan,inf\n"] {
        assert!(table(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn classes_come_from_a_file_beside_the_table() {
    let read = |classes: &str, reading: &Reading| {
        let files = [("set/X.csv", "a,b\n1,2\n2,1\n3,5\n"), ("set/y.csv", classes)];
        let files =
            files.map(|(name, text)| NamedBytes { name: name.into(), bytes: text.as_bytes().to_vec() }).into_iter();
        data::vectors::from_files(files.collect(), reading).expect("a table")
    };
    let open = |classes: &str| read(classes, &Reading::default());
    for classes in ["species\nrose\nfern\nrose\n", "rose\nfern\nrose\n"] {
        let data = open(classes);
        assert_eq!(
            (data.report.classes.join(" "), data.train_labels),
            ("fern rose".into(), vec![1, 0, 1]),
            "{classes}"
        );
    }
    // Two ways to write a number are two names; a row without a class is left out.
    let data = open("1\n1.0\n1\n");
    assert_eq!((data.report.classes.join(" "), data.train_labels), ("1 1.0".into(), vec![0, 1, 0]));
    let data = open("rose\nNA\nfern\n");
    assert_eq!((data.report.classes.join(" "), data.train_labels), ("fern rose".into(), vec![1, 0]));
    assert!(data.report.skipped[0].1.contains("class is missing"), "{:?}", data.report.skipped);
    let none = read("rose\nfern\nrose\n", &Reading { label: Some(Column::None), ..Reading::default() });
    assert!(none.report.classes.is_empty() && none.report.skipped.len() == 1, "{:?}", none.report.skipped);
    let data = open("1\n0\n");
    assert!(data.report.classes.is_empty() && data.report.skipped[0].1.contains("2 classes"), "{:?}", data.report);
}

#[test]
fn every_set_is_trained_on_with_every_criterion() {
    let choice = |name: &'static str, value: &str| (name, KnobValue::Choice(value.into()));
    let number = |name: &'static str, value: f64| (name, KnobValue::Number(value));
    for (id, knobs) in [
        ("spiral", vec![]),
        ("spiral", vec![choice("criterion", "contractive")]),
        (
            "spiral",
            vec![
                choice("criterion", "contractive"),
                number("probes", 2.0),
                number("rare", 0.1),
                number("ladder", 10.0),
            ],
        ),
        ("mixture", vec![choice("net", "classic"), number("scale", 0.0), number("lr", 0.02)]),
        ("mixture", vec![choice("net", "classic"), choice("criterion", "contractive"), number("lr", 0.02)]),
        ("line", vec![]),
        ("points", vec![number("batch", 27.0), number("sigma", 0.1)]),
    ] {
        let mut run = started(&session("micro", id, &knobs), opened(id, 3));
        for _ in 0..120 {
            block_on(run.train_step()).expect("a step");
        }
        let losses: Vec<f32> = block_on(run.losses()).expect("losses").iter().map(|p| p.total).collect();
        let mean = |part: &[f32]| part.iter().sum::<f32>() / part.len() as f32;
        assert!(
            mean(&losses[100..]) < 0.97 * mean(&losses[..10]),
            "{id} {knobs:?}: {} to {}",
            mean(&losses[..10]),
            mean(&losses[100..])
        );
    }
    let entropy = [
        choice("net", "classic"),
        choice("criterion", "cross-entropy"),
        choice("output", "sigmoid"),
        number("scale", 1.0),
    ];
    let inside =
        VectorData { train: opened("spiral", 1).train.iter().map(|v| v * 0.7 + 0.5).collect(), ..opened("spiral", 1) };
    let mut run = started(&session("micro", "spiral", &entropy), inside);
    block_on(run.train_step()).expect("a step");
    assert!(block_on(run.losses()).expect("losses")[0].total.is_finite());
    let refused = started_or_why(&session("micro", "spiral", &[choice("criterion", "cross-entropy")]));
    assert!(refused.is_some_and(|why| why.contains("sigmoid")));
}

fn started_or_why(session: &Session) -> Option<String> {
    let data = opened("spiral", 1);
    let settings = Settings::of(session, &(ENTRY.card)(), data.shape()).expect("settings");
    let loader = Loader::new(Rc::new(data), &settings);
    Run::new(&ENTRY, settings, loader, &burn::tensor::Device::flex()).err().map(|e| e.report().why)
}

#[test]
fn a_ladder_starts_with_more_noise_and_ends_with_the_same() {
    let loss = |ladder: f64, step: u64| {
        // The classic net's loss is not in units of the noise, so that more noise is more loss.
        let knobs = [("net", KnobValue::Choice("classic".into())), ("ladder", KnobValue::Number(ladder))];
        let mut run = started(&session("micro", "spiral", &knobs), opened("spiral", 3));
        block_on(run.enter()).expect("the start");
        let mut context = run.context();
        context.step = step;
        let batch = run.loader.train_batch(0).expect("a batch");
        let outcome = run.method.loss(&run.weights, &batch, &context).expect("a loss");
        block_on(masquerade_engine::readback::scalar(outcome.total)).expect("a number")
    };
    assert!(loss(20.0, 0) > 1.05 * loss(1.0, 0), "{} {}", loss(20.0, 0), loss(1.0, 0));
    assert_eq!(loss(20.0, 150), loss(1.0, 150));
}

#[test]
fn a_part_of_the_points_is_trained_on() {
    let mut run = started(&session("micro", "spiral", &[("samples", KnobValue::Number(5.0))]), opened("spiral", 3));
    let note = block_on(run.enter()).expect("the start").expect("a note");
    assert!(note.contains('5') && note.contains("4000"), "{note}");
    let first: Vec<usize> = run.loader.indices(0);
    assert!(first.len() == 64 && first.iter().all(|i| *i < 5) && first != run.loader.indices(1));
}

fn look(driven: &mut Driven, wanted: &[String]) -> Vec<View> {
    let events = driven.send(Command::Look { request: 1, views: wanted.to_vec(), cursor: None });
    events.into_iter().find_map(|e| if let Event::Views { views, .. } = e { Some(views) } else { None }).expect("views")
}

fn finite(view: &View) -> bool {
    let all = |values: &[f32]| !values.is_empty() && values.iter().all(|v| v.is_finite());
    match &view.kind {
        ViewKind::Field(f) => {
            all(&f.arrows) && all(&f.weight) && all(&f.ground) && f.arrows.len() == (f.rows * f.columns * 2) as usize
        }
        ViewKind::Trajectories(f) => all(&f.frames) && f.frames.len().is_multiple_of(f.walkers as usize * 2),
        ViewKind::Heat(h) => all(&h.values) && h.values.len() == (h.rows * h.columns) as usize,
        ViewKind::Curves(s) => {
            s.curves.iter().all(|c| c.points.len() > 1 && c.points.iter().all(|p| p.0.is_finite() && p.1.is_finite()))
        }
        ViewKind::Board(b) => b.pictures.len() == b.words.len() && b.pictures.len() > 3,
        ViewKind::Picture(p) => p.rgba.len() == (p.width * p.height * 4) as usize,
        ViewKind::Number(n) => n.is_finite(),
        _ => false,
    }
}

#[test]
fn every_view_of_every_kind_of_vector_is_there() {
    for (id, count) in [("spiral", 6), ("mixture", 6), ("line", 4), ("points", 4)] {
        let mut driven = driven(session("micro", id, &[]));
        driven.send(Command::Step(3));
        let wanted: Vec<String> = views_of(id).into_iter().map(|(id, _)| id).collect();
        assert_eq!(wanted.len(), count, "{id}");
        let views = look(&mut driven, &wanted);
        assert_eq!(views.iter().map(|v| v.id.clone()).collect::<std::collections::BTreeSet<_>>().len(), count, "{id}");
        for view in &views {
            assert!(finite(view), "{id}: {view:?}");
            assert!(
                !view.title.is_empty() && !view.caption.is_empty() && view.origin.source != Source::LiveGpu,
                "{view:?}"
            );
        }
        // Only what is wanted is computed.
        assert_eq!(look(&mut driven, &wanted[..1]).len(), 1);
    }
}

/// Ids and titles of the views of a set.
fn views_of(id: &str) -> Vec<(String, String)> {
    started(&session("micro", id, &[]), opened(id, 3)).method.views()
}

#[test]
fn pictures_and_profiles_of_longer_vectors() {
    let mut rng = masquerade_engine::rng::Rng::new(2, "values");
    for (dims, count, kind) in [(64, 4, "pictures"), (5, 2, "profiles")] {
        let train: Vec<f32> = (0..dims * 40).map(|_| rng.uniform()).collect();
        let data = VectorData { dims, test: train[..dims * 8].to_vec(), train, ..VectorData::default() };
        let mut run = started(&session("digits", "digits", &[("chain", KnobValue::Number(22.0))]), data);
        block_on(run.train_step()).expect("a step");
        let ids: Vec<String> = run.method.views().into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids.len(), count, "{kind}");
        let stage = masquerade_engine::method::Stage {
            batch: run.loader.evaluation_batch(Half::Test, &[0]).expect("a sample"),
            loader: run.loader.clone(),
            phase: 0,
            step: 1,
            rng: masquerade_engine::rng::Rng::new(1, "stage"),
            painted: Default::default(),
            cursor: None,
            pinned: None,
            switches: Default::default(),
            wanted: ids,
            source: Source::LiveGpu,
            half: Half::Test,
            limits: Default::default(),
            kept: Default::default(),
        };
        let weights = run.weights.frozen();
        let views = block_on(run.method.look(&weights, &stage)).expect("views");
        assert!(views.len() == count && views.iter().all(finite), "{views:?}");
        // The chain is computed by the processor, whatever trains.
        assert!(views.iter().any(|v| v.id == "chain" && v.origin.source == Source::LiveCpu));
        let embedded = run.method.embed(&weights, &stage.batch).expect("features");
        assert_eq!(embedded.dims(), [1, 256]);
    }
}

#[test]
fn a_short_run_learns_the_field_and_its_walkers_find_the_data() {
    let knobs = [("steps", 600.0), ("hidden", 48.0), ("batch", 256.0), ("lr", 5e-3), ("sigma", 0.1)];
    let knobs: Vec<_> = knobs.iter().map(|(name, value)| (*name, KnobValue::Number(*value))).collect();
    let mut run = started(&session("micro", "mixture", &knobs), opened("mixture", 3));
    let measure = |run: &Run, metric: &str| {
        let weights = run.weights.frozen();
        let subject = Subject { weights: &weights, loader: &run.loader, settings: &run.settings };
        block_on(run.method.measure(metric, subject)).expect("a number")
    };
    let before = measure(&run, "score_fit");
    for _ in 0..600 {
        block_on(run.train_step()).expect("a step");
    }
    let fit = measure(&run, "score_fit");
    assert!(fit > 0.7 && before < 0.3, "{before} to {fit}");
    assert!(measure(&run, "score_cosine") > 0.95);
    assert!(measure(&run, "sample_match") > 0.95);
    assert!((0.5..=1.0).contains(&measure(&run, "sample_share")));
    assert!(measure(&run, "clean_score_fit") < fit, "p_σ is not p");
    let weights = run.weights.frozen();
    let subject = Subject { weights: &weights, loader: &run.loader, settings: &run.settings };
    assert!(block_on(run.method.measure("accuracy", subject)).is_err());
}

#[test]
fn a_session_on_vectors_runs_and_other_data_is_refused() {
    let mut driven = driven(session("micro", "spiral", &[]));
    assert_eq!(losses(&driven.send(Command::Step(5))).len(), 5);
    let events = driven.show(|s| drop(s.knobs.insert("sigma".into(), KnobValue::Number(0.1))));
    assert!(!events.iter().any(|e| matches!(e, Event::Error(_))), "{events:?}");
    let own = NamedBytes { name: "own.csv".into(), bytes: b"1,2,3\n2,3,4\n4,1,2\n0,1,5\n".to_vec() };
    let events = driven.send(Command::AddUserData(vec![own].into()));
    assert!(events.iter().any(|e| matches!(e, Event::Opened { .. })), "{events:?}");
    assert_eq!(losses(&driven.send(Command::Step(2))).len(), 2);
    let events =
        driven.send(Command::AddUserData(vec![NamedBytes { name: "no.csv".into(), bytes: b"words".to_vec() }].into()));
    assert!(events.iter().any(|e| matches!(e, Event::Error(_))), "{events:?}");
}

/// What is open, as it was told last.
fn newest(events: &[Event]) -> (ModelReport, DataReport) {
    let opened = |event: &Event| match event {
        Event::Opened { model, data, .. } => Some((model.clone(), (**data).clone())),
        _ => None,
    };
    events.iter().rev().find_map(opened).expect("something is open")
}

fn own(text: &str) -> Command {
    Command::AddUserData(vec![NamedBytes { name: "own.csv".into(), bytes: text.as_bytes().to_vec() }].into())
}

#[test]
fn files_that_come_before_any_system_are_read_when_one_is_open() {
    for (text, opens) in [("a,b\n1,2\n2,3\n4,1\n", true), ("words", false)] {
        let mut driven = Driven::cpu();
        let waits = driven.send(own(text));
        assert!(!waits.iter().any(|e| matches!(e, Event::Opened { .. } | Event::Error(_))), "{waits:?}");
        let events = driven.send(Command::Show(Box::new(session("micro", "spiral", &[]))));
        assert_eq!(events.iter().any(|e| matches!(e, Event::Error(_))), !opens, "{events:?}");
        let (_, data) = newest(&events);
        assert_eq!((data.id.as_str(), data.samples), if opens { (OWN, 3) } else { ("spiral", 4000) });
        assert_eq!(losses(&driven.send(Command::Step(2))).len(), 2, "the system is there all the same");
    }
}

#[test]
fn stored_weights_are_offered_where_they_fit() {
    let stored = |data: &str| Session { stored: true, ..session("nano", data, &[]) };
    let mut driven = Driven::cpu();
    let (model, _) = newest(&driven.send(Command::Show(Box::new(stored("spiral")))));
    assert!(model.has_stored && model.stored, "{model:?}");
    let (model, data) = newest(&driven.send(own("a,b,c\n1,2,3\n2,3,5\n4,1,2\n")));
    assert_eq!((model.has_stored, model.stored, data.id.as_str()), (false, false, OWN), "{model:?}");
}
