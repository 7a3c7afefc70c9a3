//! Drawn places, and how samples are cut out of scenes.

use masquerade_engine::batch::{Batch, CLASS, Half, Role, Target};
use masquerade_engine::card::Kind;
use masquerade_engine::data::crops::Augment;
use masquerade_engine::data::files::Files;
use masquerade_engine::data::scenes::set::COVER;
use masquerade_engine::data::scenes::{self, SceneData, bands};
use masquerade_engine::data::{self, Cut, Dataset};
use masquerade_engine::pixel_bytes::Pixels;
use masquerade_engine::rng::Rng;

use crate::data::ready;

fn places(side: usize, seed: u64) -> SceneData {
    ready(scenes::open("places", side, &Files::in_folders(Vec::new()), seed)).expect("a drawn set")
}

fn cut(data: &dyn Dataset, half: Half, at: &[usize], how: &Cut) -> Batch {
    data.cut(half, at, how, &Rng::new(3, "test")).expect("a batch")
}

fn raw(batch: &Batch, role: Role) -> &[u16] {
    match batch.pixels(role).expect("pixels").pixels() {
        Pixels::Sixteen(values) => values,
        Pixels::Eight(_) => panic!("8 bits"),
    }
}

fn map(batch: &Batch) -> &[u8] {
    match batch.target(COVER).expect("covers") {
        Target::Maps(maps) => maps.raw().expect("bytes"),
        _ => panic!("no maps"),
    }
}

#[test]
fn the_same_seed_draws_the_same_places() {
    let (one, again, other) = (places(16, 5), places(16, 5), places(16, 6));
    assert_eq!(one.scenes(), again.scenes());
    assert_ne!(one.scenes().scenes[0].optical, other.scenes().scenes[0].optical);
    assert_ne!(one.scenes().scenes[0].radar, one.scenes().scenes[1].radar);
    assert_eq!((one.pool(), one.count(Half::Train), one.count(Half::Test)), (64 * 16, 64 * 16, 16 * 16));
    let report = one.report();
    assert_eq!((report.classes.len(), report.picture), (6, (16, 16, 12)));
    // All covers are dominant somewhere in both halves.
    for half in [Half::Train, Half::Test] {
        assert!((0..6).all(|class| one.classes(half, CLASS).contains(&class)), "{half:?}");
    }
    let first = cut(&one, Half::Test, &[report.first as usize], &Cut::evaluation(16));
    let mut covers = map(&first).to_vec();
    covers.sort_unstable();
    covers.dedup();
    assert!(covers.len() > 2, "the first sample shows {covers:?}");
}

/// Share of pixels whose cover the nearest class mean tells, from the mean of the bands over 5 × 5 pixels.
fn told_by(batch: &Batch, role: Role, side: usize) -> f64 {
    let (values, covers) = (raw(batch, role), map(batch));
    let channels = values.len() / covers.len();
    let mut seen: Vec<(Vec<f64>, u8)> = Vec::new();
    for sample in 0..covers.len() / (side * side) {
        for (y, x) in (2..side - 2).step_by(3).flat_map(|y| (2..side - 2).step_by(3).map(move |x| (y, x))) {
            let at = |y: usize, x: usize| (sample * side + y) * side + x;
            let mut mean = vec![0.0; channels];
            for (dy, dx) in (0..5).flat_map(|dy| (0..5).map(move |dx| (dy, dx))) {
                let first = at(y + dy - 2, x + dx - 2) * channels;
                mean.iter_mut().zip(&values[first..]).for_each(|(sum, v)| *sum += f64::from(*v) / 25.0);
            }
            seen.push((mean, covers[at(y, x)]));
        }
    }
    let means: Vec<Vec<f64>> = (0..6)
        .map(|cover| {
            let own: Vec<&Vec<f64>> = seen.iter().filter(|(_, c)| *c == cover).map(|(values, _)| values).collect();
            (0..channels).map(|c| own.iter().map(|v| v[c]).sum::<f64>() / own.len() as f64).collect()
        })
        .collect();
    let apart = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
    let right = seen.iter().filter(|(values, cover)| {
        let nearest = (0..6).min_by(|a, b| apart(values, &means[*a]).total_cmp(&apart(values, &means[*b])));
        nearest == Some(usize::from(*cover))
    });
    right.count() as f64 / seen.len() as f64
}

#[test]
fn both_sensors_tell_the_cover() {
    let data = places(32, 1);
    let at: Vec<usize> = (0..64).map(|i| i * 3).collect();
    let batch = cut(&data, Half::Test, &at, &Cut::evaluation(32));
    let covers = map(&batch);
    let most = (0..6).map(|c| covers.iter().filter(|v| **v == c).count()).max().expect("covers");
    let chance = most as f64 / covers.len() as f64;
    let (optical, radar) = (told_by(&batch, Role::Optical, 32), told_by(&batch, Role::Radar, 32));
    assert!(chance < 0.4, "one cover is everywhere: {chance}");
    assert!(optical > 0.6 && radar > 0.5, "optical {optical}, radar {radar}, chance {chance}");
    // What is kept is what the sensors measure.
    let water: Vec<f32> = raw(&batch, Role::Radar)
        .chunks_exact(2)
        .zip(covers)
        .filter(|(_, cover)| **cover == 0)
        .map(|(pixel, _)| bands::decibels(f32::from(pixel[0])))
        .collect();
    let mean = water.iter().sum::<f32>() / water.len() as f32;
    assert!((-23.0..-18.0).contains(&mean), "water at {mean} dB");
}

#[test]
fn training_windows_show_the_same_ground_in_both_sensors() {
    let data = places(16, 2);
    let at: Vec<usize> = (0..64).collect();
    let plain = Augment { smallest_crop: 1.0, flip: false, turns: false };
    let how = |augment| Cut { augment: Some(augment), ..Cut::evaluation(16) };
    let as_is = cut(&data, Half::Train, &at, &how(plain));
    let evaluated = cut(&data, Half::Train, &at, &Cut::evaluation(16));
    assert_eq!(as_is.inputs, evaluated.inputs);
    // Turned and mirrored: the same pixels elsewhere, at the same places in both sensors and the map.
    let turned = cut(&data, Half::Train, &at, &how(Augment { flip: true, turns: true, ..plain }));
    let pixels = |batch: &Batch, sample: usize| -> Vec<(Vec<u16>, Vec<u16>, u8)> {
        let (optical, radar, map) = (raw(batch, Role::Optical), raw(batch, Role::Radar), map(batch));
        (sample * 256..(sample + 1) * 256)
            .map(|p| (optical[p * 12..(p + 1) * 12].to_vec(), radar[p * 2..(p + 1) * 2].to_vec(), map[p]))
            .collect()
    };
    let mut moved = 0;
    for sample in 0..at.len() {
        let (mut before, mut after) = (pixels(&as_is, sample), pixels(&turned, sample));
        moved += usize::from(before != after);
        before.sort();
        after.sort();
        assert_eq!(before, after, "sample {sample}");
    }
    assert!((40..64).contains(&moved), "an eighth stays: {moved} of 64 moved");
    // Cropped: other pixels, sizes on both sides of the input's.
    let cropped = cut(&data, Half::Train, &at, &how(Augment { smallest_crop: 0.25, ..plain }));
    assert!((0..at.len()).all(|sample| pixels(&cropped, sample) != pixels(&as_is, sample)));
    let again = cut(&data, Half::Train, &at, &how(Augment { smallest_crop: 0.25, ..plain }));
    assert_eq!(cropped, again);
    let (optical, radar) = (told_by(&cropped, Role::Optical, 16), told_by(&cropped, Role::Radar, 16));
    assert!(optical > 0.6 && radar > 0.45, "the map fits the windows: {optical}, {radar}");
}

#[test]
fn larger_windows_hold_their_samples() {
    let data = places(16, 4);
    for half in [Half::Train, Half::Test] {
        let windows = data.windows(half, 32);
        assert_eq!(windows.len() * 4, data.count(half));
        assert_eq!(data.windows(half, 16).len(), data.count(half));
        assert_eq!(data.windows(half, 64).len() * 16, data.count(half));
    }
    let windows = data.windows(Half::Test, 32);
    let wide = cut(&data, Half::Test, &windows[..8], &Cut::evaluation(32));
    let tiles = cut(&data, Half::Test, &windows[..8], &Cut::evaluation(16));
    assert_eq!(wide.pixels(Role::Optical).expect("pixels").shape(), [8, 32, 32, 12]);
    // The sample is the window's upper left quarter.
    for (sample, row) in (0..8).flat_map(|sample| (0..16).map(move |row| (sample, row))) {
        let (at, tile) = ((sample * 32 + row) * 32, (sample * 16 + row) * 16);
        assert_eq!(map(&wide)[at..at + 16], map(&tiles)[tile..tile + 16]);
    }
    assert_eq!(wide.classes(CLASS).len(), 8);
    let error = data.cut(Half::Test, &[0], &Cut::evaluation(65), &Rng::new(0, "")).expect_err("too large").report();
    assert!(error.title.contains("65 × 65") && error.why.contains("64 × 64"), "{error:?}");
    assert!(data.cut(Half::Test, &[99_999], &Cut::evaluation(16), &Rng::new(0, "")).is_err());
}

#[test]
fn the_size_asked_for_is_the_size_given() {
    let large = places(40, 1);
    assert_eq!((large.side(), large.scenes().shortest()), (40, 120));
    let open = |size| ready(data::open("places", Kind::Scenes, size, &Files::in_folders(Vec::new()), None, 1));
    let data = open(24).expect("a set");
    assert_eq!(data.report().picture, (24, 24, 12));
    let small = data.resized(48).expect("room").expect("parts of larger pictures");
    assert_eq!((small.count(Half::Test) * 4, small.report().picture.0), (data.count(Half::Test), 48));
    let error = data.resized(500).expect_err("no room").report();
    assert!(error.why.contains("500 × 500"), "{error:?}");
    assert!(open(16).is_ok() && ready(data::open("nowhere", Kind::Scenes, 16, &Files::new(), None, 1)).is_err());
}
