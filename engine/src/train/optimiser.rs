//! Optimisers over named weights: AdamW for networks, LAMB for large batches, LARS for linear probes. All state stays on the
//! device.

use std::collections::BTreeMap;

use burn::tensor::{Tensor, TensorData};

use crate::error::{Error, Result};
use crate::kernels::optimisers::{Rule, State, Step, Treatment};
use crate::readback;
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
    /// One entry a weight, in the order of `weights.list`; may be replaced between steps.
    pub groups: Vec<Group>,
    /// Gradients count as scaled so that their common norm is at most this, as [`crate::train::clip::clip`] does, at no cost.
    pub max_norm: Option<f64>,
    /// The norm of the gradients of the last step before that, still on the device; `None` without `max_norm`.
    pub norm: Option<Tensor<1>>,
    state: State<2>,
}

/// The state of one weight on the host, for checkpoints.
#[derive(Debug, Clone, PartialEq)]
pub struct HostMoments {
    /// Steps this weight has made.
    pub steps: u64,
    pub first: Vec<f32>,
    pub second: Vec<f32>,
}

impl AdamW {
    /// A fresh optimiser with ε = 1e-8.
    pub fn new(beta1: f64, beta2: f64, groups: Vec<Group>) -> Self {
        Self { beta1, beta2, eps: 1e-8, groups, max_norm: None, norm: None, state: State::default() }
    }

    /// Change every trainable weight that has a gradient; `gradients` and `groups` are in the order of `weights.list`.
    pub fn step(&mut self, weights: &mut Weights, gradients: &[Option<Tensor<1>>], lr: f64) {
        let rule = Rule::AdamW { beta1: self.beta1 as f32, beta2: self.beta2 as f32, eps: self.eps as f32 };
        let treatments = treatments(&self.groups);
        let step = Step { rule, rate: lr as f32, treatments: &treatments, max_norm: self.max_norm.map(|n| n as f32) };
        self.norm = advance(&mut self.state, &step, weights, gradients);
    }

    /// The state by name of weight, read back in one transfer.
    ///
    /// # Errors
    /// [`Error::Device`] when the device is lost.
    pub async fn export(&self, weights: &Weights) -> Result<BTreeMap<String, HostMoments>> {
        let remembered = self.state.remembered();
        let held = || weights.list.iter().zip(&remembered).filter_map(|(w, s)| s.as_ref().map(|s| (w, s)));
        let tensors = held().flat_map(|(_, (_, moments))| moments.clone()).collect();
        let mut values = readback::many(tensors).await?.into_iter();
        let mut state = BTreeMap::new();
        for (weight, (steps, _)) in held() {
            if let (Some(first), Some(second)) = (values.next(), values.next()) {
                state.insert(weight.name.clone(), HostMoments { steps: *steps, first, second });
            }
        }
        Ok(state)
    }

    /// Put back what [`AdamW::export`] gave; weights that it does not name start fresh.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] when a name is unknown or a length differs; the state is then as before.
    pub fn import(&mut self, weights: &Weights, state: &BTreeMap<String, HostMoments>) -> Result<()> {
        let wrong = |name: &str, why: &str| {
            Error::checkpoint(format!("The optimiser state of {name} does not fit"), why, "Take a checkpoint of this model and size")
        };
        for (name, moments) in state {
            let weight = weights.by_name(name).ok_or_else(|| wrong(name, "the model has no such weight"))?;
            let count: usize = weight.shape.iter().product();
            if moments.first.len() != count || moments.second.len() != count {
                return Err(wrong(name, &format!("{} and {} values for {count}", moments.first.len(), moments.second.len())));
            }
        }
        let device = weights.device().clone().without_autodiff();
        let upload = |values: &[f32]| Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), &device);
        let restored = weights.list.iter().map(|w| state.get(&w.name).map(|m| (m.steps, [upload(&m.first), upload(&m.second)])));
        self.state = State::new(restored.collect());
        Ok(())
    }
}

/// LAMB: You et al., "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", ICLR 2020 (arXiv 1904.00962),
/// algorithm 2 with φ(x) = x.
///
/// For each weight with a gradient: AdamW's moments, `u = m̂ / (√v̂ + ε) + wd · w`, `w ← w − lr · ‖w‖ / ‖u‖ · u` (factor 1 when
/// either norm is 0). As in the recipes in use, weights that do not decay (biases, norms) have the factor 1.
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
    state: State<2>,
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

/// LARS: You, Gitman and Ginsburg, "Large Batch Training of Convolutional Networks", 2017 (arXiv 1708.03888), as in MoCo v3 and MAE.
///
/// `g ← g + wd · w`, `g ← g · trust · ‖w‖ / ‖g‖` (factor 1 when either norm is 0), `μ ← momentum · μ + g`, `w ← w − lr · μ`.
/// Weights of one dimension skip decay and scaling. No Nesterov.
#[derive(Debug, Clone)]
pub struct Lars {
    pub momentum: f64,
    pub trust: f64,
    pub weight_decay: f64,
    state: State<1>,
}

impl Default for Lars {
    /// Momentum 0.9, trust 0.001, no decay: the linear probe of MAE.
    fn default() -> Self {
        Self { momentum: 0.9, trust: 0.001, weight_decay: 0.0, state: State::default() }
    }
}

impl Lars {
    /// Change every trainable weight that has a gradient, in the order of `weights.list`.
    pub fn step(&mut self, weights: &mut Weights, gradients: &[Option<Tensor<1>>], lr: f64) {
        let rule = Rule::Lars { momentum: self.momentum as f32, trust: self.trust as f32 };
        let one = |matrix: bool| Treatment { scale: 1.0, decay: if matrix { self.weight_decay as f32 } else { 0.0 }, adapts: matrix };
        let treatments: Vec<Treatment> = weights.list.iter().map(|w| one(w.shape.len() > 1)).collect();
        advance(&mut self.state, &Step { rule, rate: lr as f32, treatments: &treatments, max_norm: None }, weights, gradients);
    }
}

fn treatments(groups: &[Group]) -> Vec<Treatment> {
    let one = |g: &Group| Treatment { scale: g.lr_scale as f32, decay: g.weight_decay as f32, adapts: g.weight_decay != 0.0 };
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
