//! Augmentations of pictures: what a recipe shares, and what each change does to pictures whose answer is known.

use masquerade_engine::augment::{Recipe, colour, shape};
use masquerade_engine::methods::gsimclr::model::{PER_PICTURE, PUBLISHED};
use masquerade_engine::rng::Rng;

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
        recipe.apply(&mut views, [6, 5], 3, &Rng::new(seed, "views"));
        assert!(views.iter().all(|value| (0.0..=1.0).contains(value)));
        views.chunks(one.len()).all(|view| *view == views[..one.len()])
    };
    assert!((0..20).all(|seed| alike(PUBLISHED, seed)));
    assert!((0..20).filter(|seed| alike(PER_PICTURE, *seed)).count() < 5);
    assert!(!(0..20).any(|seed| alike(Recipe::SIMCLR_SMALL, seed)));
}

#[test]
fn the_whole_picture_is_its_own_crop() {
    let whole = pictures(1, [7, 5]);
    let mut cropped = whole.clone();
    shape::crop(&mut cropped, [7, 5], 3, [0.0, 0.0, 7.0, 5.0]);
    assert!(whole.iter().zip(&cropped).all(|(a, b)| (a - b).abs() < 1e-6));
    shape::crop(&mut cropped, [7, 5], 3, [6.5, 4.5, 0.0, 0.0]);
    assert!(
        cropped.chunks(3).all(|pixel| pixel.iter().zip(&whole[whole.len() - 3..]).all(|(a, b)| (a - b).abs() < 1e-6))
    );
}

#[test]
fn a_turn_of_the_whole_hue_changes_nothing() {
    let mut picture = pictures(1, [4, 4]);
    let before = picture.clone();
    colour::hue(&mut picture, 1.0);
    colour::saturation(&mut picture, 1.0);
    assert!(before.iter().zip(&picture).all(|(a, b)| (a - b).abs() < 1e-5));
}

#[test]
fn a_blur_spreads_a_point_and_keeps_its_sum_and_an_even_picture() {
    let sides = [41, 41];
    let mut even = vec![0.25; 41 * 41 * 2];
    shape::blur(&mut even, sides, 2, 1.3);
    assert!(even.iter().all(|value| (value - 0.25).abs() < 1e-6));
    let mut point = vec![0.0; 41 * 41 * 2];
    point[(20 * 41 + 20) * 2 + 1] = 1.0;
    shape::blur(&mut point, sides, 2, 1.0);
    let at = |row: usize, column: usize| point[(row * 41 + column) * 2 + 1];
    assert!((point.iter().sum::<f32>() - 1.0).abs() < 1e-5, "the second channel keeps its sum, the first stays empty");
    assert!(point.iter().step_by(2).all(|value| *value == 0.0));
    // Two rows or columns to each side at this height, and e^(−½ d²) between neighbours at distance d.
    assert!((at(21, 20) / at(20, 20) - (-0.5_f32).exp()).abs() < 1e-5 && at(20, 21) == at(21, 20));
    assert!(at(22, 20) > 0.0 && at(23, 20) == 0.0);
}

#[test]
fn any_number_of_channels_is_augmented_and_colour_is_for_three() {
    let mut rng = Rng::new(4, "bands");
    let bands: Vec<f32> = (0..2 * 8 * 6 * 5).map(|_| rng.uniform()).collect();
    let mut views = bands.clone();
    Recipe::SIMCLR.apply(&mut views, [8, 6], 5, &Rng::new(9, "views"));
    assert!(views != bands && views.iter().all(|value| (0.0..=1.0).contains(value)));
    let mut mirrored = bands.clone();
    shape::flip(&mut mirrored, 6, 5);
    assert_eq!(mirrored[..5], bands[25..30]);
    shape::flip(&mut mirrored, 6, 5);
    assert_eq!(mirrored, bands);
}
