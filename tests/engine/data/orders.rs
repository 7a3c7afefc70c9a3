//! The order of samples, of every system and phase: each epoch has its own, the same seed gives the same, and a run
//! that is taken up again goes on with the same batches.

use masquerade_engine::card::KnobValue;
use masquerade_engine::loader::Loader;
use masquerade_engine::registry;
use masquerade_engine::run::Run;
use masquerade_engine::session::Session;
use masquerade_engine::settings::Settings;
use masquerade_engine::shape::Shape;
use masquerade_tests::block_on;

use crate::methods::{drawn_id, drawn_set};

/// Phases whose every epoch has one order, by the paper: the batches of G-SimCLR's clusters.
const ONE_ORDER: [(&str, usize); 1] = [("gsimclr", 1)];

/// A run of a system's preset at the start of a phase.
fn run(id: &str, preset: &str, data: &str, seed: u64, phase: usize) -> Run {
    let entry = registry::entry(id).expect("a system");
    let card = (entry.card)();
    let mut session = Session { method: id.into(), preset: preset.into(), seed, ..Session::default() };
    for (knob, value) in [("batch", 16.0), ("graphs", 20.0), ("steps", 400.0), ("pretrain", 60.0), ("ae_steps", 60.0)] {
        if card.knob(knob).is_some() {
            session.knobs.insert(knob.into(), KnobValue::Number(value));
        }
    }
    let size = Settings::of(&session, &card, Shape { channels: 1, ..Shape::default() }).expect("settings");
    let data = if data.is_empty() { drawn_id(card.kind) } else { data };
    let set = drawn_set(card.kind, data, size.find("img_size").unwrap_or(0_usize) as u32);
    let settings = Settings::of(&session, &card, set.shape()).expect("settings");
    let loader = Loader::new(set, &settings);
    let mut run = Run::new(&entry, settings, loader, &burn::tensor::Device::flex()).expect("a run");
    run.go_to(run.phases().iter().take(phase).map(|p| p.steps).sum()).expect("a recipe");
    block_on(run.enter()).expect("the start of a phase");
    run
}

/// The batches of an epoch.
fn epoch(run: &Run, number: u64) -> Vec<Vec<usize>> {
    let length = run.loader.epoch();
    (number * length..(number + 1) * length).map(|step| run.loader.indices(step)).collect()
}

#[test]
fn every_epoch_has_an_order_of_its_own() {
    let mut cases: Vec<(String, &str, &str)> = registry::BUILT.iter().map(|e| ((e.card)().id, "micro", "")).collect();
    cases.push(("graphmae".into(), "graphs", "families"));
    for (id, preset, data) in cases {
        for phase in 0..run(&id, preset, data, 1, 0).phases().len() {
            let first = run(&id, preset, data, 1, phase);
            let (a, b) = (epoch(&first, 0), epoch(&first, 1));
            let whole = a.len() == 1 && a[0].len() == first.loader.data().pool();
            // Where all is one batch there is no order; a plan for all steps has no second epoch.
            let planned = first.loader.plan().is_some() && first.loader.epoch() >= first.phases()[phase].steps;
            let one = ONE_ORDER.contains(&(id.as_str(), phase));
            assert!(a != b || whole || planned || one, "{id}, phase {phase}: all epochs have one order");
            if planned {
                let pool = first.loader.data().pool() / first.loader.batch_size().max(1);
                let (early, late) = (&a[..pool.min(a.len() / 2)], &a[pool.min(a.len() / 2)..]);
                assert!(late.is_empty() || early != &late[..early.len()], "{id}, phase {phase}");
            }
            let again = run(&id, preset, data, 1, phase);
            assert_eq!((a, b), (epoch(&again, 0), epoch(&again, 1)), "{id}, phase {phase}: the seed does not decide");
        }
    }
}

#[test]
fn groups_stay_together_and_every_epoch_has_them_all() {
    let run = run("graphmae", "graphs", "families", 1, 0);
    let graph = run.loader.graph().expect("graphs");
    assert_eq!(run.loader.epoch(), 8);
    for number in 0..3 {
        let mut seen: Vec<usize> = epoch(&run, number).concat();
        seen.sort_unstable();
        assert!(seen.into_iter().eq(0..graph.nodes), "an epoch has every node once");
    }
    for nodes in epoch(&run, 1) {
        let graphs = graph.graphs.windows(2).filter(|bounds| nodes.contains(&bounds[0]));
        assert_eq!(graphs.map(|bounds| bounds[1] - bounds[0]).sum::<usize>(), nodes.len(), "graphs are whole");
    }
}

#[test]
fn batches_of_whole_graphs_go_on_bit_for_bit_after_a_break() {
    let mut whole = run("graphmae", "graphs", "families", 3, 0);
    let mut losses = Vec::new();
    for _ in 0..20 {
        block_on(whole.train_step()).expect("a step");
    }
    losses.extend(block_on(whole.losses()).expect("losses"));
    // The same steps, the weights and moments carried over at a step in the midst of the second epoch.
    let mut first = run("graphmae", "graphs", "families", 3, 0);
    for _ in 0..11 {
        block_on(first.train_step()).expect("a step");
    }
    block_on(first.losses()).expect("losses");
    let mut rest = run("graphmae", "graphs", "families", 3, 0);
    rest.go_to(11).expect("a recipe");
    rest.weights = first.weights;
    rest.optimiser = first.optimiser;
    for _ in 11..20 {
        block_on(rest.train_step()).expect("a step");
    }
    assert_eq!(block_on(rest.losses()).expect("losses"), losses[11..]);
}
