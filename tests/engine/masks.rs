//! Over all systems that mask, their rules and ratios: a loss that is a number, or a refusal that says why.

use masquerade_engine::card::{Card, Kind, KnobKind, KnobValue};
use masquerade_engine::registry;
use masquerade_engine::session::{Command, Event, Session};
use masquerade_engine::trace::ViewKind;

use crate::methods::{Driven, losses};

const RATIOS: [f64; 8] = [0.0, 0.05, 0.3, 0.5, 0.556, 0.75, 0.95, 1.0];

/// The knob that says how much is hidden.
fn ratio(card: &Card) -> Option<&str> {
    let names = card.knobs.iter().filter(|k| k.group == "Mask" && matches!(k.kind, KnobKind::Number { .. }));
    names.map(|k| k.name.as_str()).find(|name| name.starts_with("mask_"))
}

/// Every option of every menu of the mask, one at a time.
fn rules(card: &Card) -> Vec<Option<(String, KnobValue)>> {
    let mut rules = vec![None];
    for knob in card.knobs.iter().filter(|k| k.group == "Mask") {
        if let KnobKind::Choice { options } = &knob.kind {
            rules.extend(options.iter().map(|option| Some((knob.name.clone(), KnobValue::Choice(option.clone())))));
        }
    }
    rules
}

fn session(card: &Card) -> Session {
    let data = match card.kind {
        Kind::Pictures => "shapes",
        Kind::Clouds => "solids",
        Kind::Graphs => "blocks",
        Kind::Vectors => "spiral",
        Kind::Scenes => "places",
    };
    let (method, preset, data) = (card.id.clone(), "micro".into(), data.into());
    Session { method, preset, data, seed: 3, stored: false, ..Session::default() }
}

/// The error among these events, if there is one.
fn error(events: &[Event]) -> Option<String> {
    events.iter().find_map(|e| if let Event::Error(r) = e { Some(format!("{}: {}", r.title, r.why)) } else { None })
}

fn views(events: Vec<Event>) -> String {
    events
        .iter()
        .find_map(|e| if let Event::Views { views, .. } = e { Some(format!("{views:?}")) } else { None })
        .expect("views")
}

#[test]
fn no_ratio_and_no_rule_gives_a_loss_that_is_no_number() {
    let mut systems = 0;
    for card in registry::BUILT.iter().map(|entry| (entry.card)()) {
        let Some(ratio) = ratio(&card) else { continue };
        systems += 1;
        let mut driven = Driven::cpu();
        for rule in rules(&card) {
            for value in RATIOS {
                let mut session = session(&card);
                session.knobs.extend(rule.clone());
                session.knobs.insert(ratio.into(), KnobValue::Number(value));
                let what = format!("{} {rule:?} {value}", card.id);
                let opened = driven.send(Command::Show(Box::new(session)));
                if let Some(why) = error(&opened) {
                    assert!(why.contains("mask") || why.contains("between") || why.contains("hide"), "{what}: {why}");
                    continue;
                }
                let events = driven.send(Command::Step(1));
                assert_eq!(error(&events), None, "{what}");
                let losses = losses(&events);
                assert!(losses.len() == 1 && losses[0].is_finite(), "{what}: {losses:?}");
            }
        }
    }
    assert!(systems >= 3, "{systems} systems mask");
}

#[test]
fn painted_masks_of_all_and_of_nothing_are_refused_or_seen() {
    for card in registry::BUILT.iter().map(|entry| (entry.card)()).filter(|card| ratio(card).is_some()) {
        let mut driven = Driven::cpu();
        let events = driven.send(Command::Show(Box::new(session(&card))));
        let model =
            events.iter().find_map(|e| if let Event::Opened { model, .. } = e { Some(model.clone()) } else { None });
        let model = model.expect("a model");
        let tokens = model.grids[0].tokens() as usize;
        for (all, odd) in [(true, None), (false, None), (true, Some(1)), (false, Some(1))] {
            let mask = (0..tokens).map(|token| all != (Some(token) == odd)).collect();
            let grid = model.grids[0].id.clone();
            driven.show(|session| drop(session.painted.insert(grid, mask)));
            let wanted = model.views.iter().map(|(id, _)| id.clone()).collect();
            let events = driven.send(Command::Look { request: 1, views: wanted, cursor: None });
            match error(&events) {
                Some(why) => assert!(odd.is_none() && why.contains("mask"), "{} {all} {odd:?}: {why}", card.id),
                None => assert!(!views(events).contains("NaN"), "{} {all} {odd:?}", card.id),
            }
        }
    }
}

#[test]
fn a_grid_says_what_it_really_hides() {
    let card = (registry::BUILT[0].card)();
    let mut session = session(&card);
    session.knobs.insert("sampling".into(), KnobValue::Choice("grid".into()));
    session.knobs.insert("patch_size".into(), KnobValue::Number(4.0));
    let mut driven = Driven::cpu();
    let events = driven.send(Command::Show(Box::new(session)));
    let visible = events
        .iter()
        .find_map(|e| if let Event::Opened { model, .. } = e { Some(model.grids[0].visible) } else { None });
    assert_eq!(visible, Some(16), "of 7 × 7 patches");
    let events = driven.send(Command::Look { request: 1, views: vec!["mask".into()], cursor: None });
    let view = events
        .into_iter()
        .find_map(|e| if let Event::Views { views, .. } = e { views.into_iter().next() } else { None });
    let view = view.expect("the mask");
    assert!(matches!(&view.kind, ViewKind::Mask(mask) if mask.hidden.iter().filter(|hidden| !**hidden).count() == 16));
    assert!(view.caption.contains("67 %") && view.caption.contains("75 %"), "{}", view.caption);
}
