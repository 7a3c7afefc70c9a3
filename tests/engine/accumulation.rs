//! Batches that go through the model in parts.

use masquerade_engine::batch::CLASS;
use masquerade_engine::blocks::masks::Mask;
use masquerade_engine::card::KnobValue;
use masquerade_engine::readback;
use masquerade_engine::registry;
use masquerade_engine::rng::Rng;
use masquerade_tests::block_on;

use crate::built::run;

#[test]
fn parts_of_a_batch_make_the_same_step() {
    let entry = registry::BUILT[0];
    let trained = |at_once: f64| {
        let mut run = run(&entry, &[("at_once".to_string(), KnobValue::Number(at_once))]);
        for _ in 0..6 {
            block_on(run.train_step()).expect("a step");
        }
        let losses = block_on(run.losses()).expect("losses");
        let weights = run.weights.list.iter().map(|w| w.value.clone()).collect();
        (losses, block_on(readback::many(weights)).expect("values"))
    };
    let (whole, wanted) = trained(0.0);
    // Of 16 pictures: in three parts and one, in two, and not at all.
    for size in [5.0, 8.0, 16.0, 100.0] {
        let (losses, weights) = trained(size);
        for (point, whole) in losses.iter().zip(&whole) {
            assert!((point.total - whole.total).abs() < 1e-4 * whole.total, "{size}: {point:?} instead of {whole:?}");
            assert_eq!(point.terms.len(), whole.terms.len());
        }
        for (got, wanted) in weights.iter().flatten().zip(wanted.iter().flatten()) {
            assert!((got - wanted).abs() < 2e-3, "{size}: {got} instead of {wanted}");
        }
        if size >= 16.0 {
            assert_eq!(weights, wanted, "one part is the whole");
        }
    }
}

#[test]
fn parts_hold_their_samples() {
    let run = run(&registry::BUILT[0], &[]);
    let batch = run.loader.train_batch(0).expect("a batch");
    let parts = [batch.part(0..5).expect("a part"), batch.part(5..16).expect("a part")];
    assert_eq!(parts.iter().map(|part| part.samples().expect("samples")).collect::<Vec<_>>(), [5, 11]);
    assert_eq!([parts[0].indices.clone(), parts[1].indices.clone()].concat(), batch.indices);
    assert_eq!([parts[0].classes(CLASS), parts[1].classes(CLASS)].concat(), batch.classes(CLASS));
    assert_eq!(batch.part(0..16).expect("all"), batch);
    assert!(batch.part(10..17).is_err());
    let rng = Rng::new(3, "masks");
    let (whole, part) = (Mask::random(6, 16, 4, &rng), Mask::random(6, 16, 4, &rng).part(2..5));
    assert_eq!((part.samples, part.ids_keep.as_slice()), (3, &whole.ids_keep[8..20]));
    assert_eq!(
        (part.hidden.as_slice(), part.ids_restore.as_slice()),
        (&whole.hidden[32..80], &whole.ids_restore[32..80])
    );
}

#[test]
fn losses_that_need_their_batch_say_why() {
    for entry in registry::BUILT {
        let run = run(&entry, &[]);
        for phase in 0..run.phases().len() {
            let why = run.method.whole_batch(phase);
            assert!(why.is_none_or(|why| !why.is_empty()));
            assert_eq!(why.is_none(), (entry.card)().id == "mae", "{}", (entry.card)().id);
        }
    }
}
