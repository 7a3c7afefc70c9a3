//! Studies: label budgets, arms, seeds, points on the way; and the claims of the cards.

use masquerade_engine::card::{Arm, KnobValue, Outcome};
use masquerade_engine::eval::labels::budget;
use masquerade_engine::registry;
use masquerade_engine::session::{Command, Event, Session, StudyReport, StudyRequest};

use crate::methods::Driven;

fn made(driven: &mut Driven, request: StudyRequest) -> Result<StudyReport, String> {
    let events = driven.send(Command::RunStudy(request));
    let told = events.iter().find_map(|e| if let Event::Studied(report) = e { Some(report.clone()) } else { None });
    let refused = || {
        events.iter().find_map(|e| if let Event::Error(r) = e { Some(format!("{} {}", r.title, r.why)) } else { None })
    };
    told.ok_or_else(|| refused().expect("a report or an error"))
}

#[test]
fn budgets_are_balanced_nested_and_seeded() {
    let mut labels: Vec<u32> = (0..1000).map(|i| (i * 7 % 10) as u32).collect();
    labels.truncate(997);
    let of = |share, seed| budget(&labels, 10, share, seed);
    let shares = [0.001, 0.01, 0.1, 0.5, 1.0];
    for seed in 0..3 {
        for pair in shares.windows(2) {
            let (small, large) = (of(pair[0], seed), of(pair[1], seed));
            assert!(small.iter().all(|sample| large.contains(sample)), "{pair:?}");
            assert!(small.windows(2).all(|pair| pair[0] < pair[1]));
        }
        for (share, each) in [(0.001, 1), (0.01, 1), (0.1, 10), (0.5, 50)] {
            let chosen = of(share, seed);
            let count = |class: u32| chosen.iter().filter(|sample| labels[**sample] == class).count();
            assert!((0..10).all(|class| count(class) == each), "{share}: {:?}", (0..10).map(count).collect::<Vec<_>>());
        }
        assert_eq!(of(1.0, seed), (0..997).collect::<Vec<_>>());
    }
    assert_eq!(of(0.1, 1), of(0.1, 1));
    assert_ne!(of(0.1, 1), of(0.1, 2));
    // A class that is rarer than its part gives all it has; one without samples gives none.
    assert_eq!(budget(&[0, 0, 0, 0, 0, 0, 0, 1], 3, 0.9, 1).len(), 3);
    assert!(budget(&[], 3, 0.5, 1).is_empty());
}

#[test]
fn a_label_budget_is_a_table_and_a_race() {
    let mut driven = Driven::micro(3);
    let labels = vec![1.0, 0.05];
    let request =
        StudyRequest { labels: labels.clone(), seeds: vec![1, 2], steps: 12, points: 2, ..StudyRequest::default() };
    let report = made(&mut driven, request.clone()).expect("a report");
    assert_eq!((report.arms.len(), &report.labels, report.steps), (2, &labels, 12));
    for arm in &report.arms {
        assert!(arm.values.len() == 2 && arm.values.iter().all(|values| values.len() == 2), "{arm:?}");
        assert!(arm.values.iter().flatten().all(|value| *value > 0.0 && *value <= 1.0), "{arm:?}");
        for (values, (mean, spread)) in arm.values.iter().zip(arm.means.iter().zip(&arm.spreads)) {
            assert!((values.iter().sum::<f64>() / 2.0 - mean).abs() < 1e-12, "{arm:?}");
            assert!(((values[0] - values[1]).abs() / 2.0_f64.sqrt() - spread).abs() < 1e-12, "{arm:?}");
        }
        assert_ne!(arm.values[0], arm.values[1], "fewer labels give another number");
    }
    let [steps, shares] = report.races.as_slice() else { panic!("{:?}", report.races) };
    assert_eq!((steps.axis.as_str(), steps.x.as_slice()), ("steps", &[6.0, 12.0][..]));
    assert_eq!((shares.x.as_slice(), shares.logarithmic), (&[0.05, 1.0][..], true));
    for (number, arm) in report.arms.iter().enumerate() {
        assert_eq!(steps.arms[number].1[1], arm.means[0]);
        assert_eq!(shares.arms[number].1, [arm.means[1], arm.means[0]]);
    }
    // Measuring on the way changes nothing, and neither does the other share.
    let plain = StudyRequest { labels: Vec::new(), points: 0, ..request };
    let plain = made(&mut driven, plain).expect("a report");
    assert_eq!(
        plain.arms.iter().map(|arm| &arm.values[0]).collect::<Vec<_>>(),
        report.arms.iter().map(|arm| &arm.values[0]).collect::<Vec<_>>()
    );
    assert!(plain.races.is_empty() && ["holds", "does not hold", "undecided"].contains(&plain.verdict.as_str()));
}

#[test]
fn fine_tuning_is_an_outcome() {
    let mut driven = Driven::micro(3);
    let session = Session {
        knobs: [("tune_steps".to_string(), KnobValue::Number(6.0))].into(),
        preset: "micro".into(),
        data: "shapes".into(),
        stored: false,
        ..Session::default()
    };
    driven.send(Command::Show(Box::new(session)));
    let arms = vec![Arm { name: "own".into(), knobs: [("mask_ratio".to_string(), KnobValue::Number(0.5))].into() }];
    let request = StudyRequest {
        arms,
        outcome: Some(Outcome::FineTune),
        labels: vec![0.1, 1.0],
        seeds: vec![4],
        steps: 3,
        points: 0,
    };
    let report = made(&mut driven, request).expect("a report");
    assert_eq!((report.metric.as_str(), report.verdict.as_str(), report.sentence.as_str()), ("finetune", "", ""));
    assert_eq!(report.arms[0].name, "own");
    assert!(report.arms[0].values.iter().flatten().all(|value| (0.0..=1.0).contains(value)), "{report:?}");
}

#[test]
fn studies_that_make_no_sense_are_refused() {
    let mut driven = Driven::micro(3);
    let with = |labels: Vec<f64>, outcome| StudyRequest {
        labels,
        outcome,
        steps: 2,
        seeds: vec![1],
        ..StudyRequest::default()
    };
    for share in [0.0, 1.5, f64::NAN] {
        assert!(made(&mut driven, with(vec![share], None)).expect_err("refused").contains("no share"));
    }
    let own = Some(Outcome::Own("pairs".into()));
    assert!(made(&mut driven, with(vec![0.1], own.clone())).expect_err("refused").contains("labels"));
    assert!(made(&mut driven, with(vec![1.0], own)).expect_err("refused").contains("pairs"));
}

#[test]
fn every_claim_has_two_arms_and_known_knobs() {
    for card in registry::BUILT.iter().map(|entry| (entry.card)()) {
        let claim = card.claim.clone().unwrap_or_else(|| panic!("{} has no claim", card.id));
        assert!(
            !claim.sentence.is_empty() && claim.arms.len() > 1 && claim.margin > 0.0 && claim.labels == [1.0],
            "{claim:?}"
        );
        for (name, value) in claim.arms.iter().flat_map(|arm| &arm.knobs) {
            let knob = card.knob(name).unwrap_or_else(|| panic!("{} has no knob {name}", card.id));
            assert_eq!(knob.refuses(value), None, "{} {name}", card.id);
        }
    }
}
