//! Contrastive objectives against plain loops in f64, their gradients against differences of these, and NT-Xent and MoCo's
//! loss against golden numbers.

use burn::tensor::{Device, Tensor, TensorData};
use masquerade_engine::blocks::objectives::info_nce::{Scale, Targets, against_queue, info_nce, nt_xent, symmetric};
use masquerade_engine::rng::Rng;

use crate::kernels::{close, values};

const WIDTH: usize = 7;
const TAU: f64 = 0.2;

fn numbers(name: &str, count: usize) -> Vec<f32> {
    let mut rng = Rng::new(21, name);
    (0..count).map(|_| rng.normal()).collect()
}

fn leaf(numbers: &[f32], shape: [usize; 2]) -> Tensor<2> {
    Tensor::from_data(TensorData::new(numbers.to_vec(), shape), &Device::flex().autodiff()).require_grad()
}

/// Cross-entropy of the targets and the softmax of the cosines over those keys that count for a row; the mean over rows
/// with a target.
fn reference(
    rows: &[f64],
    keys: &[f64],
    targets: &[Vec<f64>],
    scale: f64,
    counts: &dyn Fn(usize, usize) -> bool,
) -> f64 {
    let length = |row: &[f64]| row.iter().map(|v| v * v).sum::<f64>().sqrt();
    let mut total = 0.0;
    let mut counted = 0.0;
    for (i, (row, target)) in rows.chunks(WIDTH).zip(targets).enumerate() {
        if target.iter().sum::<f64>() == 0.0 {
            continue;
        }
        let scores: Vec<f64> = keys
            .chunks(WIDTH)
            .map(|key| scale * row.iter().zip(key).map(|(a, b)| a * b).sum::<f64>() / length(row) / length(key))
            .collect();
        let sum: f64 = scores.iter().enumerate().filter(|(j, _)| counts(i, *j)).map(|(_, s)| s.exp()).sum();
        let aim: f64 = scores.iter().zip(target).map(|(score, share)| score * share).sum();
        total += target.iter().sum::<f64>() * sum.ln() - aim;
        counted += 1.0;
    }
    total / counted
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}

/// The gradient of a loss of several inputs by central differences in f64.
fn slopes(inputs: &[Vec<f64>], loss: &dyn Fn(&[Vec<f64>]) -> f64) -> Vec<Vec<f32>> {
    let step = 1e-5;
    let one = |input: usize, at: usize| {
        let moved = |by: f64| {
            let mut inputs = inputs.to_vec();
            inputs[input][at] += by;
            loss(&inputs)
        };
        ((moved(step) - moved(-step)) / (2.0 * step)) as f32
    };
    (0..inputs.len()).map(|input| (0..inputs[input].len()).map(|at| one(input, at)).collect()).collect()
}

/// Compare a loss and its gradients with the plain loops.
#[track_caller]
fn agrees(
    what: &str,
    inputs: &[Vec<f32>],
    loss: &dyn Fn(&[Tensor<2>]) -> Tensor<1>,
    plain: &dyn Fn(&[Vec<f64>]) -> f64,
) {
    let leaves: Vec<Tensor<2>> = inputs.iter().map(|input| leaf(input, [input.len() / WIDTH, WIDTH])).collect();
    let got = loss(&leaves);
    let inputs: Vec<Vec<f64>> = inputs.iter().map(|input| wide(input)).collect();
    close(what, &values(got.clone()), &[plain(&inputs) as f32], 1e-5);
    let gradients = got.backward();
    for (number, (leaf, wanted)) in leaves.iter().zip(slopes(&inputs, plain)).enumerate() {
        match leaf.grad(&gradients) {
            Some(gradient) => close(&format!("{what}, input {number}"), &values(gradient), &wanted, 2e-4),
            None => assert!(wanted.iter().all(|v| *v == 0.0), "{what}: input {number} has no gradient"),
        }
    }
}

fn share(lists: &[Vec<usize>], keys: usize) -> Vec<Vec<f64>> {
    lists
        .iter()
        .map(|list| (0..keys).map(|key| if list.contains(&key) { 1.0 / list.len() as f64 } else { 0.0 }).collect())
        .collect()
}

const TWO: Scale = Scale::Temperature(TAU);

#[test]
fn one_positive_a_row() {
    let (rows, keys) = (numbers("rows", 4 * WIDTH), numbers("keys", 6 * WIDTH));
    let lists = [vec![2], vec![0], vec![], vec![5]];
    let targets = Targets::one(vec![2, 0, -1, 5]);
    let shares = share(&lists, 6);
    agrees("InfoNCE", &[rows, keys], &|x| info_nce(x[0].clone(), x[1].clone(), &targets, &TWO), &|x| {
        reference(&x[0], &x[1], &shares, 1.0 / TAU, &|_, _| true)
    });
    let views = numbers("views", 6 * WIDTH);
    let shares = share(&[vec![3], vec![4], vec![5], vec![0], vec![1], vec![2]], 6);
    agrees("NT-Xent", &[views], &|x| nt_xent(x[0].clone(), &Targets::two_views(3), &TWO), &|x| {
        reference(&x[0], &x[0], &shares, 1.0 / TAU, &|i, j| i != j)
    });
}

#[test]
fn many_and_soft_positives() {
    let device = Device::flex().autodiff();
    let (rows, keys) = (numbers("rows", 4 * WIDTH), numbers("keys", 5 * WIDTH));
    let lists = vec![vec![0, 3], vec![], vec![1, 2, 4], vec![2]];
    let targets = Targets::many(&lists, 5, &device);
    let shares = share(&lists, 5);
    agrees(
        "several positives",
        &[rows.clone(), keys.clone()],
        &|x| info_nce(x[0].clone(), x[1].clone(), &targets, &TWO),
        &|x| reference(&x[0], &x[1], &shares, 1.0 / TAU, &|_, _| true),
    );

    let labels = [3, 1, 3, 7, 1, 3];
    let lists: Vec<Vec<usize>> =
        (0..6_usize).map(|i| (0..6_usize).filter(|j| *j != i && labels[*j] == labels[i]).collect()).collect();
    assert!(lists[3].is_empty(), "the only one of its class has no loss");
    let (targets, shares) = (Targets::classes(&labels, &device), share(&lists, 6));
    agrees("SupCon", &[numbers("views", 6 * WIDTH)], &|x| nt_xent(x[0].clone(), &targets, &TWO), &|x| {
        reference(&x[0], &x[0], &shares, 1.0 / TAU, &|i, j| i != j)
    });

    let mut rng = Rng::new(4, "shares");
    let soft: Vec<f32> = (0..4)
        .flat_map(|_| {
            let row: Vec<f32> = (0..5).map(|_| rng.uniform()).collect();
            let sum: f32 = row.iter().sum();
            row.into_iter().map(move |v| v / sum).collect::<Vec<f32>>()
        })
        .collect();
    let shares: Vec<Vec<f64>> = soft.chunks(5).map(wide).collect();
    let targets = Targets::soft(Tensor::from_data(TensorData::new(soft, [4, 5]), &device));
    // A temperature as low as MindEye's, where cosines are large beside the loss.
    for tau in [0.2, 0.006] {
        agrees(
            "soft positives",
            &[rows.clone(), keys.clone()],
            &|x| info_nce(x[0].clone(), x[1].clone(), &targets, &Scale::Temperature(tau)),
            &|x| reference(&x[0], &x[1], &shares, 1.0 / tau, &|_, _| true),
        );
    }
}

#[test]
fn both_sides_a_learnt_scale_detached_keys_and_a_queue() {
    let (a, b) = (numbers("a", 5 * WIDTH), numbers("b", 5 * WIDTH));
    let shares: Vec<Vec<f64>> = share(&(0..5).map(|i| vec![i]).collect::<Vec<_>>(), 5);
    let pairs = Targets::pairs(5);
    agrees(
        "both sides",
        &[a.clone(), b.clone()],
        &|x| symmetric(x[0].clone(), x[1].clone(), [&pairs, &pairs], &TWO),
        &|x| {
            let side = |from: &[f64], to: &[f64]| reference(from, to, &shares, 1.0 / TAU, &|_, _| true);
            0.5 * (side(&x[0], &x[1]) + side(&x[1], &x[0]))
        },
    );

    let keys = leaf(&b, [5, WIDTH]);
    let loss = info_nce(leaf(&a, [5, WIDTH]), keys.clone().detach(), &pairs, &TWO);
    assert!(keys.grad(&loss.backward()).is_none(), "detached keys do not learn");

    // A learnt scale gets the slope of the loss by the scale.
    let device = Device::flex().autodiff();
    let soft: Vec<f32> = (0..25).map(|i| if i % 5 == i / 5 { 0.6 } else { 0.1 }).collect();
    let even: Vec<Vec<f64>> = soft.chunks(5).map(wide).collect();
    let soft = Targets::soft(Tensor::from_data(TensorData::new(soft, [5, 5]), &device));
    for (targets, shares) in [(&pairs, &shares), (&soft, &even)] {
        let scale = Tensor::<1>::from_data([3.0_f32], &device).require_grad();
        let learned = Scale::Learned(scale.clone());
        let loss = info_nce(leaf(&a, [5, WIDTH]), leaf(&b, [5, WIDTH]), targets, &learned);
        let plain = |scale: f64| reference(&wide(&a), &wide(&b), shares, scale, &|_, _| true);
        close("a learnt scale", &values(loss.clone()), &[plain(3.0) as f32], 1e-5);
        let slope = ((plain(3.0 + 1e-5) - plain(3.0 - 1e-5)) / 2e-5) as f32;
        close("its slope", &values(scale.grad(&loss.backward()).expect("a gradient")), &[slope], 2e-4);
    }

    let queue = numbers("queue", 8 * WIDTH);
    let wide_shares: Vec<Vec<f64>> = share(&(0..5).map(|i| vec![i]).collect::<Vec<_>>(), 13);
    let (fixed_b, fixed_queue) = (b.clone(), queue.clone());
    agrees(
        "a queue",
        &[a],
        &|x| {
            let [keys, queue] = [(&fixed_b, 5), (&fixed_queue, 8)].map(|(v, rows)| leaf(v, [rows, WIDTH]));
            against_queue(x[0].clone(), keys, queue, &TWO)
        },
        &|x| {
            let keys = wide(&[b.clone(), queue.clone()].concat());
            reference(&x[0], &keys, &wide_shares, 1.0 / TAU, &|i, j| j >= 5 || i == j)
        },
    );
}
