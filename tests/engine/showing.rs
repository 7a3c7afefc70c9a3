//! Showing a session, for every built system: it is put in order, the least is done, what is offered acts, and every
//! view says truly where it comes from.

use std::collections::BTreeMap;

use masquerade_engine::card::{Card, Kind, Knob, KnobKind, KnobValue};
use masquerade_engine::session::{Command, DataReport, Event, ModelReport, NamedBytes, Session, Task};
use masquerade_engine::settings::Settings;
use masquerade_engine::shape::Shape;
use masquerade_engine::trace::{Cursor, Source, View, ViewKind};
use masquerade_engine::{link, registry};

use crate::methods::{Driven, file, losses};

/// A small session of a system on drawn data, from scratch.
fn micro(card: &Card) -> Session {
    let data = match card.kind {
        Kind::Pictures => "shapes",
        Kind::Clouds => "solids",
        Kind::Graphs => "blocks",
        Kind::Vectors => "spiral",
        Kind::Scenes => "places",
    };
    Session {
        method: card.id.clone(),
        preset: "micro".into(),
        data: data.into(),
        seed: 3,
        stored: false,
        ..Session::default()
    }
}

/// An engine that shows a session, and what it says of the model and the data.
fn showing(session: Session) -> (Driven, ModelReport, DataReport) {
    let mut driven = Driven::cpu();
    let events = driven.send(Command::Show(Box::new(session)));
    let (model, data) = opened(&events).unwrap_or_else(|| panic!("{events:?}"));
    (driven, model, data)
}

fn opened(events: &[Event]) -> Option<(ModelReport, DataReport)> {
    events.iter().rev().find_map(|e| match e {
        Event::Opened { model, data, .. } => Some((model.clone(), (**data).clone())),
        _ => None,
    })
}

fn refusal(events: &[Event]) -> Option<String> {
    events.iter().find_map(|e| match e {
        Event::Error(r) => Some(format!("{}: {} {}", r.title, r.why, r.what_to_do)),
        _ => None,
    })
}

/// All views of the open model, by id.
fn looked(driven: &mut Driven, model: &ModelReport) -> BTreeMap<String, View> {
    let views = model.views.iter().map(|(id, _)| id.clone()).collect();
    let events = driven.send(Command::Look { request: 1, views, cursor: None });
    let found = events.into_iter().find_map(|e| match e {
        Event::Views { views, .. } => Some(views),
        Event::Error(report) => panic!("{report:?}"),
        _ => None,
    });
    found.expect("views").into_iter().map(|view| (view.id.clone(), view)).collect()
}

/// Another value that a knob takes, near the one it has.
fn other(knob: &Knob, now: &KnobValue) -> Option<KnobValue> {
    match (&knob.kind, now) {
        (KnobKind::Number { low, high, step, .. }, KnobValue::Number(now)) => {
            let turned = if now + step <= *high { now + step } else { now - step };
            (turned >= *low).then_some(KnobValue::Number(turned))
        }
        (KnobKind::Switch, KnobValue::Switch(on)) => Some(KnobValue::Switch(!on)),
        (KnobKind::Choice { options }, KnobValue::Choice(now)) => {
            options.iter().find(|option| *option != now).cloned().map(KnobValue::Choice)
        }
        _ => None,
    }
}

#[test]
fn every_knob_turned_and_put_back_leaves_the_session_and_its_link() {
    for card in registry::BUILT.map(|entry| (entry.card)()) {
        let (mut driven, ..) = showing(micro(&card));
        let before = driven.session.clone();
        let preset = Settings::of(&before, &card, Shape { channels: 1, ..Shape::default() }).expect("settings");
        let mut turned = 0;
        for knob in &card.knobs {
            let now = &preset.values()[&knob.name];
            let Some(value) = other(knob, now) else { continue };
            let events = driven.show(|s| drop(s.knobs.insert(knob.name.clone(), value.clone())));
            match refusal(&events) {
                // Some knobs go together; what is refused is not kept.
                Some(_) => assert_eq!(driven.session, before, "{} of {}", knob.name, card.id),
                None => {
                    assert_eq!(driven.session.knobs.get(&knob.name), Some(&value), "{} of {}", knob.name, card.id);
                    turned += 1;
                }
            }
            driven.show(|s| drop(s.knobs.insert(knob.name.clone(), now.clone())));
            assert_eq!(driven.session, before, "{} of {}", knob.name, card.id);
            assert_eq!(link::to_text(&driven.session), link::to_text(&before));
        }
        assert!(turned * 2 > card.knobs.len(), "{}: only {turned} knobs turn", card.id);
    }
}

#[test]
fn what_a_system_offers_acts_and_what_it_does_not_offer_does_not() {
    for card in registry::BUILT.map(|entry| (entry.card)()) {
        let (mut driven, model, data) = showing(micro(&card));
        let before = driven.session.clone();
        let views = looked(&mut driven, &model);
        let mut acts = |what: &str, expected: bool, change: &dyn Fn(&mut Session)| {
            driven.show(change);
            let changed = looked(&mut driven, &model) != views;
            assert_eq!(changed, expected, "{what} of {}", card.id);
            driven.send(Command::Show(Box::new(before.clone())));
        };
        let able = &model.abilities;
        if able.samples {
            acts("the next sample", true, &|s| s.sample = 1);
        }
        acts("drawing anew", able.draws.is_some(), &|s| s.mask_seed = 1);
        for switch in &able.switches {
            acts(&switch.id, true, &|s| s.switches.extend([switch.id.clone()]));
            assert!(!switch.title.is_empty() && !switch.tooltip.is_empty());
        }
        acts("a switch of another system", false, &|s| s.switches.extend(["hologram".into()]));
        if let Some(name) = &able.mask_knob {
            let knob = card.knob(name).expect("the knob there is");
            let KnobKind::Number { low, .. } = knob.kind else { panic!("{name} is no number") };
            acts(name, true, &|s| drop(s.knobs.insert(name.clone(), KnobValue::Number(low.max(0.25)))));
        }
        for grid in &model.grids {
            let mask: Vec<bool> = (0..grid.tokens()).map(|token| token % 3 == 1).collect();
            acts("painting", grid.paintable, &|s| drop(s.painted.insert(grid.id.clone(), mask.clone())));
            let follows = views.values().any(|view| view.follows.as_ref() == Some(&grid.id));
            let last = Cursor::new(&grid.id, grid.tokens() - 1);
            acts("a pin", follows, &|s| s.pinned = Some(last.clone()));
        }
        if data.classes.len() > 1 {
            let tuned = Session { task: Task::FineTune, ..before.clone() };
            let mut events = driven.send(Command::Show(Box::new(tuned)));
            if able.fine_tunes {
                events = driven.send(Command::RunProbe { train: 1, test: 1 });
            }
            let tested = events.iter().any(|e| matches!(e, Event::FineTuned(_)));
            let refused = events.iter().any(|e| matches!(e, Event::Error(_)));
            assert_eq!((tested, refused), (able.fine_tunes, !able.fine_tunes), "{}: {events:?}", card.id);
        }
    }
}

#[test]
fn cursors_and_masks_belong_to_a_grid_that_there_is() {
    for card in registry::BUILT.map(|entry| (entry.card)()) {
        let (mut driven, model, _) = showing(micro(&card));
        for view in looked(&mut driven, &model).values() {
            let known = |id: &String| model.grids.iter().any(|grid| grid.id == *id);
            assert!(view.grid.iter().chain(&view.follows).all(known), "{} of {}", view.id, card.id);
            let tokens = view.grid.as_ref().and_then(|id| model.grid(id)).map(|grid| grid.tokens() as usize);
            let shown = match &view.kind {
                ViewKind::Picture(p) => Some((p.grid.0 * p.grid.1) as usize),
                ViewKind::Mask(m) => Some(m.hidden.len()),
                ViewKind::Heat(h) => Some(h.values.len()),
                ViewKind::Board(b) if view.grid.is_some() => Some(b.pictures.len()),
                _ => None,
            };
            assert!(shown.is_none() || shown == tokens, "{} of {}: {shown:?} of {tokens:?}", view.id, card.id);
            if let ViewKind::Matrix(matrix) = &view.kind {
                assert!(matrix.row_grid.iter().chain(&matrix.column_grid).all(known), "{} of {}", view.id, card.id);
                let fits = |tokens: &[u32], count: u32| tokens.is_empty() || tokens.len() == count as usize;
                assert!(fits(&matrix.row_tokens, matrix.rows) && fits(&matrix.column_tokens, matrix.columns));
            }
        }
        let first = model.grids.first();
        driven.show(|s| {
            s.pinned = Some(Cursor::new("", 0));
            s.painted = [("".to_string(), vec![true; 3]), ("elsewhere".to_string(), vec![true; 3])].into();
        });
        assert_eq!(driven.session.pinned, first.map(|grid| Cursor::new(&grid.id, 0)), "the first grid's");
        assert!(driven.session.painted.is_empty(), "no grid has three tokens");
        driven.show(|s| s.pinned = first.map(|grid| Cursor::new(&grid.id, grid.tokens())));
        assert_eq!(driven.session.pinned, None, "there is no such token");
        driven.show(|s| s.sample = u64::MAX);
        assert!(driven.session.sample < 1_000_000);
    }
}

/// The same weights file with its numbers a little different, each of the sign it had.
fn shaken(mut file: NamedBytes) -> NamedBytes {
    let head = u64::from_le_bytes(file.bytes[..8].try_into().expect("a length")) as usize;
    for (i, number) in file.bytes[8 + head..].as_chunks_mut::<4>().0.iter_mut().enumerate() {
        let factor = 1.0 + 0.4 * ((i as f32 * 12.9898).sin() * 43_758.547).fract();
        *number = (f32::from_le_bytes(*number) * factor).to_le_bytes();
    }
    file
}

#[test]
fn every_view_says_truly_where_it_comes_from() {
    for card in registry::BUILT.map(|entry| (entry.card)()) {
        let (mut driven, model, _) = showing(micro(&card));
        driven.send(Command::Step(2));
        let before = looked(&mut driven, &model);
        let weights = file(driven.send(Command::SaveWeights));
        let events = driven.send(Command::LoadWeights { file: shaken(weights), apply: true });
        assert_eq!(refusal(&events), None, "{}", card.id);
        for (id, after) in looked(&mut driven, &model) {
            let learnt = after.kind != before[&id].kind;
            let source = after.origin.source;
            // Other weights may well find the same clusters.
            let clusters = matches!(&after.kind, ViewKind::Cloud(cloud) if cloud.values.is_empty());
            let true_of = match source {
                Source::LiveCpu => learnt || clusters,
                Source::Data | Source::Formula => !learnt,
                other => panic!("{id} of {} comes from {other:?}", card.id),
            };
            assert!(true_of, "{id} of {} says {source:?}; other weights change it: {learnt}", card.id);
        }
    }
}

#[test]
fn the_least_is_done() {
    let mae = registry::card("mae").expect("mae");
    let (mut driven, model, _) = showing(micro(&mae));
    driven.send(Command::Step(2));
    let (session, states) = (driven.session.clone(), |events: &[Event]| {
        events.iter().all(|e| matches!(e, Event::State { .. })) && events.len() == 1
    });
    assert_eq!(session.step, 2);
    let built = |events: &[Event]| events.iter().any(|e| matches!(e, Event::Loading { .. }));
    assert!(states(&driven.send(Command::Show(Box::new(session.clone())))), "nothing");
    assert!(states(&driven.show(|s| s.sample = 3)) && driven.session.sample == 3, "the stage alone");
    assert!(states(&driven.show(|s| drop(s.knobs.insert("lr".into(), KnobValue::Number(0.002))))), "a knob that acts");
    let events = driven.show(|s| drop(s.knobs.insert("mask_ratio".into(), KnobValue::Number(0.5))));
    let (now, _) = opened(&events).expect("another number of visible patches is another report");
    assert!(!built(&events) && driven.session.step == 2 && now.grids[0].visible > model.grids[0].visible);
    assert_eq!(now.weights_at(driven.session.step), "from scratch + 2 steps");
    assert_eq!(losses(&driven.send(Command::Step(1))).len(), 1, "the run goes on");
    let events = driven.show(|s| s.seed = 4);
    assert!(built(&events) && losses(&events).len() == 3, "another seed is another model, trained as far");
    assert_eq!(driven.session.step, 3);
}

#[test]
fn what_the_weights_are_is_told_step_by_step() {
    let report = |weights: &str, since: u64| ModelReport {
        parameters: 0,
        other_values: 0,
        grids: Vec::new(),
        abilities: Default::default(),
        weights: weights.into(),
        weights_step: since,
        has_stored: false,
        trained_steps: 0,
        stored: true,
        phases: Vec::new(),
        views: Vec::new(),
    };
    let stored = report("stored weights, 1800 steps", 0);
    assert_eq!(stored.weights_at(0), "stored weights, 1800 steps");
    assert_eq!(stored.weights_at(60), "stored weights, 1800 steps + 60");
    assert_eq!(report("loaded from a.safetensors", 20).weights_at(50), "loaded from a.safetensors + 30 steps");
}

#[test]
fn a_system_that_is_not_built_leaves_what_is_open() {
    let cards = registry::cards();
    let planned = cards.iter().find(|card| !card.built).expect("a planned system");
    let (mut driven, model, _) = showing(micro(&cards[0]));
    let before = driven.session.clone();
    let events = driven.send(Command::Show(Box::new(Session { method: planned.id.clone(), ..Session::default() })));
    let words = refusal(&events).expect("a refusal");
    assert!(words.contains(&planned.title) && words.contains(&cards[0].title), "{words}");
    assert_eq!(opened(&events).map(|(told, _)| told), Some(model), "the front end is told what is still open");
    assert_eq!(driven.session, before);
}
