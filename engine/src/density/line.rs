//! One dimension, where nothing has to be learned: an energy with three wells, and the reconstructions that are best
//! for it.

/// E(x) = ((x + 1)² + 3)(x² + 2)((x − 1)² + 1).
pub fn energy(x: f64) -> f64 {
    let [a, b, c] = factors(x);
    a * b * c
}

/// E′(x).
pub fn energy_slope(x: f64) -> f64 {
    let [a, b, c] = factors(x);
    2.0 * (x + 1.0) * b * c + a * 2.0 * x * c + a * b * 2.0 * (x - 1.0)
}

fn factors(x: f64) -> [f64; 3] {
    [(x + 1.0).powi(2) + 3.0, x * x + 2.0, (x - 1.0).powi(2) + 1.0]
}

/// The density ∝ exp(−scale · E) at the points of an even grid, with ∫p = 1 over the grid (sum times spacing).
pub fn density(grid: &[f64], scale: f64) -> Vec<f64> {
    let energies: Vec<f64> = grid.iter().map(|x| scale * energy(*x)).collect();
    let least = energies.iter().copied().fold(f64::INFINITY, f64::min);
    let heights: Vec<f64> = energies.iter().map(|e| (least - e).exp()).collect();
    let spacing = if grid.len() > 1 { (grid[grid.len() - 1] - grid[0]) / (grid.len() - 1) as f64 } else { 1.0 };
    let total = heights.iter().sum::<f64>() * spacing;
    heights.into_iter().map(|h| h / total).collect()
}

/// The best denoiser of noise σ on an even grid with weights p: `r_j = Σ w_ij p_i x_i / Σ w_ij p_i`,
/// `w_ij = exp(−(x_i − x_j)² / 2σ²)`.
pub fn denoising(grid: &[f64], p: &[f64], sigma: f64) -> Vec<f64> {
    let best = |at: f64| {
        let near = |x: f64| -(x - at).powi(2) / (2.0 * sigma * sigma);
        // Shifted by the largest exponent, so that a point far from all weight still has an answer.
        let logs: Vec<f64> = grid.iter().zip(p).map(|(x, p)| near(*x) + p.ln()).collect();
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (mut top, mut bottom) = (0.0, 0.0);
        for (x, log) in grid.iter().zip(&logs) {
            let weight = (log - most).exp();
            top += weight * x;
            bottom += weight;
        }
        if bottom > 0.0 { top / bottom } else { at }
    };
    grid.iter().map(|x| best(*x)).collect()
}

/// The best contractive reconstruction on a grid with weights p and spacings δ: the minimum of
/// `Σ_{i<n−1} p_i δ_i (r_i − x_i)² + σ² p_i (r_{i+1} − r_i)² / δ_i`, a tridiagonal system (Thomas' algorithm).
pub fn contractive(grid: &[f64], p: &[f64], sigma: f64) -> Vec<f64> {
    let n = grid.len().min(p.len());
    if n < 2 {
        return grid.to_vec();
    }
    let step = |i: usize| grid[i + 1] - grid[i];
    let stiff = |i: usize| sigma * sigma * p[i] / step(i);
    let (mut above, mut right) = (vec![0.0; n], vec![0.0; n]);
    for i in 0..n {
        let lower = if i > 0 { -stiff(i - 1) } else { 0.0 };
        let upper = if i + 1 < n { -stiff(i) } else { 0.0 };
        let mass = if i + 1 < n { p[i] * step(i) } else { 0.0 };
        let (before, carried) = if i > 0 { (above[i - 1], right[i - 1]) } else { (0.0, 0.0) };
        let pivot = mass - upper - lower - lower * before;
        above[i] = upper / pivot;
        right[i] = (mass * grid[i] - lower * carried) / pivot;
    }
    for i in (0..n - 1).rev() {
        right[i] -= above[i] * right[i + 1];
    }
    right
}

/// How far a score is from the true one where the data is: the root of the p-weighted mean square of the difference
/// over that of the truth, and the p-weighted cosine.
pub fn agreement(p: &[f64], score: &[f64], truth: &[f64]) -> (f64, f64) {
    let sum = |term: &dyn Fn(usize) -> f64| (0..p.len()).map(|i| p[i] * term(i)).sum::<f64>();
    let apart = sum(&|i| (score[i] - truth[i]).powi(2));
    let (own, true_norm) = (sum(&|i| score[i].powi(2)), sum(&|i| truth[i].powi(2)));
    let product = sum(&|i| score[i] * truth[i]);
    ((apart / true_norm.max(f64::MIN_POSITIVE)).sqrt(), product / (own * true_norm).sqrt().max(f64::MIN_POSITIVE))
}
