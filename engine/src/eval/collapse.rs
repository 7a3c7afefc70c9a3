//! Whether features have collapsed: how many directions they use, and how evenly they cover the sphere. A contrast that
//! works spreads them; one that does not maps everything to one place or one line, at a loss that may look low.

use crate::eval::Features;

/// Features that the measures are taken of: as many tell enough.
const SAMPLES: usize = 1000;
/// With wider features than this, as many samples as this are taken for the rank, which is then at most their number.
const WIDEST: usize = 256;

/// Names of the measures, in the order of [`measures`].
pub const MEASURES: [&str; 2] = ["effective_rank", "uniformity"];

/// [`effective_rank`] and [`uniformity`] of the first samples.
pub fn measures(features: &Features) -> [f64; 2] {
    let first = |count: usize| {
        let end = (count * features.dim).min(features.values.len());
        Features { dim: features.dim, values: features.values[..end].to_vec() }
    };
    let ranked = if features.dim > WIDEST { WIDEST } else { SAMPLES };
    [effective_rank(&first(ranked)), uniformity(&first(SAMPLES))]
}

/// Effective rank: exp of the entropy of the singular values' shares (Roy and Vetterli, EUSIPCO 2007; as RankMe, arXiv
/// 2210.02885).
///
/// Between 1 (all features on a line) and the smaller of `dim` and samples. Features are not centred. Takes O(samples ·
/// dim · least + least³), where least is that smaller number.
pub fn effective_rank(features: &Features) -> f64 {
    let (gram, side) = gram(features);
    let singular: Vec<f64> = eigenvalues(gram, side).into_iter().map(|v| v.max(0.0).sqrt()).collect();
    let total: f64 = singular.iter().sum();
    if total <= 0.0 {
        return 0.0;
    }
    let entropy: f64 = singular.iter().map(|s| s / total).filter(|p| *p > 0.0).map(|p| -p * p.ln()).sum();
    entropy.exp()
}

/// Uniformity: log mean of exp(−2 ‖x − y‖²) over all pairs of normalised features; −4 for a perfect spread, 0 when all
/// are equal.
///
/// Wang and Isola, "Understanding Contrastive Representation Learning through Alignment and Uniformity on the
/// Hypersphere", ICML 2020 (arXiv 2005.10242), equation (5) with t = 2. Takes O(samples²): pass a thousand samples, not
/// all.
pub fn uniformity(features: &Features) -> f64 {
    let unit = features.normalised();
    let rows = unit.rows();
    let pairs = (0..rows).flat_map(|i| (0..i).map(move |j| (i, j)));
    let sum: f64 = pairs.map(|(i, j)| (-2.0 * squared_distance(unit.row(i), unit.row(j))).exp()).sum();
    (sum / (rows * rows.saturating_sub(1) / 2).max(1) as f64).ln()
}

fn squared_distance(x: &[f32], y: &[f32]) -> f64 {
    x.iter().zip(y).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum()
}

/// Xᵀ X or X Xᵀ, the smaller of the two, row-major, and its side: both have the same eigenvalues that are not zero.
fn gram(features: &Features) -> (Vec<f64>, usize) {
    let (dim, rows) = (features.dim, features.rows());
    if rows < dim {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
        let pairs = (0..rows).flat_map(|i| (0..rows).map(move |j| (i, j)));
        return (pairs.map(|(i, j)| dot(features.row(i), features.row(j))).collect(), rows);
    }
    let mut gram = vec![0.0; dim * dim];
    for row in features.values.chunks(dim.max(1)) {
        for (line, a) in gram.chunks_mut(dim).zip(row) {
            for (sum, b) in line.iter_mut().zip(row) {
                *sum += f64::from(*a) * f64::from(*b);
            }
        }
    }
    (gram, dim)
}

/// Eigenvalues of a symmetric matrix by cyclic Jacobi rotations.
fn eigenvalues(mut a: Vec<f64>, n: usize) -> Vec<f64> {
    let scale: f64 = (0..n).map(|i| a[i * n + i].abs()).sum();
    for _sweep in 0..30 {
        let off: f64 = (0..n).flat_map(|p| (0..p).map(move |q| (p, q))).map(|(p, q)| a[p * n + q].abs()).sum();
        if off <= 1e-12 * scale {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut a, n, p, q);
            }
        }
    }
    (0..n).map(|i| a[i * n + i]).collect()
}

/// One rotation that makes entry (p, q) zero (Golub and Van Loan, §8.5).
fn rotate(a: &mut [f64], n: usize, p: usize, q: usize) {
    let apq = a[p * n + q];
    if apq == 0.0 {
        return;
    }
    let theta = (a[q * n + q] - a[p * n + p]) / (2.0 * apq);
    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    for k in 0..n {
        let (kp, kq) = (a[k * n + p], a[k * n + q]);
        (a[k * n + p], a[k * n + q]) = (c * kp - s * kq, s * kp + c * kq);
    }
    for k in 0..n {
        let (pk, qk) = (a[p * n + k], a[q * n + k]);
        (a[p * n + k], a[q * n + k]) = (c * pk - s * qk, s * pk + c * qk);
    }
}
