//! Positions in space, learned: a small network from the coordinates of a group's centre (Point-BERT, Point-MAE).

use burn::tensor::Tensor;

use crate::blocks::linear::{Linear, Start};
use crate::kernels::products::mlp;
use crate::weights::{Scope, Weights};

/// Linear 3 → hidden, GELU (erf), linear hidden → dim.
#[derive(Debug, Clone)]
pub struct PointMlp {
    hidden: Linear,
    out: Linear,
}

impl PointMlp {
    /// The layers `0` and `2` of `scope`.
    pub fn new(mut scope: Scope<'_>, hidden: usize, dim: usize, start: Start) -> Self {
        Self {
            hidden: Linear::new(scope.at(0), 3, hidden, start, true),
            out: Linear::new(scope.at(2), hidden, dim, start, true),
        }
    }

    /// # Shapes
    /// centres [batch, tokens, 3] → [batch, tokens, dim]
    pub fn forward(&self, w: &Weights, centres: Tensor<3>) -> Tensor<3> {
        let [batch, tokens, _] = centres.dims();
        let positions =
            mlp(centres.reshape([batch * tokens, 3]), self.hidden.with_bias(w), self.out.with_bias(w), None);
        let dim = positions.dims()[1];
        positions.reshape([batch, tokens, dim])
    }
}
