//! The search for the weights of one class against another.

use super::Kernel;

/// The search ends when no pair of samples breaks the optimum's conditions by more.
const TOLERANCE: f64 = 1e-3;
/// Steps of the search at most, for each sample and in all.
const STEPS_PER_SAMPLE: usize = 100;
const LEAST_STEPS: usize = 100_000;
/// Curvature of a pair of samples in the same place.
const FLAT: f64 = 1e-12;

/// α of each member, and the threshold.
pub(super) fn solve(kernel: &Kernel, members: &[usize], signs: &[f64], penalty: f64) -> (Vec<f64>, f64) {
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

#[cfg(test)]
mod tests {
    use super::super::Distances;
    use super::*;
    use crate::eval::Features;
    use crate::rng::Rng;

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
}
