//! Kernels that are made before the first step.

use masquerade_engine::device;
use masquerade_engine::session::{Command, DeviceChoice, Event, Session};

use crate::counted::calls;
use crate::{Driven, alone, micro};

fn first_loss(events: &[Event]) -> f32 {
    events
        .iter()
        .find_map(|e| if let Event::Progress(p) = e { p.losses.first().map(|l| l.total) } else { None })
        .expect("a loss")
}

#[test]
fn the_first_step_finds_its_kernels_made_and_nothing_learnt() {
    let _alone = alone();
    let Some(mut cold) = Driven::on(DeviceChoice::Gpu) else { return };
    cold.send(Command::Show(Box::new(micro())));
    let without = first_loss(&cold.send(Command::Step(1)));
    cold.send(Command::Close);

    // A new device has no kernels yet.
    calls();
    device::take_away();
    let Some(engine) = Driven::on(DeviceChoice::Gpu) else { return };
    let mut engine = Driven { host: engine.host.warming(true), events: engine.events };
    let before = calls();
    let events = engine.send(Command::Show(Box::new(micro())));
    let made = calls() - before;
    let told: Vec<(u64, u64)> = events
        .iter()
        .filter_map(|e| {
            if let Event::Loading { what, done, total } = e {
                (what == "Preparing kernels").then_some((*done, *total))
            } else {
                None
            }
        })
        .collect();
    assert!(told.len() > 4 && told.last().is_some_and(|(done, total)| done == total), "{told:?}");
    let before = calls();
    let with = first_loss(&engine.send(Command::Step(2)));
    let step = calls() - before;
    eprintln!("pipelines made ahead: {}, by the first two steps: {}", made.pipelines, step.pipelines);
    assert!(made.pipelines > 20 && step.pipelines == 0, "made ahead: {made:?}; by the step: {step:?}");
    assert_eq!(with, without, "the preparation changed the model");
    engine.send(Command::Close);
}

#[test]
fn commands_are_answered_in_between() {
    let _alone = alone();
    let Some(engine) = Driven::on(DeviceChoice::Gpu) else { return };
    let mut engine = Driven { host: engine.host.warming(true), events: engine.events };
    engine.hand(Command::Show(Box::new(micro())));
    assert!(engine.tick() && engine.tick());
    engine.events();
    engine.hand(Command::Show(Box::new(Session { sample: 3, ..micro() })));
    assert!(engine.events().iter().any(|e| matches!(e, Event::State { session, .. } if session.sample == 3)));
    engine.hand(Command::Cancel);
    assert!(engine.events().iter().any(|e| matches!(e, Event::Loading { done, total, .. } if done == total)));
    assert!(!engine.tick(), "it was stopped");
    // Closing ends it too.
    engine.hand(Command::Show(Box::new(Session { seed: 3, ..micro() })));
    assert!(engine.tick());
    engine.hand(Command::Close);
    assert!(!engine.tick());
}
