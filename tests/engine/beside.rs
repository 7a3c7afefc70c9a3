//! Training from scratch beside stored weights, for every built system: both are looked at, a link says which it is, and
//! the first step of a link is certified.

use std::collections::BTreeMap;

use masquerade_engine::link;
use masquerade_engine::registry;
use masquerade_engine::session::{Command, Event, ModelReport, Reproduction, Session};
use masquerade_engine::trace::{Source, View};

use crate::methods::{Driven, losses};

/// The engine at the first screen of a system.
fn first_screen(method: &str) -> (Driven, ModelReport) {
    let mut driven = Driven::cpu();
    let events = driven.send(Command::Show(Box::new(Session { method: method.into(), ..Session::default() })));
    let model = opened(&events).unwrap_or_else(|| panic!("{method}: {events:?}"));
    (driven, model)
}

fn opened(events: &[Event]) -> Option<ModelReport> {
    events.iter().rev().find_map(|e| if let Event::Opened { model, .. } = e { Some(model.clone()) } else { None })
}

fn certificate(events: &[Event]) -> Option<Reproduction> {
    events.iter().find_map(|e| if let Event::Reproduced(found) = e { Some(*found) } else { None })
}

fn looked(driven: &mut Driven, model: &ModelReport) -> BTreeMap<String, View> {
    let views = model.views.iter().map(|(id, _)| id.clone()).collect();
    let events = driven.send(Command::Look { request: 1, views, cursor: None });
    let found = events.into_iter().find_map(|e| if let Event::Views { views, .. } = e { Some(views) } else { None });
    found.expect("views").into_iter().map(|view| (view.id.clone(), view)).collect()
}

fn of_weights(views: &BTreeMap<String, View>) -> Vec<Source> {
    let learnt = [Source::LiveCpu, Source::StoredWeightsCpu];
    views.values().map(|view| view.origin.source).filter(|source| learnt.contains(source)).collect()
}

/// Systems whose first screen is made of pictures that need files are left out where these are not on this computer.
fn systems() -> Vec<String> {
    let cards = registry::BUILT.map(|entry| (entry.card)());
    cards.into_iter().filter(|card| card.presets[0].stored_weights.is_some()).map(|card| card.id).collect()
}

#[test]
fn playing_begins_from_scratch_with_the_stored_weights_a_click_apart() {
    for id in systems() {
        let (mut driven, model) = first_screen(&id);
        assert!(model.stored && model.has_stored, "{id}");
        // What takes long is found after the first views.
        looked(&mut driven, &model);
        let trained = looked(&mut driven, &model);
        assert!(of_weights(&trained).iter().all(|source| *source == Source::StoredWeightsCpu), "{id}");

        let events = driven.send(Command::Step(1));
        let now = opened(&events).unwrap_or_else(|| panic!("{id}: {events:?}"));
        assert!(!now.stored && now.has_stored && now.weights == "from scratch", "{id}: {}", now.weights);
        assert_eq!((driven.session.stored, driven.session.step), (false, 1), "{id}");
        let live = looked(&mut driven, &now);
        assert!(of_weights(&live).iter().all(|source| *source == Source::LiveCpu), "{id}");

        driven.show(|s| s.stored = true);
        assert_eq!((driven.session.stored, driven.session.step), (true, 1), "{id}: the run goes on beside");
        assert_eq!(looked(&mut driven, &now), trained, "{id}: the stored weights make of it what they made before");
        driven.show(|s| s.stored = false);
        assert_eq!(looked(&mut driven, &now), live, "{id}");

        // The same first step as of a session that never saw stored weights.
        let first = losses(&events)[0];
        let mut plain = Driven::cpu();
        plain.send(Command::Show(Box::new(Session { method: id.clone(), stored: false, ..Session::default() })));
        assert_eq!(losses(&plain.send(Command::Step(1)))[0].to_bits(), first.to_bits(), "{id}");
    }
}

#[test]
fn going_on_from_the_stored_weights_is_a_choice_that_links_carry() {
    let (mut driven, model) = first_screen("mae");
    driven.show(|s| s.go_on = true);
    let events = driven.send(Command::Step(1));
    assert!(driven.session.go_on && !driven.session.stored);
    let (on, text) = (losses(&events)[0], link::to_text(&driven.session));
    assert!(text.contains("from=stored"), "{text}");
    let (mut scratch, _) = first_screen("mae");
    let from_scratch = losses(&scratch.send(Command::Step(1)))[0];
    assert!(on < 0.8 * from_scratch, "{on} after {} steps, {from_scratch} at the first", model.trained_steps);

    // A link of before there was the choice went on from the weights it showed.
    let cards = registry::cards();
    let old = link::from_text("v=1&x=mae&p=nano&step=60", &cards).expect("a link");
    assert!(old.go_on);
    assert!(!link::from_text("v=1&x=mae&p=nano", &cards).expect("a link").go_on);
    assert!(!link::from_text("v=1&x=mae&p=nano&stored=0&step=60", &cards).expect("a link").go_on);
    assert_eq!(link::from_text(&text, &cards).expect("a link").go_on, driven.session.go_on);
}

#[test]
fn the_first_step_of_a_link_is_certified() {
    let session = Session { method: "rae".into(), preset: "micro".into(), stored: false, ..Session::default() };
    let mut sharer = Driven::cpu();
    sharer.send(Command::Show(Box::new(session.clone())));
    let events = sharer.send(Command::Step(1));
    assert!(certificate(&events).is_none(), "there is nothing to compare with");
    let loss = losses(&events)[0];
    for (expected, same) in [(loss, true), (loss * 1.01, false)] {
        let mut reader = Driven::cpu();
        reader.send(Command::Show(Box::new(Session { first_loss: Some(expected), ..session.clone() })));
        let found = certificate(&reader.send(Command::Step(1))).expect("a certificate");
        assert_eq!((found.same, found.expected, found.got), (same, expected, loss));
    }
}
