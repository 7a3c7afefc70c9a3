//! How a phase of a run is trained: which optimiser, which learning rate at which step, which weights decay.

use crate::error::Result;
use crate::knobs::shared::Training;
use crate::settings::Settings;
use crate::train::groups::{Group, pretrain_groups};
use crate::train::schedule::{Cosine, OneCycle, Schedule};
use crate::weights::Weights;

/// A part of a run with a loss and a recipe of its own; most systems have one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phase {
    /// What happens in it, in a word or two ("autoencoder", "contrast").
    pub title: String,
    pub steps: u64,
    /// The knob that sets how many these are; `None`: its length is not chosen.
    pub knob: Option<&'static str>,
}

impl Phase {
    /// A phase whose length the knob `knob` sets.
    ///
    /// # Errors
    /// [`crate::error::Error::Request`] when the system lacks that knob.
    pub fn new(title: &str, knob: &'static str, settings: &Settings) -> Result<Self> {
        Ok(Self::of(title, settings.get(knob)?, Some(knob)))
    }

    /// A phase of this many steps, set by `knob` where it is set at all.
    pub fn of(title: &str, steps: usize, knob: Option<&'static str>) -> Self {
        Self { title: title.into(), steps: steps as u64, knob }
    }
}

/// Which optimiser.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// Adam with decoupled weight decay.
    AdamW { beta1: f64, beta2: f64, eps: f64 },
    /// Adam whose weight decay is added to the gradient.
    Adam { beta1: f64, beta2: f64, eps: f64 },
    /// Adam whose steps have the length of the weights they change, for large batches.
    Lamb { beta1: f64, beta2: f64, eps: f64 },
    /// Descent with momentum whose steps have the length of the weights they change, times `trust`.
    Lars { momentum: f64, trust: f64 },
    /// Stochastic gradient descent.
    Sgd { momentum: f64 },
}

/// Past the end of a schedule the learning rate is this share of its peak.
const AFTERWARDS: f64 = 0.01;

/// The learning rate over a phase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rate {
    Constant(f64),
    /// Warm-up and cosine, in steps, taken at the end of each step so that the first is not zero. The last step is taken
    /// at its middle, because the cosine ends at the floor; past it training goes on at a hundredth of the peak.
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
    /// Up from `start` to `peak` and down to `end` (in PyTorch's `OneCycleLR` a 25th and a 250,000th of the peak).
    OneCycle {
        cycle: OneCycle,
        start: f64,
        peak: f64,
        end: f64,
    },
}

impl Rate {
    /// The learning rate of step number `step` of the phase, the first being 0.
    pub fn at(self, step: u64) -> f64 {
        let cosine = |part: f64| 0.5 * (1.0 + (std::f64::consts::PI * part).cos());
        let step = step as f64;
        match self {
            Self::Constant(rate) => rate,
            Self::WarmupCosine(Schedule { total: steps, .. })
            | Self::Cosine { steps, .. }
            | Self::OneCycle { cycle: OneCycle { steps, .. }, .. }
                if step >= steps.round() =>
            {
                self.afterwards().unwrap_or(0.0)
            }
            Self::WarmupCosine(schedule) => schedule.at((step + 1.0).min(schedule.total - 0.5)),
            Self::Cosine { peak, steps } => peak * cosine(step / steps),
            Self::Restarts { peak, first, factor } => {
                let (mut start, mut period) = (0.0, first.max(1.0));
                while step >= start + period {
                    start += period;
                    period *= factor.max(1.0);
                }
                peak * cosine((step - start) / period)
            }
            Self::OneCycle { cycle, start, peak, end } => cycle.at(step, [start, peak, end]),
        }
    }
}

impl Rate {
    /// The constant learning rate that training goes on with past the planned end; `None` where nothing changes there.
    pub fn afterwards(self) -> Option<f64> {
        match self {
            Self::WarmupCosine(Schedule { peak, .. }) | Self::Cosine { peak, .. } | Self::OneCycle { peak, .. } => {
                Some(AFTERWARDS * peak)
            }
            Self::Constant(_) | Self::Restarts { .. } => None,
        }
    }
}

/// Momentum that goes down from `high` to `low` while the learning rate rises, and up again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Momentum {
    pub cycle: OneCycle,
    pub high: f64,
    pub low: f64,
}

/// The recipe of one phase.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    pub rule: Rule,
    pub rate: Rate,
    /// One entry a weight, in the order of `weights.list`.
    pub groups: Vec<Group>,
    /// Weight decay over the phase of every weight whose group decays; `None`: that of its group.
    pub decay: Option<Cosine>,
    /// Momentum over the phase (β₁ of Adam and LAMB); `None`: the rule's own.
    pub momentum: Option<Momentum>,
    /// Gradients count as scaled so that their common norm is at most this.
    pub max_norm: Option<f64>,
    /// Samples of a step where the phase has its own number of them; else that of the knob `batch`.
    pub batch: Option<usize>,
    /// Samples that go through the model at once: a larger batch goes through in parts whose gradients are added up, to
    /// the same step but for rounding. `None`: the whole batch.
    pub at_once: Option<usize>,
}

impl Recipe {
    /// A recipe of these three, with all else as it is by default.
    pub fn new(rule: Rule, rate: Rate, groups: Vec<Group>) -> Self {
        Self { rule, rate, groups, decay: None, momentum: None, max_norm: None, batch: None, at_once: None }
    }

    /// How step number `step` of the phase, the first being 0, treats each weight.
    pub fn groups_at(&self, step: u64) -> Vec<Group> {
        let Some(decay) = self.decay.map(|decay| decay.at(step as f64)) else { return self.groups.clone() };
        let one = |group: &Group| Group { weight_decay: if group.weight_decay == 0.0 { 0.0 } else { decay }, ..*group };
        self.groups.iter().map(one).collect()
    }

    /// The momentum of step number `step` where it changes.
    pub fn momentum_at(&self, step: u64) -> Option<f64> {
        self.momentum.map(|Momentum { cycle, high, low }| cycle.at(step as f64, [high, low, high]))
    }

    /// The MAE family's fine-tuning: AdamW (0.9, 0.999), a tenth of the steps to warm up to `peak`, a cosine to 1e-6.
    pub fn fine_tuning(peak: f64, steps: u64, groups: Vec<Group>) -> Self {
        let total = steps.max(1) as f64;
        let rate = Rate::WarmupCosine(Schedule { peak, floor: 1e-6, warmup: (0.1 * total).round(), total });
        Self::new(Rule::AdamW { beta1: 0.9, beta2: 0.999, eps: 1e-8 }, rate, groups)
    }

    /// The MAE family's pre-training over the whole run: AdamW (0.9, 0.95); the warm-up is a part of the run.
    pub fn pretraining(knobs: &Training, weights: &Weights) -> Self {
        let total = knobs.steps.max(1) as f64;
        let schedule = Schedule { peak: knobs.lr, floor: 0.0, warmup: (knobs.warmup * total).round(), total };
        let groups = pretrain_groups(weights, knobs.weight_decay);
        Self::new(Rule::AdamW { beta1: 0.9, beta2: 0.95, eps: 1e-8 }, Rate::WarmupCosine(schedule), groups)
    }
}
