//! Regularized autoencoders: Jacobians, criteria, exact densities, samplers.

use burn::tensor::{Device, Tensor, TensorData};
use masquerade_engine::density::mixture::Mixture;
use masquerade_engine::density::shapes::Spiral;
use masquerade_engine::density::{line, matrix, samples};
use masquerade_engine::methods::rae::classic::{Activation, ClassicConfig, Scale};
use masquerade_engine::methods::rae::model::{Config, Criterion, NetConfig, Rae};
use masquerade_engine::methods::rae::modern::ModernConfig;
use masquerade_engine::methods::rae::sampler::{Energy, Move, Sampler, Walkers, energy_difference};
use masquerade_engine::rng::Rng;
use masquerade_engine::train::groups::pretrain_groups;
use masquerade_engine::train::optimiser::AdamW;
use masquerade_engine::train::schedule::Schedule;
use masquerade_engine::weights::Weights;
use masquerade_tests::block_on;

use crate::kernels::{close, values};

fn points(rows: usize, dim: usize) -> Vec<f32> {
    let mut rng = Rng::new(7, "points");
    (0..rows * dim).map(|_| rng.between(-0.8, 0.8)).collect()
}

fn tensor(values: Vec<f32>, dim: usize) -> Tensor<2> {
    let rows = values.len() / dim;
    Tensor::from_data(TensorData::new(values, [rows, dim]), &Device::flex().autodiff())
}

fn modern(dim: usize, hidden: &[usize]) -> NetConfig {
    NetConfig::Modern(ModernConfig { dim, hidden: hidden.to_vec(), gain: 4.0 })
}

fn classic(dim: usize, hidden: usize, encoder: Activation, output: Activation, scale: Scale) -> NetConfig {
    NetConfig::Classic(ClassicConfig { dim, hidden, encoder, output, scale })
}

fn built(net: NetConfig, criterion: Criterion, sigma: f64, probes: usize) -> (Rae, Weights) {
    let mut weights = Weights::new(&Device::flex().autodiff(), 3);
    let rae = Rae::new(Config { net, criterion, sigma, rare: 0.0, probes }, &mut weights).expect("a model");
    (rae, weights)
}

fn nets() -> Vec<NetConfig> {
    use Activation::{Identity, Sigmoid, Tanh};
    vec![
        modern(3, &[9, 7]),
        modern(3, &[5]),
        classic(3, 6, Tanh, Tanh, Scale::Constant(2.0)),
        classic(3, 6, Tanh, Identity, Scale::Learned),
        classic(3, 6, Sigmoid, Sigmoid, Scale::Constant(1.0)),
        classic(3, 6, Identity, Tanh, Scale::Learned),
    ]
}

#[test]
fn jacobians_are_slopes_of_the_reconstruction() {
    for net in nets() {
        let (rae, w) = built(net.clone(), Criterion::Denoising, 0.3, 0);
        let (rows, dim, step) = (5, 3, 1e-2_f32);
        let x = points(rows, dim);
        let jacobian = values(rae.with_jacobian(&w, tensor(x.clone(), dim)).1);
        for column in 0..dim {
            let moved = |by: f32| {
                let moved = x.iter().enumerate().map(|(i, v)| if i % dim == column { v + by } else { *v }).collect();
                values(rae.reconstruct(&w, tensor(moved, dim)))
            };
            let slope: Vec<f32> = moved(step).iter().zip(moved(-step)).map(|(a, b)| (a - b) / (2.0 * step)).collect();
            let own: Vec<f32> = (0..rows * dim).map(|i| jacobian[i * dim + column]).collect();
            close(&format!("{net:?}, column {column}"), &own, &slope, 2e-3);
        }
        // A tangent is the product of the Jacobian with its direction.
        let mut rng = Rng::new(8, "directions");
        let direction: Vec<f32> = (0..rows * dim).map(|_| rng.normal()).collect();
        let (r, product) = rae.with_tangent(&w, tensor(x.clone(), dim), tensor(direction.clone(), dim));
        let wanted: Vec<f32> = (0..rows * dim)
            .map(|i| (0..dim).map(|j| jacobian[i * dim + j] * direction[i / dim * dim + j]).sum())
            .collect();
        close("product", &values(product), &wanted, 1e-4);
        close("r", &values(r), &values(rae.reconstruct(&w, tensor(x.clone(), dim))), 1e-5);
    }
}

#[test]
fn random_signs_estimate_the_contraction() {
    for net in nets() {
        let (exact, w) = built(net.clone(), Criterion::Contractive, 0.3, 0);
        let (estimated, _) = built(net, Criterion::Contractive, 0.3, 2000);
        let x = points(4, 3);
        let wanted = values(exact.with_penalty(&w, tensor(x.clone(), 3), &Rng::new(1, "probes")).1);
        let (r, penalty) = estimated.with_penalty(&w, tensor(x.clone(), 3), &Rng::new(1, "probes"));
        close("‖J‖²", &values(penalty), &wanted, 0.06);
        close("r", &values(r), &values(exact.reconstruct(&w, tensor(x, 3))), 1e-5);
    }
}

#[test]
fn the_gradient_of_the_contraction_is_its_slope() {
    for (net, name) in [
        (modern(2, &[6, 5]), "net.0.weight"),
        (classic(2, 5, Activation::Tanh, Activation::Tanh, Scale::Learned), "Wc"),
    ] {
        let (rae, mut w) = built(net, Criterion::Contractive, 0.4, 0);
        let rng = Rng::new(1, "probes");
        let x = points(6, 2);
        let loss = |w: &Weights| {
            let terms = rae.criterion(w, tensor(x.clone(), 2), &rng);
            terms.into_iter().map(|(_, t)| t.sum()).reduce(|a, b| a + b).expect("terms")
        };
        let index = w.list.iter().position(|weight| weight.name == name).expect("the weight");
        let gradient = values(w.backward(&loss(&w))[index].clone().expect("a gradient"));
        let start = values(w.list[index].value.clone());
        for place in [0, 3, 7] {
            let step = 1e-2_f32;
            let mut at = |by: f32| {
                let mut moved = start.clone();
                moved[place] += by;
                w.set(name, moved).expect("a value");
                f64::from(values(loss(&w))[0])
            };
            let slope = (at(step) - at(-step)) / (2.0 * f64::from(step));
            let own = f64::from(gradient[place]);
            assert!((slope - own).abs() < 0.01 * slope.abs().max(0.1), "{name} [{place}]: {own} instead of {slope}");
            at(0.0);
        }
    }
}

#[test]
fn settings_that_do_not_fit_are_refused() {
    let mut w = Weights::new(&Device::flex(), 1);
    let config = |net, criterion, sigma| Config { net, criterion, sigma, rare: 0.0, probes: 0 };
    let tanh = classic(2, 4, Activation::Tanh, Activation::Tanh, Scale::Constant(1.0));
    for bad in [
        config(modern(2, &[4]), Criterion::CrossEntropy, 0.1),
        config(tanh.clone(), Criterion::CrossEntropy, 0.1),
        config(tanh.clone(), Criterion::Denoising, 0.0),
        config(tanh, Criterion::Denoising, f64::NAN),
        config(modern(2, &[4, 0]), Criterion::Denoising, 0.1),
    ] {
        assert!(Rae::new(bad.clone(), &mut w).is_err(), "{bad:?}");
    }
}

#[test]
fn noise_has_its_spread_and_its_rare_part() {
    let (mut rae, _) = built(modern(2, &[4]), Criterion::Denoising, 0.5, 0);
    let spread =
        |values: Vec<f32>| (values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / values.len() as f64).sqrt();
    let rng = Rng::new(3, "noise");
    assert!((spread(rae.noise(5000, &rng)) - 0.5).abs() < 0.02);
    assert_eq!(rae.noise(9, &rng), rae.noise(9, &rng));
    rae.config.rare = 0.05;
    // σ √(1 + 0.05 · 10²)
    assert!((spread(rae.noise(20_000, &rng)) - 0.5 * 6.0_f64.sqrt()).abs() < 0.06);
}

fn two_bumps() -> Mixture {
    Mixture::new(2, vec![-1.0, 0.2, 1.1, -0.4], vec![0.5, 0.2, 0.2, 0.3, 0.2, -0.05, -0.05, 0.4], vec![1.0, 3.0])
        .expect("a mixture")
}

#[test]
fn scores_and_hessians_are_slopes_of_the_log_density() {
    let spiral = Spiral::default();
    let curve: Vec<f64> = (0..200).flat_map(|i| spiral.point(f64::from(i) / 199.0)).collect();
    let curve = Mixture::new(2, curve, Vec::new(), Vec::new()).expect("a mixture");
    for (density, at) in [
        (two_bumps().blurred(0.3).expect("a density"), [0.2, 0.1]),
        (curve.blurred(0.1).expect("a density"), [0.3, 0.2]),
    ] {
        let step = 1e-5;
        let (score, hessian) = (density.score(&at), density.hessian(&at));
        for i in 0..2 {
            let moved = |by: f64| {
                let mut moved = at;
                moved[i] += by;
                moved
            };
            let slope = (density.log_density(&moved(step)) - density.log_density(&moved(-step))) / (2.0 * step);
            assert!((slope - score[i]).abs() < 1e-5 * (1.0 + slope.abs()), "{slope} {}", score[i]);
            for j in 0..2 {
                let slope = (density.score(&moved(step))[j] - density.score(&moved(-step))[j]) / (2.0 * step);
                assert!(
                    (slope - hessian[j * 2 + i]).abs() < 1e-4 * (1.0 + slope.abs()),
                    "{slope} {}",
                    hessian[j * 2 + i]
                );
            }
        }
    }
    assert!(curve.blurred(0.0).is_err(), "points have no density");
    assert!(Mixture::new(2, vec![0.0; 3], Vec::new(), Vec::new()).is_err());
    assert!(Mixture::new(2, vec![0.0; 4], vec![1.0; 4], Vec::new()).is_err());
    assert!(Mixture::new(0, Vec::new(), Vec::new(), Vec::new()).is_err());
}

#[test]
fn a_mixture_draws_what_it_says() {
    let drawn = two_bumps().sample(20_000, &mut Rng::new(2, "draw")).expect("points");
    let mean = |i: usize| drawn.chunks(2).map(|x| x[i]).sum::<f64>() / 20_000.0;
    // 0.25 · (−1, 0.2) + 0.75 · (1.1, −0.4)
    assert!((mean(0) - 0.575).abs() < 0.03 && (mean(1) + 0.25).abs() < 0.03, "{} {}", mean(0), mean(1));
    let again = two_bumps().sample(600, &mut Rng::new(4, "draw")).expect("points");
    assert!(samples::energy_distance(&drawn[..1200], &again, 2) < 0.02);
    let moved: Vec<f64> = again.iter().map(|v| v + 0.5).collect();
    assert!(samples::energy_distance(&drawn[..1200], &moved, 2) > 0.05);
    let odd = Mixture::new(2, vec![0.0; 2], vec![1.0, 2.0, 2.0, 1.0], Vec::new()).expect("a mixture");
    assert!(odd.sample(1, &mut Rng::new(1, "draw")).is_err());
}

#[test]
fn inverses_and_factors() {
    let m = [0.0, 2.0, 1.0, 1.0, -1.0, 0.5, 3.0, 0.0, 1.0];
    let found = matrix::inverse(&m, 3).expect("an inverse");
    // det = 0·(−1) − 2·(1 − 1.5) + 1·(0 + 3) = 4
    assert!(found.positive && (found.log_det - 4.0_f64.ln()).abs() < 1e-12, "{found:?}");
    for i in 0..3 {
        for j in 0..3 {
            let entry: f64 = (0..3).map(|k| m[i * 3 + k] * found.inverse[k * 3 + j]).sum();
            assert!((entry - f64::from(u8::from(i == j))).abs() < 1e-12);
        }
    }
    assert!(!matrix::inverse(&[0.0, 1.0, 1.0, 0.0], 2).expect("an inverse").positive);
    assert_eq!(matrix::inverse(&[1.0, 2.0, 2.0, 4.0], 2), None);
    assert_eq!(matrix::lower_factor(&[4.0, 2.0, 2.0, 1.0], 2), Some(vec![2.0, 0.0, 1.0, 0.0]));
    assert_eq!(matrix::lower_factor(&[1.0, 2.0, 2.0, 1.0], 2), None);
}

#[test]
fn the_best_reconstructions_of_the_line_come_closer_to_the_score_as_noise_falls() {
    let grid: Vec<f64> = (0..401).map(|i| -1.5 + 3.0 * f64::from(i) / 400.0).collect();
    let p = line::density(&grid, 1.0);
    let truth: Vec<f64> = grid.iter().map(|x| -line::energy_slope(*x)).collect();
    let total: f64 = p.iter().map(|p| p * 3.0 / 400.0).sum();
    assert!((total - 1.0).abs() < 1e-12);
    let weight: f64 = p.iter().sum();
    let rms = (p.iter().zip(&truth).map(|(p, t)| p * t * t).sum::<f64>() / weight).sqrt();
    assert!((rms - 4.991).abs() < 0.01, "{rms}");
    // σ, denoising, contraction.
    let table = [
        (1.0, 0.961, 0.961),
        (0.5, 0.862, 0.862),
        (0.31, 0.709, 0.707),
        (0.16, 0.406, 0.396),
        (0.1, 0.22, 0.206),
        (0.06, 0.096, 0.085),
    ];
    for (sigma, denoising, contractive) in table.into_iter().chain([(0.03, 0.027, 0.029)]) {
        for (name, r, wanted) in [
            ("denoising", line::denoising(&grid, &p, sigma), denoising),
            ("contractive", line::contractive(&grid, &p, sigma), contractive),
        ] {
            let score: Vec<f64> = r.iter().zip(&grid).map(|(r, x)| (r - x) / (sigma * sigma)).collect();
            let (error, cosine) = line::agreement(&p, &score, &truth);
            assert!((error - wanted).abs() < 2e-3, "{name}, σ {sigma}: {error} instead of {wanted}");
            assert!(cosine > 0.99, "{name}, σ {sigma}: cosine {cosine}");
        }
    }
}

#[test]
fn the_path_tells_energy_differences_better_than_the_first_order() {
    let (sigma, density) = (0.3, two_bumps().blurred(0.3).expect("a density"));
    let mut rng = Rng::new(5, "pairs");
    let (from, to): (Vec<f64>, Vec<f64>) =
        (0..200).map(|_| (f64::from(rng.between(-2.0, 2.0)), f64::from(rng.between(-2.0, 2.0)))).unzip();
    let exact: Vec<f64> =
        from.chunks(2).zip(to.chunks(2)).map(|(a, b)| density.log_density(a) - density.log_density(b)).collect();
    let error = |how| {
        let found = block_on(energy_difference(&density, sigma, how, &from, &to)).expect("differences");
        found.iter().zip(&exact).map(|(a, b)| (a - b).abs()).sum::<f64>() / exact.len() as f64
    };
    let (first, coarse, fine) = (error(Energy::FirstOrder), error(Energy::Path(10)), error(Energy::Path(200)));
    assert!(fine < 0.2 * coarse && coarse < 0.2 * first, "{first} {coarse} {fine}");
}

/// Where walkers end after many steps, and the share of accepted moves.
fn walked(sampler: Sampler, density: &masquerade_engine::density::mixture::Blurred, steps: u64) -> (Vec<f64>, f64) {
    let count = 400;
    let rng = Rng::new(9, "walk");
    let mut start = rng.at(u64::MAX);
    let mut walkers = Walkers::at((0..count * 2).map(|_| f64::from(start.normal())).collect());
    let mut accepted = 0;
    for step in 0..steps {
        let mut rng = rng.at(step);
        let noise: Vec<f64> = (0..count * 2).map(|_| f64::from(rng.normal())).collect();
        let uniform: Vec<f64> = (0..count).map(|_| rng.uniform_f64()).collect();
        let step = block_on(sampler.step(density, &mut walkers, &noise, &uniform)).expect("a step");
        accepted += step.accepted.iter().filter(|a| **a).count();
    }
    (walkers.x, accepted as f64 / (count as f64 * steps as f64))
}

#[test]
fn walkers_settle_on_the_blurred_density() {
    let (sigma, mixture) = (0.3, two_bumps());
    let density = mixture.blurred(sigma).expect("a density");
    // p_σ is the mixture with σ² more variance.
    let mut wider = mixture.covariances().to_vec();
    wider.iter_mut().step_by(4).for_each(|v| *v += sigma * sigma);
    wider.iter_mut().skip(3).step_by(4).for_each(|v| *v += sigma * sigma);
    let blurred = Mixture::new(2, mixture.means().to_vec(), wider, mixture.weights().to_vec()).expect("a mixture");
    let fresh = blurred.sample(400, &mut Rng::new(6, "fresh")).expect("points");
    let path = Energy::Path(20);
    let sampler = |walk, energy, temperature| Sampler { walk, energy, temperature, sigma };
    let (ends, share) = walked(sampler(Move::Isotropic { tau: 0.6 }, path, 1.0), &density, 300);
    let distance = samples::energy_distance(&ends, &fresh, 2);
    assert!(distance < 0.02, "{distance}");
    assert!((0.3..0.95).contains(&share), "{share}");
    // A colder walk stays nearer to the peaks.
    let (cold, _) = walked(sampler(Move::Isotropic { tau: 0.3 }, path, 0.2), &density, 300);
    let height = |x: &[f64]| x.chunks(2).map(|x| density.log_density(x)).sum::<f64>() / 400.0;
    assert!(height(&cold) > height(&ends) + 0.3, "{} {}", height(&cold), height(&ends));
    // Langevin through r keeps walkers near the data, and is always accepted.
    let (ends, share) = walked(sampler(Move::Langevin { beta: 0.2 }, path, 1.0), &density, 300);
    assert!(share == 1.0 && samples::energy_distance(&ends, &fresh, 2) < 0.05);
    let (ends, share) = walked(sampler(Move::LangevinCorrected { beta: 0.2 }, path, 1.0), &density, 300);
    assert!((0.3..=1.0).contains(&share) && samples::energy_distance(&ends, &fresh, 2) < 0.05, "{share}");
}

#[test]
fn a_chain_refuses_numbers_that_do_not_fit() {
    let density = two_bumps().blurred(0.3).expect("a density");
    let sampler =
        Sampler { walk: Move::Isotropic { tau: 0.5 }, energy: Energy::FirstOrder, temperature: 1.0, sigma: 0.3 };
    let mut walkers = Walkers::at(vec![0.0; 4]);
    assert!(block_on(sampler.step(&density, &mut walkers, &[0.0; 3], &[0.5; 2])).is_err());
    assert!(block_on(sampler.step(&density, &mut walkers, &[0.0; 4], &[0.5; 1])).is_err());
    assert!(block_on(sampler.step(&density, &mut walkers, &[0.0; 4], &[0.5; 2])).is_ok());
}

#[test]
fn a_parzen_estimate_knows_its_own_points() {
    // One kernel at 0, one point at 0: −log N(0; 0, b² I) = ln 2π + 2 ln b in the plane.
    let found = samples::parzen_cross_entropy(&[0.0, 0.0], &[0.0, 0.0], 2, 0.5);
    assert!((found - (std::f64::consts::TAU.ln() + 2.0 * 0.5_f64.ln())).abs() < 1e-12, "{found}");
    assert!((samples::nearest_distance(&[3.0, 4.0], &[0.0, 0.0, 9.0, 9.0]) - 5.0).abs() < 1e-12);
}

#[test]
fn a_short_run_learns_the_score_of_the_mixture() {
    let (sigma, mixture) = (0.3, two_bumps());
    let truth = mixture.blurred(sigma).expect("a density");
    let (rae, mut w) = built(modern(2, &[32, 32]), Criterion::Denoising, sigma, 0);
    let mut adam = AdamW::new(0.9, 0.999, pretrain_groups(&w, 0.0));
    let schedule = Schedule { peak: 5e-3, floor: 0.0, warmup: 0.0, total: 400.0 };
    for step in 0..400 {
        let mut rng = Rng::new(1, "batches").at(step);
        let x = mixture.sample(256, &mut rng).expect("points").into_iter().map(|v| v as f32).collect();
        let loss = rae.criterion(&w, tensor(x, 2), &rng).remove(0).1.mean().div_scalar(sigma * sigma);
        let gradients = w.backward(&loss);
        adam.step(&mut w, &gradients, schedule.at(step as f64));
    }
    let fresh = mixture.sample(500, &mut Rng::new(3, "fresh")).expect("points");
    let r = values(rae.reconstruct(&w, tensor(fresh.iter().map(|v| *v as f32).collect(), 2)));
    let (mut apart, mut whole) = (0.0, 0.0);
    for (x, r) in fresh.chunks(2).zip(r.chunks(2)) {
        for (i, score) in truth.score(x).into_iter().enumerate() {
            apart += ((f64::from(r[i]) - x[i]) / (sigma * sigma) - score).powi(2);
            whole += score * score;
        }
    }
    let error = (apart / whole).sqrt();
    assert!(error < 0.2, "{error}");
}
