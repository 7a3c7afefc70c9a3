//! Recipes on toy quadratics: every rule with every schedule descends, and goes on bit for bit from an exported state.

use burn::tensor::{Device, Tensor, TensorData};
use masquerade_engine::readback;
use masquerade_engine::train::groups::pretrain_groups;
use masquerade_engine::train::optimiser::Optimiser;
use masquerade_engine::train::recipe::{Momentum, Rate, Recipe, Rule};
use masquerade_engine::train::schedule::{Cosine, OneCycle, Schedule};
use masquerade_engine::weights::{Init, Weights};
use masquerade_tests::block_on;

const STEPS: u64 = 80;

fn devices() -> Vec<Device> {
    std::iter::once(Device::flex()).chain(masquerade_tests::gpu()).collect()
}

/// A matrix and a vector, both away from where the quadratic is least.
fn start(device: &Device) -> Weights {
    let mut weights = Weights::new(device, 1);
    let values = |count: usize| Init::Values((0..count).map(|i| 1.0 + 0.3 * (i as f32).sin()).collect());
    weights.root().weight("matrix", [3, 4], values(12));
    weights.root().weight("vector", [5], values(5));
    weights
}

fn read(weights: &Weights) -> Vec<Vec<f32>> {
    block_on(readback::many(weights.list.iter().map(|w| w.value.clone()).collect())).expect("values")
}

/// ½ Σ aᵢ (wᵢ − tᵢ)² with aᵢ = 1 + i mod 3 and tᵢ = −½ + i / 10.
fn loss(weights: &Weights) -> f32 {
    let one = |(i, w): (usize, &f32)| 0.5 * (1 + i % 3) as f32 * (w + 0.5 - 0.1 * i as f32).powi(2);
    read(weights).iter().map(|values| values.iter().enumerate().map(one).sum::<f32>()).sum()
}

fn gradients(weights: &Weights, device: &Device) -> Vec<Option<Tensor<1>>> {
    let one = |(i, w): (usize, &f32)| (1 + i % 3) as f32 * (w + 0.5 - 0.1 * i as f32);
    let slope = |values: &Vec<f32>| {
        let slope: Vec<f32> = values.iter().enumerate().map(one).collect();
        let count = slope.len();
        Some(Tensor::from_data(TensorData::new(slope, [count]), device))
    };
    read(weights).iter().map(slope).collect()
}

fn train(
    weights: &mut Weights,
    optimiser: &mut Optimiser,
    recipe: &Recipe,
    steps: std::ops::Range<u64>,
    device: &Device,
) {
    for step in steps {
        let slopes = gradients(weights, device);
        optimiser.follow(recipe, step);
        optimiser.step(weights, &slopes, recipe.rate.at(step));
    }
}

/// Every rule, each with a constant rate, a cosine whose weight decay changes too, and one cycle whose momentum does.
fn recipes(weights: &Weights) -> Vec<Recipe> {
    let rules = [
        (Rule::AdamW { beta1: 0.9, beta2: 0.95, eps: 1e-8 }, 0.05),
        (Rule::Adam { beta1: 0.9, beta2: 0.95, eps: 1e-8 }, 0.05),
        (Rule::Lamb { beta1: 0.9, beta2: 0.95, eps: 1e-6 }, 0.05),
        (Rule::Lars { momentum: 0.9, trust: 0.02 }, 0.5),
        (Rule::Sgd { momentum: 0.9 }, 0.02),
    ];
    let cycle = OneCycle { steps: STEPS as f64, rise: 0.3 };
    let each = rules.into_iter().flat_map(|(rule, peak)| {
        let recipe = |rate| Recipe::new(rule, rate, pretrain_groups(weights, 1e-3));
        let warm = Schedule { peak, floor: 0.0, warmup: 8.0, total: STEPS as f64 };
        [
            recipe(Rate::Constant(peak)),
            Recipe {
                decay: Some(Cosine { from: 1e-3, to: 1e-2, steps: STEPS as f64 }),
                max_norm: Some(20.0),
                ..recipe(Rate::WarmupCosine(warm))
            },
            Recipe {
                momentum: Some(Momentum { cycle, high: 0.95, low: 0.85 }),
                ..recipe(Rate::OneCycle { cycle, start: peak / 25.0, peak, end: peak / 250_000.0 })
            },
        ]
    });
    each.collect()
}

#[test]
fn every_recipe_descends_and_resumes_bit_for_bit() {
    for device in devices() {
        for recipe in recipes(&start(&device)) {
            let mut weights = start(&device);
            let mut optimiser = Optimiser::new(&recipe);
            let first = loss(&weights);
            train(&mut weights, &mut optimiser, &recipe, 0..31, &device);
            let state = block_on(optimiser.export(&weights)).expect("a state");
            let mut copy = start(&device);
            for (weight, values) in weights.list.iter().zip(read(&weights)) {
                copy.set(&weight.name, values).expect("set");
            }
            let mut resumed = Optimiser::new(&recipe);
            resumed.import(&copy, &state).expect("imported");
            train(&mut weights, &mut optimiser, &recipe, 31..STEPS, &device);
            train(&mut copy, &mut resumed, &recipe, 31..STEPS, &device);
            assert_eq!(read(&weights), read(&copy), "{recipe:?}");
            let last = loss(&weights);
            assert!(last < 0.3 * first, "{first} to {last}: {recipe:?}");
        }
    }
}

#[test]
fn weight_decay_follows_its_schedule_where_weights_decay() {
    let weights = start(&Device::flex());
    let rule = Rule::AdamW { beta1: 0.9, beta2: 0.95, eps: 1e-8 };
    let decay = Cosine { from: 0.04, to: 0.4, steps: 100.0 };
    let recipe =
        Recipe { decay: Some(decay), ..Recipe::new(rule, Rate::Constant(0.1), pretrain_groups(&weights, 1.0)) };
    let at = |step| recipe.groups_at(step).iter().map(|group| group.weight_decay).collect::<Vec<_>>();
    assert!((at(0)[0] - 0.04).abs() < 1e-12 && at(0)[1] == 0.0);
    assert!((at(50)[0] - 0.22).abs() < 1e-12 && at(50)[1] == 0.0);
    assert_eq!((at(100), at(900)), (vec![0.4, 0.0], vec![0.4, 0.0]));
}

#[test]
fn one_cycle_is_pytorchs() {
    // OneCycleLR(max_lr = 0.01, total_steps = 10) with its defaults, and the momentum that goes with it.
    let cycle = OneCycle { steps: 10.0, rise: 0.3 };
    let rate = Rate::OneCycle { cycle, start: 4e-4, peak: 0.01, end: 4e-8 };
    for (step, wanted) in [(0, 4e-4), (1, 0.0052), (2, 0.01), (3, 0.009_504_846_3), (9, 4e-8)] {
        assert!((rate.at(step) - wanted).abs() < 1e-9, "{step}: {} is not {wanted}", rate.at(step));
    }
    let all: Vec<f64> = (0..10).map(|step| rate.at(step)).collect();
    assert!(all[2..].windows(2).all(|pair| pair[1] < pair[0]), "{all:?}");
    let weights = start(&Device::flex());
    let momentum = Some(Momentum { cycle, high: 0.95, low: 0.85 });
    let recipe = Recipe { momentum, ..Recipe::new(Rule::Sgd { momentum: 0.9 }, rate, pretrain_groups(&weights, 0.0)) };
    for (step, wanted) in [(0, 0.95), (1, 0.9), (2, 0.85), (9, 0.95)] {
        assert!(recipe.momentum_at(step).is_some_and(|m| (m - wanted).abs() < 1e-12), "{step}");
    }
    let short = OneCycle { steps: 1.0, rise: 0.3 };
    assert!((0..4).all(|step| short.at(f64::from(step), [1.0, 2.0, 3.0]).is_finite()));
}
