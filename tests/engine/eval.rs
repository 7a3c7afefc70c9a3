//! Neighbours, linear probe and collapse measures on data whose answer is known, and the probe's golden numbers.

use std::path::Path;

use burn::tensor::{Device, Tensor};
use masquerade_engine::checkpoint::safetensors::{self, File};
use masquerade_engine::eval::linear_probe::{LinearProbe, Settings, fit};
use masquerade_engine::eval::principal::{Plane, plane};
use masquerade_engine::eval::{Features, accuracy, collapse, kernel_svm, mlp_probe, nearest, segmentation};
use masquerade_engine::readback;
use masquerade_engine::rng::Rng;
use masquerade_engine::train::losses::{smooth_targets, target_tensor};
use masquerade_tests::block_on;

/// Clouds around one random centre a class.
fn clouds(samples: usize, dim: usize, classes: usize, spread: f32, stream: &str) -> (Features, Vec<u32>) {
    let mut centres = Rng::new(5, "centres");
    let centres: Vec<f32> = (0..classes * dim).map(|_| centres.normal()).collect();
    let mut rng = Rng::new(5, stream);
    let labels: Vec<u32> = (0..samples).map(|i| (i % classes) as u32).collect();
    let values = labels.iter().flat_map(|l| centres[*l as usize * dim..(*l as usize + 1) * dim].to_vec());
    let values = values.map(|c| c + spread * rng.normal()).collect();
    (Features { dim, values }, labels)
}

#[test]
fn neighbours_and_probe_tell_clouds_apart() {
    let (train, train_labels) = clouds(600, 12, 5, 0.3, "train");
    let (test, test_labels) = clouds(200, 12, 5, 0.3, "test");
    let device = Device::flex();
    let (train, test) = ((&train, train_labels.as_slice()), (&test, test_labels.as_slice()));
    let knn = block_on(nearest::accuracies(train, test, 5, &[nearest::WEIGHTED, nearest::PLAIN], &device))
        .expect("accuracies");
    assert!(knn.iter().all(|a| *a > 0.98), "{knn:?}");
    let linear =
        block_on(fit(train, test, 5, &Settings::default(), &Rng::new(1, "probe"), &device)).expect("an accuracy");
    assert!(linear > 0.98, "{linear}");
}

#[test]
fn noise_is_at_chance_and_bad_input_is_refused() {
    let (train, labels) = clouds(500, 8, 5, 1e6, "noise");
    let (test, test_labels) = clouds(500, 8, 5, 1e6, "other noise");
    let device = Device::flex();
    let knn = block_on(nearest::accuracies((&train, &labels), (&test, &test_labels), 5, &[nearest::PLAIN], &device))
        .expect("accuracies");
    assert!((knn[0] - accuracy::chance(&test_labels)).abs() < 0.1, "{knn:?}");
    let nan = Features { dim: 8, values: vec![f32::NAN; 16] };
    for (features, labels, classes) in
        [(&nan, vec![0, 1], 2), (&train, vec![0; 3], 5), (&train, vec![9; 500], 5), (&Features::default(), vec![], 5)]
    {
        assert!(features.check(&labels, classes).is_err());
    }
}

#[test]
fn votes_are_weighted_and_plain() {
    // Three neighbours at 1, 0.5, 0.5: weighted, the nearest wins; plain, the two others do.
    let train = Features { dim: 2, values: vec![1.0, 0.0, 0.5, 0.866_025_4, 0.5, -0.866_025_4] };
    let test = Features { dim: 2, values: vec![2.0, 0.0] };
    let votes = [nearest::Vote { k: 3, temperature: Some(0.07) }, nearest::Vote { k: 3, temperature: None }];
    let run = block_on(nearest::accuracies((&train, &[0, 1, 1]), (&test, &[0]), 2, &votes, &Device::flex()))
        .expect("accuracies");
    assert_eq!(run, [1.0, 0.0]);
}

#[test]
fn top_k_counts_ties_against_the_higher_class() {
    let scores = [0.1, 0.9, 0.0, 0.5, 0.5, 0.2];
    assert_eq!(accuracy::top_k(&scores, 3, &[1, 0], 1), 1.0);
    assert_eq!(accuracy::top_k(&scores, 3, &[0, 1], 1), 0.0);
    assert_eq!(accuracy::top_k(&scores, 3, &[0, 1], 2), 1.0);
    assert_eq!(accuracy::top_k(&[f32::NAN, f32::NAN], 2, &[0], 1), 0.0);
}

#[test]
fn collapse_is_seen() {
    let mut rng = Rng::new(2, "spread");
    let spread = Features { dim: 6, values: (0..6 * 500).map(|_| rng.normal()).collect() };
    let line = Features { dim: 6, values: (0..500).flat_map(|i| [i as f32; 6]).collect() };
    assert!(collapse::effective_rank(&spread) > 5.9);
    assert!((collapse::effective_rank(&line) - 1.0).abs() < 1e-3);
    assert!(collapse::uniformity(&spread) < -2.0);
    assert!(collapse::uniformity(&Features { dim: 6, values: vec![1.0; 60] }).abs() < 1e-6);
    // Fewer samples than numbers: as many directions as samples, whichever way round it is computed.
    let mut identity = vec![0.0; 4 * 9];
    (0..4).for_each(|i| identity[i * 9 + 2 * i] = 3.0);
    assert!((collapse::effective_rank(&Features { dim: 9, values: identity }) - 4.0).abs() < 1e-9);
    let [rank, uniformity] = collapse::measures(&spread);
    assert_eq!((rank, uniformity), (collapse::effective_rank(&spread), collapse::uniformity(&spread)));
    // 256 random directions are 218 by the Marchenko-Pastur law.
    let wide = Features { dim: 300, values: (0..300 * 400).map(|_| rng.normal()).collect() };
    assert!((200.0..=235.0).contains(&collapse::measures(&wide)[0]), "{:?}", collapse::measures(&wide));
}

fn golden() -> File {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/mae/golden_finetune.safetensors");
    safetensors::read(&std::fs::read(path).expect("the fixture")).expect("tensors")
}

fn compare<const D: usize>(file: &File, name: &str, got: Tensor<D>, relative: f32) {
    let (want, got) = (&file.tensors[name].values, block_on(readback::floats(got)).expect("values"));
    let largest = want.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
    let error = want.iter().zip(&got).fold(0.0_f32, |m, (w, g)| m.max((w - g).abs()));
    assert_eq!(want.len(), got.len(), "{name}");
    assert!(error <= relative * largest, "{name}: {error} of {largest}");
}

#[test]
fn the_probe_makes_the_authors_steps() {
    let file = golden();
    let device = Device::flex();
    let features = Features { dim: 24, values: file.tensors["out/probe_feature"].values.clone() };
    let labels: Vec<u32> = file.tensors["in/probe_labels"].values.iter().map(|v| *v as u32).collect();
    let targets = target_tensor(smooth_targets(&labels, 5, 0.0).expect("targets"), 5, &device);
    let mut probe = LinearProbe::new(24, 5, 1, &device);
    for name in ["head.1.weight", "head.1.bias"] {
        probe.head.set(name, file.tensors[&format!("w_probe/{name}")].values.clone()).expect("set");
    }
    for (step, loss) in [2.652_572_6_f32, 2.570_115].into_iter().enumerate() {
        let forward = probe.step(features.tensor(&device), targets.clone(), 6.4);
        let got = block_on(readback::scalar(forward.loss)).expect("a loss");
        assert!((got - loss).abs() < 2e-5, "{got}");
        if step == 0 {
            compare(&file, "out/probe_logits_train", forward.logits, 2e-5);
            for (name, gradient) in ["head.1.weight", "head.1.bias"].iter().zip(forward.gradients) {
                compare(&file, &format!("grad_probe/{name}"), gradient.expect("a gradient"), 1e-4);
            }
        }
        for weight in &probe.head.list {
            compare(&file, &format!("step{}_probe/{}", step + 1, weight.name), weight.value.clone(), 2e-5);
        }
    }
    compare(&file, "out/probe_running_mean", probe.running_mean.clone(), 2e-5);
    compare(&file, "out/probe_running_var", probe.running_var.clone(), 2e-5);
    compare(&file, "out/probe_logits_eval", probe.logits(features.tensor(&device)), 2e-5);
}

#[test]
fn rings_are_told_apart_and_noise_is_not() {
    let mut rng = Rng::new(4, "rings");
    let labels: Vec<u32> = (0..120).map(|i| i % 3).collect();
    let rings = labels.iter().flat_map(|label| {
        let (sin, cos) = rng.between(0.0, std::f32::consts::TAU).sin_cos();
        let radius = 1.0 + *label as f32 + 0.1 * rng.normal();
        [radius * cos, radius * sin]
    });
    let rings = Features { dim: 2, values: rings.collect() };
    let accuracy = kernel_svm::cross_validated(&rings, &labels, 3, &mut Rng::new(1, "folds")).expect("an accuracy");
    assert!(accuracy > 0.95, "{accuracy}");
    let noise = Features { dim: 2, values: (0..240).map(|_| rng.normal()).collect() };
    let accuracy = kernel_svm::cross_validated(&noise, &labels, 3, &mut Rng::new(1, "folds")).expect("an accuracy");
    assert!(accuracy < 0.55, "{accuracy}");
    assert!(
        kernel_svm::cross_validated(
            &Features { dim: 1, values: vec![0.0; 4] },
            &[0, 1, 0, 1],
            2,
            &mut Rng::new(1, "folds")
        )
        .is_err()
    );
}

#[test]
fn principal_components_are_the_widest_directions() {
    let mut rng = Rng::new(2, "points");
    let values = (0..400).flat_map(|_| [rng.normal(), 20.0 * rng.normal() + 3.0, 5.0 * rng.normal()]).collect();
    let x = Features { dim: 3, values };
    let points = plane(&x).points;
    let spread = |axis: usize| points.iter().skip(axis).step_by(2).map(|v| v * v).sum::<f32>();
    assert!((spread(0) / spread(1)).sqrt() > 3.0 && spread(1) > 0.0);
    assert!(plane(&Features { dim: 4, values: vec![1.0; 8] }).points.iter().all(|v| v.is_finite()));
}

#[test]
fn the_plane_holds_the_two_main_directions() {
    let mut rng = Rng::new(2, "plane");
    let row = |rng: &mut Rng| {
        let (a, b, c) = (3.0 * rng.normal(), rng.normal(), 0.01 * rng.normal());
        [a + 5.0, c, b - 2.0, c - b]
    };
    let values: Vec<f32> = (0..300).flat_map(|_| row(&mut rng)).collect();
    let Plane { points, share } = plane(&Features { dim: 4, values: values.clone() });
    assert!(share > 0.999, "{share}");
    // Distances in the plane are those of the features, but for a common factor.
    let ratio = |i: usize, j: usize| {
        let far =
            |v: &[f32], dim: usize| (0..dim).map(|k| (v[i * dim + k] - v[j * dim + k]).powi(2)).sum::<f32>().sqrt();
        far(&points, 2) / far(&values, 4)
    };
    assert!((1..300).all(|i| (ratio(0, i) / ratio(0, 1) - 1.0).abs() < 0.1));
    assert_eq!(plane(&Features { dim: 3, values: vec![1.0; 9] }).share, 0.0);
}

#[test]
fn segmentation_counts_pixels_by_what_they_were_taken_for() {
    let mut confusion = segmentation::Confusion::new(3);
    for (truth, answer) in [(0, 0), (0, 0), (0, 1), (1, 1), (7, 0)] {
        confusion.add(truth, answer);
    }
    assert_eq!(confusion.accuracy(), 0.75);
    // 2 of 3, 1 of 2; the third class neither is there nor was answered.
    assert!((confusion.mean_iou() - (2.0 / 3.0 + 0.5) / 2.0).abs() < 1e-12);
}

#[test]
fn a_linear_layer_on_patches_tells_their_pixels() {
    let mut rng = Rng::new(3, "patches");
    let mut patches = |samples: usize| {
        let mut patches = segmentation::Patches::default();
        patches.features.dim = 2;
        for _ in 0..samples {
            // 4 × 4 pixels in patches of 2 × 2; one pixel in four is not known.
            let classes: Vec<u8> = (0..4).map(|_| rng.below(2) as u8).collect();
            let map: Vec<u8> = (0..16).map(|i| if i == 5 { 255 } else { classes[i / 8 * 2 + i % 4 / 2] }).collect();
            for class in &classes {
                patches.features.values.extend([f32::from(*class) + 0.2 * rng.normal(), rng.normal()]);
            }
            patches.add(&map, 4, 2);
        }
        patches
    };
    let (known, others, device) = (patches(60), patches(20), Device::flex());
    let segmenter =
        block_on(segmentation::Segmenter::train(&known, 2, &Rng::new(1, "probe"), &device)).expect("a probe");
    let confusion = block_on(segmenter.judge(&others, &device)).expect("counts");
    assert!(confusion.accuracy() > 0.95 && confusion.mean_iou() > 0.9, "{confusion:?}");
    let nothing = segmentation::Patches { pixels: vec![255; known.pixels.len()], ..known };
    assert!(block_on(segmentation::Segmenter::train(&nothing, 2, &Rng::new(1, "probe"), &device)).is_err());
}

#[test]
fn a_hidden_layer_tells_what_a_line_cannot() {
    let mut rng = Rng::new(5, "exclusive or");
    let mut corners = |count: usize| {
        let (mut values, mut labels) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let sides = [rng.below(2), rng.below(2)];
            labels.push((sides[0] ^ sides[1]) as u32);
            values.extend(sides.map(|side| side as f32 + 0.1 * rng.normal()));
        }
        (Features { dim: 2, values }, labels)
    };
    let (train, test, device) = (corners(200), corners(100), Device::flex());
    let how = mlp_probe::Settings { hidden: 32, ..mlp_probe::Settings::default() };
    let fit = |rng: &Rng| {
        block_on(mlp_probe::fit((&train.0, &train.1), (&test.0, &test.1), 2, &how, rng, &device)).expect("a probe")
    };
    let hidden = fit(&Rng::new(1, "probe"));
    assert!(hidden > 0.95, "{hidden}");
    assert_eq!(hidden, fit(&Rng::new(1, "probe")));
}
