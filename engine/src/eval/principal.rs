//! Principal components: the directions in which features vary most, to draw them in the plane.

use super::Features;

/// Rounds of the power iteration.
const ROUNDS: usize = 100;

/// Features in the plane of their first two principal components.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plane {
    /// x and y of every sample, centred and scaled into the unit disc.
    pub points: Vec<f32>,
    /// Share of the variance that lies in the plane, 0 … 1.
    pub share: f64,
}

/// Features in the plane of their first two principal components.
///
/// The sign of a component is such that its largest entry is positive, so that the same features always look the same.
pub fn plane(x: &Features) -> Plane {
    let dim = x.dim.max(1);
    let mut mean = vec![0.0_f64; dim];
    for row in x.values.chunks_exact(dim) {
        mean.iter_mut().zip(row).for_each(|(mean, v)| *mean += f64::from(*v) / x.rows().max(1) as f64);
    }
    let mut left: Vec<f64> = x.values.iter().enumerate().map(|(i, v)| f64::from(*v) - mean[i % dim]).collect();
    let whole = dot(&left, &left);
    // The second component is the first of what is left without the first.
    let [first, second] = [(); 2].map(|()| {
        let direction = strongest(&left, dim);
        let along: Vec<f64> = left.chunks_exact(dim).map(|row| dot(row, &direction)).collect();
        for (row, along) in left.chunks_exact_mut(dim).zip(&along) {
            row.iter_mut().zip(&direction).for_each(|(value, part)| *value -= along * part);
        }
        along
    });
    let furthest = first.iter().zip(&second).map(|(x, y)| x.hypot(*y)).fold(1e-12, f64::max);
    let points = first.iter().zip(&second).flat_map(|(x, y)| [(x / furthest) as f32, (y / furthest) as f32]).collect();
    Plane { points, share: if whole > 0.0 { 1.0 - dot(&left, &left) / whole } else { 0.0 } }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The direction of largest variance of centred rows, of length 1, by power iteration on their covariance.
fn strongest(rows: &[f64], dim: usize) -> Vec<f64> {
    // No direction is favoured, and none left out.
    let mut direction: Vec<f64> = (0..dim).map(|i| 1.0 + 0.618 * ((i * 7919) % 101) as f64 / 101.0).collect();
    let scale = |direction: &mut [f64]| {
        let length = dot(direction, direction).sqrt().max(1e-300);
        direction.iter_mut().for_each(|v| *v /= length);
    };
    scale(&mut direction);
    for _ in 0..ROUNDS {
        let mut next = vec![0.0; dim];
        for row in rows.chunks_exact(dim) {
            let along = dot(row, &direction);
            next.iter_mut().zip(row).for_each(|(next, value)| *next += along * value);
        }
        if next.iter().all(|v| v.abs() < 1e-30) {
            break;
        }
        scale(&mut next);
        direction = next;
    }
    let top = direction.iter().copied().fold(0.0, |top: f64, v| if v.abs() > top.abs() { v } else { top });
    if top < 0.0 {
        direction.iter_mut().for_each(|v| *v = -*v);
    }
    direction
}
