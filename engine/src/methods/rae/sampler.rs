//! Walking over the density with a denoiser alone: energy differences from r, Metropolis-Hastings, Langevin.
//!
//! The energy is −log p; its slope is g(x) = −(r(x) − x) / σ². A learned r is no exact slope, so an energy difference
//! depends on the path it is taken along, here always the straight one.

use crate::density::matrix;
use crate::density::mixture::Blurred;
use crate::error::{Error, Result};
use crate::method::Local;

/// A reconstruction function with its Jacobian, on the host; points are [rows, dim].
pub trait Denoiser {
    /// Numbers of a point.
    fn dim(&self) -> usize;

    /// r of every point, [rows, dim].
    fn reconstruct<'a>(&'a self, points: &'a [f64]) -> Local<'a, Result<Vec<f64>>>;

    /// ∂r/∂x of every point, [rows, dim, dim].
    fn jacobian<'a>(&'a self, points: &'a [f64]) -> Local<'a, Result<Vec<f64>>>;
}

impl Denoiser for Blurred {
    fn dim(&self) -> usize {
        Blurred::dim(self)
    }

    fn reconstruct<'a>(&'a self, points: &'a [f64]) -> Local<'a, Result<Vec<f64>>> {
        Box::pin(
            async move { Ok(points.chunks(Blurred::dim(self)).flat_map(|x| Blurred::reconstruct(self, x)).collect()) },
        )
    }

    fn jacobian<'a>(&'a self, points: &'a [f64]) -> Local<'a, Result<Vec<f64>>> {
        Box::pin(
            async move { Ok(points.chunks(Blurred::dim(self)).flat_map(|x| Blurred::jacobian(self, x)).collect()) },
        )
    }
}

/// How an energy difference is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Energy {
    /// g(x) · (x′ − x).
    FirstOrder,
    /// The plain mean of g over this many evenly spaced points of the way, both ends included, times (x′ − x).
    Path(usize),
}

/// How a walker moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Move {
    /// x′ = x + τ n, accepted by Metropolis' rule.
    Isotropic { tau: f64 },
    /// x̃ = x + ℓ n, x′ = (1 − β) x̃ + β r(x̃), ℓ² = 2 T β σ², always taken.
    Langevin { beta: f64 },
    /// The same proposal, accepted by Metropolis' rule with the authors' correction: it takes the remembered noisy
    /// ancestor of the state for the only one.
    LangevinCorrected { beta: f64 },
}

/// A sampler: how to move, how to judge, at which temperature, for a denoiser of noise σ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampler {
    pub walk: Move,
    pub energy: Energy,
    pub temperature: f64,
    pub sigma: f64,
}

/// Where the walkers are, and the noisy point each one came from; [walkers, dim] both.
#[derive(Debug, Clone, PartialEq)]
pub struct Walkers {
    pub x: Vec<f64>,
    pub ancestor: Vec<f64>,
}

impl Walkers {
    /// Walkers that start here, as their own ancestors.
    pub fn at(x: Vec<f64>) -> Self {
        Self { ancestor: x.clone(), x }
    }
}

/// One step of all walkers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Step {
    /// Log of the acceptance ratio of each walker's proposal.
    pub log_a: Vec<f64>,
    pub accepted: Vec<bool>,
}

/// E(to) − E(from) of every pair of points.
///
/// # Shapes
/// from, to [pairs, dim] → [pairs]
///
/// # Errors
/// Those of the denoiser.
pub async fn energy_difference(
    denoiser: &dyn Denoiser,
    sigma: f64,
    how: Energy,
    from: &[f64],
    to: &[f64],
) -> Result<Vec<f64>> {
    let d = denoiser.dim().max(1);
    let stops = if let Energy::Path(stops) = how { stops.max(2) } else { 1 };
    let share = |stop: usize| if stops > 1 { stop as f64 / (stops - 1) as f64 } else { 0.0 };
    let pairs = || from.chunks_exact(d).zip(to.chunks_exact(d));
    let along = pairs().flat_map(|(a, b)| (0..stops).map(move |stop| (a, b, share(stop))));
    let points: Vec<f64> = along.flat_map(|(a, b, t)| a.iter().zip(b).map(move |(a, b)| a + t * (b - a))).collect();
    let r = denoiser.reconstruct(&points).await?;
    let slope = |row: usize, i: usize| -(r[row * d + i] - points[row * d + i]) / (sigma * sigma);
    let difference = |pair: usize, a: &[f64], b: &[f64]| {
        let mean = |i: usize| (0..stops).map(|stop| slope(pair * stops + stop, i)).sum::<f64>() / stops as f64;
        (0..d).map(|i| mean(i) * (b[i] - a[i])).sum()
    };
    Ok(pairs().enumerate().map(|(pair, (a, b))| difference(pair, a, b)).collect())
}

impl Sampler {
    /// ℓ = √(2 T β) σ, the noise of a Langevin step.
    fn langevin_noise(&self, beta: f64) -> f64 {
        (2.0 * self.temperature * beta).sqrt() * self.sigma
    }

    /// Move every walker once by given numbers, so that a chain can be replayed.
    ///
    /// # Shapes
    /// noise [walkers, dim] (standard normal), uniform [walkers]
    ///
    /// # Errors
    /// [`Error::Request`] when the numbers do not fit the walkers, and those of the denoiser.
    pub async fn step(
        &self,
        denoiser: &dyn Denoiser,
        walkers: &mut Walkers,
        noise: &[f64],
        uniform: &[f64],
    ) -> Result<Step> {
        let d = denoiser.dim();
        let count = walkers.x.len() / d.max(1);
        if noise.len() != walkers.x.len()
            || walkers.ancestor.len() != noise.len()
            || uniform.len() != count
            || count * d != noise.len()
        {
            let why = format!("{} and {} numbers for {count} walkers of {d}", noise.len(), uniform.len());
            return Err(Error::request(
                "The chain cannot go on",
                why,
                "Give a normal number a coordinate and a uniform one a walker",
            ));
        }
        let shifted = |by: f64| walkers.x.iter().zip(noise).map(|(x, n)| x + by * n).collect::<Vec<f64>>();
        let (noisy, proposal, log_a) = match self.walk {
            Move::Isotropic { tau } => {
                let proposal = shifted(tau);
                let rise = energy_difference(denoiser, self.sigma, self.energy, &walkers.x, &proposal).await?;
                (None, proposal, rise.into_iter().map(|rise| -rise / self.temperature).collect())
            }
            Move::Langevin { beta } | Move::LangevinCorrected { beta } => {
                let noisy = shifted(self.langevin_noise(beta));
                let r = denoiser.reconstruct(&noisy).await?;
                let proposal: Vec<f64> = noisy.iter().zip(&r).map(|(n, r)| (1.0 - beta) * n + beta * r).collect();
                let log_a = match self.walk {
                    Move::LangevinCorrected { .. } => {
                        self.corrected(denoiser, walkers, &noisy, &proposal, beta).await?
                    }
                    _ => vec![0.0; count],
                };
                (Some(noisy), proposal, log_a)
            }
        };
        let accepted: Vec<bool> =
            log_a.iter().zip(uniform).map(|(a, u): (&f64, &f64)| *a >= 0.0 || *a >= u.ln()).collect();
        for walker in (0..count).filter(|walker| accepted[*walker]) {
            let at = walker * d..(walker + 1) * d;
            walkers.x[at.clone()].copy_from_slice(&proposal[at.clone()]);
            let ancestor = noisy.as_ref().unwrap_or(&proposal);
            walkers.ancestor[at.clone()].copy_from_slice(&ancestor[at]);
        }
        Ok(Step { log_a, accepted })
    }

    /// log a = −ΔE / T + A − B with A = −‖x̃₀ − x′‖² / 2ℓ² − ln det M(x̃₀), B = −‖x̃ − x‖² / 2ℓ² − ln det M(x̃),
    /// M(y) = (1 − β) I + β ∂r/∂y, x̃₀ the remembered ancestor of x. A fold (det M ≤ 0) refuses the move.
    async fn corrected(
        &self,
        denoiser: &dyn Denoiser,
        walkers: &Walkers,
        noisy: &[f64],
        proposal: &[f64],
        beta: f64,
    ) -> Result<Vec<f64>> {
        let d = denoiser.dim();
        let rise = energy_difference(denoiser, self.sigma, self.energy, &walkers.x, proposal).await?;
        let (before, after) = (denoiser.jacobian(&walkers.ancestor).await?, denoiser.jacobian(noisy).await?);
        let spread = 2.0 * self.langevin_noise(beta).powi(2);
        let log_det = |jacobians: &[f64], walker: usize| {
            let jacobian = jacobians.get(walker * d * d..(walker + 1) * d * d)?;
            let mixed: Vec<f64> =
                matrix::identity(d).iter().zip(jacobian).map(|(one, j)| (1.0 - beta) * one + beta * j).collect();
            matrix::inverse(&mixed, d).filter(|found| found.positive).map(|found| found.log_det)
        };
        let square = |a: &[f64], b: &[f64], walker: usize| {
            let at = walker * d..(walker + 1) * d;
            a[at.clone()].iter().zip(&b[at]).map(|(a, b)| (a - b).powi(2)).sum::<f64>()
        };
        let log_a = |(walker, rise): (usize, &f64)| {
            let (Some(back), Some(forth)) = (log_det(&before, walker), log_det(&after, walker)) else {
                return f64::NEG_INFINITY;
            };
            let backward = -square(&walkers.ancestor, proposal, walker) / spread - back;
            let forward = -square(noisy, &walkers.x, walker) / spread - forth;
            -rise / self.temperature + backward - forward
        };
        Ok(rise.iter().enumerate().map(log_a).collect())
    }
}
