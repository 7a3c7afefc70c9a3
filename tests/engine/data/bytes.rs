//! Batches as bytes: what the device makes of them is what the host makes of them.

use burn::tensor::{Device, Int, Tensor};
use masquerade_engine::batch::{Batch, CLASS, Role, Target, Values};
use masquerade_engine::host_tensor::{HostIds, HostTensor};
use masquerade_engine::kernels::pictures::Order;
use masquerade_engine::pixel_bytes::{PixelBytes, Pixels};
use masquerade_engine::rng::Rng;
use masquerade_tests::{block_on, gpu};

fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    block_on(masquerade_engine::readback::floats(tensor)).expect("values")
}

fn devices() -> impl Iterator<Item = Device> {
    [Some(Device::flex()), Some(Device::flex().autodiff()), gpu()].into_iter().flatten()
}

#[track_caller]
fn same(got: &[f32], wanted: &[f32]) {
    assert_eq!(got.len(), wanted.len());
    for (a, b) in got.iter().zip(wanted) {
        assert!((a - b).abs() <= 2e-6 * b.abs().max(1.0), "{a} instead of {b}");
    }
}

/// Random pixels of `shape` whose channels all have another mean and deviation.
fn drawn(shape: &[usize], sixteen: bool) -> PixelBytes {
    let (mut rng, count, channels) = (Rng::new(4, "bytes"), shape.iter().product(), shape[shape.len() - 1]);
    let pixels = match sixteen {
        true => Pixels::Sixteen((0..count).map(|_| rng.below(65536) as u16).collect()),
        false => Pixels::Eight((0..count).map(|_| rng.below(256) as u8).collect()),
    };
    let statistics = |from: f32| (0..channels).map(|c| from + 0.02 * c as f32).collect::<Vec<f32>>();
    PixelBytes::new(shape, pixels, &statistics(0.4), &statistics(0.2)).expect("pictures")
}

/// (x / full − mean) / deviation of one value, by the definition.
fn normalised(pixels: &PixelBytes, place: &[usize]) -> f32 {
    let at = place.iter().zip(pixels.shape()).fold(0, |at, (i, side)| at * side + i);
    let (value, full) = match pixels.pixels() {
        Pixels::Eight(values) => (f64::from(values[at]), 255.0),
        Pixels::Sixteen(values) => (f64::from(values[at]), 65535.0),
    };
    let (channel, (mean, std)) = (place[place.len() - 1], pixels.statistics());
    ((value / full - f64::from(mean[channel])) / f64::from(std[channel])) as f32
}

#[test]
fn bytes_and_numbers_give_the_same_pictures_and_patches() {
    for (channels, sixteen) in
        [(1, false), (3, false), (4, false), (12, false), (1, true), (3, true), (13, true), (17, false)]
    {
        let pixels = drawn(&[5, 12, 18, channels], sixteen);
        let wanted: Vec<f32> = (0..5 * channels * 12 * 18)
            .map(|i| [i / (channels * 12 * 18), i / 18 % 12, i % 18, i / (12 * 18) % channels])
            .map(|place| normalised(&pixels, &place))
            .collect();
        let bytes = Batch::bytes(pixels);
        let mut numbers = bytes.clone();
        same(&numbers.floats_mut(Role::Imgs).expect("pictures").values, &wanted);
        assert!(numbers.pixels(Role::Imgs).is_err() && bytes.floats(Role::Imgs).is_err());
        assert_eq!((bytes.samples().expect("pictures"), numbers.samples().expect("pictures")), (5, 5));
        for device in devices() {
            bytes.upload(&device);
            let pictures: Tensor<4> = bytes.tensor(Role::Imgs, &device).expect("pictures");
            assert_eq!(pictures.dims(), [5, channels, 12, 18]);
            assert_eq!(pictures.is_autodiff(), device.is_autodiff());
            same(&floats(pictures), &wanted);
            for order in [Order::ChannelFirst, Order::ChannelLast] {
                let [got, wanted] = [&bytes, &numbers].map(|batch| {
                    let patches = batch.pictures(Role::Imgs, &device).expect("pictures").patches(6, order);
                    assert_eq!(patches.dims(), [5, 6, 36 * channels]);
                    floats(patches)
                });
                same(&got, &wanted);
            }
        }
    }
}

#[test]
fn clips_and_volumes_keep_their_axes() {
    for (channels, sixteen) in [(3, false), (1, true)] {
        let clip = drawn(&[2, 4, 6, 5, channels], sixteen);
        let batch = Batch::of(Role::Video, Values::Bytes(clip.clone()));
        for device in devices() {
            let tensor: Tensor<5> = batch.tensor(Role::Video, &device).expect("a clip");
            assert_eq!(tensor.dims(), [2, 4, channels, 6, 5]);
            let values = floats(tensor);
            let [sample, frame, row, column, channel] = [1, 2, 3, 4, channels - 1];
            let at = (((sample * 4 + frame) * channels + channel) * 6 + row) * 5 + column;
            same(&values[at..=at], &[normalised(&clip, &[sample, frame, row, column, channel])]);
        }
    }
}

#[test]
fn bytes_of_the_wrong_number_are_refused() {
    let refused = |shape: &[usize], count: usize, mean: &[f32], std: &[f32]| {
        let report = PixelBytes::new(shape, vec![0_u8; count], mean, std).expect_err("no pictures").report();
        assert!(!report.why.is_empty() && !report.what_to_do.is_empty());
    };
    refused(&[1, 2, 2, 3], 11, &[0.0; 3], &[1.0; 3]);
    refused(&[1, 2, 2, 3], 12, &[0.0; 1], &[1.0; 3]);
    refused(&[1, 2, 2, 0], 0, &[], &[]);
    refused(&[2, 2, 3], 12, &[0.0; 3], &[1.0; 3]);
    refused(&[1, 2, 2, 3], 12, &[0.0; 3], &[1.0, 0.0, 1.0]);
    let batch = Batch::bytes(PixelBytes::new([1, 2, 2, 3], vec![0_u8; 12], &[0.0; 3], &[1.0; 3]).expect("pictures"));
    assert!(batch.tensor::<3>(Role::Imgs, &Device::flex()).is_err());
    let report = batch.tensor::<3>(Role::Points, &Device::flex()).expect_err("no points").report();
    assert!(report.title.contains("points"), "{report:?}");
}

#[test]
fn a_batch_says_which_samples_lack_a_role() {
    let sound = HostTensor::new([3, 2], vec![1.0, 2.0, 0.0, 0.0, 5.0, 6.0]);
    let mut batch = Batch::of(Role::Audio, Values::Floats(sound));
    batch.inputs.insert(Role::Caption, Values::Ids(HostIds::new([3, 2], vec![1, 2, 3, 4, 5, 6])));
    batch.without.insert(Role::Audio, vec![1]);
    assert_eq!(batch.present(Role::Audio), [true, false, true]);
    assert_eq!(batch.present(Role::Caption), [true; 3]);
    assert_eq!(batch.present(Role::Video), [false; 3]);
    let report = batch.tensor::<2>(Role::Audio, &Device::flex()).expect_err("not all have sound").report();
    assert!(report.title.contains("1 of 3 samples have no \"audio\""), "{report:?}");
    let some: Tensor<2> = batch.some_tensor(Role::Audio, &Device::flex()).expect("what there is");
    assert_eq!(floats(some)[4..], [5.0, 6.0]);
    let words: Tensor<2, Int> = batch.ids(Role::Caption, &Device::flex()).expect("words");
    assert_eq!(floats(words.float()), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert!(batch.ids::<2>(Role::Audio, &Device::flex()).is_err() && batch.nodes().is_err());
    assert!(batch.tensor::<2>(Role::Caption, &Device::flex()).is_err());
}

#[test]
fn a_batch_has_several_tracks_at_once() {
    let mut batch = Batch::of(Role::Vectors, Values::Floats(HostTensor::new([2, 1], vec![0.0, 1.0])));
    assert!(batch.classes(CLASS).is_empty());
    assert!(batch.target("maker").expect_err("nothing is known").report().why.contains("nothing is known"));
    let mask = PixelBytes::new([2, 2, 2, 1], vec![0_u8, 255, 0, 255, 0, 0, 0, 255], &[0.0], &[1.0]).expect("masks");
    batch.targets.insert("made".into(), Target::Class(vec![0, 1]));
    batch.targets.insert("maker".into(), Target::Class(vec![4, 2]));
    batch.targets.insert("mood".into(), Target::Numbers(HostTensor::new([2, 2], vec![0.1, 0.2, 0.3, 0.4])));
    batch.targets.insert("mask".into(), Target::Maps(mask.clone()));
    assert_eq!((batch.classes("made"), batch.classes("maker")), (&[0, 1][..], &[4, 2][..]));
    assert!(batch.classes("mood").is_empty());
    assert_eq!(batch.target("mask").expect("a mask"), &Target::Maps(mask.clone()));
    same(&floats(mask.tensor::<4>(&Device::flex()).expect("a mask")), &[0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
    assert!(batch.target("age").expect_err("no age").report().why.contains("made, maker, mask, mood"));
}
