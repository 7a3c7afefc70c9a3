//! Walkers on a trained net. A chain is a row of small steps that wait for one another, so the processor takes it,
//! whatever trains.

use burn::tensor::{Device, Tensor, TensorData};

use crate::error::Result;
use crate::method::Local;
use crate::methods::rae::card::{RaeKnobs, Steps};
use crate::methods::rae::model::Rae;
use crate::methods::rae::sampler::{Denoiser, Energy, Move, Sampler, Walkers};
use crate::readback;
use crate::rng::Rng;
use crate::weights::Weights;

/// How walkers are let go: the knobs of the group "Sampler".
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    pub sampler: Sampler,
    pub walkers: usize,
    pub steps: usize,
}

impl Chain {
    /// The chain of a run's knobs.
    pub fn of(knobs: &RaeKnobs) -> Self {
        let (sigma, beta) = (knobs.sigma, knobs.beta);
        let walk = match knobs.sampler {
            Steps::Langevin => Move::Langevin { beta },
            Steps::MetropolisLangevin => Move::LangevinCorrected { beta },
            Steps::Metropolis => Move::Isotropic { tau: knobs.tau * sigma },
        };
        let energy = match knobs.path {
            0 | 1 => Energy::FirstOrder,
            stops => Energy::Path(stops),
        };
        let sampler = Sampler { walk, energy, temperature: knobs.temperature, sigma };
        Self { sampler, walkers: knobs.walkers.max(1), steps: knobs.chain.max(1) }
    }

    /// Let walkers go from `start` [walkers, dim]; every `every`-th place of all of them is kept, the start too.
    ///
    /// # Errors
    /// Those of the denoiser.
    pub async fn walk(&self, denoiser: &dyn Denoiser, start: Vec<f64>, every: usize, rng: &Rng) -> Result<Walk> {
        let walkers = start.len() / denoiser.dim().max(1);
        let mut now = Walkers::at(start);
        let mut walk = Walk { frames: now.x.clone(), accepted: 0.0 };
        for step in 0..self.steps {
            let mut rng = rng.at(step as u64);
            let noise: Vec<f64> = (0..now.x.len()).map(|_| f64::from(rng.normal())).collect();
            let uniform: Vec<f64> = (0..walkers).map(|_| rng.uniform_f64()).collect();
            let taken = self.sampler.step(denoiser, &mut now, &noise, &uniform).await?;
            walk.accepted += taken.accepted.iter().filter(|a| **a).count() as f64;
            if (step + 1).is_multiple_of(every.max(1)) {
                walk.frames.extend(&now.x);
            }
        }
        walk.accepted /= (self.steps * walkers).max(1) as f64;
        Ok(walk)
    }
}

/// Where walkers were.
#[derive(Debug, Clone, PartialEq)]
pub struct Walk {
    /// [frames, walkers, dim]
    pub frames: Vec<f64>,
    /// Share of the proposals that were taken.
    pub accepted: f64,
}

/// The net on the processor.
pub struct OnCpu {
    rae: Rae,
    weights: Weights,
}

impl OnCpu {
    /// A copy of the net and its weights.
    ///
    /// # Errors
    /// [`Error::Device`](crate::error::Error::Device) when the weights cannot be read back.
    pub async fn of(rae: &Rae, weights: &Weights) -> Result<Self> {
        let values = readback::many(weights.list.iter().map(|w| w.value.clone()).collect()).await?;
        let mut copy = Weights::new(&Device::flex(), 0);
        let rae = Rae::new(rae.config.clone(), &mut copy)?;
        for (weight, values) in weights.list.iter().zip(values) {
            copy.set(&weight.name, values)?;
        }
        Ok(Self { rae, weights: copy })
    }

    fn points(&self, points: &[f64]) -> Tensor<2> {
        let dim = self.rae.config.dim().max(1);
        let values: Vec<f32> = points.iter().map(|v| *v as f32).collect();
        Tensor::from_data(TensorData::new(values, [points.len() / dim, dim]), self.weights.device())
    }
}

impl Denoiser for OnCpu {
    fn dim(&self) -> usize {
        self.rae.config.dim()
    }

    fn reconstruct<'a>(&'a self, points: &'a [f64]) -> Local<'a, Result<Vec<f64>>> {
        Box::pin(
            async move { Ok(wide(readback::floats(self.rae.reconstruct(&self.weights, self.points(points))).await?)) },
        )
    }

    fn jacobian<'a>(&'a self, points: &'a [f64]) -> Local<'a, Result<Vec<f64>>> {
        Box::pin(async move {
            Ok(wide(readback::floats(self.rae.with_jacobian(&self.weights, self.points(points)).1).await?))
        })
    }
}

fn wide(values: Vec<f32>) -> Vec<f64> {
    values.into_iter().map(f64::from).collect()
}
