//! Supervised contrast within a mixture: every patch finds the others of its own picture (Chen et al., MixedAE, CVPR 2023,
//! section 3.3; the loss of Khosla et al., SupCon, NeurIPS 2020, arXiv 2004.11362, on the tokens of each sample apart).

use burn::tensor::{Tensor, activation};

/// Added to what must not count.
const NEVER: f64 = -1e30;

/// Cosines of all tokens of a sample with one another.
///
/// # Shapes
/// [batch, tokens, dim] → [batch, tokens, tokens]
pub fn cosines(tokens: Tensor<3>) -> Tensor<3> {
    let norms = tokens.clone().square().sum_dim(2).clamp_min(1e-24).sqrt();
    let units = tokens / norms;
    units.clone().matmul(units.transpose())
}

/// For every token l with the others P(l) of its kind: the mean over p in P(l) of `−(f_l·f_p / τ − log Σ_{j ≠ l} exp(f_l·f_j /
/// τ))`, f being the tokens made of length 1. A positive stays in the denominator; the token itself is in neither.
///
/// # Shapes
/// tokens [batch, tokens, dim]; `homologous` [batch, tokens, tokens]: 1 where two tokens are of one kind, a token and itself
/// too; `itself` [1, tokens, tokens]: 1 on the diagonal → [batch, tokens]
pub fn per_token(tokens: Tensor<3>, homologous: Tensor<3>, itself: Tensor<3>, tau: f64) -> Tensor<2> {
    let scores = cosines(tokens).div_scalar(tau) + itself.clone().mul_scalar(NEVER);
    let log_shares = activation::log_softmax(scores, 2);
    let positives = homologous - itself;
    let sums = (log_shares * positives.clone()).sum_dim(2) / positives.sum_dim(2);
    sums.neg().squeeze_dim(2)
}
