//! How far sets of points are apart, [points, dim] each.

/// −mean_i log mean_j N(true_i; model_j, b² I): the cross entropy of `truth` under a kernel estimate (Parzen) of
/// `model`.
pub fn parzen_cross_entropy(truth: &[f64], model: &[f64], dim: usize, b: f64) -> f64 {
    let count = (model.len() / dim.max(1)).max(1) as f64;
    let height = 0.5 * dim as f64 * std::f64::consts::TAU.ln() + dim as f64 * b.ln();
    let mean = mean_over(truth, dim, |point| {
        let logs: Vec<f64> =
            model.chunks_exact(dim.max(1)).map(|other| -square_distance(point, other) / (2.0 * b * b)).collect();
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        most + logs.iter().map(|log| (log - most).exp()).sum::<f64>().ln() - count.ln()
    });
    height - mean
}

/// What the authors' code adds to [`parzen_cross_entropy`] by dividing by (2π)^½ instead of (2π)^{d/2}.
pub fn parzen_official_offset(dim: usize) -> f64 {
    0.5 * (1.0 - dim as f64) * std::f64::consts::TAU.ln()
}

/// The energy distance 2 E|a − b| − E|a − a′| − E|b − b′| over 2 E|a − b| (Székely and Rizzo 2013): 0 for equal sets,
/// at most 1.
pub fn energy_distance(a: &[f64], b: &[f64], dim: usize) -> f64 {
    let between = |a: &[f64], b: &[f64]| {
        mean_over(a, dim, |point| mean_over(b, dim, |other| square_distance(point, other).sqrt()))
    };
    let across = 2.0 * between(a, b);
    (across - between(a, a) - between(b, b)) / across.max(f64::MIN_POSITIVE)
}

/// The distance of a point to the nearest of `others`.
pub fn nearest_distance(point: &[f64], others: &[f64]) -> f64 {
    others
        .chunks_exact(point.len().max(1))
        .map(|other| square_distance(point, other))
        .fold(f64::INFINITY, f64::min)
        .sqrt()
}

fn mean_over(points: &[f64], dim: usize, value: impl Fn(&[f64]) -> f64) -> f64 {
    let points = points.chunks_exact(dim.max(1));
    let count = points.len().max(1) as f64;
    points.map(value).sum::<f64>() / count
}

fn square_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}
