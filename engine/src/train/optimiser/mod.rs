//! Optimisers over named weights. All state stays on the device.

mod rules;

use std::collections::BTreeMap;

use burn::tensor::{Tensor, TensorData};

pub use rules::{AdamW, Lamb, Lars, Sgd};

use crate::error::{Error, Result};
use crate::kernels::optimisers::State;
use crate::readback;
use crate::train::recipe::{Recipe, Rule};
use crate::weights::Weights;

/// The state of one weight on the host, for checkpoints.
#[derive(Debug, Clone, PartialEq)]
pub struct HostMoments {
    /// Steps this weight has made.
    pub steps: u64,
    /// First and second moment of Adam and LAMB, momentum of SGD and LARS.
    pub moments: Vec<Vec<f32>>,
}

/// The optimiser of a run, as its recipe asks for.
#[derive(Debug, Clone)]
pub enum Optimiser {
    AdamW(Box<AdamW>),
    Lamb(Box<Lamb>),
    Lars(Box<Lars>),
    Sgd(Sgd),
}

impl Optimiser {
    /// A fresh one for the first step of a recipe.
    pub fn new(recipe: &Recipe) -> Self {
        let none = Vec::new;
        let mut fresh = match recipe.rule {
            Rule::AdamW { beta1, beta2, eps } => {
                Self::AdamW(Box::new(AdamW { eps, ..AdamW::new(beta1, beta2, none()) }))
            }
            Rule::Adam { beta1, beta2, eps } => {
                Self::AdamW(Box::new(AdamW { eps, coupled: true, ..AdamW::new(beta1, beta2, none()) }))
            }
            Rule::Lamb { beta1, beta2, eps } => Self::Lamb(Box::new(Lamb { eps, ..Lamb::new(beta1, beta2, none()) })),
            Rule::Lars { momentum, trust } => Self::Lars(Box::new(Lars { momentum, trust, ..Lars::default() })),
            Rule::Sgd { momentum } => Self::Sgd(Sgd::new(momentum, none())),
        };
        fresh.follow(recipe, 0);
        fresh
    }

    /// Take what a recipe says of a step of its phase, the first being 0: groups, weight decay, momentum, the limit of
    /// the gradients' norm. What is remembered stays.
    pub fn follow(&mut self, recipe: &Recipe, step: u64) {
        let (now, limit, momentum) = (recipe.groups_at(step), recipe.max_norm, recipe.momentum_at(step));
        match self {
            Self::AdamW(rule) => {
                (rule.groups, rule.max_norm, rule.beta1) = (now, limit, momentum.unwrap_or(rule.beta1));
            }
            Self::Lamb(rule) => (rule.groups, rule.max_norm, rule.beta1) = (now, limit, momentum.unwrap_or(rule.beta1)),
            Self::Lars(rule) => {
                (rule.groups, rule.max_norm, rule.momentum) = (now, limit, momentum.unwrap_or(rule.momentum));
            }
            Self::Sgd(rule) => {
                (rule.groups, rule.max_norm, rule.momentum) = (now, limit, momentum.unwrap_or(rule.momentum));
            }
        }
    }

    /// Change every trainable weight that has a gradient, in the order of `weights.list`.
    pub fn step(&mut self, weights: &mut Weights, gradients: &[Option<Tensor<1>>], lr: f64) {
        match self {
            Self::AdamW(rule) => rule.step(weights, gradients, lr),
            Self::Lamb(rule) => rule.step(weights, gradients, lr),
            Self::Lars(rule) => rule.step(weights, gradients, lr),
            Self::Sgd(rule) => rule.step(weights, gradients, lr),
        }
    }

    /// The state by name of weight, read back in one transfer.
    ///
    /// # Errors
    /// [`Error::Device`] when the device is lost.
    pub async fn export(&self, weights: &Weights) -> Result<BTreeMap<String, HostMoments>> {
        match self {
            Self::AdamW(rule) => export(&rule.state, weights).await,
            Self::Lamb(rule) => export(&rule.state, weights).await,
            Self::Lars(rule) => export(&rule.state, weights).await,
            Self::Sgd(rule) => export(&rule.state, weights).await,
        }
    }

    /// Put back what [`Optimiser::export`] gave.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] when it is of other weights or another optimiser; the state is then as before.
    pub fn import(&mut self, weights: &Weights, state: &BTreeMap<String, HostMoments>) -> Result<()> {
        match self {
            Self::AdamW(rule) => rule.state = import(weights, state)?,
            Self::Lamb(rule) => rule.state = import(weights, state)?,
            Self::Lars(rule) => rule.state = import(weights, state)?,
            Self::Sgd(rule) => rule.state = import(weights, state)?,
        }
        Ok(())
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
