//! The rules: AdamW, Adam and SGD for networks, LAMB for large batches, LARS for linear probes and large batches.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use super::{HostMoments, export, import};
use crate::error::Result;
use crate::kernels::optimisers::{Rule, State, Step, Treatment};
use crate::train::groups::Group;
use crate::weights::Weights;

/// AdamW: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019 (arXiv 1711.05101), algorithm 2.
///
/// For each weight with a gradient g: `w ← w (1 − lr · wd)`, `m ← β₁ m + (1 − β₁) g`, `v ← β₂ v + (1 − β₂) g²`,
/// `w ← w − lr · m̂ / (√v̂ + ε)` with `m̂ = m / (1 − β₁ᵗ)`, `v̂ = v / (1 − β₂ᵗ)`; t counts the steps of that weight.
#[derive(Debug, Clone)]
pub struct AdamW {
    pub beta1: f64,
    pub beta2: f64,
    pub eps: f64,
    /// Adam: the decay is added to the gradient (L2 regularisation, Kingma and Ba, ICLR 2015) instead of being
    /// decoupled.
    pub coupled: bool,
    /// One entry a weight, in the order of `weights.list`; may be replaced between steps.
    pub groups: Vec<Group>,
    /// Gradients count as scaled so that their common norm is at most this: by the factor `min(1, max_norm / (norm + 1e-6))`,
    /// taken without a pass over the gradients.
    pub max_norm: Option<f64>,
    /// The norm of the gradients of the last step before that, still on the device; `None` without `max_norm`.
    pub norm: Option<Tensor<1>>,
    pub(super) state: State<2>,
}

impl AdamW {
    /// A fresh optimiser with ε = 1e-8.
    pub fn new(beta1: f64, beta2: f64, groups: Vec<Group>) -> Self {
        Self { beta1, beta2, eps: 1e-8, coupled: false, groups, max_norm: None, norm: None, state: State::default() }
    }

    /// Change every trainable weight that has a gradient; `gradients` and `groups` are in the order of `weights.list`.
    pub fn step(&mut self, weights: &mut Weights, gradients: &[Option<Tensor<1>>], lr: f64) {
        let rule = Rule::AdamW {
            beta1: self.beta1 as f32,
            beta2: self.beta2 as f32,
            eps: self.eps as f32,
            coupled: self.coupled,
        };
        let treatments = treatments(&self.groups);
        let step = Step { rule, rate: lr as f32, treatments: &treatments, max_norm: self.max_norm.map(|n| n as f32) };
        self.norm = advance(&mut self.state, &step, weights, gradients);
    }

    /// The state by name of weight, read back in one transfer.
    ///
    /// # Errors
    /// [`Error::Device`] when the device is lost.
    pub async fn export(&self, weights: &Weights) -> Result<BTreeMap<String, HostMoments>> {
        export(&self.state, weights).await
    }

    /// Put back what [`AdamW::export`] gave; weights that it does not name start fresh.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] when a name is unknown or a length differs; the state is then as before.
    pub fn import(&mut self, weights: &Weights, state: &BTreeMap<String, HostMoments>) -> Result<()> {
        self.state = import(weights, state)?;
        Ok(())
    }
}

/// LAMB: You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", ICLR 2020 (arXiv
/// 1904.00962), algorithm 2 with φ(x) = x.
///
/// For each weight with a gradient: AdamW's moments, `u = m̂ / (√v̂ + ε) + wd · w`, `w ← w − lr · ‖w‖ / ‖u‖ · u`
/// (factor 1 when either norm is 0). As in the recipes in use, weights that do not decay (biases, norms) have the
/// factor 1.
#[derive(Debug, Clone)]
pub struct Lamb {
    pub beta1: f64,
    pub beta2: f64,
    pub eps: f64,
    /// One entry a weight, in the order of `weights.list`; may be replaced between steps.
    pub groups: Vec<Group>,
    /// As in [`AdamW`]; the recipes in use have 1.
    pub max_norm: Option<f64>,
    /// As in [`AdamW`].
    pub norm: Option<Tensor<1>>,
    pub(super) state: State<2>,
}

impl Lamb {
    /// A fresh optimiser with ε = 1e-6, the paper's.
    pub fn new(beta1: f64, beta2: f64, groups: Vec<Group>) -> Self {
        Self { beta1, beta2, eps: 1e-6, groups, max_norm: None, norm: None, state: State::default() }
    }

    /// Change every trainable weight that has a gradient; `gradients` and `groups` are in the order of `weights.list`.
    pub fn step(&mut self, weights: &mut Weights, gradients: &[Option<Tensor<1>>], lr: f64) {
        let rule = Rule::Lamb { beta1: self.beta1 as f32, beta2: self.beta2 as f32, eps: self.eps as f32 };
        let treatments = treatments(&self.groups);
        let step = Step { rule, rate: lr as f32, treatments: &treatments, max_norm: self.max_norm.map(|n| n as f32) };
        self.norm = advance(&mut self.state, &step, weights, gradients);
    }
}

/// LARS: You, Gitman and Ginsburg, "Large Batch Training of Convolutional Networks", 2017 (arXiv 1708.03888), as in
/// MoCo v3 and MAE.
///
/// `g ← g + wd · w`, `g ← g · trust · ‖w‖ / ‖g‖` (factor 1 when either norm is 0), `μ ← momentum · μ + g`, `w ← w − lr
/// · μ`. Weights of one dimension skip decay and scaling. No Nesterov.
#[derive(Debug, Clone)]
pub struct Lars {
    pub momentum: f64,
    pub trust: f64,
    /// Of every weight that has no group.
    pub weight_decay: f64,
    /// One entry a weight, in the order of `weights.list`, or none at all.
    pub groups: Vec<Group>,
    /// As in [`AdamW`].
    pub max_norm: Option<f64>,
    pub(super) state: State<1>,
}

impl Default for Lars {
    /// Momentum 0.9, trust 0.001, no decay: the linear probe of MAE.
    fn default() -> Self {
        Self {
            momentum: 0.9,
            trust: 0.001,
            weight_decay: 0.0,
            groups: Vec::new(),
            max_norm: None,
            state: State::default(),
        }
    }
}

impl Lars {
    /// Change every trainable weight that has a gradient, in the order of `weights.list`.
    pub fn step(&mut self, weights: &mut Weights, gradients: &[Option<Tensor<1>>], lr: f64) {
        let rule = Rule::Lars { momentum: self.momentum as f32, trust: self.trust as f32 };
        let every = Group { lr_scale: 1.0, weight_decay: self.weight_decay };
        let one = |(index, matrix): (usize, bool)| {
            let group = self.groups.get(index).unwrap_or(&every);
            let decay = if matrix { group.weight_decay as f32 } else { 0.0 };
            Treatment { scale: group.lr_scale as f32, decay, adapts: matrix }
        };
        let treatments: Vec<Treatment> = weights.list.iter().map(|w| w.shape.len() > 1).enumerate().map(one).collect();
        let step = Step { rule, rate: lr as f32, treatments: &treatments, max_norm: self.max_norm.map(|n| n as f32) };
        advance(&mut self.state, &step, weights, gradients);
    }
}

/// Stochastic gradient descent with momentum: `g ← g + wd · w`, `μ ← momentum · μ + g`, `w ← w − lr · μ`.
#[derive(Debug, Clone)]
pub struct Sgd {
    pub momentum: f64,
    /// One entry a weight, in the order of `weights.list`; may be replaced between steps.
    pub groups: Vec<Group>,
    /// As in [`AdamW`].
    pub max_norm: Option<f64>,
    pub(super) state: State<1>,
}

impl Sgd {
    /// A fresh optimiser.
    pub fn new(momentum: f64, groups: Vec<Group>) -> Self {
        Self { momentum, groups, max_norm: None, state: State::default() }
    }

    /// Change every trainable weight that has a gradient; `gradients` and `groups` are in the order of `weights.list`.
    pub fn step(&mut self, weights: &mut Weights, gradients: &[Option<Tensor<1>>], lr: f64) {
        let rule = Rule::Lars { momentum: self.momentum as f32, trust: 1.0 };
        let one = |g: &Group| Treatment { scale: g.lr_scale as f32, decay: g.weight_decay as f32, adapts: false };
        let treatments: Vec<Treatment> = self.groups.iter().map(one).collect();
        let step = Step { rule, rate: lr as f32, treatments: &treatments, max_norm: self.max_norm.map(|n| n as f32) };
        advance(&mut self.state, &step, weights, gradients);
    }
}

fn treatments(groups: &[Group]) -> Vec<Treatment> {
    let one =
        |g: &Group| Treatment { scale: g.lr_scale as f32, decay: g.weight_decay as f32, adapts: g.weight_decay != 0.0 };
    groups.iter().map(one).collect()
}

/// Make the step; returns the norm of the gradients where a limit is set.
fn advance<const N: usize>(
    state: &mut State<N>,
    step: &Step<'_>,
    weights: &mut Weights,
    gradients: &[Option<Tensor<1>>],
) -> Option<Tensor<1>> {
    let mut norm = None;
    weights.exchange(|values| {
        let (values, before) = state.step(step, values, gradients);
        norm = before;
        values
    });
    norm
}
