//! Dropout (Srivastava et al., JMLR 2014): values are left out at random in training and the others scaled up; and
//! stochastic depth (Huang et al., ECCV 2016, arXiv 1603.09382): whole branches of a sample are.

use burn::tensor::{Tensor, TensorData};

use crate::rng::Rng;

/// `x` with each value set to zero with probability `rate`, the others divided by 1 − `rate`.
pub fn dropout<const D: usize>(x: Tensor<D>, rate: f64, rng: &mut Rng) -> Tensor<D> {
    if rate <= 0.0 {
        return x;
    }
    let shape = x.dims();
    let factors = factors(shape.iter().product(), rate, rng);
    let factors = Tensor::from_data(TensorData::new(factors, shape), &x.device().without_autodiff());
    x.clone() * if x.is_autodiff() { Tensor::from_inner(factors) } else { factors }
}

/// What each value is multiplied by: 0 with probability `rate` (to 2⁻¹⁶), else 1 / (1 − `rate`).
fn factors(count: usize, rate: f64, rng: &mut Rng) -> Vec<f32> {
    let (below, kept) = ((rate * 65_536.0).round() as u64, (1.0 / (1.0 - rate)) as f32);
    let mut factors = Vec::with_capacity(count + 3);
    while factors.len() < count {
        let bits = rng.next_u64();
        factors.extend([0, 16, 32, 48].map(|shift| if bits >> shift & 0xFFFF < below { 0.0 } else { kept }));
    }
    factors.truncate(count);
    factors
}

/// Stochastic depth: which samples skip a branch, drawn on the CPU.
#[derive(Debug, Clone)]
pub struct DropPath {
    pub rate: f64,
    pub rng: Rng,
}

impl DropPath {
    /// At this rate where there is a stream: in training.
    pub fn training(rate: f64, rng: Option<&Rng>) -> Option<Self> {
        rng.map(|rng| Self { rate, rng: rng.clone() })
    }

    /// One for each block: the rate rises evenly from none at the first to the whole at the last.
    pub fn ramp(whole: Option<&Self>, blocks: usize) -> impl Iterator<Item = Option<Self>> {
        let last = blocks.saturating_sub(1).max(1) as f64;
        (0..blocks).map(move |block| {
            whole.map(|drop| Self { rate: drop.rate * block as f64 / last, rng: drop.rng.at(block as u64) })
        })
    }

    /// The branch, zero for the samples that skip it and scaled up for the others.
    ///
    /// # Shapes
    /// [batch, ..] → the same
    pub fn apply<const D: usize>(&mut self, branch: Tensor<D>) -> Tensor<D> {
        if self.rate <= 0.0 {
            return branch;
        }
        let keep = 1.0 - self.rate;
        let mut shape = [1; D];
        shape[0] = branch.dims()[0];
        let factors: Vec<f32> =
            (0..shape[0]).map(|_| if self.rng.chance(keep) { (1.0 / keep) as f32 } else { 0.0 }).collect();
        branch.clone() * Tensor::from_data(TensorData::new(factors, shape), &branch.device())
    }
}
