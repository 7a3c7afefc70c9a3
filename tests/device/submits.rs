//! How often a training step goes to the GPU.

use masquerade_engine::card::KnobValue;
use masquerade_engine::device;
use masquerade_engine::session::{Command, DeviceChoice, Event, Session};
use masquerade_tests::block_on;

use crate::counted::calls;
use crate::{Driven, alone, micro};

#[test]
fn a_training_step_needs_at_most_four_submits() {
    let _alone = alone();
    let Some(mut engine) = Driven::on(DeviceChoice::Gpu) else { return };
    let compute = block_on(device::open(DeviceChoice::Gpu)).expect("the GPU");
    // Depth is what adds launches.
    let deep = Session { knobs: [("depth".into(), KnobValue::Number(8.0))].into(), ..micro() };
    for session in [micro(), deep] {
        let name = if session.knobs.is_empty() { "micro" } else { "deep" };
        engine.send(Command::Show(Box::new(session)));
        engine.send(Command::Step(2));
        calls();
        engine.hand(Command::Play);
        let submits = [(); 3].map(|()| {
            // An answer comes after all that was asked before; it is one launch and one submit of its own.
            assert!(block_on(compute.answers()));
            let before = calls();
            engine.tick();
            assert!(block_on(compute.answers()));
            let step = calls() - before;
            eprintln!("{name} step: {step:?}");
            assert!(step.dispatches > 20, "the step was not counted: {step:?}");
            assert_eq!(step.pipelines, 0, "a warm step made pipelines");
            step.submits
        });
        // Now and then the run is copied for recovery, which reads back more of a deep model.
        let most = if name == "micro" { submits.iter().max() } else { submits.iter().min() };
        assert!(most.is_some_and(|most| *most <= 4), "{name}: {submits:?}");
        engine.hand(Command::Close);
        engine.events();
    }
}

#[test]
fn playing_ends_where_the_run_was_planned_to() {
    let _alone = alone();
    let mut engine = Driven::on(DeviceChoice::Cpu).expect("the CPU");
    let mut session = micro();
    session.knobs.insert("steps".into(), KnobValue::Number(5.0));
    engine.send(Command::Show(Box::new(session)));
    let step = |events: Vec<Event>| {
        events
            .into_iter()
            .filter_map(|event| if let Event::Progress(progress) = event { Some(progress.step) } else { None })
            .max()
    };
    assert_eq!(step(engine.send(Command::Play)), Some(5));
    // Playing on has no end.
    engine.hand(Command::Play);
    for _ in 0..3 {
        assert!(engine.tick());
    }
    engine.hand(Command::Pause);
    assert_eq!(step(engine.events()), Some(8));
}
