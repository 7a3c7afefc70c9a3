//! Optimisers over named weights: AdamW for networks, LARS for linear probes. All state stays on the device.

use std::collections::BTreeMap;

use burn::tensor::{Tensor, TensorData};

use crate::error::{Error, Result};
use crate::kernels::adamw::{AdamwStep, adamw};
use crate::readback;
use crate::train::groups::Group;
use crate::weights::{Weights, plain};

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
    state: Vec<Option<Moments>>,
}

#[derive(Debug, Clone)]
struct Moments {
    steps: u64,
    first: Tensor<1>,
    second: Tensor<1>,
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
        Self { beta1, beta2, eps: 1e-8, groups, state: Vec::new() }
    }

    /// Change every weight that has a gradient; `gradients` and `groups` are in the order of `weights.list`.
    pub fn step(&mut self, weights: &mut Weights, gradients: &[Option<Tensor<1>>], lr: f64) {
        self.state.resize(weights.list.len(), None);
        for (index, (gradient, group)) in gradients.iter().zip(&self.groups).enumerate() {
            let Some(gradient) = gradient else { continue };
            let moments = self.state[index].take().unwrap_or_else(|| Moments {
                steps: 0,
                first: gradient.zeros_like(),
                second: gradient.zeros_like(),
            });
            let weight = plain(weights.list[index].value.clone());
            let (weight, moments) = self.change(weight, gradient.clone(), moments, lr * group.lr_scale, group.weight_decay);
            weights.replace(index, weight);
            self.state[index] = Some(moments);
        }
    }

    fn change(&self, weight: Tensor<1>, gradient: Tensor<1>, old: Moments, lr: f64, decay: f64) -> (Tensor<1>, Moments) {
        let steps = old.steps + 1;
        let step = AdamwStep::new(steps, lr as f32, (self.beta1 as f32, self.beta2 as f32), self.eps as f32, decay as f32);
        let [weight, first, second] = adamw(weight, gradient, old.first, old.second, step);
        (weight, Moments { steps, first, second })
    }

    /// The state by name of weight, read back in one transfer.
    ///
    /// # Errors
    /// [`Error::Device`] when the device is lost.
    pub async fn export(&self, weights: &Weights) -> Result<BTreeMap<String, HostMoments>> {
        let held = || weights.list.iter().zip(&self.state).filter_map(|(w, s)| s.as_ref().map(|s| (w, s)));
        let tensors = held().flat_map(|(_, s)| [s.first.clone(), s.second.clone()]).collect();
        let mut values = readback::many(tensors).await?.into_iter();
        let mut state = BTreeMap::new();
        for (weight, moments) in held() {
            if let (Some(first), Some(second)) = (values.next(), values.next()) {
                state.insert(weight.name.clone(), HostMoments { steps: moments.steps, first, second });
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
        let restored = weights
            .list
            .iter()
            .map(|w| state.get(&w.name).map(|m| Moments { steps: m.steps, first: upload(&m.first), second: upload(&m.second) }));
        self.state = restored.collect();
        Ok(())
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
    state: Vec<Option<Tensor<1>>>,
}

impl Default for Lars {
    /// Momentum 0.9, trust 0.001, no decay: the linear probe of MAE.
    fn default() -> Self {
        Self { momentum: 0.9, trust: 0.001, weight_decay: 0.0, state: Vec::new() }
    }
}

impl Lars {
    /// Change every weight that has a gradient, in the order of `weights.list`.
    pub fn step(&mut self, weights: &mut Weights, gradients: &[Option<Tensor<1>>], lr: f64) {
        self.state.resize(weights.list.len(), None);
        for (index, gradient) in gradients.iter().enumerate() {
            let Some(gradient) = gradient.clone() else { continue };
            let weight = plain(weights.list[index].value.clone());
            let change = if weights.list[index].shape.len() > 1 { self.scaled(&weight, gradient) } else { gradient };
            let velocity = match self.state[index].take() {
                Some(old) => old.mul_scalar(self.momentum).add(change),
                None => change,
            };
            weights.replace(index, weight.sub(velocity.clone().mul_scalar(lr)));
            self.state[index] = Some(velocity);
        }
    }

    fn scaled(&self, weight: &Tensor<1>, gradient: Tensor<1>) -> Tensor<1> {
        let gradient = if self.weight_decay == 0.0 { gradient } else { gradient.add(weight.clone().mul_scalar(self.weight_decay)) };
        let norm = |t: &Tensor<1>| t.clone().square().sum().sqrt();
        let (size, slope) = (norm(weight), norm(&gradient));
        let still = size.clone().equal_elem(0.0).bool_or(slope.clone().equal_elem(0.0));
        let factor = size.mul_scalar(self.trust).div(slope).mask_fill(still, 1.0);
        gradient.mul(factor)
    }
}
