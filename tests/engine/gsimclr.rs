//! G-SimCLR: its phases, batches from clusters, views of a picture, what is shown.

use masquerade_engine::card::KnobValue;
use masquerade_engine::methods::gsimclr::batches;
use masquerade_engine::readback;
use masquerade_engine::registry;
use masquerade_engine::rng::Rng;
use masquerade_engine::run::Run;
use masquerade_engine::session::{Command, Event, Session};
use masquerade_engine::trace::{View, ViewKind};
use masquerade_engine::weights::plain;
use masquerade_tests::block_on;
use proptest::prelude::*;

use crate::built::run;
use crate::methods::{Driven, file, losses};

/// G-SimCLR's smallest preset on drawn pictures.
fn micro(seed: u64, knobs: &[(&str, &str)]) -> Driven {
    let mut driven = Driven::cpu();
    let knobs = knobs.iter().map(|(name, value)| ((*name).to_string(), KnobValue::Choice((*value).into()))).collect();
    let (method, preset, data) = ("gsimclr".into(), "micro".into(), "shapes".into());
    let events = driven.send(Command::Show(Box::new(Session {
        method,
        preset,
        data,
        seed,
        knobs,
        stored: false,
        ..Session::default()
    })));
    assert!(events.iter().any(|e| matches!(e, Event::Opened { .. })), "{events:?}");
    driven
}

/// The names of the losses' terms, step by step.
fn terms(events: &[Event]) -> Vec<String> {
    let progress = events.iter().filter_map(|e| if let Event::Progress(p) = e { Some(&p.losses) } else { None });
    progress.flatten().flat_map(|l| l.terms.iter().map(|(name, _)| name.clone())).collect()
}

fn notes(events: &[Event]) -> Vec<String> {
    events.iter().filter_map(|e| if let Event::Log { text, .. } = e { Some(text.clone()) } else { None }).collect()
}

fn look(driven: &mut Driven, ids: &[&str]) -> Vec<View> {
    let views = ids.iter().map(|id| (*id).to_string()).collect();
    let events = driven.send(Command::Look { request: 1, views, cursor: None });
    events.into_iter().find_map(|e| if let Event::Views { views, .. } = e { Some(views) } else { None }).expect("views")
}

#[test]
fn the_autoencoder_comes_first_and_clusters_guide_the_contrast() {
    let events = micro(3, &[]).send(Command::Step(9));
    assert_eq!(terms(&events), [["reconstruction"; 6].as_slice(), ["contrast"; 3].as_slice()].concat());
    assert!(notes(&events).iter().any(|note| note.contains("8 clusters of 128 pictures")), "{:?}", notes(&events));
    let events = micro(3, &[("batches", "random")]).send(Command::Step(2));
    assert_eq!(terms(&events), ["contrast"; 2]);
    let events = micro(3, &[("batches", "guided, ours"), ("augmentation", "as published")]).send(Command::Step(8));
    assert_eq!(terms(&events)[6..], ["contrast"; 2]);
}

#[test]
fn both_losses_fall() {
    let all = losses(&micro(3, &[("augmentation", "as published")]).send(Command::Step(126)));
    let mean = |part: &[f32]| part.iter().sum::<f32>() / part.len() as f32;
    assert!(all[5] < all[0], "{:?}", &all[..6]);
    assert!(mean(&all[106..]) < 0.9 * mean(&all[6..16]), "{all:?}");
}

#[test]
fn a_run_resumed_in_either_phase_goes_on_alike() {
    let whole = losses(&micro(5, &[]).send(Command::Step(12)));
    for step in [3, 9] {
        let mut interrupted = micro(5, &[]);
        interrupted.send(Command::Step(step));
        let checkpoint = file(interrupted.send(Command::SaveCheckpoint));
        let mut resumed = Driven::cpu();
        resumed.send(Command::LoadCheckpoint(checkpoint));
        let rest = losses(&resumed.send(Command::Step(12 - step)));
        assert_eq!(&whole[step as usize..], rest.as_slice(), "from step {step}");
    }
}

#[test]
fn clusters_lie_among_the_weights_and_are_not_found_twice() {
    let entry = registry::entry("gsimclr").expect("the system");
    let micro = || run(&entry, &[]);
    let start = micro().phases()[0].steps;
    let clusters = |run: &Run| run.loader.clusters().expect("clusters").values().copied().collect::<Vec<u32>>();
    let mut first = micro();
    first.go_to(start).expect("a step");
    block_on(first.enter()).expect("clusters");
    let found = clusters(&first);
    let kept = first.weights.list.iter().find(|w| w.name == format!("clusters.{}", found.len())).expect("a place");
    let values = block_on(readback::floats(plain(kept.value.clone()))).expect("values");
    assert_eq!(values[1..], found.iter().map(|c| *c as f32).collect::<Vec<_>>());

    // Taken up in the midst of the phase, what is kept is believed if it is of these pictures.
    let other: Vec<f32> = values[1..].iter().map(|c| (c + 1.0) % 8.0).collect();
    for (mark, believed) in [(values[0], true), (values[0] + 1.0, false)] {
        let mut second = micro();
        for weight in &first.weights.list {
            let values = block_on(readback::floats(plain(weight.value.clone()))).expect("values");
            second.weights.set(&weight.name, values).expect("the same weights");
        }
        second.weights.set(&kept.name, [vec![mark], other.clone()].concat()).expect("as many");
        second.go_to(start + 1).expect("a step");
        block_on(second.enter()).expect("clusters");
        let wanted = if believed { other.iter().map(|c| *c as u32).collect() } else { found.clone() };
        assert_eq!(clusters(&second), wanted, "{mark}");
    }
}

#[test]
fn every_view_is_there_in_every_phase() {
    let ids = ["input", "noisy", "reconstruction", "error", "batch", "latent", "pairs"];
    let mut driven = micro(3, &[]);
    for steps in [0, 3, 6] {
        if steps > 0 {
            driven.send(Command::Step(steps));
        }
        let views = look(&mut driven, &ids);
        assert_eq!(views.iter().map(|view| view.id.as_str()).collect::<Vec<_>>(), ids);
        for view in &views {
            match &view.kind {
                ViewKind::Picture(p) => assert_eq!((p.width, p.height, p.rgba.len()), (28, 28, 28 * 28 * 4)),
                ViewKind::Heat(h) => assert!(h.values.len() == 28 * 28 && h.values.iter().all(|v| v.is_finite())),
                ViewKind::Board(b) => {
                    assert_eq!([b.pictures.len(), b.group.len(), b.words.len(), b.clashes.len()], [8; 4])
                }
                ViewKind::Cloud(c) => {
                    assert!(
                        c.dims == 2 && c.points.iter().all(|v| v.abs() <= 1.0) && c.class.len() * 2 == c.points.len()
                    )
                }
                ViewKind::Matrix(m) => {
                    assert!(m.values.len() == 256 && (0..16).all(|i| (m.values[17 * i] - 1.0).abs() < 1e-3))
                }
                other => panic!("{other:?}"),
            }
        }
    }
    let [board] = &look(&mut driven, &["batch"])[..] else { panic!("one view") };
    assert!(board.caption.contains("clusters") && board.caption.contains("at random"), "{}", board.caption);
}

#[test]
fn the_order_is_by_rank_and_then_by_cluster() {
    let clusters = [1, 0, 1, 1, 0, 2];
    assert_eq!(batches::ranks(&clusters), [1, 1, 2, 3, 2, 1]);
    assert_eq!(batches::order(&clusters), [1, 0, 5, 4, 2, 3]);
    assert_eq!(batches::cut(&batches::order(&clusters), 4), [[1, 0, 5, 4]]);
    assert_eq!(batches::distinct(&clusters, &[1, 0, 5, 4]), 3);
    assert_eq!(batches::same_pairs(&clusters, &[0, 2, 3, 5]), 3);
}

proptest! {
    #[test]
    fn drawn_batches_hold_every_sample_once_at_most(clusters in prop::collection::vec(0_u32..9, 0..200), size in 1_usize..12, seed in 0_u64..99) {
        let drawn = batches::drawn(&clusters, size, &Rng::new(seed, "drawn"));
        let mut all: Vec<usize> = drawn.concat();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        prop_assert_eq!(all.len(), count);
        let kinds = batches::distinct(&clusters, &(0..clusters.len()).collect::<Vec<_>>());
        for batch in &drawn {
            prop_assert_eq!(batch.len(), size);
            prop_assert!(batches::distinct(&clusters, batch) >= size.min(kinds).min(batch.len()));
        }
        prop_assert!(clusters.len() < size || !drawn.is_empty());
    }
}
