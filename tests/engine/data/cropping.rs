//! Resizing, crops and batches.

use image::imageops::{self, FilterType};
use masquerade_engine::data::crops::{self, Augment};
use masquerade_engine::data::pictures::{Picture, PictureData, Split};
use masquerade_engine::data::resample::{Area, resize, shrink};
use masquerade_engine::pixel_bytes::PixelBytes;
use masquerade_engine::rng::Rng;
use masquerade_engine::session::DataReport;
use proptest::prelude::*;

const PLAIN: Augment = Augment { smallest_crop: 1.0, flip: false, turns: false };
const CROPPED: Augment = Augment { smallest_crop: 0.2, flip: true, turns: false };

fn noise(width: u32, height: u32, channels: u32, seed: u64) -> Picture {
    let mut rng = Rng::new(seed, "noise");
    Picture::new(width, height, channels, (0..width * height * channels).map(|_| rng.below(256) as u8).collect())
        .unwrap()
}

fn colour_set(pictures: Vec<Picture>) -> PictureData {
    let report = DataReport {
        first: 0,
        id: "toy".into(),
        title: "Toy".into(),
        samples: 0,
        test_samples: 0,
        classes: Vec::new(),
        detail: String::new(),
        picture: (0, 0, 0),
        licence: String::new(),
        source: String::new(),
        notes: Vec::new(),
        ..DataReport::default()
    };
    PictureData::colour(report, Split { pictures, labels: Vec::new() }, Split::default())
}

#[test]
fn resizing_is_catmull_rom_with_antialiasing() {
    for (width, height) in [(16, 16), (70, 33), (9, 61)] {
        let picture = noise(37, 29, 3, 1);
        let ours = resize(&picture, Area::whole(&picture), width, height);
        let image = image::RgbImage::from_vec(37, 29, picture.pixels).unwrap();
        let theirs = imageops::resize(&image, width, height, FilterType::CatmullRom);
        let worst = ours.pixels.iter().zip(theirs.as_raw()).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(1), "{width} × {height}: {worst:?}");
    }
}

#[test]
fn resizing_a_part_equals_cutting_it_out_first() {
    let picture = noise(40, 30, 1, 2);
    let part = Area { x: 7, y: 5, width: 20, height: 18 };
    let cut = masquerade_engine::data::resample::cut(&picture, part);
    assert_eq!(resize(&picture, part, 11, 12), resize(&cut, Area::whole(&cut), 11, 12));
    assert_eq!(shrink(picture.clone(), 64), picture);
    let small = shrink(picture, 15);
    assert_eq!((small.width, small.height), (20, 15));
}

#[test]
fn crops_have_the_recipe_s_statistics() {
    let mut rng = Rng::new(5, "crops");
    let draws: Vec<Area> = (0..4000).map(|_| crops::random_area(400, 400, 0.2, &mut rng)).collect();
    let parts: Vec<f32> = draws.iter().map(|a| (a.width * a.height) as f32 / 160_000.0).collect();
    let ratios: Vec<f32> = draws.iter().map(|a| a.width as f32 / a.height as f32).collect();
    assert!(draws.iter().all(|a| a.x + a.width <= 400 && a.y + a.height <= 400));
    assert!(parts.iter().all(|p| (0.19..=1.0).contains(p)) && ratios.iter().all(|r| (0.74..=1.35).contains(r)));
    // Uniform in 0.2 … 1 has the mean 0.6, but above 3/4 of the area some ratios do not fit and are drawn again: 0.538.
    let mean = parts.iter().sum::<f32>() / parts.len() as f32;
    assert!((0.525..0.551).contains(&mean), "{mean}");
    let log_mean = ratios.iter().map(|r| r.ln()).sum::<f32>() / ratios.len() as f32;
    assert!(log_mean.abs() < 0.02, "{log_mean}");
    let centre = draws.iter().map(|a| a.x as f32 + a.width as f32 / 2.0).sum::<f32>() / draws.len() as f32;
    assert!((centre - 200.0).abs() < 5.0, "{centre}");
}

#[test]
fn crops_of_a_strip_fall_back_to_its_centre() {
    let area = crops::random_area(1000, 10, 0.9, &mut Rng::new(1, "strip"));
    assert_eq!(area, Area { x: 493, y: 0, width: 13, height: 10 });
    let area = crops::random_area(9, 900, 0.9, &mut Rng::new(1, "strip"));
    assert_eq!(area, Area { x: 0, y: 444, width: 9, height: 12 });
    let area = crops::one_shot_area(1000, 10, 0.9, &mut Rng::new(1, "strip"));
    assert_eq!((area.height, area.y), (10, 0));
}

#[test]
fn evaluation_takes_the_centre() {
    let picture = noise(300, 256, 3, 3);
    let crop = crops::evaluation_crop(&picture, 224);
    assert_eq!(crop, masquerade_engine::data::resample::cut(&picture, Area { x: 38, y: 16, width: 224, height: 224 }));
    let same = noise(32, 32, 1, 4);
    assert_eq!(crops::evaluation_crop(&same, 32), same);
    for (width, height, size) in [(28, 28, 32), (500, 300, 256), (31, 90, 32), (33, 40, 32), (1, 1, 32)] {
        let crop = crops::evaluation_crop(&noise(width, height, 3, 5), size);
        assert_eq!((crop.width, crop.height), (size, size), "{width} × {height} to {size}");
    }
}

#[test]
fn numbers_are_normalised_by_channel() {
    let bytes = vec![0_u8, 128, 255, 255, 0, 128];
    let pictures = PixelBytes::new([1, 1, 2, 3], bytes, &[0.5, 0.25, 0.0], &[0.5, 0.25, 1.0]).unwrap();
    let values = pictures.values();
    assert_eq!(values.shape, [1, 3, 1, 2]);
    let wanted = [-1.0, 1.0, 128.0 / 255.0 * 4.0 - 1.0, -1.0, 1.0, 128.0 / 255.0];
    for (got, wanted) in values.values.iter().zip(wanted) {
        assert!((got - wanted).abs() < 1e-5, "{got} for {wanted}");
    }
}

#[test]
fn batches_depend_on_the_seed_alone() {
    let set = colour_set((0..5).map(|i| noise(40, 48, 3, i)).collect());
    let indices = [0, 3, 4, 1];
    let rng = Rng::new(9, "batch");
    let first = crops::batch(&set, &set.train, &indices, 16, CROPPED, &rng);
    assert_eq!(first.len(), 4 * 3 * 16 * 16);
    assert_eq!(first, crops::batch(&set, &set.train, &indices, 16, CROPPED, &rng));
    assert_ne!(first, crops::batch(&set, &set.train, &indices, 16, CROPPED, &rng.at(1)));
    assert_ne!(first, crops::probe_batch(&set, &set.train, &indices, 16, &rng));
    // A sample's crop does not depend on what else is in the batch.
    assert_eq!(first[..768], crops::batch(&set, &set.train, &[0], 16, CROPPED, &rng)[..]);
}

#[test]
fn without_a_crop_training_sees_what_evaluation_sees() {
    let set = colour_set((0..3).map(|i| noise(40, 30, 3, i)).collect());
    let plain = crops::batch(&set, &set.train, &[2, 1], 16, PLAIN, &Rng::new(1, "plain"));
    assert_eq!(plain, crops::evaluation_batch(&set, &set.train, &[2, 1], 16));
}

#[test]
fn half_of_the_pictures_are_mirrored() {
    let set = colour_set(vec![Picture::new(2, 2, 3, vec![10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120]).unwrap()]);
    let plain = crops::evaluation_batch(&set, &set.train, &[0], 2);
    let mirrored: Vec<u8> = plain.chunks(6).flat_map(|row| [&row[3..], &row[..3]].concat()).collect();
    let flip = Augment { smallest_crop: 1.0, flip: true, turns: false };
    let batch = crops::batch(&set, &set.train, &[0; 400], 2, flip, &Rng::new(2, "flip"));
    let count = batch.chunks(12).filter(|sample| **sample == mirrored[..]).count();
    assert!(batch.chunks(12).all(|sample| *sample == plain[..] || *sample == mirrored[..]));
    assert!((150..250).contains(&count), "{count}");
}

#[test]
fn small_and_empty_sets_never_panic() {
    let set = colour_set(vec![noise(3, 5, 3, 1)]);
    let rng = Rng::new(1, "small");
    let batch = crops::batch(&set, &set.train, &[0, 7, usize::MAX], 8, CROPPED, &rng);
    assert_eq!(batch.len(), 3 * 3 * 64);
    assert!(crops::batch(&set, &set.test, &[0], 8, CROPPED, &rng).is_empty());
    assert!(crops::batch(&set, &set.train, &[], 8, CROPPED, &rng).is_empty());
    assert!(
        Picture::new(2, 2, 2, vec![0; 8]).is_err()
            && Picture::new(2, 2, 1, vec![0; 3]).is_err()
            && Picture::new(0, 2, 1, vec![]).is_err()
    );
}

proptest! {
    #[test]
    fn crops_lie_inside_their_picture(width in 1_u32..2000, height in 1_u32..2000, smallest in 0.0_f32..1.0, seed: u64) {
        let mut rng = Rng::new(seed, "inside");
        for area in [crops::random_area(width, height, smallest, &mut rng), crops::one_shot_area(width, height, smallest, &mut rng)] {
            prop_assert!(area.width >= 1 && area.height >= 1);
            prop_assert!(area.x + area.width <= width && area.y + area.height <= height);
        }
    }
}
