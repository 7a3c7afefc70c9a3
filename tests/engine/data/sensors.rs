//! A set with two roles that needs nothing of the loader: radar and optical pictures of the same places, at two
//! resolutions, and one place without radar.

use std::collections::BTreeMap;
use std::rc::Rc;

use burn::tensor::{Device, Tensor};
use masquerade_engine::batch::{Batch, CLASS, Half, Role, Target, Track, Values};
use masquerade_engine::card::KnobValue;
use masquerade_engine::data::crops::{Part, stacked};
use masquerade_engine::data::resample::Raster;
use masquerade_engine::data::{Cut, Dataset};
use masquerade_engine::error::Result;
use masquerade_engine::host_tensor::HostTensor;
use masquerade_engine::kernels::pictures::Order;
use masquerade_engine::loader::Loader;
use masquerade_engine::pixel_bytes::PixelBytes;
use masquerade_engine::registry;
use masquerade_engine::rng::Rng;
use masquerade_engine::session::{DataReport, Session};
use masquerade_engine::settings::Settings;
use masquerade_engine::shape::{Input, TrackNames};
use masquerade_tests::block_on;

const BANDS: u32 = 12;
const POLARISATIONS: u32 = 2;
/// Places to train on and to test on; the third lacks radar.
const PLACES: [usize; 2] = [6, 2];
const LACKING: usize = 2;

/// A place: 12 bands of 16 bits at 48 × 48, radar of 8 bits at 24 × 24 or none.
#[derive(Debug)]
struct Place {
    optical: Raster<u16>,
    radar: Option<Raster<u8>>,
    cover: u32,
    /// Share of the place that is water.
    water: f32,
}

#[derive(Debug)]
struct Scenes {
    report: DataReport,
    places: [Vec<Place>; 2],
    covers: [Vec<u32>; 2],
    water: [HostTensor; 2],
}

/// A picture whose channel c is `gain[c]` times how far right a pixel lies, and c-th of `full` above that.
fn ramp<T>(side: u32, channels: u32, value: impl Fn(f32, f32, u32) -> T) -> Raster<T> {
    let middle = |i: u32| (i as f32 + 0.5) / side as f32;
    let pixels = (0..side * side * channels).map(|i| {
        let (pixel, channel) = (i / channels, i % channels);
        value(middle(pixel % side), middle(pixel / side), channel)
    });
    Raster { width: side, height: side, channels, pixels: pixels.collect() }
}

fn scenes() -> Scenes {
    let place = |number: usize| Place {
        // The first band tells how far right a pixel lies, the second how far down, the others which band it is.
        optical: ramp(48, BANDS, |x, y, band| match band {
            0 => (x * 60_000.0) as u16,
            1 => (y * 60_000.0) as u16,
            band => 1000 * band as u16,
        }),
        radar: (number != LACKING)
            .then(|| ramp(24, POLARISATIONS, |x, y, channel| (if channel == 0 { x } else { y } * 240.0) as u8)),
        cover: number as u32 % 2,
        water: number as f32 / 10.0,
    };
    let mut number = 0..;
    let places = PLACES.map(|count| number.by_ref().take(count).map(place).collect::<Vec<Place>>());
    let report = DataReport {
        id: "scenes".into(),
        title: "Scenes".into(),
        samples: PLACES[0] as u64,
        test_samples: PLACES[1] as u64,
        classes: vec!["field".into(), "town".into()],
        ..DataReport::default()
    };
    let covers = places.each_ref().map(|half| half.iter().map(|place| place.cover).collect());
    let water =
        places.each_ref().map(|half| HostTensor::new([half.len(), 1], half.iter().map(|place| place.water).collect()));
    Scenes { report, places, covers, water }
}

impl Dataset for Scenes {
    fn report(&self) -> &DataReport {
        &self.report
    }

    fn inputs(&self) -> Vec<Input> {
        let input = |role, shape: [usize; 3], mean: f32, std: f32| Input {
            mean: vec![mean; shape[2]],
            std: vec![std; shape[2]],
            ..Input::new(role, shape)
        };
        vec![
            input(Role::Optical, [48, 48, BANDS as usize], 0.1, 0.5),
            input(Role::Radar, [24, 24, POLARISATIONS as usize], 0.2, 0.25),
        ]
    }

    fn content(&self, _take: &mut dyn FnMut(&[u8])) {}

    fn count(&self, half: Half) -> usize {
        self.places[half as usize].len()
    }

    fn tracks(&self) -> BTreeMap<Track, TrackNames> {
        let cover = TrackNames::Classes(self.report.classes.clone());
        BTreeMap::from([(CLASS.into(), cover), ("water".into(), TrackNames::Numbers(vec!["share".into()]))])
    }

    fn classes(&self, half: Half, track: &str) -> &[u32] {
        if track == CLASS { &self.covers[half as usize] } else { &[] }
    }

    fn numbers(&self, half: Half, track: &str) -> Option<&HostTensor> {
        (track == "water").then(|| &self.water[half as usize])
    }

    fn cut(&self, half: Half, at: &[usize], how: &Cut, rng: &Rng) -> Result<Batch> {
        let (side, places) = (how.side, &self.places[half as usize]);
        let (mut optical, mut radar, mut water) = (Vec::new(), Vec::new(), Vec::new());
        for (number, place) in at.iter().map(|sample| &places[*sample]).enumerate() {
            let part = how.augment.map_or(Part::EVALUATION, |augment| {
                Part::drawn([place.optical.width, place.optical.height], augment, &mut rng.at(number as u64))
            });
            optical.push(Some(part.of(&place.optical, side)));
            radar.push(place.radar.as_ref().map(|radar| part.of(radar, side)));
            water.push(place.water);
        }
        let [bands, polarisations] = [BANDS, POLARISATIONS].map(|channels| channels as usize);
        let (optical, _) = stacked(&optical, [side, side, bands]);
        let (radar, without) = stacked(&radar, [side, side, polarisations]);
        let [optics, radars] = <[Input; 2]>::try_from(self.inputs()).expect("two roles");
        let optical = PixelBytes::new([at.len(), side, side, bands], optical, &optics.mean, &optics.std)?;
        let radar = PixelBytes::new([at.len(), side, side, polarisations], radar, &radars.mean, &radars.std)?;
        let mut batch = masquerade_engine::data::labelled(
            Batch::of(Role::Optical, Values::Bytes(optical)),
            &self.covers[half as usize],
            at,
        );
        batch.inputs.insert(Role::Radar, Values::Bytes(radar));
        batch.targets.insert("water".into(), Target::Numbers(HostTensor::new([at.len(), 1], water)));
        if !without.is_empty() {
            batch.without.insert(Role::Radar, without);
        }
        Ok(batch)
    }
}

/// The loader of the scenes with these knobs.
fn loader(crop: f64, flip: bool) -> Loader {
    let knobs = [
        ("img_size", KnobValue::Number(16.0)),
        ("batch", KnobValue::Number(6.0)),
        ("crop", KnobValue::Number(crop)),
        ("flip", KnobValue::Switch(flip)),
    ];
    let knobs = knobs.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
    let session = Session { preset: "micro".into(), knobs, seed: 7, ..Session::default() };
    let (scenes, card) = (scenes(), registry::card("mae").expect("a card"));
    let settings = Settings::of(&session, &card, scenes.shape()).expect("settings");
    Loader::new(Rc::new(scenes), &settings)
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    block_on(masquerade_engine::readback::floats(tensor)).expect("values")
}

/// How far right and down the pixels of a sample lie, by what its channels 0 and 1 say, in parts of the whole place.
fn places(batch: &Batch, role: Role, full: f32, mean: f32, std: f32) -> Vec<Vec<f32>> {
    let tensor: Tensor<4> = batch.some_tensor(role, &Device::flex()).expect("pictures");
    let [count, channels, height, width] = tensor.dims();
    let all = values(tensor);
    let each = channels * height * width;
    (0..count)
        .map(|i| all[i * each..i * each + 2 * height * width].iter().map(|v| (v * std + mean) / full).collect())
        .collect()
}

#[test]
fn crops_of_both_sensors_show_the_same_place() {
    for (crop, flip) in [(0.3, true), (0.3, false), (1.0, true)] {
        let loader = loader(crop, flip);
        let mut seen = Vec::new();
        for step in 0..4 {
            let batch = loader.train_batch(step).expect("a batch");
            assert_eq!(batch.samples().expect("samples"), 6);
            let optical = places(&batch, Role::Optical, 60_000.0 / 65_535.0, 0.1, 0.5);
            let radar = places(&batch, Role::Radar, 240.0 / 255.0, 0.2, 0.25);
            let present = batch.present(Role::Radar);
            for ((optical, radar), here) in optical.iter().zip(&radar).zip(&present) {
                // A pixel of the radar is a 24th of the place.
                let apart = optical.iter().zip(radar).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert_eq!(apart < 0.06, *here, "{apart} of the place apart");
            }
            seen.extend(optical);
        }
        seen.sort_by(|a, b| a[0].total_cmp(&b[0]));
        seen.dedup();
        assert_eq!(seen.len() > 2, crop < 1.0, "crops differ between samples and steps");
        assert_eq!(seen.iter().any(|place| place[0] > place[15]), flip, "some are mirrored");
    }
}

#[test]
fn evaluation_sees_both_sensors_whole() {
    let batch = loader(0.3, true).evaluation_batch(Half::Test, &[1, 0]).expect("a batch");
    let optical = places(&batch, Role::Optical, 60_000.0 / 65_535.0, 0.1, 0.5);
    assert_eq!(optical[0], optical[1]);
    assert_eq!((batch.classes(CLASS), &batch.indices[..]), (&[1, 0][..], &[1, 0][..]));
    assert_eq!(batch.target("water").expect("water"), &Target::Numbers(HostTensor::new([2, 1], vec![0.7, 0.6])));
    let optical: Tensor<4> = batch.tensor(Role::Optical, &Device::flex()).expect("pictures");
    let radar: Tensor<4> = batch.tensor(Role::Radar, &Device::flex()).expect("pictures");
    assert_eq!((optical.dims(), radar.dims()), ([2, 12, 16, 16], [2, 2, 16, 16]));
    let values = values(optical);
    // Band 11 is 11,000 everywhere.
    assert!((values[11 * 256] - (11_000.0 / 65_535.0 - 0.1) / 0.5).abs() < 1e-5, "{}", values[11 * 256]);
    let patches = batch.pictures(Role::Optical, &Device::flex()).expect("pictures").patches(4, Order::ChannelFirst);
    assert_eq!(patches.dims(), [2, 16, 12 * 16]);
}

#[test]
fn a_place_without_radar_is_told_and_not_hidden() {
    let batch = loader(1.0, false).evaluation_batch(Half::Train, &[0, 2, 4]).expect("a batch");
    assert_eq!(batch.present(Role::Radar), [true, false, true]);
    assert_eq!(batch.present(Role::Optical), [true; 3]);
    let report = batch.tensor::<4>(Role::Radar, &Device::flex()).expect_err("not every place has radar").report();
    assert!(report.title.contains("1 of 3 samples have no \"radar\""), "{report:?}");
    assert!(batch.tensor::<4>(Role::Imgs, &Device::flex()).is_err());
}

#[test]
fn the_loader_knows_roles_and_tracks() {
    let loader = loader(1.0, false);
    let shape = loader.shape();
    assert_eq!((shape.channels, shape.classes, shape.samples), (12, 2, 6));
    assert_eq!(shape.input(Role::Radar).expect("radar").channels(), 2);
    assert!(shape.input(Role::Audio).is_err());
    assert_eq!(shape.tracks, BTreeMap::from([(CLASS.to_string(), 2), ("water".to_string(), 1)]));
    assert_eq!(loader.labels(Half::Train), [0, 1, 0, 1, 0, 1]);
    assert_eq!(loader.numbers(Half::Test, "water").expect("water").values, [0.6, 0.7]);
    assert!(loader.classes(Half::Train, "water").is_empty() && loader.numbers(Half::Train, CLASS).is_none());
    assert!(loader.graph().is_err() && loader.density().is_none() && !loader.joined());
}
