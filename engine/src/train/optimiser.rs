//! Optimisers over named weights: AdamW, Adam and SGD for networks, LAMB for large batches, LARS for linear probes. All
//! state stays on the device.

use std::collections::BTreeMap;

use burn::tensor::{Tensor, TensorData};

use crate::error::{Error, Result};
use crate::kernels::optimisers::{Rule, State, Step, Treatment};
use crate::readback;
use crate::train::groups::Group;
use crate::train::recipe::{Recipe, Rule as Choice};
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
    state: State<2>,
}

/// The state of one weight on the host, for checkpoints.
#[derive(Debug, Clone, PartialEq)]
pub struct HostMoments {
    /// Steps this weight has made.
    pub steps: u64,
    /// First and second moment of Adam, momentum of SGD.
    pub moments: Vec<Vec<f32>>,
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

/// LARS: You, Gitman and Ginsburg, "Large Batch Training of Convolutional Networks", 2017 (arXiv 1708.03888), as in
/// MoCo v3 and MAE.
///
/// `g ← g + wd · w`, `g ← g · trust · ‖w‖ / ‖g‖` (factor 1 when either norm is 0), `μ ← momentum · μ + g`, `w ← w − lr
/// · μ`. Weights of one dimension skip decay and scaling. No Nesterov.
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
        let one = |matrix: bool| Treatment {
            scale: 1.0,
            decay: if matrix { self.weight_decay as f32 } else { 0.0 },
            adapts: matrix,
        };
        let treatments: Vec<Treatment> = weights.list.iter().map(|w| one(w.shape.len() > 1)).collect();
        advance(
            &mut self.state,
            &Step { rule, rate: lr as f32, treatments: &treatments, max_norm: None },
            weights,
            gradients,
        );
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
    state: State<1>,
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

/// The optimiser of a run, as its recipe asks for.
#[derive(Debug, Clone)]
pub enum Optimiser {
    AdamW(Box<AdamW>),
    Sgd(Sgd),
}

impl Optimiser {
    /// A fresh one.
    pub fn new(recipe: &Recipe) -> Self {
        let groups = recipe.groups.clone();
        match recipe.rule {
            Choice::AdamW { beta1, beta2, eps } => {
                Self::AdamW(Box::new(AdamW { eps, max_norm: recipe.max_norm, ..AdamW::new(beta1, beta2, groups) }))
            }
            Choice::Adam { beta1, beta2, eps } => Self::AdamW(Box::new(AdamW {
                eps,
                coupled: true,
                max_norm: recipe.max_norm,
                ..AdamW::new(beta1, beta2, groups)
            })),
            Choice::Sgd { momentum } => Self::Sgd(Sgd { max_norm: recipe.max_norm, ..Sgd::new(momentum, groups) }),
        }
    }

    /// Take the groups of a recipe whose knobs were turned; what is remembered stays.
    pub fn regroup(&mut self, groups: Vec<Group>) {
        match self {
            Self::AdamW(adamw) => adamw.groups = groups,
            Self::Sgd(sgd) => sgd.groups = groups,
        }
    }

    /// Change every trainable weight that has a gradient, in the order of `weights.list`.
    pub fn step(&mut self, weights: &mut Weights, gradients: &[Option<Tensor<1>>], lr: f64) {
        match self {
            Self::AdamW(adamw) => adamw.step(weights, gradients, lr),
            Self::Sgd(sgd) => sgd.step(weights, gradients, lr),
        }
    }

    /// The state by name of weight, read back in one transfer.
    ///
    /// # Errors
    /// [`Error::Device`] when the device is lost.
    pub async fn export(&self, weights: &Weights) -> Result<BTreeMap<String, HostMoments>> {
        match self {
            Self::AdamW(adamw) => adamw.export(weights).await,
            Self::Sgd(sgd) => export(&sgd.state, weights).await,
        }
    }

    /// Put back what [`Optimiser::export`] gave.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] when it is of other weights or another optimiser; the state is then as before.
    pub fn import(&mut self, weights: &Weights, state: &BTreeMap<String, HostMoments>) -> Result<()> {
        match self {
            Self::AdamW(adamw) => adamw.import(weights, state),
            Self::Sgd(sgd) => {
                sgd.state = import(weights, state)?;
                Ok(())
            }
        }
    }
}

async fn export<const N: usize>(state: &State<N>, weights: &Weights) -> Result<BTreeMap<String, HostMoments>> {
    let remembered = state.remembered();
    let held = || weights.list.iter().zip(&remembered).filter_map(|(w, s)| s.as_ref().map(|s| (w, s)));
    let tensors = held().flat_map(|(_, (_, moments))| moments.clone()).collect();
    let mut values = readback::many(tensors).await?.into_iter();
    let mut exported = BTreeMap::new();
    for (weight, (steps, _)) in held() {
        let moments = values.by_ref().take(N).collect();
        exported.insert(weight.name.clone(), HostMoments { steps: *steps, moments });
    }
    Ok(exported)
}

fn import<const N: usize>(weights: &Weights, state: &BTreeMap<String, HostMoments>) -> Result<State<N>> {
    let wrong = |name: &str, why: &str| {
        Error::checkpoint(
            format!("The optimiser state of {name} does not fit"),
            why,
            "Take a checkpoint of this model and size",
        )
    };
    for (name, host) in state {
        let weight = weights.by_name(name).ok_or_else(|| wrong(name, "the model has no such weight"))?;
        let count: usize = weight.shape.iter().product();
        if host.moments.len() != N || host.moments.iter().any(|m| m.len() != count) {
            let sizes: Vec<usize> = host.moments.iter().map(Vec::len).collect();
            return Err(wrong(name, &format!("{sizes:?} values, {N} times {count} are expected")));
        }
    }
    let device = weights.device().clone().without_autodiff();
    let upload = |values: &[f32]| Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), &device);
    let one = |host: &HostMoments| {
        (host.steps, std::array::from_fn(|i| upload(host.moments.get(i).map_or(&[], Vec::as_slice))))
    };
    Ok(State::new(weights.list.iter().map(|w| state.get(&w.name).map(one)).collect()))
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
