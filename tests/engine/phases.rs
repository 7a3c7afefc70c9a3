//! The phases of every built system: their lengths are knobs, a run goes through all of them, and its plan has an end.

use masquerade_engine::card::{KnobKind, KnobValue};
use masquerade_engine::registry;
use masquerade_engine::run::Run;
use masquerade_engine::session::{Command, Event};
use masquerade_tests::block_on;

use crate::built::{kinds, run};
use crate::methods::Driven;

#[test]
fn the_length_of_a_phase_is_a_knob_that_sets_it_alone() {
    for entry in registry::BUILT {
        let card = (entry.card)();
        for kind in kinds(&entry) {
            let built = run(&entry, &kind);
            let lengths = |run: &Run| run.phases().iter().map(|phase| phase.steps).collect::<Vec<_>>();
            for (number, phase) in built.phases().iter().enumerate() {
                let what = format!("{} {kind:?}, phase {}", card.id, phase.title);
                let Some(name) = phase.knob else {
                    assert_eq!(phase.steps, 0, "{what}: steps that no knob sets");
                    continue;
                };
                let knob = card.knob(name).unwrap_or_else(|| panic!("{what}: no knob {name}"));
                assert!(knob.live && matches!(knob.kind, KnobKind::Number { .. }), "{what}: {knob:?}");
                let mut wanted = lengths(&built);
                wanted[number] = 17;
                let knobs = [kind.clone(), vec![(name.to_string(), KnobValue::Number(17.0))]].concat();
                assert_eq!(lengths(&run(&entry, &knobs)), wanted, "{what}");
            }
        }
    }
}

#[test]
fn a_run_goes_through_all_its_phases() {
    for entry in registry::BUILT {
        let built = run(&entry, &[]);
        let knobs: Vec<_> =
            built.phases().iter().filter_map(|phase| Some((phase.knob?.to_string(), KnobValue::Number(2.0)))).collect();
        let mut run = run(&entry, &knobs);
        let mut seen = Vec::new();
        while run.step < run.total_steps() {
            seen.push(run.phase());
            block_on(run.train_step()).expect("a step");
        }
        let wanted: Vec<usize> = (0..run.phases().len()).flat_map(|phase| [phase; 2]).collect();
        assert_eq!(seen, wanted, "{}", (entry.card)().id);
        assert!(block_on(run.losses()).expect("losses").iter().all(|point| point.total.is_finite()));
    }
}

#[test]
fn past_the_plan_the_rate_is_said() {
    let mut driven = Driven::micro(3);
    let said = |events: Vec<Event>| {
        events.iter().any(|e| matches!(e, Event::Log { text, .. } if text.contains("Past the 200 planned steps")))
    };
    assert!(!said(driven.send(Command::Step(200))));
    assert!(said(driven.send(Command::Step(1))));
    assert!(!said(driven.send(Command::Step(1))));
}
