//! Optimisers and gradients over whole models, on the CPU and on a GPU, against the published formulas in
//! f64.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};
use masquerade_engine::kernels::norms::layer_norm;
use masquerade_engine::kernels::optimisers::global_norm;
use masquerade_engine::kernels::products::linear;
use masquerade_engine::readback;
use masquerade_engine::rng::Rng;
use masquerade_engine::train::groups::Group;
use masquerade_engine::train::optimiser::{AdamW, Lamb, Lars};
use masquerade_engine::weights::{Init, Slot, Upkeep, Weights};
use masquerade_tests::block_on;

/// Shapes with fewer values than a block of 256, as many, one more, and several blocks; the vector does not decay.
const SHAPES: [&[usize]; 5] = [&[1, 1], &[7, 33], &[16, 16], &[257], &[30, 41]];
const RATES: [f64; 4] = [0.02, 0.01, 0.03, 0.02];

fn devices() -> Vec<Device> {
    std::iter::once(Device::flex()).chain(masquerade_tests::gpu()).collect()
}

fn drawn(name: &str, count: usize) -> Vec<f32> {
    let mut rng = Rng::new(5, name);
    (0..count).map(|_| rng.between(-1.0, 1.0)).collect()
}

fn model(device: &Device) -> Weights {
    let mut weights = Weights::new(device, 1);
    for (i, shape) in SHAPES.into_iter().enumerate() {
        let values = Init::Values(drawn(&format!("w{i}"), shape.iter().product()));
        match *shape {
            [a] => drop(weights.root().weight(&format!("w{i}"), [a], values)),
            [a, b] => drop(weights.root().weight(&format!("w{i}"), [a, b], values)),
            _ => unreachable!(),
        }
    }
    weights
}

fn groups() -> Vec<Group> {
    let group = |(i, shape): (usize, &&[usize])| Group {
        lr_scale: [1.0, 0.5, 2.0][i % 3],
        weight_decay: if shape.len() > 1 { 0.05 * (i + 1) as f64 } else { 0.0 },
    };
    SHAPES.iter().enumerate().map(group).collect()
}

/// Gradients of a step; weight 1 has none in step 1, and weight 2 has zeros in step 0.
fn slopes(step: usize) -> Vec<Option<Vec<f32>>> {
    let slope = |(i, shape): (usize, &&[usize])| match (step, i) {
        (1, 1) => None,
        (0, 2) => Some(vec![0.0; shape.iter().product()]),
        _ => Some(drawn(&format!("g{step} {i}"), shape.iter().product())),
    };
    SHAPES.iter().enumerate().map(slope).collect()
}

fn tensors(slopes: &[Option<Vec<f32>>], device: &Device) -> Vec<Option<Tensor<1>>> {
    let tensor = |values: &Vec<f32>| {
        Tensor::from_data(TensorData::new(values.clone(), [values.len()]), &device.clone().without_autodiff())
    };
    slopes.iter().map(|s| s.as_ref().map(tensor)).collect()
}

fn read(weights: &Weights) -> Vec<Vec<f32>> {
    block_on(readback::many(weights.list.iter().map(|w| w.value.clone()).collect())).unwrap()
}

#[track_caller]
fn close(what: &str, got: &[f32], wanted: &[f64], tolerance: f64) {
    assert_eq!(got.len(), wanted.len(), "{what}");
    for (i, (a, b)) in got.iter().zip(wanted).enumerate() {
        assert!((f64::from(*a) - b).abs() <= tolerance, "{what} [{i}]: {a} instead of {b}");
    }
}

/// One weight of the reference.
#[derive(Default)]
struct Plain {
    w: Vec<f64>,
    m: Vec<f64>,
    v: Vec<f64>,
    steps: i32,
}

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|v| v * v).sum::<f64>().sqrt()
}

fn ratio(w: &[f64], change: &[f64], trust: f64) -> f64 {
    if norm(w) > 0.0 && norm(change) > 0.0 { trust * norm(w) / norm(change) } else { 1.0 }
}

/// Four steps by the formulas; `rule` changes one weight, given its number, gradient and learning rate.
fn reference(max_norm: Option<f64>, rule: impl Fn(usize, &mut Plain, &[f64], f64)) -> Vec<Plain> {
    let start = |(i, shape): (usize, &&[usize])| {
        let w: Vec<f64> = drawn(&format!("w{i}"), shape.iter().product()).into_iter().map(f64::from).collect();
        Plain { m: vec![0.0; w.len()], v: vec![0.0; w.len()], w, steps: 0 }
    };
    let mut all: Vec<Plain> = SHAPES.iter().enumerate().map(start).collect();
    for (step, rate) in RATES.into_iter().enumerate() {
        let slopes: Vec<Option<Vec<f64>>> =
            slopes(step).into_iter().map(|s| s.map(|s| s.into_iter().map(f64::from).collect())).collect();
        let total = norm(&slopes.iter().flatten().flatten().copied().collect::<Vec<_>>());
        let factor = max_norm.map_or(1.0, |most| (most / (total + 1e-6)).min(1.0));
        for (i, (weight, slope)) in all.iter_mut().zip(slopes).enumerate() {
            if let Some(slope) = slope {
                weight.steps += 1;
                rule(i, weight, &slope.iter().map(|g| g * factor).collect::<Vec<_>>(), rate);
            }
        }
    }
    all
}

/// The moments and the unscaled change of AdamW and LAMB.
fn moments(weight: &mut Plain, g: &[f64], eps: f64, decay: f64) -> Vec<f64> {
    let (c1, c2) = (1.0 - 0.9_f64.powi(weight.steps), 1.0 - 0.95_f64.powi(weight.steps));
    (0..g.len())
        .map(|j| {
            weight.m[j] = 0.9 * weight.m[j] + 0.1 * g[j];
            weight.v[j] = 0.95 * weight.v[j] + 0.05 * g[j] * g[j];
            weight.m[j] / c1 / ((weight.v[j] / c2).sqrt() + eps) + decay * weight.w[j]
        })
        .collect()
}

fn moved(weight: &mut Plain, change: &[f64], rate: f64) {
    weight.w.iter_mut().zip(change).for_each(|(w, u)| *w -= rate * u);
}

#[test]
fn adamw_is_the_published_rule_on_every_weight() {
    for max_norm in [None, Some(3.0)] {
        let wanted = reference(max_norm, |i, weight, g, rate| {
            let change = moments(weight, g, 1e-6, groups()[i].weight_decay);
            moved(weight, &change, rate * groups()[i].lr_scale);
        });
        for device in devices() {
            let mut weights = model(&device);
            let mut adamw = AdamW::new(0.9, 0.95, groups());
            (adamw.eps, adamw.max_norm) = (1e-6, max_norm);
            for (step, rate) in RATES.into_iter().enumerate() {
                adamw.step(&mut weights, &tensors(&slopes(step), &device), rate);
                let seen = adamw.norm.clone().map(|norm| block_on(readback::scalar(norm)).unwrap());
                let total = norm(&slopes(step).into_iter().flatten().flatten().map(f64::from).collect::<Vec<_>>());
                assert_eq!(seen.is_some(), max_norm.is_some());
                assert!(
                    seen.is_none_or(|seen| (f64::from(seen) - total).abs() < 1e-4 * total),
                    "{seen:?} instead of {total}"
                );
            }
            let state = block_on(adamw.export(&weights)).unwrap();
            for (i, (got, wanted)) in read(&weights).iter().zip(&wanted).enumerate() {
                close(&format!("weight {i}"), got, &wanted.w, 2e-5);
                close(&format!("m {i}"), &state[&format!("w{i}")].moments[0], &wanted.m, 1e-5);
                close(&format!("v {i}"), &state[&format!("w{i}")].moments[1], &wanted.v, 1e-5);
                assert_eq!(state[&format!("w{i}")].steps, if i == 1 { 3 } else { 4 });
            }
        }
    }
}

#[test]
fn lamb_is_the_published_rule_on_every_weight() {
    let wanted = reference(Some(3.0), |i, weight, g, rate| {
        let change = moments(weight, g, 1e-6, groups()[i].weight_decay);
        let ratio = if groups()[i].weight_decay > 0.0 { ratio(&weight.w, &change, 1.0) } else { 1.0 };
        moved(weight, &change, rate * groups()[i].lr_scale * ratio);
    });
    for device in devices() {
        let mut weights = model(&device);
        let mut lamb = Lamb::new(0.9, 0.95, groups());
        lamb.max_norm = Some(3.0);
        for (step, rate) in RATES.into_iter().enumerate() {
            lamb.step(&mut weights, &tensors(&slopes(step), &device), rate);
        }
        for (i, (got, wanted)) in read(&weights).iter().zip(&wanted).enumerate() {
            close(&format!("weight {i}"), got, &wanted.w, 2e-5);
        }
    }
}

#[test]
fn lars_is_the_published_rule_on_every_weight() {
    let wanted = reference(None, |i, weight, g, rate| {
        let matrix = SHAPES[i].len() > 1;
        let mut change = g.to_vec();
        if matrix {
            change.iter_mut().zip(&weight.w).for_each(|(u, w)| *u += 0.1 * w);
            let factor = ratio(&weight.w, &change, 0.02);
            change.iter_mut().for_each(|u| *u *= factor);
        }
        weight.m.iter_mut().zip(&change).for_each(|(m, u)| *m = 0.9 * *m + u);
        let speed = weight.m.clone();
        moved(weight, &speed, rate);
    });
    for device in devices() {
        let mut weights = model(&device);
        let mut lars = Lars::default();
        (lars.trust, lars.weight_decay) = (0.02, 0.1);
        for (step, rate) in RATES.into_iter().enumerate() {
            lars.step(&mut weights, &tensors(&slopes(step), &device), rate);
        }
        for (i, (got, wanted)) in read(&weights).iter().zip(&wanted).enumerate() {
            close(&format!("weight {i}"), got, &wanted.w, 2e-5);
        }
    }
}

#[test]
fn a_resumed_optimiser_and_a_copy_go_on_exactly() {
    for device in devices() {
        let mut weights = model(&device.clone().autodiff());
        let mut adamw = AdamW::new(0.9, 0.95, groups());
        for (step, rate) in RATES.into_iter().enumerate().take(2) {
            adamw.step(&mut weights, &tensors(&slopes(step), &device), rate);
        }
        let mut resumed = AdamW::new(0.9, 0.95, groups());
        let state = block_on(adamw.export(&weights)).unwrap();
        let mut same = model(&device.clone().autodiff());
        for (weight, values) in weights.list.iter().zip(read(&weights)) {
            same.set(&weight.name, values).unwrap();
        }
        resumed.import(&same, &state).unwrap();
        assert_eq!(block_on(resumed.export(&same)).unwrap(), state);
        let (mut copy, mut copied) = (weights.clone(), adamw.clone());
        for (step, rate) in RATES.into_iter().enumerate().skip(2) {
            adamw.step(&mut weights, &tensors(&slopes(step), &device), rate);
        }
        // The copy still has the state of step 2, though both shared its memory.
        assert_eq!(block_on(copied.export(&copy)).unwrap(), state);
        for (step, rate) in RATES.into_iter().enumerate().skip(2) {
            resumed.step(&mut same, &tensors(&slopes(step), &device), rate);
            copied.step(&mut copy, &tensors(&slopes(step), &device), rate);
        }
        assert_eq!(read(&weights), read(&same));
        assert_eq!(read(&weights), read(&copy));
        let all: BTreeMap<_, _> = block_on(adamw.export(&weights)).unwrap();
        assert_eq!(all, block_on(resumed.export(&same)).unwrap());
        assert_eq!(all, block_on(copied.export(&copy)).unwrap());
    }
}

#[test]
fn weights_that_join_and_leave_keep_their_moments() {
    let mut all = Vec::new();
    for device in devices() {
        let mut weights = model(&device.clone().autodiff());
        let mut adamw = AdamW::new(0.9, 0.95, groups());
        adamw.step(&mut weights, &tensors(&slopes(0), &device), 0.1);
        let before = read(&weights);
        weights.set_upkeep("w1", Upkeep::Fixed);
        adamw.step(&mut weights, &tensors(&slopes(2), &device), 0.1);
        assert_eq!(read(&weights)[1], before[1]);
        weights.set_upkeep("w1", Upkeep::Trained);
        adamw.step(&mut weights, &tensors(&slopes(3), &device), 0.1);
        all.push(read(&weights));
    }
    for other in &all[1..] {
        for (got, wanted) in other.iter().zip(&all[0]) {
            close("weight", got, &wanted.iter().map(|w| f64::from(*w)).collect::<Vec<_>>(), 2e-5);
        }
    }
}

#[test]
fn a_step_leaves_copies_and_other_holders_alone() {
    for device in devices() {
        let mut weights = model(&device.clone().autodiff());
        let mut adamw = AdamW::new(0.9, 0.95, groups());
        let start = read(&weights);
        let (older, held) = (weights.clone(), weights.list[4].value.clone());
        for (step, rate) in RATES.into_iter().enumerate() {
            adamw.step(&mut weights, &tensors(&slopes(step), &device), rate);
            assert_eq!(read(&older), start);
        }
        assert_eq!(block_on(readback::floats(held)).unwrap(), start[4]);
    }
}

/// A graph that uses a norm and a layer twice, one weight by burn's own operations, and one not at all.
struct Twice {
    gamma: Slot<1>,
    beta: Slot<1>,
    matrix: Slot<2>,
    bias: Slot<1>,
    odd: Slot<2>,
    alone: Slot<1>,
}

impl Twice {
    fn new(weights: &mut Weights) -> Self {
        let values = |name: &str, count| Init::Values(drawn(name, count));
        let mut root = weights.root();
        root.weight("unused", [3, 5], Init::Ones);
        let (gamma, beta) =
            (root.weight("gamma", [12], values("gamma", 12)), root.weight("beta", [12], values("beta", 12)));
        let (matrix, bias) =
            (root.weight("matrix", [12, 12], values("matrix", 144)), root.weight("bias", [12], values("bias", 12)));
        root.fixed("fixed", [12], vec![1.0; 12]);
        Self {
            gamma,
            beta,
            matrix,
            bias,
            odd: root.weight("odd", [7, 12], values("odd", 84)),
            alone: root.weight("alone", [7], Init::Ones),
        }
    }

    fn loss(&self, w: &Weights) -> Tensor<1> {
        let mut x = Tensor::from_data(TensorData::new(drawn("x", 20 * 12), [20, 12]), w.device());
        for _ in 0..2 {
            let normal = layer_norm(x.clone(), w.get(self.gamma), w.get(self.beta), 1e-6);
            x = linear(normal, w.get(self.matrix), Some(w.get(self.bias)), Some(x));
        }
        let y = linear(x, w.get(self.odd), None, None) * w.get(self.alone).unsqueeze();
        y.square().mean()
    }
}

#[test]
fn gradients_are_right_where_weights_are_used_twice_or_not_at_all() {
    let mut all: Vec<Vec<Option<Vec<f32>>>> = Vec::new();
    for device in devices() {
        let mut weights = Weights::new(&device.clone().autodiff(), 1);
        let model = Twice::new(&mut weights);
        let plain = {
            let loss = model.loss(&weights);
            weights.gradients(&loss.backward())
        };
        let loss = model.loss(&weights);
        let common = weights.backward(&loss);
        let mut lists = Vec::new();
        for gradients in [plain, common] {
            let total = block_on(readback::scalar(global_norm(&gradients).unwrap())).unwrap();
            let values: Vec<_> =
                gradients.into_iter().map(|g| g.map(|g| block_on(readback::floats(g)).unwrap())).collect();
            let wanted = norm(&values.iter().flatten().flatten().map(|g| f64::from(*g)).collect::<Vec<_>>());
            assert!((f64::from(total) - wanted).abs() < 1e-5 * wanted, "{total} instead of {wanted}");
            lists.push(values);
        }
        assert_eq!(lists[0], lists[1], "the place of a gradient changes nothing");
        let names = weights.list.iter().zip(&lists[0]).filter(|(_, g)| g.is_none()).map(|(w, _)| w.name.as_str());
        assert_eq!(names.collect::<Vec<_>>(), ["unused", "fixed"]);
        all.push(lists.remove(0));
        // Training goes on from weights in a common buffer, with gradients in place.
        let (mut adamw, first) = (AdamW::new(0.9, 0.95, vec![Group { lr_scale: 1.0, weight_decay: 0.0 }; 8]), loss);
        for _ in 0..30 {
            let gradients = weights.backward(&model.loss(&weights));
            adamw.step(&mut weights, &gradients, 0.01);
        }
        let [first, last] = [first, model.loss(&weights)].map(|loss| block_on(readback::scalar(loss)).unwrap());
        assert!(last < 0.7 * first, "{first} to {last}");
        assert_eq!(read(&weights)[0], [1.0; 15]);
    }
    for other in &all[1..] {
        for (got, wanted) in other.iter().flatten().zip(all[0].iter().flatten()) {
            let largest = wanted.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
            close(
                "gradient",
                got,
                &wanted.iter().map(|g| f64::from(*g)).collect::<Vec<_>>(),
                2e-5 * f64::from(largest),
            );
        }
    }
}
