//! k-means: Lloyd's iterations, the k-means++ start, the best of several restarts.
//!
//! Lloyd, "Least squares quantization in PCM", 1982; Arthur and Vassilvitskii, "k-means++", SODA 2007 (with the greedy
//! choice among a few candidates for each centre, as is usual).

// The type parameter of a loop chooses the vector unit it is compiled for and appears nowhere else.
#![allow(clippy::extra_unused_type_parameters)]

use masquerade_twins::clusters::closest;
#[cfg(not(target_arch = "wasm32"))]
use rayon::prelude::*;

use super::Features;
use crate::rng::Rng;

/// Iterations after which Lloyd's algorithm gives up.
pub const MOST_ITERATIONS: usize = 300;
/// Squared shift of all centres that counts as none, relative to the mean variance of a feature.
pub const TOLERANCE: f64 = 1e-4;
/// Rows of one task.
const ROWS: usize = 4096;

/// A partition of samples around k centres.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Clusters {
    /// [k, dim], row-major.
    pub centres: Vec<f32>,
    /// Nearest centre of each sample; of equals the first.
    pub labels: Vec<u32>,
    /// Sum of the squared distances to the nearest centre.
    pub inertia: f64,
    pub iterations: usize,
}

/// Lloyd's iterations from given centres [k, dim], until no label changes, the centres shift by next to nothing
/// (Σ shift² ≤ 10⁻⁴ · mean variance of a feature), or 300 iterations are done.
///
/// Labels and inertia belong to the final centres. A cluster without samples keeps its centre.
pub fn lloyd(x: &Features, centres: &[f32]) -> Clusters {
    lloyd_until(x, centres, TOLERANCE, MOST_ITERATIONS)
}

/// [`lloyd`] with another tolerance and another number of iterations.
pub fn lloyd_until(x: &Features, centres: &[f32], tolerance: f64, iterations: usize) -> Clusters {
    let dim = x.dim.max(1);
    let mut found = Clusters { centres: centres.to_vec(), ..Clusters::default() };
    let tolerance = tolerance * mean_variance(x);
    let mut now = assign(x, &found.centres);
    while found.iterations < iterations {
        found.iterations += 1;
        let mut shift = 0.0;
        for ((centre, sum), count) in found.centres.chunks_mut(dim).zip(now.sums.chunks(dim)).zip(&now.counts) {
            if *count == 0 {
                continue;
            }
            for (value, sum) in centre.iter_mut().zip(sum) {
                let mean = (sum / f64::from(*count)) as f32;
                shift += f64::from(mean - *value).powi(2);
                *value = mean;
            }
        }
        let next = assign(x, &found.centres);
        let settled = next.labels == now.labels;
        now = next;
        if settled || shift <= tolerance {
            break;
        }
    }
    Clusters { labels: now.labels, inertia: now.inertia, ..found }
}

/// The best of `restarts` runs of [`lloyd`], each from its own k-means++ start.
pub fn fit(x: &Features, k: usize, restarts: usize, rng: &Rng) -> Clusters {
    let run = |restart: usize| lloyd(x, &plus_plus(x, k, &mut rng.at(restart as u64)));
    let restarts = restarts.max(1);
    #[cfg(not(target_arch = "wasm32"))]
    let runs: Vec<Clusters> = (0..restarts).into_par_iter().map(run).collect();
    #[cfg(target_arch = "wasm32")]
    let runs: Vec<Clusters> = (0..restarts).map(run).collect();
    runs.into_iter().min_by(|a, b| a.inertia.total_cmp(&b.inertia)).unwrap_or_default()
}

/// The k-means++ start: each centre is a sample, drawn with probability proportional to its squared distance from the
/// centres before it; of a few draws the one that leaves the least inertia is taken. Returns [k, dim].
pub fn plus_plus(x: &Features, k: usize, rng: &mut Rng) -> Vec<f32> {
    let samples = x.rows();
    if samples == 0 {
        return vec![0.0; k * x.dim];
    }
    let mut centres = x.row(rng.below(samples)).to_vec();
    let mut nearest = distances(x, &centres);
    let candidates = 2 + (k.max(1) as f64).ln() as usize;
    for _ in 1..k {
        let total: f64 = nearest.iter().map(|d| f64::from(*d)).sum();
        let left = (0..candidates).map(|_| {
            let chosen = drawn(&nearest, total, rng);
            let mut left = distances(x, x.row(chosen));
            left.iter_mut().zip(&nearest).for_each(|(own, before)| *own = own.min(*before));
            (left.iter().map(|d| f64::from(*d)).sum::<f64>(), chosen, left)
        });
        if let Some((_, chosen, left)) = left.min_by(|a, b| a.0.total_cmp(&b.0)) {
            centres.extend_from_slice(x.row(chosen));
            nearest = left;
        }
    }
    centres
}

/// An index drawn with these weights; any index where they are all zero or no numbers.
fn drawn(weights: &[f32], total: f64, rng: &mut Rng) -> usize {
    if !(total > 0.0 && total.is_finite()) {
        return rng.below(weights.len());
    }
    let mut left = rng.uniform_f64() * total;
    let mut last = 0;
    for (index, weight) in weights.iter().enumerate().filter(|(_, w)| **w > 0.0) {
        last = index;
        left -= f64::from(*weight);
        if left < 0.0 {
            break;
        }
    }
    last
}

/// Mean over the features of their (biased) variances.
fn mean_variance(x: &Features) -> f64 {
    let (dim, rows) = (x.dim.max(1), x.rows().max(1) as f64);
    let (mut sums, mut squares) = (vec![0.0_f64; dim], vec![0.0_f64; dim]);
    for row in x.values.chunks(dim) {
        for ((value, sum), square) in row.iter().map(|v| f64::from(*v)).zip(&mut sums).zip(&mut squares) {
            *sum += value;
            *square += value * value;
        }
    }
    sums.iter().zip(&squares).map(|(sum, square)| (square / rows - (sum / rows).powi(2)).max(0.0)).sum::<f64>()
        / dim as f64
}

/// Samples given to their nearest centres, with what the next centres are made of.
#[derive(Default)]
struct Assigned {
    labels: Vec<u32>,
    sums: Vec<f64>,
    counts: Vec<u32>,
    inertia: f64,
}

fn assign(x: &Features, centres: &[f32]) -> Assigned {
    let dim = x.dim.max(1);
    let part = |rows: &[f32]| {
        let samples = rows.len() / dim;
        let mut part = Assigned {
            labels: vec![0; samples],
            sums: vec![0.0; centres.len()],
            counts: vec![0; centres.len() / dim],
            inertia: 0.0,
        };
        let mut nearest = vec![f32::INFINITY; samples];
        closest(rows, centres, dim, &mut part.labels, &mut nearest);
        part.inertia = nearest.iter().map(|d| f64::from(*d)).sum();
        for (row, label) in rows.chunks_exact(dim).zip(&part.labels) {
            let label = *label as usize;
            // There may be no centre at all.
            let Some(count) = part.counts.get_mut(label) else { continue };
            *count += 1;
            part.sums[label * dim..(label + 1) * dim].iter_mut().zip(row).for_each(|(sum, v)| *sum += f64::from(*v));
        }
        part
    };
    #[cfg(not(target_arch = "wasm32"))]
    let parts: Vec<Assigned> = x.values.par_chunks(ROWS * dim).map(part).collect();
    #[cfg(target_arch = "wasm32")]
    let parts: Vec<Assigned> = x.values.chunks(ROWS * dim).map(part).collect();
    let mut all =
        Assigned { sums: vec![0.0; centres.len()], counts: vec![0; centres.len() / dim], ..Assigned::default() };
    for part in parts {
        all.labels.extend(part.labels);
        all.inertia += part.inertia;
        all.sums.iter_mut().zip(part.sums).for_each(|(all, part)| *all += part);
        all.counts.iter_mut().zip(part.counts).for_each(|(all, part)| *all += part);
    }
    all
}

/// Squared distances of all samples from the nearest of these centres.
fn distances(x: &Features, centres: &[f32]) -> Vec<f32> {
    let mut nearest = vec![f32::INFINITY; x.rows()];
    let mut labels = vec![0; x.rows()];
    closest(&x.values, centres, x.dim.max(1), &mut labels, &mut nearest);
    nearest
}
