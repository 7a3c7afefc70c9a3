//! G-SimCLR: batches from clusters, and the views of a picture.

use masquerade_engine::methods::gsimclr::augment::{self, Recipe};
use masquerade_engine::methods::gsimclr::batches;
use masquerade_engine::rng::Rng;
use proptest::prelude::*;

#[test]
fn golden_numbers() {
    use masquerade_engine::session::DeviceChoice;
    use masquerade_engine::{device, method::Entry, registry, verify};
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/gsimclr");
    let compute = masquerade_tests::block_on(device::open(DeviceChoice::Cpu)).expect("the CPU");
    let entry = Entry {
        card: || registry::card("gsimclr").expect("a card"),
        build: |_, _| Err(masquerade_engine::error::Error::request("", "", "")),
        verify: |case| Box::pin(masquerade_engine::methods::gsimclr::fixture::verify(case)),
    };
    let report =
        masquerade_tests::block_on(verify::run(&[entry], &crate::methods::folder(&path), &compute, |_, _, _| ())).expect("a report");
    let far: Vec<_> = report.lines.iter().filter(|l| !l.ok || (l.allowed > 0.0 && l.error > 0.1 * l.allowed)).collect();
    println!("{} lines, {} far", report.lines.len(), far.len());
    for l in &far {
        println!("{} {} error {:e} allowed {:e} {}", l.case, l.tensor, l.error, l.allowed, l.note);
    }
    assert!(far.is_empty());
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

fn pictures(count: usize, sides: [usize; 2]) -> Vec<f32> {
    let mut rng = Rng::new(1, "pictures");
    (0..count * sides[0] * sides[1] * 3).map(|_| rng.uniform()).collect()
}

#[test]
fn the_published_recipe_shares_one_draw_and_the_others_do_not() {
    let one = pictures(1, [6, 5]);
    let four = || one.repeat(4);
    let alike = |recipe: Recipe, seed: u64| {
        let mut views = four();
        recipe.apply(&mut views, [6, 5], &Rng::new(seed, "views"));
        assert!(views.iter().all(|value| (0.0..=1.0).contains(value)));
        views.chunks(one.len()).all(|view| *view == views[..one.len()])
    };
    assert!((0..20).all(|seed| alike(Recipe::PUBLISHED, seed)));
    assert!((0..20).filter(|seed| alike(Recipe::PER_PICTURE, *seed)).count() < 5);
    assert!(!(0..20).any(|seed| alike(Recipe::CROPPED, seed)));
}

#[test]
fn the_whole_picture_is_its_own_crop() {
    let whole = pictures(1, [7, 5]);
    let mut cropped = whole.clone();
    augment::crop(&mut cropped, [7, 5], [0.0, 0.0, 7.0, 5.0]);
    assert!(whole.iter().zip(&cropped).all(|(a, b)| (a - b).abs() < 1e-6));
    augment::crop(&mut cropped, [7, 5], [6.5, 4.5, 0.0, 0.0]);
    assert!(cropped.chunks(3).all(|pixel| pixel.iter().zip(&whole[whole.len() - 3..]).all(|(a, b)| (a - b).abs() < 1e-6)));
}

#[test]
fn a_turn_of_the_whole_hue_changes_nothing() {
    let mut picture = pictures(1, [4, 4]);
    let before = picture.clone();
    augment::hue(&mut picture, 1.0);
    augment::saturation(&mut picture, 1.0);
    assert!(before.iter().zip(&picture).all(|(a, b)| (a - b).abs() < 1e-5));
}
