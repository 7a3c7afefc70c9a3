//! The user's own scenes: what each file is taken for, what is put together, what is left out.

use masquerade_engine::batch::{CLASS, Half, Role};
use masquerade_engine::card::Kind;
use masquerade_engine::data::files::Files;
use masquerade_engine::data::scenes::set::COVER;
use masquerade_engine::data::scenes::{SceneData, bands, from_files};
use masquerade_engine::data::{Cut, Dataset, of_user, open};
use masquerade_engine::rng::Rng;
use masquerade_engine::session::NamedBytes;

use super::{Tiff, file};
use crate::data::ready;

const WHOLE: (u16, u16) = (2, 1);
const REAL: (u16, u16) = (4, 3);

/// Twelve bands in ten-thousandths: band b is 100 · (b + 1) and a little more to the right.
fn optical(name: &str, side: usize) -> NamedBytes {
    file(name, Tiff::new(side, side, WHOLE).write(12, |band, x, _| (100 * (band + 1) + x) as f64))
}

/// Decibels: VV −8 − y / 4, VH 7 less.
fn radar(name: &str, side: usize) -> NamedBytes {
    file(name, Tiff::new(side, side, REAL).write(2, |band, _, y| -8.0 - 7.0 * band as f64 - y as f64 / 4.0))
}

fn scenes(files: Vec<NamedBytes>) -> SceneData {
    from_files(files, Vec::new()).unwrap_or_else(|e| panic!("{:?}", e.report()))
}

/// Decibels of VV and VH and ten-thousandths of the twelve bands at a pixel of a scene.
fn pixel(data: &SceneData, scene: usize, x: usize, y: usize) -> (Vec<f32>, Vec<f32>) {
    let scene = &data.scenes().scenes[scene];
    let at = y * scene.sides[0] as usize + x;
    let radar = scene.radar.as_ref().map(|r| r.pixels[at * 2..at * 2 + 2].to_vec()).unwrap_or_default();
    let optical = scene.optical.as_ref().map(|o| o.pixels[at * 12..at * 12 + 12].to_vec()).unwrap_or_default();
    (radar.iter().map(|v| bands::decibels(f32::from(*v))).collect(), optical.iter().map(|v| f32::from(*v)).collect())
}

fn why<'a>(data: &'a SceneData, name: &str) -> &'a str {
    let found = data.report().skipped.iter().find(|(skipped, _)| skipped.starts_with(name));
    &found.unwrap_or_else(|| panic!("{name} is not among {:?}", data.report().skipped)).1
}

fn told(data: &SceneData, part: &str) {
    assert!(data.report().notes.iter().any(|line| line.contains(part)), "{part:?} is not in {:?}", data.report().notes);
}

#[test]
fn two_files_are_a_scene() {
    for [a, b] in [["a_S2.tif", "a_S1.tif"], ["s2/a.tif", "s1/a.tif"], ["a/optical.tif", "a/radar.tif"]] {
        let data = scenes(vec![optical(a, 48), radar(b, 48)]);
        assert_eq!(data.scenes().scenes.len(), 1, "{a} and {b}");
        let (radar, optical) = pixel(&data, 0, 5, 8);
        assert_eq!(radar, [-10.0, -17.0]);
        assert_eq!(optical, (0..12).map(|band| (100 * (band + 1) + 5) as f32).collect::<Vec<f32>>());
        told(&data, "taken for B1 … B8, B8A, B9, B11, B12");
        told(&data, "taken for VV and VH; decibels");
    }
}

#[test]
fn a_file_for_each_band_of_any_size() {
    let names = ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12"];
    let sides = [8, 48, 48, 48, 24, 24, 24, 48, 24, 8, 24, 24];
    let bands = names.iter().zip(sides).enumerate().map(|(band, (name, side))| {
        // What a pixel shows lies at its middle: a ramp over the ground stays a ramp.
        let middle = move |x: usize| (x as f64 + 0.5) * 48.0 / side as f64;
        file(
            &format!("place/{name}.tif"),
            Tiff::new(side, side, WHOLE).write(1, |_, x, _| 1000.0 * (band + 1) as f64 + 10.0 * middle(x)),
        )
    });
    let mut files: Vec<NamedBytes> = bands.collect();
    files.push(file("place/VH.tif", Tiff::new(48, 48, REAL).write(1, |_, _, _| -20.0)));
    files.push(file("place/VV.tif", Tiff::new(48, 48, REAL).write(1, |_, _, _| -12.0)));
    files.push(file("place/B10.tif", Tiff::new(8, 8, WHOLE).write(1, |_, _, _| 3.0)));
    files.push(file("place/notes.json", b"{}".to_vec()));
    let data = scenes(files);
    let (radar, optical) = pixel(&data, 0, 24, 30);
    assert_eq!(radar, [-12.0, -20.0]);
    for (band, value) in optical.iter().enumerate() {
        assert!((value - (1000.0 * (band + 1) as f32 + 245.0)).abs() <= 1.0, "band {band}: {value}");
    }
    told(&data, "48, 24, 8 pixels wide, brought to the finest");
    assert!(data.report().skipped.is_empty(), "{:?}", data.report().skipped);
}

#[test]
fn names_in_the_file_come_before_the_order() {
    let order = ["B12", "B11", "B9", "B8A", "B8", "B7", "B6", "B5", "B4", "B3", "B2", "B1"];
    let items = order.iter().enumerate().map(|(band, name)| {
        format!("<Item name=\"DESCRIPTION\" sample=\"{band}\" role=\"description\">{name}, L2A</Item>")
    });
    let xml = format!("<GDALMetadata>{}</GDALMetadata>", items.collect::<String>());
    let backwards = Tiff::new(32, 32, WHOLE).tag(42112, &xml).write(12, |band, _, _| 100.0 * (12 - band) as f64);
    let data = scenes(vec![file("a_S2.tif", backwards), radar("a_S1.tif", 32)]);
    assert_eq!(pixel(&data, 0, 0, 0).1, (1..=12).map(|band| 100.0 * band as f32).collect::<Vec<f32>>());
    told(&data, "bands as the file names them");
}

#[test]
fn thirteen_bands_come_in_two_orders() {
    // Band b of the twelve is 100 · (b + 1); the cirrus band is nearly black.
    let twelve: Vec<f64> = (1..=12).map(|band| 100.0 * f64::from(band)).collect();
    let usual = [&twelve[..10], &[9.0], &twelve[10..]].concat();
    let narrow_last = [&twelve[..8], &twelve[9..10], &[9.0], &twelve[10..], &twelve[8..9]].concat();
    for (bands, said) in [(usual, "the dark eleventh one is B10"), (narrow_last, "the dark tenth one is B10")] {
        let stack = Tiff::new(32, 32, WHOLE).write(13, |band, _, _| bands[band]);
        let data = scenes(vec![file("a_S2.tif", stack), radar("a_S1.tif", 32)]);
        assert_eq!(pixel(&data, 0, 3, 3).1, (1..=12).map(|band| 100.0 * band as f32).collect::<Vec<f32>>());
        told(&data, said);
    }
}

#[test]
fn units_are_told_by_the_values() {
    let fractions = Tiff::new(32, 32, REAL).write(12, |band, _, _| 0.01 * (band + 1) as f64);
    let power = Tiff::new(32, 32, REAL).write(2, |band, x, _| if x == 3 { 0.0 } else { [0.1, 0.01][band] });
    let data = scenes(vec![file("a_S2.tif", fractions), file("a_S1.tif", power)]);
    let (decibels, reflectance) = pixel(&data, 0, 9, 9);
    assert_eq!((decibels, reflectance[11]), (vec![-10.0, -20.0], 1200.0));
    told(&data, "reflectance as fractions");
    told(&data, "turned into decibels");
    // No power at all is a missing pixel: the mean stands there.
    told(&data, "Radar: 3.12 % of the values to train on are missing");
    assert_eq!(pixel(&data, 0, 3, 9).0, [-10.0, -20.0]);
    let counts = Tiff::new(32, 32, REAL).write(2, |_, x, _| 40_000.0 + x as f64);
    let data = scenes(vec![optical("a_S2.tif", 32), file("a_S1.tif", counts)]);
    assert!(why(&data, "a_S1.tif").contains("neither decibels nor power"));
}

#[test]
fn missing_pixels_take_the_mean_of_their_band() {
    let value = |band: usize, x: usize, y: usize| match (x, y) {
        (0, 0) => -9999.0,
        (1, 0) => f64::NAN,
        _ => (band + 1) as f64 / 100.0,
    };
    let file_of = |tiff: Tiff| file("a_S2.tif", tiff.tag(42113, "-9999").write(12, value));
    let data = scenes(vec![file_of(Tiff::new(32, 32, REAL)), radar("a_S1.tif", 32)]);
    assert_eq!((pixel(&data, 0, 0, 0).1, pixel(&data, 0, 1, 0).1), (pixel(&data, 0, 5, 5).1, pixel(&data, 0, 5, 5).1));
    told(&data, "Optical: 0.26 % of the values to train on are missing");
    let mostly = Tiff::new(32, 32, REAL).write(12, |_, x, _| if x < 20 { f64::NAN } else { 0.1 });
    let data = scenes(vec![file("a_S2.tif", mostly), radar("a_S1.tif", 32)]);
    assert_eq!(why(&data, "a_S2.tif"), "62 % of it is missing");
    assert!(data.scenes().scenes[0].optical.is_none() && data.scenes().scenes[0].radar.is_some());
}

#[test]
fn what_cannot_be_used_is_named_and_the_rest_goes_on() {
    let cut: Vec<u8> = optical("", 32).bytes[..9000].to_vec();
    let eight = Tiff::new(32, 32, (1, 1)).write(12, |band, _, _| band as f64);
    let data = scenes(vec![
        optical("good_S2.tif", 32),
        radar("good_S1.tif", 32),
        optical("alone_S2.tif", 32),
        file("cut_S2.tif", cut),
        file("text_S2.tif", b"not a picture at all".to_vec()),
        file("seven_S2.tif", Tiff::new(32, 32, WHOLE).write(7, |_, _, _| 5.0)),
        file("nameless.tif", Tiff::new(32, 32, WHOLE).write(1, |_, _, _| 5.0)),
        file("eight_S2.tif", eight),
        file("half/B02.tif", Tiff::new(32, 32, WHOLE).write(1, |_, _, _| 5.0)),
        file("photo.jpg", b"\xFF\xD8\xFF\xE0".to_vec()),
        file("heights_DEM.tif", Tiff::new(32, 32, WHOLE).write(1, |_, _, _| 5.0)),
        file("lost_LULC.tif", Tiff::new(32, 32, (1, 1)).write(1, |_, _, _| 5.0)),
        file("readme.txt", b"hello".to_vec()),
    ]);
    let names: Vec<&str> = data.scenes().scenes.iter().map(|scene| scene.name.as_str()).collect();
    assert_eq!(names, ["alone", "good"]);
    for (name, part) in [
        ("cut_S2", ""),
        ("text_S2", "not a TIFF file"),
        ("seven_S2", "it has 7 bands"),
        ("nameless", "does not say which"),
        ("eight_S2", "8 bits"),
        ("half/B02", "the bands B1, B3, B4"),
        ("photo", "three colours"),
        ("heights", "heights"),
        ("lost", "no picture of its place"),
    ] {
        let why = why(&data, name);
        assert!(why.contains(part) && !why.is_empty(), "{name}: {why}");
    }
    assert_eq!(data.report().skipped.len(), 9);
    told(&data, "alone has no radar picture");
    let batch = data.cut(Half::Train, &[0, 1], &Cut::evaluation(32), &Rng::new(0, "")).expect("a batch");
    assert_eq!((batch.present(Role::Optical), batch.present(Role::Radar)), (vec![true; 2], vec![false, true]));
    for files in [Vec::new(), vec![file("text.tif", b"nothing".to_vec())], vec![file("a.txt", Vec::new())]] {
        let error = from_files(files, Vec::new()).expect_err("nothing to use").report();
        assert!(error.what_to_do.contains("Sentinel-2"), "{error:?}");
    }
}

#[test]
fn sizes_and_grounds_are_brought_together() {
    // The radar at 20 m shows the same ground.
    let at = |side: usize, kind, pixel| Tiff::new(side, side, kind).at([600_000.0, 5_000_000.0], pixel, 32633);
    let fine = file("a_S2.tif", at(64, WHOLE, 10.0).write(12, |_, x, _| 1000.0 + x as f64));
    let coarse = file("a_S1.tif", at(32, REAL, 20.0).write(2, |_, x, _| -20.0 + (x as f64 + 0.5) / 4.0));
    let data = scenes(vec![fine.clone(), coarse]);
    assert_eq!(data.scenes().scenes[0].sides, [64, 64]);
    assert!((pixel(&data, 0, 31, 9).0[0] - (-20.0 + 31.5 / 8.0)).abs() < 0.01, "{:?}", pixel(&data, 0, 31, 9).0);
    told(&data, "optical 64 × 64 and radar 32 × 32");
    // The radar begins 160 m further east and 80 m further south: what both show is left.
    let moved = Tiff::new(64, 64, REAL).at([600_160.0, 4_999_920.0], 10.0, 32633);
    let moved = file("a_S1.tif", moved.write(2, |_, x, y| -30.0 + x as f64 / 10.0 + y as f64 / 100.0));
    let data = scenes(vec![fine.clone(), moved]);
    let scene = &data.scenes().scenes[0];
    assert_eq!(scene.sides, [48, 56]);
    assert_eq!(pixel(&data, 0, 4, 10).1[0], 1020.0);
    assert!((pixel(&data, 0, 4, 10).0[0] - (-30.0 + 0.4 + 0.1)).abs() < 0.01, "{:?}", pixel(&data, 0, 4, 10).0);
    assert_eq!(scene.ground.as_ref().map(|ground| ground.origin), Some([600_160.0, 4_999_920.0]));
    told(&data, "cut to what they share, 48 × 56 pixels");
    // Elsewhere, or in another coordinate system: no pair.
    for (corner, system, part) in
        [([700_000.0, 5_000_000.0], 32633, "does not overlap"), ([600_000.0, 5_000_000.0], 32634, "coordinate system")]
    {
        let there = Tiff::new(64, 64, REAL).at(corner, 10.0, system).write(2, |_, _, _| -10.0);
        let data = scenes(vec![fine.clone(), file("a_S1.tif", there)]);
        assert!(why(&data, "a_S1.tif").contains(part), "{}", why(&data, "a_S1.tif"));
        assert!(data.scenes().scenes[0].radar.is_none());
    }
    // Names that say nothing: the ground does.
    let there = at(64, REAL, 10.0).write(2, |_, _, _| -10.0);
    let data = scenes(vec![file("sunday.tif", fine.bytes), file("monday.tif", there)]);
    assert_eq!(data.scenes().scenes.len(), 1);
    assert!(data.scenes().scenes[0].radar.is_some());
}

#[test]
fn maps_and_folders_tell_classes() {
    // Crops on the left, water on the right, nothing known in the last row.
    let map = Tiff::new(64, 64, (1, 1)).write(1, |_, x, y| {
        if y == 63 {
            0.0
        } else if x < 32 {
            4.0
        } else {
            1.0
        }
    });
    let data = scenes(vec![optical("S2/a.tif", 64), radar("S1/a.tif", 64), file("LULC/a.tif", map)]);
    let classes = &data.report().classes;
    assert_eq!((classes[0].as_str(), classes[3].as_str()), ("water", "crops"));
    assert_eq!((data.classes(Half::Train, CLASS), data.classes(Half::Test, CLASS)), (&[3, 0][..], &[3, 0][..]));
    let cover = data.scenes().scenes[0].cover.as_ref().expect("a map");
    assert_eq!((cover.pixels[31], cover.pixels[32], cover.pixels[64 * 63]), (3, 0, 255));
    assert_eq!(data.tracks().len(), 2);
    assert!(data.tracks().contains_key(COVER));
    told(&data, "Cover maps: 1 of land use and land cover: 1 water, 4 crops");
    // The numbers of the ESRI map.
    let esri = Tiff::new(32, 32, (1, 1)).write(1, |_, x, _| if x < 20 { 11.0 } else { 7.0 });
    let data = scenes(vec![optical("a_S2.tif", 32), file("a_LULC.tif", esri)]);
    assert_eq!(data.report().classes[data.classes(Half::Train, CLASS)[0] as usize], "rangeland");
    // Numbers without names, −1 and 255 not known.
    let numbers = Tiff::new(32, 32, (2, 2)).write(1, |_, x, _| [-1.0, 255.0, 112.0, 112.0, 112.0, 512.0][x % 6]);
    let data = scenes(vec![optical("a_S2.tif", 32), file("a_reference_map.tif", numbers)]);
    assert_eq!(data.report().classes, ["cover 112", "cover 512"]);
    // Folders, when there is no map: classes, and halves.
    let files = ["train/field/f1", "train/town/t1", "test/field/f2", "test/town/t2"];
    let data = scenes(files.map(|name| optical(&format!("{name}.tif"), 32)).to_vec());
    assert_eq!(data.report().classes, ["field", "town"]);
    assert_eq!((data.classes(Half::Train, CLASS), data.classes(Half::Test, CLASS)), (&[0, 1][..], &[0, 1][..]));
    // Folders of places are no classes.
    let data = scenes(vec![optical("here/S2.tif", 32), radar("here/S1.tif", 32), optical("there/S2.tif", 32)]);
    assert!(data.report().classes.is_empty());
}

#[test]
fn halves_share_no_ground() {
    let few = scenes(vec![optical("a_S2.tif", 128), radar("a_S1.tif", 128)]);
    assert_eq!((few.pool(), few.count(Half::Test)), (12, 4), "the lowest of four rows is for testing");
    let first = few.cut(Half::Test, &[0], &Cut::evaluation(32), &Rng::new(0, "")).expect("a batch");
    let values = first.pixels(Role::Radar).expect("pixels").values();
    // VV falls by a quarter of a decibel a row: row 96 comes first.
    let (mean, std) = first.pixels(Role::Radar).expect("pixels").statistics();
    let kept = (values.values[0] * std[0] + mean[0]) * 65_535.0;
    assert!((bands::decibels(kept) - (-8.0 - 96.0 / 4.0)).abs() < 0.02, "{}", bands::decibels(kept));
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let many = names.iter().flat_map(|n| [optical(&format!("{n}_S2.tif"), 32), radar(&format!("{n}_S1.tif"), 32)]);
    let many = scenes(many.collect());
    let testing: Vec<&str> =
        many.scenes().scenes.iter().filter(|s| s.half == Some(Half::Test)).map(|s| s.name.as_str()).collect();
    assert_eq!((testing, many.pool(), many.count(Half::Test)), (vec!["c", "g"], 6, 2));
}

#[test]
fn the_users_scenes_take_the_size_of_the_system() {
    let files = vec![optical("a_S2.tif", 96), radar("a_S1.tif", 96)];
    let user = of_user(files.into(), Kind::Scenes, 55).expect("scenes");
    let opened = |size| ready(open("folder", Kind::Scenes, size, &Files::in_folders(Vec::new()), Some(&user), 0));
    assert_eq!(opened(48).expect("a set").report().picture, (48, 48, 12));
    assert_eq!(opened(24).expect("a set").pool(), 12);
    assert!(opened(120).is_err());
    let report = of_user(vec![file("a.png", vec![0])].into(), Kind::Scenes, 55).expect_err("no scene").report();
    assert!(report.title.contains("no scene"), "{report:?}");
}
