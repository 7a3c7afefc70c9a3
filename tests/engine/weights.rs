//! Roles of weights: what moves, what stays, what a loss leaves behind, and which layer learns how fast.

use burn::tensor::{Device, Tensor, TensorData};
use masquerade_engine::readback;
use masquerade_engine::registry;
use masquerade_engine::run::Run;
use masquerade_engine::session::{Command, Event, Session};
use masquerade_engine::train::groups::layer_decay_groups;
use masquerade_engine::train::optimiser::Optimiser;
use masquerade_engine::weights::{Count, Init, Upkeep, Weights};
use masquerade_tests::block_on;

use crate::methods::{Driven, drawn_id, losses, smallest};

fn read(weights: &Weights, name: &str) -> Vec<f32> {
    block_on(readback::floats(weights.by_name(name).expect("a weight").value.clone())).expect("values")
}

fn devices() -> impl Iterator<Item = Device> {
    std::iter::once(Device::flex()).chain(masquerade_tests::gpu())
}

/// Two layers, their momentum copy, a teacher and a queue.
fn model(device: &Device) -> Weights {
    let mut weights = Weights::new(device, 3);
    let mut root = weights.root();
    for (prefix, upkeep) in [("student", Upkeep::Trained), ("target", Upkeep::Average), ("teacher", Upkeep::Frozen)] {
        let mut scope = root.at(prefix);
        let mut scope = scope.upkeep(upkeep);
        scope.at("blocks").at(0).layer(1).weight("weight", [30, 41], Init::Normal(1.0));
        scope.weight("bias", [7], Init::Normal(1.0));
        scope.fixed("table", [5], vec![2.0; 5]);
    }
    root.average("queue", [4, 3], Init::Values((0..12).map(|v| v as f32).collect()));
    weights
}

#[test]
fn a_scope_hands_down_its_role_and_layer() {
    let weights = model(&Device::flex());
    let of = |name: &str| weights.by_name(name).map(|w| (w.upkeep, w.layer)).expect("a weight");
    assert_eq!(of("student.blocks.0.weight"), (Upkeep::Trained, Some(1)));
    assert_eq!(of("student.bias"), (Upkeep::Trained, None));
    assert_eq!(of("target.blocks.0.weight"), (Upkeep::Average, Some(1)));
    assert_eq!(of("teacher.bias"), (Upkeep::Frozen, None));
    assert_eq!(of("teacher.table"), (Upkeep::Fixed, None));
    assert_eq!(of("queue"), (Upkeep::Average, None));
    let each = 30 * 41 + 7;
    let count = Count { trained: each, kept: each + 3 * 5 + 12, frozen: each };
    assert_eq!((weights.count(), weights.count().all()), (count, 3 * each + 27));
    let tracked = model(&Device::flex().autodiff());
    let loss = tracked.list.iter().map(|w| w.value.clone().square().sum()).reduce(Tensor::add).expect("a loss");
    for (weight, gradient) in tracked.list.iter().zip(tracked.backward(&loss)) {
        assert_eq!(gradient.is_some(), weight.upkeep == Upkeep::Trained, "{}", weight.name);
    }
}

#[test]
fn a_momentum_copy_follows_exactly() {
    for device in devices() {
        let mut weights = model(&device.clone().autodiff());
        let names = ["blocks.0.weight", "bias"];
        let all = |w: &Weights, of: &str| names.map(|name| read(w, &format!("{of}{name}")));
        let (student, target) = (all(&weights, "student."), all(&weights, "target."));
        let (teacher, queue, older) = (read(&weights, "teacher.bias"), read(&weights, "queue"), weights.clone());
        weights.follow("student.", "target.", 0.99).expect("a step");
        let momentum = 0.99_f32;
        for ((got, old), new) in all(&weights, "target.").iter().zip(&target).zip(&student) {
            let wanted: Vec<f32> = old.iter().zip(new).map(|(a, w)| momentum * a + (1.0 - momentum) * w).collect();
            let same = got
                .iter()
                .zip(&wanted)
                .all(|(g, w)| (g - w).abs() <= if device == Device::flex() { 0.0 } else { 1e-6 });
            assert!(same, "{got:?} instead of {wanted:?}");
        }
        assert_eq!(all(&older, "target."), target, "another holder of the copy sees it change");
        weights.follow("student.", "target.", 0.0).expect("a copy");
        assert_eq!(all(&weights, "target."), student);
        assert_eq!((read(&weights, "teacher.bias"), read(&weights, "queue")), (teacher, queue));
        assert_eq!(read(&weights, "target.table"), [2.0; 5]);
    }
    let mut weights = model(&Device::flex());
    let before = read(&weights, "target.bias");
    for (from, to) in [("student.", "teacher."), ("nobody.", "target."), ("student.blocks.", "target.")] {
        assert!(weights.follow(from, to, 0.5).is_err(), "{from} {to}");
    }
    assert_eq!(read(&weights, "target.bias"), before);
}

#[test]
fn a_queue_takes_new_rows_in_front() {
    let mut weights = Weights::new(&Device::flex().autodiff(), 3);
    let queue = weights.root().average("queue", [4, 3], Init::Values((0..12).map(|v| v as f32).collect()));
    let rows = |count: usize| {
        let values = (0..count * 3).map(|v| 100.0 + v as f32).collect::<Vec<_>>();
        Tensor::<2>::from_data(TensorData::new(values, [count, 3]), weights.device())
    };
    let new = |count: usize| {
        let (place, value) = weights.rolled(queue, rows(count));
        assert_eq!(place, queue.index());
        block_on(readback::floats(value)).expect("values")
    };
    assert_eq!(new(1), [100.0, 101.0, 102.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    assert_eq!(new(4), (0..12).map(|v| 100.0 + v as f32).collect::<Vec<_>>());
    assert_eq!(new(6), new(4));
    let (place, value) = weights.rolled(queue, rows(2));
    weights.replace(place, value);
    assert_eq!(read(&weights, "queue")[4..8], [104.0, 105.0, 0.0, 1.0]);
}

#[test]
fn each_layer_of_an_encoder_learns_as_fast_as_its_depth_says() {
    const DECAY: f64 = 0.7;
    let mut tuned = 0;
    for entry in registry::BUILT {
        let run = smallest(&entry);
        let Ok((_, weights)) = run.method.tuned(&run.weights, 5, &run.settings) else { continue };
        tuned += 1;
        let knob = |name| run.settings.get::<usize>(name).expect("a knob") as i32;
        // CROMA's joint encoder, half as deep, comes after those of the sensors, which end together.
        let (joins, own) = (run.card.id == "croma", knob("depth"));
        let depth = if joins { own + own / 2 } else { own };
        let mut seen = vec![0; depth as usize + 2];
        for (weight, group) in weights.list.iter().zip(layer_decay_groups(&weights, DECAY, 0.05, &[])) {
            let of_encoder = !joins || weight.name.contains("_encoder.");
            let numbers = if joins { "layers." } else { "blocks." };
            let block = weight.name.rsplit_once(numbers).and_then(|(_, rest)| rest.split('.').next()?.parse().ok());
            let below = match weight.name.split('.').next() {
                Some("cross_encoder") => own,
                Some("radar_encoder") => own - own / 2,
                _ => 0,
            };
            let after = ["norm.", "fc_norm.", "head.", "cls_head_finetune.", "cross_encoder.norm_out."];
            let after = !of_encoder || after.iter().any(|start| weight.name.starts_with(start));
            let unblocked = if weight.name.contains("norm_out") { own } else { 0 };
            let block = block.filter(|_| of_encoder);
            let layer = block.map_or(if after { depth + 1 } else { unblocked }, |block: i32| below + block + 1);
            seen[layer as usize] += 1;
            let wanted = DECAY.powi(depth + 1 - layer);
            assert!((group.lr_scale - wanted).abs() < 1e-12, "{} of {}: {group:?}", weight.name, run.card.id);
        }
        assert!(seen.iter().all(|weights| *weights > 0), "{}: {seen:?}", run.card.id);
    }
    assert!(tuned >= 2, "{tuned}");
}

/// What making the kernels of a step ahead does to a run: losses and gradients are asked for, and nothing comes of it.
fn warm(run: &Run) {
    let mut weights = run.weights.clone();
    let batch = run.loader.train_batch(0).expect("a batch");
    let outcome = run.method.loss(&weights, &batch, &run.context()).expect("a loss");
    let gradients = weights.backward(&outcome.total);
    Optimiser::new(run.recipe()).step(&mut weights, &gradients, 0.0);
    let other = run.loader.train_batch(1).expect("a batch");
    run.method.loss(&run.weights, &other, &run.context()).expect("a loss");
}

#[test]
fn a_loss_that_is_asked_for_leaves_no_trace() {
    for entry in registry::BUILT {
        let (mut plain, mut warmed) = (smallest(&entry), smallest(&entry));
        let mut start = 0;
        for phase in plain.phases().to_vec().iter().filter(|phase| phase.steps > 0) {
            for (run, warms) in [(&mut plain, false), (&mut warmed, true)] {
                run.go_to(start).expect("a recipe");
                for _ in 0..3 {
                    if warms {
                        warm(run);
                    }
                    block_on(run.train_step()).expect("a step");
                }
            }
            let [plain, warmed] = [&mut plain, &mut warmed].map(|run| block_on(run.losses()).expect("losses"));
            assert_eq!(plain, warmed, "{} in {}", (entry.card)().id, phase.title);
            start += phase.steps;
        }
        let names: Vec<&str> = plain.weights.list.iter().map(|w| w.name.as_str()).collect();
        for name in names {
            assert_eq!(read(&plain.weights, name), read(&warmed.weights, name), "{name} of {}", (entry.card)().id);
        }
    }
}

#[test]
fn kernels_made_ahead_change_no_number() {
    for card in registry::BUILT.map(|entry| (entry.card)()) {
        let session = Session {
            method: card.id.clone(),
            preset: "micro".into(),
            data: drawn_id(card.kind).into(),
            stored: false,
            ..Session::default()
        };
        let curve = |mut driven: Driven| {
            let opened = driven.send(Command::Show(Box::new(session.clone())));
            let made = opened.iter().any(|e| matches!(e, Event::Loading { what, .. } if what == "Preparing kernels"));
            (made, losses(&driven.send(Command::Step(3))))
        };
        let (cold, warm) = (curve(Driven::cpu()), curve(Driven::cpu().warming()));
        assert!(!cold.0 && warm.0 && cold.1.len() == 3, "{}", card.id);
        assert_eq!(cold.1, warm.1, "{}", card.id);
    }
}
