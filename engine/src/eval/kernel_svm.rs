//! A support vector machine with a Gaussian kernel, one class against another, and its accuracy over folds.
//!
//! Fan, Chen, Lin, "Working Set Selection Using Second Order Information", JMLR 2005, as in LIBSVM and scikit-learn's
//! `SVC` with `gamma="scale"`: `min ½ αᵀQα − Σα`, 0 ≤ α ≤ C, yᵀα = 0, Q = y yᵀ exp(−γ |x − x'|²), γ = 1 / (dim ·
//! variance of all values).

mod solver;

use crate::error::{Error, Result};
use crate::eval::Features;
use crate::rng::Rng;
use solver::solve;

/// Folds that test, and folds of each training part that choose the penalty.
pub const FOLDS: usize = 10;
const INNER_FOLDS: usize = 5;
/// Penalties to choose from.
const PENALTIES: [f64; 5] = [1e-3, 1e-2, 1e-1, 1.0, 10.0];
/// Most samples: kernels hold a number for each pair.
const MOST_SAMPLES: usize = 8192;

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
