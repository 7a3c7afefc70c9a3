//! Features in the plane of their two principal components, for looking at.

use crate::eval::Features;

const ITERATIONS: usize = 60;

/// Coordinates along the two directions of largest variance, two a sample, the farthest at distance 1; and their share
/// of the variance.
pub fn plane(features: &Features) -> (Vec<f32>, f64) {
    let (dim, rows) = (features.dim.max(1), features.rows());
    let mut means = vec![0.0_f64; dim];
    for row in features.values.chunks_exact(dim) {
        means.iter_mut().zip(row).for_each(|(mean, value)| *mean += f64::from(*value) / rows.max(1) as f64);
    }
    let mut left: Vec<f64> =
        features.values.iter().enumerate().map(|(i, value)| f64::from(*value) - means[i % dim]).collect();
    let whole: f64 = left.iter().map(|value| value * value).sum();
    let mut along = Vec::new();
    for start in 0..2 {
        let direction = strongest(&left, dim, start);
        let coordinates: Vec<f64> = left.chunks_exact(dim).map(|row| dot(row, &direction)).collect();
        for (row, coordinate) in left.chunks_exact_mut(dim).zip(&coordinates) {
            row.iter_mut().zip(&direction).for_each(|(value, part)| *value -= coordinate * part);
        }
        along.push(coordinates);
    }
    let rest: f64 = left.iter().map(|value| value * value).sum();
    let pairs = || along[0].iter().zip(&along[1]);
    let farthest = pairs().map(|(x, y)| x.hypot(*y)).fold(1e-12, f64::max);
    let points = pairs().flat_map(|(x, y)| [(x / farthest) as f32, (y / farthest) as f32]).collect();
    (points, if whole > 0.0 { 1.0 - rest / whole } else { 0.0 })
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The direction of largest variance of centred rows, by power iteration.
fn strongest(rows: &[f64], dim: usize, start: usize) -> Vec<f64> {
    let mut direction: Vec<f64> = (0..dim).map(|i| 1.0 + ((i + start) % 3) as f64).collect();
    for _ in 0..ITERATIONS {
        let mut next = vec![0.0; dim];
        for row in rows.chunks_exact(dim) {
            let coordinate = dot(row, &direction);
            next.iter_mut().zip(row).for_each(|(next, value)| *next += coordinate * value);
        }
        let length = dot(&next, &next).sqrt();
        if length <= 0.0 {
            break;
        }
        direction = next.into_iter().map(|value| value / length).collect();
    }
    let length = dot(&direction, &direction).sqrt().max(1e-12);
    direction.into_iter().map(|value| value / length).collect()
}
