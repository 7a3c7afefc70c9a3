//! Point-CMAE in a session: it learns, can be looked at, probed and fine-tuned, and refuses what does not fit.

use masquerade_engine::card::KnobValue;
use masquerade_engine::session::{Command, Event, Session, Task};
use masquerade_engine::trace::{Cloud, Cursor, View, ViewKind};

use crate::methods::{Driven, losses};

fn session(system: &str) -> Session {
    let knobs = [("system".to_string(), KnobValue::Choice(system.into()))].into();
    Session {
        method: "pointcmae".into(),
        preset: "micro".into(),
        data: "solids".into(),
        seed: 3,
        stored: false,
        knobs,
        ..Session::default()
    }
}

fn opened(session: Session) -> Driven {
    let mut driven = Driven::cpu();
    let events = driven.send(Command::Show(Box::new(session)));
    assert!(events.iter().any(|e| matches!(e, Event::Opened { .. })), "{events:?}");
    driven
}

fn looked(driven: &mut Driven, cursor: Option<u32>) -> Vec<View> {
    let ids = ["input", "reconstruction", "reconstruction_second", "error", "similarity", "contrast"];
    let cursor = cursor.map(|token| Cursor::new("groups", token));
    let events = driven.send(Command::Look { request: 1, views: ids.map(String::from).to_vec(), cursor });
    events.into_iter().find_map(|e| if let Event::Views { views, .. } = e { Some(views) } else { None }).expect("views")
}

fn cloud<'a>(views: &'a [View], id: &str) -> &'a Cloud {
    let view = views.iter().find(|view| view.id == id).unwrap_or_else(|| panic!("no view {id}"));
    if let ViewKind::Cloud(cloud) = &view.kind { cloud } else { panic!("{id} is no cloud") }
}

#[test]
fn both_systems_learn_and_the_same_seed_gives_the_same_numbers() {
    for system in ["point-cmae", "point-mae"] {
        let curve = || losses(&opened(session(system)).send(Command::Step(40)));
        let first = curve();
        assert_eq!(first, curve());
        let mean = |part: &[f32]| part.iter().sum::<f32>() / part.len() as f32;
        assert!(mean(&first[30..]) < 0.7 * mean(&first[..5]), "{system}: {first:?}");
    }
}

#[test]
fn views_are_of_one_cloud() {
    let mut driven = opened(session("point-cmae"));
    driven.send(Command::Step(2));
    let views = looked(&mut driven, Some(5));
    assert_eq!(views.len(), 6);
    let input = cloud(&views, "input");
    assert_eq!((input.points.len(), input.token.len(), input.class.len()), (64 * 3, 64, 8));
    assert_eq!(input.class.iter().filter(|class| **class % 2 == 1).count(), 4, "the first mask hides four groups");
    assert!(input.token.iter().all(|token| *token < 8));
    for id in ["reconstruction", "reconstruction_second"] {
        let rebuilt = cloud(&views, id);
        assert_eq!(rebuilt.points.len(), 3 * rebuilt.token.len());
        assert_eq!(rebuilt.class.iter().filter(|class| **class == 1).count(), 4);
        for group in (0..8).filter(|group| rebuilt.class[*group] == 1) {
            assert_eq!(rebuilt.token.iter().filter(|token| **token == group as u32).count(), 8, "eight points a group");
        }
    }
    let error = cloud(&views, "error");
    assert!(
        error.values.iter().zip(&input.class).all(|(value, class)| (*value > 0.0) == (*class > 0)),
        "{:?}",
        error.values
    );
    let similarity = cloud(&views, "similarity");
    assert_eq!(similarity.query, Some(5));
    assert!((similarity.values[5] - 1.0).abs() < 1e-4);
    let contrast = views.iter().find(|view| view.id == "contrast").expect("the contrast");
    assert!(
        matches!(&contrast.kind, ViewKind::Matrix(m) if (m.rows, m.columns) == (8, 8) && m.values.iter().all(|v| v.abs() <= 1.001))
    );
    assert_eq!(looked(&mut opened(session("point-mae")), None).len(), 4, "one branch has no second and no contrast");
}

#[test]
fn a_painted_mask_is_the_first_branch() {
    let mut driven = opened(session("point-cmae"));
    let mut hidden = vec![false; 8];
    (hidden[2], hidden[6]) = (true, true);
    driven.show(|s| drop(s.painted.insert("groups".into(), hidden)));
    let views = looked(&mut driven, None);
    let class = &cloud(&views, "input").class;
    assert!(class.iter().enumerate().all(|(group, class)| (class % 2 == 1) == (group == 2 || group == 6)), "{class:?}");
    driven.show(|s| drop(s.painted.insert("groups".into(), vec![true; 3])));
    assert!(driven.session.painted.is_empty(), "a mask of another size is dropped");
    for wrong in [vec![true; 8], vec![false; 8]] {
        driven.show(|s| drop(s.painted.insert("groups".into(), wrong)));
        let events = driven.send(Command::Look { request: 1, views: vec!["input".into()], cursor: None });
        assert!(
            events
                .iter()
                .any(|e| matches!(e, Event::Error(r) if r.why.contains("8 groups") || r.why.contains("has 8"))),
            "{events:?}"
        );
    }
}

#[test]
fn probes_and_fine_tuning_answer() {
    let mut driven = opened(session("point-cmae"));
    driven.send(Command::Step(5));
    let events = driven.send(Command::RunProbe { train: 200, test: 100 });
    let report = events.iter().find_map(|e| if let Event::Probe(r) = e { Some(r) } else { None }).expect("a probe");
    let own: Vec<&str> = report.others.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(own, ["mlp_accuracy", "effective_rank", "uniformity", "svm_accuracy", "few_shot_accuracy"]);
    assert!(report.others[1].1 > 1.0 && report.others[2].1 < 0.0, "{report:?}");
    assert!(
        report.others[3..].iter().chain(&report.others[..1]).all(|(_, value)| *value > 0.2 && *value <= 1.0),
        "{report:?}"
    );
    let tuned = [("tune_steps".to_string(), KnobValue::Number(30.0))];
    let mut tuning = Session { task: Task::FineTune, ..session("point-cmae") };
    tuning.knobs.extend(tuned);
    driven.send(Command::Show(Box::new(tuning)));
    let events = driven.send(Command::Play);
    let tuned = events.iter().find_map(|e| if let Event::FineTuned(r) = e { Some(r) } else { None }).expect("a result");
    assert!(tuned.test_accuracy >= 0.0 && tuned.last_loss.is_finite(), "{tuned:?}");
}

#[test]
fn more_points_than_the_clouds_have_are_refused() {
    let mut too_many = session("point-cmae");
    too_many.knobs.insert("points".into(), KnobValue::Number(2048.0));
    let events = opened(too_many).send(Command::Step(1));
    assert!(events.iter().any(|e| matches!(e, Event::Error(r) if r.why.contains("1024 points"))), "{events:?}");
}
