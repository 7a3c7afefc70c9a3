//! How a phase of a run is trained: which optimiser, which learning rate at which step, which weights decay.

use crate::knobs::shared::Training;
use crate::train::groups::{Group, pretrain_groups};
use crate::train::schedule::Schedule;
use crate::weights::Weights;

/// A part of a run with a loss and a recipe of its own; most systems have one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phase {
    /// What happens in it, in a word or two ("autoencoder", "contrast").
    pub title: String,
    pub steps: u64,
}

impl Phase {
    /// A phase of this many steps.
    pub fn new(title: &str, steps: usize) -> Self {
        Self { title: title.into(), steps: steps as u64 }
    }
}

/// Which optimiser.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// Adam with decoupled weight decay.
    AdamW { beta1: f64, beta2: f64, eps: f64 },
    /// Adam whose weight decay is added to the gradient.
    Adam { beta1: f64, beta2: f64, eps: f64 },
    /// Stochastic gradient descent.
    Sgd { momentum: f64 },
}

/// The learning rate over a phase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rate {
    Constant(f64),
    /// Warm-up and cosine, in steps, taken at the end of each step so that the first is not zero; past its end training
    /// goes on at a hundredth of the peak.
    WarmupCosine(Schedule),
    /// `peak · ½ (1 + cos π s / steps)` at step s, the first being 0, without a warm-up; past its end as
    /// `WarmupCosine`.
    Cosine {
        peak: f64,
        steps: f64,
    },
    /// Cosine with warm restarts (Loshchilov and Hutter, ICLR 2017, arXiv 1608.03983): the first period has `first`
    /// steps, each next one is `factor` times as long and starts at the peak again.
    Restarts {
        peak: f64,
        first: f64,
        factor: f64,
    },
}

impl Rate {
    /// The learning rate of step number `step` of the phase, the first being 0.
    pub fn at(self, step: u64) -> f64 {
        let cosine = |part: f64| 0.5 * (1.0 + (std::f64::consts::PI * part).cos());
        let step = step as f64;
        match self {
            Self::Constant(rate) => rate,
            Self::WarmupCosine(schedule) if step + 1.0 >= schedule.total.floor() => schedule.peak * 0.01,
            Self::WarmupCosine(schedule) => schedule.at(step + 1.0),
            Self::Cosine { peak, steps } if step >= steps => peak * 0.01,
            Self::Cosine { peak, steps } => peak * cosine(step / steps),
            Self::Restarts { peak, first, factor } => {
                let (mut start, mut period) = (0.0, first.max(1.0));
                while step >= start + period {
                    start += period;
                    period *= factor.max(1.0);
                }
                peak * cosine((step - start) / period)
            }
        }
    }
}

/// The recipe of one phase.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    pub rule: Rule,
    pub rate: Rate,
    /// One entry a weight, in the order of `weights.list`.
    pub groups: Vec<Group>,
    /// Gradients count as scaled so that their common norm is at most this.
    pub max_norm: Option<f64>,
    /// Samples of a step where the phase has its own number of them; else that of the knob `batch`.
    pub batch: Option<usize>,
}

impl Recipe {
    /// The MAE family's pre-training over the whole run: AdamW (0.9, 0.95); the warm-up is a part of the run.
    pub fn pretraining(knobs: &Training, weights: &Weights) -> Self {
        let total = knobs.steps.max(1) as f64;
        let schedule = Schedule { peak: knobs.lr, floor: 0.0, warmup: (knobs.warmup * total).round(), total };
        Self {
            rule: Rule::AdamW { beta1: 0.9, beta2: 0.95, eps: 1e-8 },
            rate: Rate::WarmupCosine(schedule),
            groups: pretrain_groups(weights, knobs.weight_decay),
            max_norm: None,
            batch: None,
        }
    }
}
