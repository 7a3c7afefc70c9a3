//! A support vector machine with a Gaussian kernel, one class against another, and its accuracy over folds.
//!
//! Fan, Chen, Lin, "Working Set Selection Using Second Order Information", JMLR 2005, as in LIBSVM and scikit-learn's
//! `SVC` with `gamma="scale"`: `min ½ αᵀQα − Σα`, 0 ≤ α ≤ C, yᵀα = 0, Q = y yᵀ exp(−γ |x − x'|²), γ = 1 / (dim ·
//! variance of all values).

use crate::error::{Error, Result};
use crate::eval::Features;
use crate::rng::Rng;

/// Folds that test, and folds of each training part that choose the penalty.
pub const FOLDS: usize = 10;
const INNER_FOLDS: usize = 5;
/// Penalties to choose from.
const PENALTIES: [f64; 5] = [1e-3, 1e-2, 1e-1, 1.0, 10.0];
/// The search ends when no pair of samples breaks the optimum's conditions by more.
const TOLERANCE: f64 = 1e-3;
/// Steps of the search at most, for each sample and in all.
const STEPS_PER_SAMPLE: usize = 100;
const LEAST_STEPS: usize = 100_000;
/// Most samples: kernels hold a number for each pair.
const MOST_SAMPLES: usize = 8192;
/// Curvature of a pair of samples in the same place.
const FLAT: f64 = 1e-12;

/// Kernel values between the samples of a training part.
struct Kernel {
    samples: Vec<usize>,
    gamma: f64,
    values: Vec<f32>,
}

impl Kernel {
    fn new(distances: &Distances<'_>, samples: &[usize]) -> Self {
        let gamma = distances.gamma(samples);
        let pairs = samples.iter().flat_map(|a| samples.iter().map(move |b| (*a, *b)));
        let values = pairs.map(|(a, b)| (-gamma * distances.between(a, b)).exp() as f32).collect();
        Self { samples: samples.to_vec(), gamma, values }
    }

    fn row(&self, sample: usize) -> &[f32] {
        let count = self.samples.len();
        &self.values[sample * count..(sample + 1) * count]
    }
}

/// Squared distances between all samples.
struct Distances<'a> {
    features: &'a Features,
    values: Vec<f32>,
}

impl<'a> Distances<'a> {
    fn new(features: &'a Features) -> Self {
        let rows = features.rows();
        let squared = |a: usize, b: usize| {
            features.row(a).iter().zip(features.row(b)).map(|(x, y)| f64::from(x - y).powi(2)).sum::<f64>()
        };
        let of_row = |a: usize| (0..rows).map(|b| squared(a, b) as f32).collect::<Vec<f32>>();
        #[cfg(not(target_arch = "wasm32"))]
        let values: Vec<Vec<f32>> = {
            use rayon::prelude::*;
            (0..rows).into_par_iter().map(of_row).collect()
        };
        #[cfg(target_arch = "wasm32")]
        let values: Vec<Vec<f32>> = (0..rows).map(of_row).collect();
        Self { features, values: values.concat() }
    }

    fn between(&self, a: usize, b: usize) -> f64 {
        f64::from(self.values[a * self.features.rows() + b])
    }

    /// 1 / (dim · variance of all values of these samples); 1 where they do not vary.
    fn gamma(&self, samples: &[usize]) -> f64 {
        let values = || samples.iter().flat_map(|s| self.features.row(*s)).map(|v| f64::from(*v));
        let count = (samples.len() * self.features.dim).max(1) as f64;
        let mean = values().sum::<f64>() / count;
        let variance = values().map(|v| (v - mean).powi(2)).sum::<f64>() / count;
        if variance > 0.0 { 1.0 / (self.features.dim as f64 * variance) } else { 1.0 }
    }
}

/// One class against another: the signed weight of each of its training samples, and the threshold.
struct Duel {
    classes: [u32; 2],
    /// Place in the kernel and α y.
    support: Vec<(usize, f64)>,
    threshold: f64,
}

/// Two-class machines of every pair of classes.
struct Machine {
    classes: usize,
    duels: Vec<Duel>,
}

impl Machine {
    fn fit(kernel: &Kernel, labels: &[u32], classes: usize, penalty: f64) -> Self {
        let own: Vec<u32> = kernel.samples.iter().map(|sample| labels[*sample]).collect();
        let mut duels = Vec::new();
        for first in 0..classes as u32 {
            for second in first + 1..classes as u32 {
                let members: Vec<usize> = (0..own.len()).filter(|i| own[*i] == first || own[*i] == second).collect();
                let signs: Vec<f64> = members.iter().map(|i| if own[*i] == first { 1.0 } else { -1.0 }).collect();
                if signs.contains(&1.0) || signs.contains(&-1.0) {
                    let (alpha, threshold) = solve(kernel, &members, &signs, penalty);
                    let support =
                        members.iter().zip(alpha.iter().zip(&signs)).map(|(i, (alpha, sign))| (*i, alpha * sign));
                    duels.push(Duel {
                        classes: [first, second],
                        support: support.filter(|(_, w)| *w != 0.0).collect(),
                        threshold,
                    });
                }
            }
        }
        Self { classes, duels }
    }

    /// Share of these samples that most duels give their own class; the lower class wins a tie.
    fn accuracy(&self, kernel: &Kernel, distances: &Distances<'_>, samples: &[usize], labels: &[u32]) -> f64 {
        let right = samples.iter().filter(|sample| self.class(kernel, distances, **sample) == labels[**sample]);
        right.count() as f64 / samples.len().max(1) as f64
    }

    fn class(&self, kernel: &Kernel, distances: &Distances<'_>, sample: usize) -> u32 {
        let near: Vec<f64> =
            kernel.samples.iter().map(|other| (-kernel.gamma * distances.between(sample, *other)).exp()).collect();
        let mut votes = vec![0_usize; self.classes];
        for duel in &self.duels {
            let score = duel.support.iter().map(|(i, weight)| weight * near[*i]).sum::<f64>() - duel.threshold;
            votes[duel.classes[usize::from(score <= 0.0)] as usize] += 1;
        }
        (0..self.classes).rev().max_by_key(|class| votes[*class]).unwrap_or(0) as u32
    }
}

/// α of each member, and the threshold.
fn solve(kernel: &Kernel, members: &[usize], signs: &[f64], penalty: f64) -> (Vec<f64>, f64) {
    let (mut alpha, mut slope) = (vec![0.0_f64; members.len()], vec![-1.0_f64; members.len()]);
    let may_rise = |alpha: &[f64], t: usize| if signs[t] > 0.0 { alpha[t] < penalty } else { alpha[t] > 0.0 };
    let may_fall = |alpha: &[f64], t: usize| if signs[t] > 0.0 { alpha[t] > 0.0 } else { alpha[t] < penalty };
    for _ in 0..(STEPS_PER_SAMPLE * members.len()).max(LEAST_STEPS) {
        let up = |t: usize| -signs[t] * slope[t];
        let Some(i) = (0..members.len()).filter(|t| may_rise(&alpha, *t)).max_by(|a, b| up(*a).total_cmp(&up(*b)))
        else {
            break;
        };
        let row = kernel.row(members[i]);
        let curve = |t: usize| (2.0 - 2.0 * f64::from(row[members[t]])).max(FLAT);
        let gain = |t: usize| (up(i) - up(t)).powi(2) / curve(t);
        let lowest = (0..members.len()).filter(|t| may_fall(&alpha, *t)).map(up).fold(f64::INFINITY, f64::min);
        let partner = (0..members.len())
            .filter(|t| may_fall(&alpha, *t) && up(*t) < up(i))
            .max_by(|a, b| gain(*a).total_cmp(&gain(*b)));
        let Some(j) = partner.filter(|_| up(i) - lowest > TOLERANCE) else { break };
        // α_i moves along y_i and α_j against y_j until the slope is flat or one of them is at a bound.
        let room = |t: usize, rising: bool| if (signs[t] > 0.0) == rising { penalty - alpha[t] } else { alpha[t] };
        let step = ((up(i) - up(j)) / curve(j)).min(room(i, true)).min(room(j, false));
        alpha[i] = (alpha[i] + signs[i] * step).clamp(0.0, penalty);
        alpha[j] = (alpha[j] - signs[j] * step).clamp(0.0, penalty);
        let other = kernel.row(members[j]);
        for (t, slope) in slope.iter_mut().enumerate() {
            *slope += signs[t] * step * (f64::from(row[members[t]]) - f64::from(other[members[t]]));
        }
    }
    let threshold = threshold(&alpha, &slope, signs, penalty);
    (alpha, threshold)
}

/// The mean of `y slope` over samples between the bounds; without any, the middle of what the bounds allow.
fn threshold(alpha: &[f64], slope: &[f64], signs: &[f64], penalty: f64) -> f64 {
    let (mut sum, mut count, mut high, mut low) = (0.0, 0, f64::INFINITY, f64::NEG_INFINITY);
    for ((alpha, slope), sign) in alpha.iter().zip(slope).zip(signs) {
        let value = sign * slope;
        if *alpha > 0.0 && *alpha < penalty {
            (sum, count) = (sum + value, count + 1);
        } else if (*alpha <= 0.0) == (*sign > 0.0) {
            high = high.min(value);
        } else {
            low = low.max(value);
        }
    }
    match (count, high.is_finite(), low.is_finite()) {
        (1.., _, _) => sum / f64::from(count),
        (_, true, true) => (high + low) / 2.0,
        (_, true, false) => high,
        _ => low,
    }
}

/// The fold of every sample, so that classes are spread evenly: in the order of the list, or in one drawn from `rng`.
fn stratified(labels: &[u32], samples: &[usize], folds: usize, mut rng: Option<&mut Rng>) -> Vec<usize> {
    let mut fold = vec![0; samples.len()];
    let classes = samples.iter().map(|sample| labels[*sample] as usize + 1).max().unwrap_or(0);
    let mut next = 0;
    for class in 0..classes {
        let members: Vec<usize> = (0..samples.len()).filter(|i| labels[samples[*i]] as usize == class).collect();
        let order = match rng.as_deref_mut() {
            Some(rng) => rng.permutation(members.len()),
            None => (0..members.len()).collect(),
        };
        for place in order {
            fold[members[place]] = next % folds;
            next += 1;
        }
    }
    fold
}

/// Samples of a list inside or outside a fold.
fn part(samples: &[usize], fold: &[usize], number: usize, inside: bool) -> Vec<usize> {
    samples.iter().zip(fold).filter(|(_, own)| (**own == number) == inside).map(|(sample, _)| *sample).collect()
}

/// Mean accuracy over [`FOLDS`] folds, each class in every fold; the penalty of each is the one of 0.001, 0.01, 0.1, 1,
/// 10 that is best over five folds of what is left.
///
/// # Errors
/// Those of [`Features::check`]; [`Error::Data`] for fewer samples than folds, or more than 8,192.
pub fn cross_validated(features: &Features, labels: &[u32], classes: usize, rng: &mut Rng) -> Result<f64> {
    features.check(labels, classes)?;
    let rows = features.rows();
    if !(FOLDS..=MOST_SAMPLES).contains(&rows) {
        let why = format!(
            "there are {rows} samples, a support vector machine over {FOLDS} folds takes {FOLDS} to {MOST_SAMPLES}"
        );
        return Err(Error::data("This cannot be measured", why, "Choose a set of another size"));
    }
    let (distances, samples) = (Distances::new(features), (0..rows).collect::<Vec<_>>());
    let fold = stratified(labels, &samples, FOLDS, Some(rng));
    let of_fold = |number: usize| {
        let (train, test) = (part(&samples, &fold, number, false), part(&samples, &fold, number, true));
        let penalty = best_penalty(&distances, &train, labels, classes);
        let kernel = Kernel::new(&distances, &train);
        Machine::fit(&kernel, labels, classes, penalty).accuracy(&kernel, &distances, &test, labels)
    };
    #[cfg(not(target_arch = "wasm32"))]
    let accuracies: Vec<f64> = {
        use rayon::prelude::*;
        (0..FOLDS).into_par_iter().map(of_fold).collect()
    };
    #[cfg(target_arch = "wasm32")]
    let accuracies: Vec<f64> = (0..FOLDS).map(of_fold).collect();
    Ok(accuracies.iter().sum::<f64>() / FOLDS as f64)
}

/// The first of equally good ones.
fn best_penalty(distances: &Distances<'_>, samples: &[usize], labels: &[u32], classes: usize) -> f64 {
    let fold = stratified(labels, samples, INNER_FOLDS, None);
    let mut sums = [0.0; PENALTIES.len()];
    for number in 0..INNER_FOLDS {
        let (train, test) = (part(samples, &fold, number, false), part(samples, &fold, number, true));
        let kernel = Kernel::new(distances, &train);
        for (sum, penalty) in sums.iter_mut().zip(PENALTIES) {
            *sum += Machine::fit(&kernel, labels, classes, penalty).accuracy(&kernel, distances, &test, labels);
        }
    }
    let best = (0..PENALTIES.len()).rev().max_by(|a, b| sums[*a].total_cmp(&sums[*b])).unwrap_or(0);
    PENALTIES[best]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kernel_of(features: &Features, gamma: f64) -> Kernel {
        let distances = Distances::new(features);
        let samples: Vec<usize> = (0..features.rows()).collect();
        let values = (0..samples.len() * samples.len())
            .map(|i| (-gamma * f64::from(distances.values[i])).exp() as f32)
            .collect();
        Kernel { samples, gamma, values }
    }

    #[test]
    fn two_samples_have_the_weights_of_the_closed_form() {
        // Σα − ½ αᵀQα with α₁ = α₂ is largest at α = 1 / (1 − k), where both are exactly on the margin.
        let features = Features { dim: 1, values: vec![0.0, 1.0] };
        let kernel = kernel_of(&features, 0.7);
        let (alpha, threshold) = solve(&kernel, &[0, 1], &[1.0, -1.0], 100.0);
        let k = (-0.7_f64).exp();
        assert!(alpha.iter().all(|a| (a - 1.0 / (1.0 - k)).abs() < 1e-5), "{alpha:?}");
        assert!(threshold.abs() < 1e-5 && (alpha[0] * (1.0 - k) - 1.0).abs() < 1e-5);
        // A small penalty holds both at the bound.
        assert_eq!(solve(&kernel, &[0, 1], &[1.0, -1.0], 0.5).0, [0.5, 0.5]);
    }

    #[test]
    fn the_optimum_keeps_its_conditions() {
        let mut rng = Rng::new(3, "svm");
        let features = Features { dim: 3, values: (0..180).map(|_| rng.normal()).collect() };
        let signs: Vec<f64> = (0..60).map(|_| if rng.chance(0.4) { 1.0 } else { -1.0 }).collect();
        let (kernel, members) = (kernel_of(&features, 0.5), (0..60).collect::<Vec<_>>());
        let penalty = 0.8;
        let (alpha, threshold) = solve(&kernel, &members, &signs, penalty);
        assert!(alpha.iter().zip(&signs).map(|(a, s)| a * s).sum::<f64>().abs() < 1e-9);
        assert!(alpha.iter().any(|a| *a > 0.0 && *a < penalty));
        for t in 0..60 {
            let score = (0..60).map(|i| alpha[i] * signs[i] * f64::from(kernel.row(t)[i])).sum::<f64>() - threshold;
            let margin = signs[t] * score - 1.0;
            let kept = match alpha[t] {
                a if a <= 0.0 => margin > -2e-3,
                a if a >= penalty => margin < 2e-3,
                _ => margin.abs() < 2e-3,
            };
            assert!(kept, "sample {t}: α {}, margin {margin}", alpha[t]);
        }
    }

    #[test]
    fn folds_hold_every_class_alike() {
        let labels: Vec<u32> = (0..90).map(|i| u32::from(i % 3 == 0)).collect();
        let fold = stratified(&labels, &(0..90).collect::<Vec<_>>(), 10, Some(&mut Rng::new(1, "folds")));
        for number in 0..10 {
            let own = |class: u32| (0..90).filter(|i| fold[*i] == number && labels[*i] == class).count();
            assert_eq!([own(0), own(1)], [6, 3]);
        }
    }
}
