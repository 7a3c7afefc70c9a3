//! Optimisers, schedule, groups, mixing and losses against PyTorch's numbers.

use burn::tensor::{Device, Tensor, TensorData};
use masquerade_engine::readback;
use masquerade_engine::rng::Rng;
use masquerade_engine::train::groups::{Group, layer_decay_groups, pretrain_groups};
use masquerade_engine::train::losses::{cross_entropy, smooth_targets, target_tensor};
use masquerade_engine::train::mix::{Mix, mix, random_erasing};
use masquerade_engine::train::optimiser::{AdamW, Lars};
use masquerade_engine::train::recipe::Rate;
use masquerade_engine::train::schedule::Schedule;
use masquerade_engine::weights::{Init, Weights};
use masquerade_tests::block_on;

fn close(got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance, "{got} is not {want}");
}

fn flat(values: &[f32]) -> Tensor<1> {
    Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), &Device::flex())
}

fn read(weights: &Weights, name: &str) -> Vec<f32> {
    block_on(readback::floats(weights.by_name(name).expect("a weight").value.clone())).expect("values")
}

/// A matrix [1, 2] and a vector [1].
fn two_weights(device: &Device) -> Weights {
    let mut weights = Weights::new(device, 1);
    weights.root().weight("matrix", [1, 2], Init::Values(vec![1.0, -2.0]));
    weights.root().weight("vector", [1], Init::Values(vec![-2.0]));
    weights
}

#[test]
fn adamw_makes_pytorchs_steps() {
    for device in [Device::flex(), Device::flex().autodiff()] {
        let mut weights = two_weights(&device);
        let groups = vec![Group { lr_scale: 1.0, weight_decay: 0.05 }, Group { lr_scale: 0.5, weight_decay: 0.0 }];
        let mut adamw = AdamW::new(0.9, 0.999, groups);
        // The same gradients in all places: +0.5, −1, +0.25. Reference: the formulas in f64.
        let matrix = [0.895_000_002, 0.927_135_354_230_565_4, 0.936_168_743_557_823_3];
        let vector = [-2.049_999_999, -2.031_694_822_879_717_6, -2.024_860_289_830_512_4];
        for (step, g) in [0.5, -1.0, 0.25].into_iter().enumerate() {
            adamw.step(&mut weights, &[Some(flat(&[g, g])), Some(flat(&[g]))], 0.1);
            close(f64::from(read(&weights, "matrix")[0]), matrix[step], 2e-6);
            close(f64::from(read(&weights, "vector")[0]), vector[step], 2e-6);
        }
    }
}

#[test]
fn adamw_leaves_weights_without_gradient_alone() {
    let mut weights = two_weights(&Device::flex());
    let mut adamw = AdamW::new(0.9, 0.95, pretrain_groups(&weights, 0.05));
    adamw.step(&mut weights, &[None, Some(flat(&[1.0]))], 0.1);
    assert_eq!(read(&weights, "matrix"), [1.0, -2.0]);
    let state = block_on(adamw.export(&weights)).expect("a state");
    assert_eq!(state.keys().collect::<Vec<_>>(), ["vector"]);
}

#[test]
fn adamw_goes_on_exactly_from_its_exported_state() {
    let gradient = |g: f32| [Some(flat(&[g, -g])), Some(flat(&[0.3 * g]))];
    let mut weights = two_weights(&Device::flex());
    let mut adamw = AdamW::new(0.9, 0.95, pretrain_groups(&weights, 0.05));
    for g in [0.7, -0.2, 1.3] {
        adamw.step(&mut weights, &gradient(g), 0.01);
    }
    let state = block_on(adamw.export(&weights)).expect("a state");
    let mut copy = two_weights(&Device::flex());
    for name in ["matrix", "vector"] {
        copy.set(name, read(&weights, name)).expect("set");
    }
    let mut resumed = AdamW::new(0.9, 0.95, pretrain_groups(&copy, 0.05));
    resumed.import(&copy, &state).expect("imported");
    adamw.step(&mut weights, &gradient(0.4), 0.01);
    resumed.step(&mut copy, &gradient(0.4), 0.01);
    for name in ["matrix", "vector"] {
        assert_eq!(read(&weights, name), read(&copy, name), "{name}");
    }
    let mut wrong = state;
    wrong.entry("vector".into()).and_modify(|m| m.moments[0].push(0.0));
    assert!(resumed.import(&copy, &wrong).is_err());
}

#[test]
fn lars_scales_matrices_and_spares_vectors() {
    let mut weights = two_weights(&Device::flex());
    let mut lars = Lars::default();
    lars.step(&mut weights, &[Some(flat(&[3.0, 4.0])), Some(flat(&[0.5]))], 1.0);
    let factor = 0.001 * 5.0_f64.sqrt() / 5.0;
    close(f64::from(read(&weights, "matrix")[0]), 1.0 - 3.0 * factor, 1e-6);
    close(f64::from(read(&weights, "matrix")[1]), -2.0 - 4.0 * factor, 1e-6);
    close(f64::from(read(&weights, "vector")[0]), -2.5, 1e-6);
    // Momentum goes on; a gradient of zero has factor 1, not 0 / 0.
    lars.step(&mut weights, &[Some(flat(&[0.0, 0.0])), Some(flat(&[0.0]))], 1.0);
    close(f64::from(read(&weights, "matrix")[0]), 1.0 - 3.0 * factor * 1.9, 1e-6);
    close(f64::from(read(&weights, "vector")[0]), -2.95, 1e-6);
}

#[test]
fn the_schedule_is_the_authors() {
    let pretrain = Schedule { peak: 1.5e-4, floor: 0.0, warmup: 40.0, total: 800.0 };
    let table = [
        (0.25, 9.375e-7),
        (20.0, 7.5e-5),
        (40.0, 1.5e-4),
        (40.5, 1.499_998_398_069_454e-4),
        (400.0, 8.119_345_091_042_493e-5),
    ];
    for (epoch, lr) in table {
        close(pretrain.at(epoch), lr, 1e-10);
    }
    close(pretrain.at(799.99), 6.407_724_351e-14, 1e-18);
    assert_eq!((pretrain.at(0.0), pretrain.at(800.0), pretrain.at(900.0)), (0.0, 0.0, 0.0));
    let finetune = Schedule { peak: 1e-3, floor: 1e-6, warmup: 5.0, total: 50.0 };
    for (epoch, lr) in [(2.5, 5e-4), (5.5, 9.996_957_180_960_385e-4), (25.0, 5.872_372_647_446_319e-4), (50.0, 1e-6)] {
        close(finetune.at(epoch), lr, 1e-9);
    }
    let all_warmup = Schedule { peak: 1.0, floor: 0.0, warmup: 4.0, total: 4.0 };
    assert!((0..9).all(|t| all_warmup.at(f64::from(t)).is_finite()));
}

#[test]
fn a_rate_never_rises_after_its_peak_and_stays_small_past_the_plan() {
    let mut rates = Vec::new();
    for (steps, warmup) in [(1.0, 0.0), (1.0, 1.0), (2.0, 0.0), (7.0, 1.0), (60.0, 6.0), (60.0, 30.0), (1800.0, 180.0)]
    {
        for floor in [0.0, 1e-6] {
            rates.push((Rate::WarmupCosine(Schedule { peak: 1e-3, floor, warmup, total: steps }), steps as u64));
        }
        rates.push((Rate::Cosine { peak: 1e-3, steps }, steps as u64));
        rates.push((Rate::Constant(1e-3), steps as u64));
    }
    // One period of a schedule with restarts.
    rates.push((Rate::Restarts { peak: 1e-3, first: 50.0, factor: 2.0 }, 50));
    for (rate, steps) in rates {
        let all: Vec<f64> = (0..steps).map(|step| rate.at(step)).collect();
        let peak = (0..all.len()).max_by(|a, b| all[*a].total_cmp(&all[*b]).then(b.cmp(a))).expect("a step");
        assert!(all[peak..].windows(2).all(|pair| pair[1] <= pair[0]), "{rate:?}: {all:?}");
        assert!(all.iter().all(|rate| *rate > 0.0 && *rate <= 1e-3), "{rate:?}: {all:?}");
        for step in [steps, steps + 9] {
            if let Some(after) = rate.afterwards() {
                assert_eq!((rate.at(step), after), (1e-5, 1e-5), "{rate:?}");
            }
        }
    }
}

#[test]
fn groups_decay_what_the_recipes_decay() {
    let mut weights = Weights::new(&Device::flex(), 1);
    let mut root = weights.root();
    root.layer(0).weight("cls_token", [1, 2], Init::Zeros);
    root.weight("mask_token", [1, 2], Init::Zeros);
    root.layer(0).weight("pos_embed", [1, 2], Init::Zeros);
    root.at("blocks").at(1).layer(2).weight("attn.qkv.weight", [1, 2], Init::Zeros);
    root.weight("head.weight", [1, 2], Init::Zeros);
    root.at("patch_embed").layer(0).at("proj").weight("weight", [1, 2], Init::Zeros);
    root.at("blocks").at(0).layer(1).weight("norm1.bias", [2], Init::Zeros);
    let decays: Vec<f64> = pretrain_groups(&weights, 0.05).iter().map(|g| g.weight_decay).collect();
    assert_eq!(decays, [0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.0]);
    let table = layer_decay_groups(&weights, 0.75, 0.05, &["pos_embed", "cls_token"]);
    let want =
        [(0.421_875, 0.0), (1.0, 0.05), (0.421_875, 0.0), (0.75, 0.05), (1.0, 0.05), (0.421_875, 0.05), (0.5625, 0.0)];
    for (group, (lr_scale, decay)) in table.iter().zip(want) {
        close(group.lr_scale, lr_scale, 1e-12);
        assert_eq!(group.weight_decay, decay);
    }
}

#[test]
fn smoothed_cross_entropy_is_the_sum_of_its_parts() {
    let logits =
        Tensor::<2>::from_data(TensorData::new(vec![2.0_f32, -1.0, 0.5, 0.0, 3.0, 1.0], [2, 3]), &Device::flex());
    let log_p = |row: [f64; 3]| row.map(|v| v - row.iter().map(|x| x.exp()).sum::<f64>().ln());
    let (a, b) = (log_p([2.0, -1.0, 0.5]), log_p([0.0, 3.0, 1.0]));
    let plain = -(a[0] + b[2]) / 2.0;
    let uniform = -(a.iter().sum::<f64>() + b.iter().sum::<f64>()) / 6.0;
    let targets = smooth_targets(&[0, 2], 3, 0.1).expect("targets");
    let loss = cross_entropy(logits, target_tensor(targets, 3, &Device::flex()));
    close(f64::from(block_on(readback::scalar(loss)).expect("a value")), 0.9 * plain + 0.1 * uniform, 1e-6);
    assert!(smooth_targets(&[3], 3, 0.0).is_err());
}

#[test]
fn mixing_keeps_pixels_and_targets_in_step() {
    // Picture b is b everywhere, so a mixed pixel tells λ.
    let shape = [4, 2, 6, 5];
    let size = 2 * 6 * 5;
    for seed in 0..40 {
        let mut pictures: Vec<f32> = (0..4).flat_map(|b| vec![b as f32; size]).collect();
        let targets =
            mix(&mut pictures, shape, &[0, 1, 2, 3], 4, Mix::default(), &mut Rng::new(seed, "mix")).expect("targets");
        for (b, (picture, target)) in pictures.chunks(size).zip(targets.chunks(4)).enumerate() {
            close(f64::from(target.iter().sum::<f32>()), 1.0, 1e-5);
            let mean = f64::from(picture.iter().sum::<f32>()) / size as f64;
            let kept = (mean - (3 - b) as f64) / (b as f64 - (3 - b) as f64);
            close(f64::from(target[b]), 0.9 * kept + 0.025, 1e-4);
            close(f64::from(target[3 - b]), 0.9 * (1.0 - kept) + 0.025, 1e-4);
        }
    }
    let mut odd: Vec<f32> = (0..3).map(|b| b as f32).collect();
    mix(&mut odd, [3, 1, 1, 1], &[0, 0, 1], 2, Mix::default(), &mut Rng::new(1, "odd")).expect("targets");
    close(f64::from(odd[1]), 1.0, 1e-6);
}

#[test]
fn erasing_fills_a_box_in_some_pictures() {
    let shape = [400, 1, 16, 16];
    let mut pictures = vec![9.0_f32; 400 * 256];
    random_erasing(&mut pictures, shape, 0.25, &mut Rng::new(3, "erase"));
    let erased: Vec<usize> = pictures.chunks(256).map(|p| p.iter().filter(|v| **v != 9.0).count()).collect();
    let touched = erased.iter().filter(|n| **n > 0).count();
    assert!((60..140).contains(&touched), "{touched}");
    assert!(erased.iter().all(|n| *n <= 256 * 2 / 5));
}
