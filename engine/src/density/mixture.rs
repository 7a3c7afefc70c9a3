//! Gaussian mixtures: what can be known exactly of p and of p_σ, p blurred by isotropic noise of deviation σ.
//!
//! Alain and Bengio, "What Regularized Auto-Encoders Learn from the Data-Generating Distribution", JMLR 15 (2014): the
//! best denoiser of noise σ is r*(x) = x + σ² ∇log p_σ(x), its Jacobian I + σ² ∇²log p_σ(x).

use crate::density::matrix;
use crate::error::{Error, Result};
use crate::rng::Rng;

/// Gaussians with weights. One without a covariance is a point.
#[derive(Debug, Clone, PartialEq)]
pub struct Mixture {
    dim: usize,
    /// Weight of each part; they sum to 1.
    weights: Vec<f64>,
    /// [parts, dim].
    means: Vec<f64>,
    /// [parts, dim, dim], or empty: every part is a point.
    covariances: Vec<f64>,
}

impl Mixture {
    /// A mixture of parts with these weights (any scale; empty: all alike).
    ///
    /// # Shapes
    /// means [parts, dim], covariances [parts, dim, dim] or empty
    ///
    /// # Errors
    /// [`Error::Data`] when the counts do not fit, or a number is not finite.
    pub fn new(dim: usize, means: Vec<f64>, covariances: Vec<f64>, weights: Vec<f64>) -> Result<Self> {
        let wrong =
            |why: String| Err(Error::data("The mixture cannot be used", why, "Check the numbers of the data set"));
        let parts = means.len() / dim.max(1);
        if parts == 0 || means.len() != parts * dim {
            return wrong(format!("{} numbers for centres of {dim}", means.len()));
        }
        if !covariances.is_empty() && covariances.len() != parts * dim * dim {
            return wrong(format!("{} numbers for {parts} covariances of {dim} × {dim}", covariances.len()));
        }
        let weights = if weights.is_empty() { vec![1.0; parts] } else { weights };
        let total: f64 = weights.iter().sum();
        if weights.len() != parts || !(total > 0.0 && total.is_finite()) || weights.iter().any(|w| *w < 0.0) {
            return wrong(format!("{} weights for {parts} parts, sum {total}", weights.len()));
        }
        if means.iter().chain(&covariances).any(|v| !v.is_finite()) {
            return wrong("a centre or covariance is not a finite number".into());
        }
        Ok(Self { dim, weights: weights.into_iter().map(|w| w / total).collect(), means, covariances })
    }

    /// Numbers of a point.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Centres of the parts, [parts, dim].
    pub fn means(&self) -> &[f64] {
        &self.means
    }

    /// Covariances of the parts, [parts, dim, dim]; empty when they are points.
    pub fn covariances(&self) -> &[f64] {
        &self.covariances
    }

    /// Weights of the parts; they sum to 1.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// `count` points drawn from it, [count, dim].
    ///
    /// # Errors
    /// [`Error::Data`] when a covariance has a negative direction.
    pub fn sample(&self, count: usize, rng: &mut Rng) -> Result<Vec<f64>> {
        let d = self.dim;
        let refuse = || {
            Error::data(
                "The mixture cannot be drawn from",
                "a covariance has a negative direction",
                "Check the covariances",
            )
        };
        let factors = self
            .covariances
            .chunks(d * d)
            .map(|c| matrix::lower_factor(c, d))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(refuse)?;
        let mut points = Vec::with_capacity(count * d);
        for _ in 0..count {
            let part = self.pick(rng.uniform_f64());
            let noise: Vec<f64> = (0..d).map(|_| f64::from(rng.normal())).collect();
            let spread = |i: usize| factors.get(part).map_or(0.0, |l| (0..=i).map(|j| l[i * d + j] * noise[j]).sum());
            points.extend((0..d).map(|i| self.means[part * d + i] + spread(i)));
        }
        Ok(points)
    }

    /// The part in which the uniform number `u` falls.
    fn pick(&self, u: f64) -> usize {
        let mut below = 0.0;
        let found = self.weights.iter().position(|w| {
            below += w;
            u < below
        });
        found.unwrap_or(self.weights.len() - 1)
    }

    /// p_σ, the mixture with noise of deviation `sigma` added; σ = 0 is p itself.
    ///
    /// # Errors
    /// [`Error::Data`] when a blurred part has no density (a point at σ = 0).
    pub fn blurred(&self, sigma: f64) -> Result<Blurred> {
        let d = self.dim;
        let flat = || {
            Error::data(
                "The density cannot be computed",
                "a part of the mixture has no spread",
                "Give the noise a σ above zero",
            )
        };
        let log_2pi = d as f64 * std::f64::consts::TAU.ln();
        let part = |k: usize| -> Option<Part> {
            let mean = self.means[k * d..(k + 1) * d].to_vec();
            let log_weight = self.weights[k].ln();
            if self.covariances.is_empty() {
                let precision = Precision::Isotropic((sigma > 0.0).then(|| 1.0 / (sigma * sigma))?);
                return Some(Part {
                    mean,
                    precision,
                    log_height: log_weight - 0.5 * (log_2pi + 2.0 * d as f64 * sigma.ln()),
                });
            }
            let mut covariance = self.covariances[k * d * d..(k + 1) * d * d].to_vec();
            (0..d).for_each(|i| covariance[i * d + i] += sigma * sigma);
            let found = matrix::inverse(&covariance, d).filter(|found| found.positive)?;
            Some(Part {
                mean,
                precision: Precision::Full(found.inverse),
                log_height: log_weight - 0.5 * (log_2pi + found.log_det),
            })
        };
        let parts = (0..self.weights.len()).map(part).collect::<Option<Vec<_>>>().ok_or_else(flat)?;
        Ok(Blurred { dim: d, sigma, parts })
    }
}

#[derive(Debug, Clone)]
enum Precision {
    Isotropic(f64),
    Full(Vec<f64>),
}

#[derive(Debug, Clone)]
struct Part {
    mean: Vec<f64>,
    precision: Precision,
    /// Log of weight times the density at the centre.
    log_height: f64,
}

impl Part {
    /// g = −P (x − μ), and the log of weight times density at x.
    fn pull(&self, x: &[f64]) -> (Vec<f64>, f64) {
        let apart: Vec<f64> = x.iter().zip(&self.mean).map(|(x, m)| x - m).collect();
        let pull: Vec<f64> = match &self.precision {
            Precision::Isotropic(p) => apart.iter().map(|a| -p * a).collect(),
            Precision::Full(p) => p
                .chunks(apart.len().max(1))
                .map(|row| -row.iter().zip(&apart).map(|(p, a)| p * a).sum::<f64>())
                .collect(),
        };
        let exponent = 0.5 * pull.iter().zip(&apart).map(|(g, a)| g * a).sum::<f64>();
        (pull, self.log_height + exponent)
    }

    fn precision(&self, i: usize, j: usize) -> f64 {
        match &self.precision {
            Precision::Isotropic(p) if i == j => *p,
            Precision::Isotropic(_) => 0.0,
            Precision::Full(p) => p[i * self.mean.len() + j],
        }
    }
}

/// A mixture blurred by noise, ready to be asked about points.
#[derive(Debug, Clone)]
pub struct Blurred {
    dim: usize,
    sigma: f64,
    parts: Vec<Part>,
}

impl Blurred {
    /// Numbers of a point.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Pulls of the parts with their responsibilities, and log p_σ(x).
    fn responsible(&self, x: &[f64]) -> (Vec<(Vec<f64>, f64)>, f64) {
        let mut pulls: Vec<(Vec<f64>, f64)> = self.parts.iter().map(|part| part.pull(x)).collect();
        let most = pulls.iter().map(|(_, log)| *log).fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = pulls.iter().map(|(_, log)| (log - most).exp()).sum();
        pulls.iter_mut().for_each(|(_, log)| *log = (*log - most).exp() / sum);
        (pulls, most + sum.ln())
    }

    /// log p_σ(x) and ∇log p_σ(x), [dim].
    pub fn log_density_and_score(&self, x: &[f64]) -> (f64, Vec<f64>) {
        let (pulls, log_density) = self.responsible(x);
        (log_density, (0..self.dim).map(|i| pulls.iter().map(|(g, w)| w * g[i]).sum()).collect())
    }

    /// log p_σ(x).
    pub fn log_density(&self, x: &[f64]) -> f64 {
        self.responsible(x).1
    }

    /// ∇log p_σ(x), [dim].
    pub fn score(&self, x: &[f64]) -> Vec<f64> {
        self.log_density_and_score(x).1
    }

    /// ∇²log p_σ(x) = Σ w (g gᵀ − P) − score scoreᵀ, [dim, dim].
    pub fn hessian(&self, x: &[f64]) -> Vec<f64> {
        let (pulls, _) = self.responsible(x);
        let score: Vec<f64> = (0..self.dim).map(|i| pulls.iter().map(|(g, w)| w * g[i]).sum()).collect();
        let entry = |i: usize, j: usize| {
            let parts = pulls.iter().zip(&self.parts);
            parts.map(|((g, w), part)| w * (g[i] * g[j] - part.precision(i, j))).sum::<f64>() - score[i] * score[j]
        };
        (0..self.dim * self.dim).map(|at| entry(at / self.dim, at % self.dim)).collect()
    }

    /// The best denoiser r*(x) = x + σ² ∇log p_σ(x), [dim]: the mean of the clean point, given the noisy x.
    pub fn reconstruct(&self, x: &[f64]) -> Vec<f64> {
        x.iter().zip(self.score(x)).map(|(x, s)| x + self.sigma * self.sigma * s).collect()
    }

    /// ∂r*/∂x = I + σ² ∇²log p_σ(x), [dim, dim].
    pub fn jacobian(&self, x: &[f64]) -> Vec<f64> {
        let unit = matrix::identity(self.dim);
        unit.into_iter().zip(self.hessian(x)).map(|(one, h)| one + self.sigma * self.sigma * h).collect()
    }
}
