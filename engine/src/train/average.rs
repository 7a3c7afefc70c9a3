//! The moving average of the weights: a teacher, or a calmer copy to look at.

use crate::kernels::average::average;
use crate::weights::Weights;

/// Exponential moving average of a model's weights: `a ← d · a + (1 − d) · w`.
#[derive(Debug, Clone)]
pub struct Average {
    /// The averaged weights, without history.
    pub weights: Weights,
}

impl Average {
    /// Start from the weights as they are.
    pub fn new(weights: &Weights) -> Self {
        Self { weights: weights.frozen() }
    }

    /// Move towards `weights` with this decay (0.996 … 0.9999; 0 copies). Fixed tables stay as they are.
    pub fn update(&mut self, weights: &Weights, decay: f64) {
        self.weights.exchange(|values| average(values, weights.trained(), decay as f32));
    }
}
