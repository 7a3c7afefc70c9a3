//! SCGC: its kernel, its parts, its golden numbers, and that it finds clusters.

use std::rc::Rc;

use burn::tensor::{Device, Tensor, TensorData};
use masquerade_engine::batch::Half;
use masquerade_engine::blocks::influence::{Reach, Sparse};
use masquerade_engine::blocks::objectives::{neighbour_contrast as objective, self_training};
use masquerade_engine::card::KnobValue;
use masquerade_engine::data::Dataset as _;
use masquerade_engine::data::graphs::{GraphSet, drawn};
use masquerade_engine::eval::clustering::{Average, agreement, matched_classes, official_patch};
use masquerade_engine::eval::{Features, kmeans};
use masquerade_engine::kernels::neighbour_contrast::{self as kernel, How, neighbour_contrast};
use masquerade_engine::loader::Loader;
use masquerade_engine::method::{Stage, Subject};
use masquerade_engine::methods::scgc;
use masquerade_engine::rng::Rng;
use masquerade_engine::run::Run;
use masquerade_engine::session::{DeviceChoice, Session};
use masquerade_engine::settings::Settings;
use masquerade_engine::trace::{Source, ViewKind};
use masquerade_engine::{device, verify};
use masquerade_tests::{block_on, gpu};

use crate::kernels::{close, leaf, values};
use crate::methods::folder;

/// Pairs of nodes, some twice, some nodes in none, and one loop.
fn edges(nodes: usize, count: usize, seed: u64) -> Vec<[u32; 2]> {
    let mut rng = Rng::new(seed, "edges");
    (0..count).map(|_| [rng.below(nodes) as u32, rng.below(nodes) as u32]).collect()
}

#[test]
fn golden_numbers() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scgc");
    let report = |choice| {
        let compute = block_on(device::open(choice)).expect("a device");
        block_on(verify::run(&[scgc::ENTRY], &folder(&path), &compute, |_, _, _| ())).expect("a report")
    };
    let on_cpu = report(DeviceChoice::Cpu);
    assert_eq!(on_cpu.lines.len(), 84);
    let bad: Vec<_> = on_cpu.lines.iter().filter(|l| !l.ok || (l.allowed > 0.0 && l.error > 0.1 * l.allowed)).collect();
    assert!(bad.is_empty(), "wrong, or closer to the limit than a tenth: {bad:#?}");
    if gpu().is_some() {
        let bad: Vec<_> = report(DeviceChoice::Gpu).lines.into_iter().filter(|l| !l.ok).collect();
        assert!(bad.is_empty(), "{bad:#?}");
    }
}

#[test]
fn the_kernel_agrees_with_burn() {
    for ([nodes, width], order) in [([1, 1], 1), ([7, 3], 2), ([33, 16], 1), ([530, 10], 2), ([90, 67], 3)] {
        let x = leaf("x", [nodes, width]);
        let influence =
            Sparse::transition(nodes, &edges(nodes, nodes * 2, 5)).influence(Reach { order, cumulative: true });
        let pairs = objective::pairs(&influence, &x.device());
        let how = How { tau: 1.7, eps: 1e-8, least_norm: 1e-12 };
        let slope = leaf("slope", [nodes]).detach();
        let mut found = Vec::new();
        for way in [neighbour_contrast, kernel::stock] {
            let loss = way(x.clone(), &pairs, how);
            let gradients = (loss.clone() * slope.clone()).sum().backward();
            found.push((values(loss), values(x.grad(&gradients).expect("a gradient"))));
        }
        // A node alone has a loss of rounding noise only.
        let scaled = |losses: &[f32]| losses.iter().map(|loss| loss + 1.0).collect::<Vec<f32>>();
        close("losses", &scaled(&found[0].0), &scaled(&found[1].0), 1e-5);
        close("gradient", &found[0].1, &found[1].1, 1e-4);
    }
}

#[test]
fn the_gradient_of_the_contrast_is_its_slope() {
    let (x, step) = (leaf("x", [9, 3]), 1e-2);
    let pairs = objective::pairs(&Sparse::transition(9, &edges(9, 12, 3)), &x.device());
    let how = How { tau: 2.5, eps: 1e-3, least_norm: 1e-12 };
    let loss = |x: &Tensor<2>| objective::loss(x.clone(), &pairs, how);
    let got = values(x.grad(&loss(&x).backward()).expect("a gradient"));
    let at = values(x.clone());
    for i in 0..at.len() {
        let [up, down] = [step, -step].map(|step| {
            let mut moved = at.clone();
            moved[i] += step;
            values(loss(&Tensor::from_data(TensorData::new(moved, [9, 3]), &x.device())))[0]
        });
        let slope = (up - down) / (2.0 * step);
        assert!((got[i] - slope).abs() < 2e-3, "{i}: {} instead of {slope}", got[i]);
    }
}

#[test]
fn an_embedding_of_no_length_gets_no_gradient() {
    let device = Device::flex().autodiff();
    let x = Tensor::<2>::from_data([[0.0, 0.0], [1.0, 2.0], [2.0, -1.0]], &device).require_grad();
    let pairs = objective::pairs(&Sparse::transition(3, &[[0, 1], [1, 2]]), &device);
    let loss = objective::loss(x.clone(), &pairs, How { tau: 1.0, eps: 1e-8, least_norm: 1e-12 });
    let slope = values(x.grad(&loss.backward()).expect("a gradient"));
    assert!(slope.iter().all(|v| v.is_finite()) && slope[..2] == [0.0, 0.0], "{slope:?}");
}

#[test]
fn influence_is_what_dense_powers_are() {
    let nodes = 23;
    let edges = edges(nodes, 30, 9);
    // A by hand: counts, the larger of both directions, and the identity.
    let mut a = vec![0.0_f32; nodes * nodes];
    edges.iter().for_each(|[from, to]| a[*from as usize * nodes + *to as usize] += 1.0);
    let mut a1: Vec<f32> = (0..nodes * nodes).map(|i| a[i].max(a[i % nodes * nodes + i / nodes])).collect();
    (0..nodes).for_each(|i| a1[i * nodes + i] += 1.0);
    for row in a1.chunks_mut(nodes) {
        let sum: f32 = row.iter().sum();
        row.iter_mut().for_each(|v| *v /= sum);
    }
    let product = |a: &[f32], b: &[f32]| -> Vec<f32> {
        (0..nodes * nodes)
            .map(|i| (0..nodes).map(|k| a[i / nodes * nodes + k] * b[k * nodes + i % nodes]).sum())
            .collect()
    };
    let first = Sparse::transition(nodes, &edges);
    close("A1", &first.dense(), &a1, 1e-6);
    let (mut power, mut sum) = (a1.clone(), a1.clone());
    for order in 2..=4 {
        power = product(&power, &a1);
        sum.iter_mut().zip(&power).for_each(|(sum, v)| *sum += v);
        close("power", &first.influence(Reach { order, cumulative: false }).dense(), &power, 1e-5);
        let cumulative = first.influence(Reach { order, cumulative: true });
        close("cumulative", &cumulative.dense(), &sum, 1e-5);
        // A part of the nodes, in any order.
        let some = [4_u32, 0, 22, 7];
        let part = first.influence_among(&some, Reach { order, cumulative: true }).dense();
        let wanted: Vec<f32> = some.iter().flat_map(|i| some.map(|j| sum[*i as usize * nodes + j as usize])).collect();
        close("part", &part, &wanted, 1e-5);
        close("row", &first.influence_of(7, Reach { order, cumulative: true }), &sum[7 * nodes..8 * nodes], 1e-5);
    }
    // What cannot be is left out instead of breaking anything.
    assert_eq!(Sparse::transition(2, &[[0, 5]]).dense(), [1.0, 0.0, 0.0, 1.0]);
    assert!(Sparse::transition(0, &[]).influence(Reach { order: 3, cumulative: true }).dense().is_empty());
    assert_eq!(first.influence_of(99, Reach { order: 2, cumulative: false }).iter().sum::<f32>(), 0.0);
}

#[test]
fn soft_assignments_follow_their_formula() {
    let device = Device::flex();
    let z = Tensor::<2>::from_data([[0.0, 0.0], [3.0, 1.0]], &device);
    let centres = Tensor::<2>::from_data([[0.0, 1.0], [2.0, 0.0]], &device);
    for v in [1.0_f64, 3.0] {
        let q = self_training::soft_assignment(z.clone(), centres.clone(), v);
        let kernel = |d: f64| (1.0 + d / v).powf(-(v + 1.0) / 2.0);
        let row = |a: f64, b: f64| [kernel(a) / (kernel(a) + kernel(b)), kernel(b) / (kernel(a) + kernel(b))];
        let wanted: Vec<f32> = [row(1.0, 4.0), row(9.0, 2.0)].concat().iter().map(|v| *v as f32).collect();
        close("q", &values(q.clone()), &wanted, 1e-6);
        let p = self_training::target(q.clone());
        let sums = [wanted[0] + wanted[2], wanted[1] + wanted[3]];
        let share =
            |a: f32, b: f32| [a * a / sums[0], b * b / sums[1]].map(|v| v / (a * a / sums[0] + b * b / sums[1]));
        close("p", &values(p.clone()), &[share(wanted[0], wanted[1]), share(wanted[2], wanted[3])].concat(), 1e-6);
        assert!(values(self_training::divergence(p, q.clone()))[0] > 0.0);
        assert_eq!(values(self_training::divergence(q.clone(), q))[0], 0.0);
    }
}

/// Points around `k` far centres.
fn blobs(k: usize, each: usize) -> (Features, Vec<u32>) {
    let mut rng = Rng::new(4, "blobs");
    let labels: Vec<u32> = (0..k * each).map(|i| (i % k) as u32).collect();
    let values = labels.iter().flat_map(|l| {
        [10.0 * (*l as f32) + rng.normal(), if l % 2 == 0 { 9.0 } else { 0.0 } + rng.normal(), rng.normal()]
    });
    (Features { dim: 3, values: values.collect() }, labels)
}

#[test]
fn k_means_finds_what_is_apart() {
    let (x, labels) = blobs(5, 1000);
    let found = kmeans::fit(&x, 5, 4, &Rng::new(1, "k-means"));
    assert_eq!(agreement(&labels, &found.labels, Average::Arithmetic).accuracy, 1.0);
    assert!((found.inertia / (3.0 * 5000.0) - 1.0).abs() < 0.1, "{}", found.inertia);
    assert_eq!(found, kmeans::fit(&x, 5, 4, &Rng::new(1, "k-means")));
    assert!(found.inertia <= kmeans::fit(&x, 5, 1, &Rng::new(1, "k-means")).inertia);
}

#[test]
fn lloyd_keeps_empty_clusters_and_ends() {
    let x = Features { dim: 1, values: vec![0.0, 1.0, 10.0, 11.0] };
    let found = kmeans::lloyd(&x, &[0.4, 10.4, 500.0]);
    assert_eq!((found.centres, found.labels, found.inertia), (vec![0.5, 10.5, 500.0], vec![0, 0, 1, 1], 1.0));
    // Nothing, one centre for all, more centres than samples.
    assert!(kmeans::fit(&Features { dim: 2, values: Vec::new() }, 3, 2, &Rng::new(1, "x")).labels.is_empty());
    assert_eq!(kmeans::fit(&x, 1, 1, &Rng::new(1, "x")).centres, [5.5]);
    let many = kmeans::fit(&x, 6, 1, &Rng::new(1, "x"));
    assert_eq!((many.centres.len(), many.inertia), (6, 0.0));
}

#[test]
fn clusters_are_scored_by_their_definitions() {
    let same = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} instead of {b}");
    let classes = [0, 0, 1, 1, 2, 2];
    let perfect = agreement(&classes, &[7, 7, 0, 0, 3, 3], Average::Arithmetic);
    [perfect.accuracy, perfect.nmi, perfect.ari, perfect.f1].into_iter().for_each(|v| same(v, 1.0));
    // Two clusters for three classes: by hand.
    let merged = agreement(&classes, &[0, 0, 1, 1, 1, 1], Average::Arithmetic);
    same(merged.accuracy, 4.0 / 6.0);
    let (of_classes, of_clusters) = (3.0_f64.ln(), 3.0_f64.ln() - 2.0 / 3.0 * 2.0_f64.ln());
    same(merged.nmi, of_clusters / ((of_classes + of_clusters) / 2.0));
    // Pairs: 3 together in both, 3 of classes, 7 of clusters, 15 in all.
    same(merged.ari, (3.0 - 21.0 / 15.0) / (5.0 - 21.0 / 15.0));
    same(merged.f1, (1.0 + 2.0 * 2.0 / 6.0) / 3.0);
    same(agreement(&classes, &[0, 0, 1, 1, 1, 1], Average::Least).nmi, 1.0);
    // Independent partitions say nothing of each other; one cluster neither.
    same(agreement(&[0, 0, 1, 1], &[0, 1, 0, 1], Average::Arithmetic).nmi, 0.0);
    same(agreement(&classes, &[0; 6], Average::Arithmetic).ari, 0.0);
    assert_eq!(matched_classes(&classes, &[2, 2, 0, 0, 0, 0]).iter().flatten().count(), 2);
    assert_eq!(official_patch(&[0, 1, 2, 2], &[1, 1, 1, 1]), [0, 2, 1, 1]);
    assert_eq!(official_patch(&[1, 2], &[0, 1]), [0, 1]);
    assert_eq!(agreement(&[], &[], Average::Arithmetic).accuracy, 0.0);
}

/// A run of the micro preset on the drawn blocks.
fn run(variant: &str, knobs: &[(&str, f64)]) -> Run {
    let card = scgc::card();
    let mut session =
        Session { method: "scgc".into(), preset: "micro".into(), data: "blocks".into(), seed: 3, ..Session::default() };
    session.knobs.insert("variant".into(), KnobValue::Choice(variant.into()));
    session.knobs.extend(knobs.iter().map(|(name, value)| ((*name).to_string(), KnobValue::Number(*value))));
    let data = GraphSet::new(drawn::blocks(3));
    let settings = Settings::of(&session, &card, data.shape()).expect("settings");
    let loader = Loader::new(Rc::new(data), &settings);
    Run::new(&scgc::ENTRY, settings, loader, &Device::flex()).expect("a run")
}

fn trained(mut run: Run) -> (Run, Vec<f32>) {
    while run.step < run.total_steps() {
        block_on(run.train_step()).expect("a step");
    }
    let losses = block_on(run.losses()).expect("losses");
    (run, losses.iter().map(|l| l.total).collect())
}

fn measure(run: &Run, metric: &str) -> f64 {
    let weights = run.weights.frozen();
    block_on(run.method.measure(metric, Subject { weights: &weights, loader: &run.loader, settings: &run.settings }))
        .expect("a number")
}

#[test]
fn the_contrast_finds_what_the_features_do_not() {
    let nmi = |variant: &str| {
        let (run, losses) = trained(run(variant, &[("pretrain", 150.0), ("steps", 150.0), ("lr", 3e-3)]));
        assert!(losses.iter().all(|l| l.is_finite()));
        measure(&run, "nmi")
    };
    let (scgc, star, start) = (nmi("scgc"), nmi("scgc*"), nmi("autoencoder + k-means"));
    assert!(scgc > start + 0.1 && star > start + 0.1, "SCGC {scgc}, SCGC* {star}, its start {start}");
    assert!(nmi("spectral") > 0.3 && nmi("k-means") > 0.05 && nmi("gcn autoencoder") > 0.3);
}

#[test]
fn batches_of_nodes_train_too() {
    let small = [("batch", 100.0), ("pretrain", 20.0), ("steps", 40.0)];
    let (first, losses) = trained(run("scgc", &small));
    assert!(measure(&first, "ari") > 0.0 && measure(&first, "f1") > 0.2);
    assert_eq!(losses, trained(run("scgc", &small)).1);
    let plan = first.loader.plan().expect("a plan");
    assert!(plan.len() == 40 && plan.iter().all(|batch| batch.len() == 100));
    // An epoch visits every node once.
    let mut nodes: Vec<usize> = plan[..4].concat();
    nodes.sort_unstable();
    assert_eq!(nodes, (0..400).collect::<Vec<_>>());
}

#[test]
fn a_run_taken_up_again_goes_on_alike() {
    let (_, whole) = trained(run("scgc", &[("batch", 150.0), ("pretrain", 5.0), ("steps", 8.0)]));
    let mut first = run("scgc", &[("batch", 150.0), ("pretrain", 5.0), ("steps", 8.0)]);
    for _ in 0..9 {
        block_on(first.train_step()).expect("a step");
    }
    let (step, optimiser) = (first.step, first.optimiser.clone());
    let mut second = run("scgc", &[("batch", 150.0), ("pretrain", 5.0), ("steps", 8.0)]);
    second.go_to(step).expect("a recipe");
    second.weights = first.weights.clone();
    second.optimiser = optimiser;
    let (_, rest) = trained(second);
    assert_eq!(&whole[9..], rest);
}

#[test]
fn variants_without_a_network_say_that_there_is_nothing_to_train() {
    let mut run = run("k-means", &[]);
    assert_eq!(run.total_steps(), 0);
    let error = block_on(run.train_step()).expect_err("no step");
    assert!(error.report().title.contains("nothing to train"));
}

#[test]
fn every_view_is_drawn() {
    for variant in ["scgc", "gcn autoencoder", "k-means", "spectral"] {
        let mut run = run(variant, &[]);
        block_on(run.enter()).expect("a start");
        let wanted: Vec<String> = run.method.views().into_iter().map(|(id, _)| id).collect();
        let stage = Stage {
            batch: run.loader.evaluation_batch(Half::Test, &[3]).expect("a node"),
            loader: run.loader.clone(),
            phase: 0,
            step: 0,
            rng: Rng::new(1, "stage"),
            painted: Default::default(),
            cursor: None,
            pinned: Some(masquerade_engine::trace::Cursor::new("nodes", 17)),
            switches: Default::default(),
            wanted: wanted.clone(),
            source: Source::LiveCpu,
            half: Half::Test,
            limits: Default::default(),
            kept: Default::default(),
        };
        let weights = run.weights.frozen();
        let views = block_on(run.method.look(&weights, &stage)).expect("views");
        assert_eq!(views.iter().map(|v| v.id.clone()).collect::<Vec<_>>(), wanted);
        for view in views {
            match view.kind {
                ViewKind::Cloud(cloud) => {
                    assert_eq!(cloud.points.len(), 800, "{}", view.id);
                    assert!(cloud.class.len() == 400 || cloud.values.len() == 400, "{}", view.id);
                    assert!(cloud.class.iter().all(|class| (*class as usize) < cloud.classes.len()), "{}", view.id);
                    assert!(cloud.points.iter().chain(&cloud.values).all(|v| v.is_finite()), "{}", view.id);
                    assert!(cloud.query.is_none_or(|query| query == 17));
                }
                ViewKind::Matrix(matrix) => assert_eq!(matrix.values.len(), (matrix.rows * matrix.columns) as usize),
                _ => panic!("{} is of another kind", view.id),
            }
        }
    }
}
