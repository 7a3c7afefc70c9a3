//! Agreement of the tokens that two masks hide alike (Ren et al., Point-CMAE, ACCV 2024, arXiv 2407.05862): a contrast
//! without negatives.

use burn::tensor::Tensor;

/// Added to every entry of the mean, as the authors do.
const EPS: f64 = 1e-8;
/// Norms below this count as this.
const LEAST_NORM: f64 = 1e-12;

/// Which tokens of the second branch a doubly hidden token of the first is pulled to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    /// All tokens of the second branch: what the authors' code computes.
    WholeRow,
    /// The same token: what the paper's text says.
    SameToken,
}

impl Agreement {
    /// The mean of 1 − cosine over the pairs; `None` where no token is hidden twice.
    ///
    /// # Shapes
    /// features [batch, tokens, dim] twice, `both` [batch, tokens] with 1 where hidden twice and `count` ones → [1]
    pub fn loss(self, first: Tensor<3>, second: Tensor<3>, both: Tensor<2>, count: usize) -> Option<Tensor<1>> {
        let [_, tokens, _] = first.dims();
        if count == 0 {
            return None;
        }
        let apart = match self {
            Self::WholeRow => cosines(first, second).neg().add_scalar(1.0 + EPS).sum_dim(2).div_scalar(tokens as f64),
            Self::SameToken => (unit(first) * unit(second)).sum_dim(2).neg().add_scalar(1.0 + EPS),
        };
        Some((apart.squeeze_dim::<2>(2) * both).sum().div_scalar(count as f64))
    }
}

/// Cosine of every token of the first with every token of the second.
///
/// # Shapes
/// two of [batch, tokens, dim] → [batch, tokens, tokens]
pub fn cosines(first: Tensor<3>, second: Tensor<3>) -> Tensor<3> {
    unit(first).matmul(unit(second).swap_dims(1, 2))
}

fn unit(x: Tensor<3>) -> Tensor<3> {
    let norm = x.clone().square().sum_dim(2).sqrt().clamp_min(LEAST_NORM);
    x / norm
}
