//! Principal components: the directions in which features vary most, to draw them in the plane.

use super::Features;

/// Rounds of the power iteration.
const ROUNDS: usize = 100;

/// Coordinates of every sample along the first two principal components, [samples, 2], centred and scaled into the unit
/// disc.
///
/// The sign of a component is such that its largest entry is positive, so that the same features always look the same.
pub fn plane(x: &Features) -> Vec<f32> {
    let dim = x.dim.max(1);
    let samples = x.rows().max(1) as f64;
    let mut mean = vec![0.0_f64; dim];
    for row in x.values.chunks_exact(dim) {
        mean.iter_mut().zip(row).for_each(|(mean, v)| *mean += f64::from(*v) / samples);
    }
    let centred = |row: &[f32]| -> Vec<f64> { row.iter().zip(&mean).map(|(v, mean)| f64::from(*v) - mean).collect() };
    let mut covariance = vec![0.0_f64; dim * dim];
    for row in x.values.chunks_exact(dim) {
        let row = centred(row);
        for (line, own) in covariance.chunks_exact_mut(dim).zip(&row) {
            line.iter_mut().zip(&row).for_each(|(sum, other)| *sum += own * other / samples);
        }
    }
    let first = largest(&covariance, dim, &[]);
    let second = largest(&covariance, dim, &first);
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    let mut places: Vec<f32> = Vec::with_capacity(x.rows() * 2);
    for row in x.values.chunks_exact(dim) {
        let row = centred(row);
        places.extend([dot(&row, &first) as f32, dot(&row, &second) as f32]);
    }
    let furthest = places.as_chunks::<2>().0.iter().map(|p| p[0].hypot(p[1])).fold(1e-12_f32, f32::max);
    places.iter_mut().for_each(|v| *v /= furthest);
    places
}

/// The eigenvector of the largest eigenvalue among the directions at right angles to `taken`.
fn largest(matrix: &[f64], dim: usize, taken: &[f64]) -> Vec<f64> {
    // No direction is favoured, and none left out.
    let mut vector: Vec<f64> = (0..dim).map(|i| 1.0 + 0.618 * ((i * 7919) % 101) as f64 / 101.0).collect();
    let settle = |vector: &mut Vec<f64>| {
        let along: f64 = vector.iter().zip(taken).map(|(a, b)| a * b).sum();
        vector.iter_mut().zip(taken).for_each(|(v, t)| *v -= along * t);
        let norm = vector.iter().map(|v| v * v).sum::<f64>().sqrt().max(1e-300);
        vector.iter_mut().for_each(|v| *v /= norm);
    };
    settle(&mut vector);
    for _ in 0..ROUNDS {
        let next: Vec<f64> =
            matrix.chunks_exact(dim).map(|row| row.iter().zip(&vector).map(|(a, b)| a * b).sum()).collect();
        if next.iter().all(|v| v.abs() < 1e-30) {
            break;
        }
        vector = next;
        settle(&mut vector);
    }
    let top = vector.iter().copied().fold(0.0, |top: f64, v| if v.abs() > top.abs() { v } else { top });
    if top < 0.0 {
        vector.iter_mut().for_each(|v| *v = -*v);
    }
    vector
}
