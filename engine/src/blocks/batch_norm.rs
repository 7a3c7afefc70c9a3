//! Batch normalisation over the rows of a matrix, and the running statistics that a training pass changes.

use std::cell::RefCell;

use burn::tensor::Tensor;

use crate::weights::{Init, Scope, Slot, Weights, plain};

/// One pass through a network: with statistics of the batch (training), which are mixed into the running ones, or with
/// the running statistics (evaluation).
///
/// The weights stay as they are during a pass; [`Pass::updates`] says what is to be put in their place after it. A
/// layer that is passed twice mixes twice, in order.
#[derive(Debug, Default)]
pub struct Pass {
    training: bool,
    updates: RefCell<Vec<(usize, Tensor<1>)>>,
}

impl Pass {
    /// Statistics of the batch, mixed into the running ones.
    pub fn training() -> Self {
        Self { training: true, updates: RefCell::default() }
    }

    /// The running statistics, left as they are.
    pub fn evaluation() -> Self {
        Self::default()
    }

    /// Whether this pass trains (dropout and the like follow it too).
    pub fn trains(&self) -> bool {
        self.training
    }

    /// New flat values of fixed weights by their place in [`Weights::list`], for [`Weights::replace`].
    pub fn updates(self) -> Vec<(usize, Tensor<1>)> {
        self.updates.into_inner()
    }

    /// The newest value of a fixed weight: this pass's own, else the stored one.
    pub fn newest(&self, w: &Weights, slot: Slot<1>) -> Tensor<1> {
        let updates = self.updates.borrow();
        let own = updates.iter().find(|(index, _)| *index == slot.index()).map(|(_, value)| value.clone());
        own.unwrap_or_else(|| plain(w.get(slot)))
    }

    fn mix(&self, w: &Weights, slot: Slot<1>, new: Tensor<1>, share: f64) {
        let mixed = self.newest(w, slot).mul_scalar(1.0 - share) + plain(new).mul_scalar(share);
        let mut updates = self.updates.borrow_mut();
        match updates.iter_mut().find(|(index, _)| *index == slot.index()) {
            Some((_, value)) => *value = mixed,
            None => updates.push((slot.index(), mixed)),
        }
    }
}

/// y = γ (x − mean) / √(var + ε) + β for each channel: Ioffe and Szegedy, ICML 2015 (arXiv 1502.03167), algorithm 1.
///
/// Training normalises with the biased variance of the batch and keeps the unbiased one, as PyTorch does, unless
/// `biased_running`.
#[derive(Debug, Clone)]
pub struct BatchNorm {
    gamma: Slot<1>,
    beta: Slot<1>,
    running_mean: Slot<1>,
    running_var: Slot<1>,
    eps: f64,
    /// Share of the new statistics in the running ones (PyTorch's `momentum`; Keras' is one minus this).
    pub momentum: f64,
    /// Keep the biased variance (Keras 3) instead of the unbiased one.
    pub biased_running: bool,
}

impl BatchNorm {
    /// PyTorch's names (`weight`, `bias`, `running_mean`, `running_var`), start (1, 0, 0, 1) and momentum 0.1.
    pub fn new(scope: Scope<'_>, channels: usize, eps: f64) -> Self {
        Self::named(scope, ["weight", "bias", "running_mean", "running_var"], channels, eps)
    }

    /// Other names for scale, shift, running mean and running variance.
    pub fn named(mut scope: Scope<'_>, names: [&str; 4], channels: usize, eps: f64) -> Self {
        let shape = [channels];
        Self {
            gamma: scope.weight(names[0], shape, Init::Ones),
            beta: scope.weight(names[1], shape, Init::Zeros),
            running_mean: scope.fixed(names[2], shape, vec![0.0; channels]),
            running_var: scope.fixed(names[3], shape, vec![1.0; channels]),
            eps,
            momentum: 0.1,
            biased_running: false,
        }
    }

    /// # Shapes
    /// [rows, channels] → [rows, channels]
    pub fn forward(&self, w: &Weights, x: Tensor<2>, pass: &Pass) -> Tensor<2> {
        self.forward_counting(w, x, None, pass)
    }

    /// As [`BatchNorm::forward`], of some rows: those with 1 in the column that is given, with their number. The others
    /// do not count, and their result is zero.
    ///
    /// # Shapes
    /// [rows, channels] and [rows, 1] → [rows, channels]
    pub fn forward_counting(
        &self,
        w: &Weights,
        x: Tensor<2>,
        counted: Option<(Tensor<2>, usize)>,
        pass: &Pass,
    ) -> Tensor<2> {
        let rows = counted.as_ref().map_or(x.dims()[0], |(_, count)| *count);
        let mean_of = |x: Tensor<2>| match &counted {
            Some((counts, count)) => (x * counts.clone()).sum_dim(0).div_scalar((*count).max(1) as f64),
            None => x.mean_dim(0),
        };
        let (mean, variance) = if pass.training {
            let mean = mean_of(x.clone());
            let apart = x.clone() - mean.clone();
            let variance = mean_of(apart.powi_scalar(2));
            let factor = if self.biased_running { 1.0 } else { rows as f64 / rows.saturating_sub(1).max(1) as f64 };
            pass.mix(w, self.running_mean, mean.clone().squeeze_dim(0), self.momentum);
            pass.mix(w, self.running_var, variance.clone().squeeze_dim::<1>(0).mul_scalar(factor), self.momentum);
            (mean, variance)
        } else {
            (w.get(self.running_mean).unsqueeze(), w.get(self.running_var).unsqueeze())
        };
        let scale = w.get(self.gamma).unsqueeze::<2>() / variance.add_scalar(self.eps).sqrt();
        let y = (x - mean) * scale + w.get(self.beta).unsqueeze();
        match counted {
            Some((counts, _)) => y * counts,
            None => y,
        }
    }
}
