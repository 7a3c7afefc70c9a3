//! A GPU that is taken away in the midst of training.

use masquerade_engine::device;
use masquerade_engine::session::{Command, DeviceChoice, Event};

use crate::{Driven, alone, micro};

fn steps(events: &[Event]) -> Vec<u64> {
    events.iter().filter_map(|e| if let Event::Progress(p) = e { Some(p.step) } else { None }).collect()
}

fn losses(events: &[Event]) -> Vec<f32> {
    events
        .iter()
        .filter_map(|e| if let Event::Progress(p) = e { Some(p.losses.iter().map(|l| l.total)) } else { None })
        .flatten()
        .collect()
}

fn recovered(events: &[Event]) -> Vec<&masquerade_engine::error::Report> {
    events.iter().filter_map(|e| if let Event::Recovered(report) = e { Some(report) } else { None }).collect()
}

fn gpu_now(events: &[Event]) -> Option<bool> {
    events.iter().rev().find_map(|e| if let Event::Device(device) = e { Some(device.gpu) } else { None })
}

#[test]
fn training_goes_on_from_its_last_copy() {
    let _alone = alone();
    let Some(engine) = Driven::on(DeviceChoice::Gpu) else { return };
    let mut engine = Driven { host: engine.host.copying_every(0.0), events: engine.events };
    engine.send(Command::Show(Box::new(micro())));
    let before = engine.send(Command::Step(12));
    assert!(before.iter().any(|e| matches!(e, Event::Copied(_))), "no copy was made");
    let first = losses(&before)[0];

    // The first loss: the same GPU comes back as a new device.
    engine.hand(Command::Step(10));
    device::take_away();
    while engine.tick() {}
    let events = engine.events();
    let reports = recovered(&events);
    assert_eq!(reports.len(), 1, "{events:?}");
    assert!(!events.iter().any(|e| matches!(e, Event::Error(_) | Event::Lost { .. })), "{events:?}");
    assert!(reports[0].what_to_do.contains("on it again"), "{:?}", reports[0]);
    assert_eq!(steps(&events).last(), Some(&22), "it goes as far as was asked for");
    let after = losses(&events);
    assert!(after.iter().all(|l| l.is_finite() && *l < first), "the loss starts anew: {first}, then {after:?}");

    // The second: the GPU is not trusted any more.
    engine.hand(Command::Step(5));
    device::take_away();
    while engine.tick() {}
    let events = engine.events();
    assert!(recovered(&events)[0].what_to_do.contains("on the CPU"), "{events:?}");
    assert_eq!(gpu_now(&events), Some(false));
    assert_eq!(steps(&events).last(), Some(&27));
    assert!(losses(&events).iter().all(|l| *l < first));

    // Asked for by the user, it is tried again.
    let events = engine.send(Command::UseDevice(DeviceChoice::Gpu));
    assert_eq!(gpu_now(&events), Some(true), "{events:?}");
    assert_eq!(steps(&engine.send(Command::Step(2))).last(), Some(&29));
    engine.send(Command::Close);
}

#[test]
fn a_picture_asked_of_a_lost_gpu_is_no_error() {
    let _alone = alone();
    let Some(mut engine) = Driven::on(DeviceChoice::Gpu) else { return };
    engine.send(Command::Show(Box::new(micro())));
    device::take_away();
    let look = |request| Command::Look { request, views: vec!["reconstruction".into()], cursor: None };
    let events = engine.send(look(1));
    assert_eq!(recovered(&events).len(), 1, "{events:?}");
    let events = engine.send(look(2));
    assert!(events.iter().any(|e| matches!(e, Event::Views { request: 2, .. })), "{events:?}");
    engine.send(Command::Close);
}

#[test]
fn a_probe_that_is_stopped_by_a_loss_is_named() {
    let _alone = alone();
    let Some(mut engine) = Driven::on(DeviceChoice::Gpu) else { return };
    engine.send(Command::Show(Box::new(micro())));
    engine.hand(Command::RunProbe { train: 300, test: 300 });
    device::take_away();
    while engine.tick() {}
    let events = engine.events();
    assert!(recovered(&events)[0].what_to_do.contains("The probe was stopped"), "{events:?}");
    engine.send(Command::Close);
}
