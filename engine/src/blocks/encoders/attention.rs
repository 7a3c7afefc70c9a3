//! Multi-head self-attention with one fused query-key-value layer.

use burn::tensor::Tensor;

use crate::blocks::linear::{Linear, Start};
use crate::kernels::attention::{Extras, attention};
use crate::weights::{Scope, Weights};

/// Self-attention; the fused layer's output is laid out [which of q k v, head, head width].
#[derive(Debug, Clone)]
pub struct Attention {
    pub qkv: Linear,
    pub proj: Linear,
    pub heads: usize,
}

impl Attention {
    /// # Shapes
    /// `dim` must be a multiple of `heads`.
    pub fn new(scope: Scope<'_>, dim: usize, heads: usize) -> Self {
        Self::starting(scope, dim, heads, Start::Xavier, true)
    }

    /// As [`Attention::new`], with another start, and with or without a bias of the fused layer.
    pub fn starting(mut scope: Scope<'_>, dim: usize, heads: usize, start: Start, qkv_bias: bool) -> Self {
        let qkv = Linear::new(scope.at("qkv"), dim, 3 * dim, start, qkv_bias);
        Self { qkv, proj: Linear::new(scope.at("proj"), dim, dim, start, true), heads }
    }

    /// # Shapes
    /// [batch, tokens, dim] → [batch, tokens, dim]
    pub fn forward(&self, w: &Weights, x: Tensor<3>) -> Tensor<3> {
        self.proj.tokens(w, attention(self.qkv.tokens(w, x), self.heads, Extras::default()))
    }

    /// The layer's result added to `residual`.
    ///
    /// # Shapes
    /// twice [batch, tokens, dim] → [batch, tokens, dim]
    pub fn added(&self, w: &Weights, x: Tensor<3>, residual: Tensor<3>) -> Tensor<3> {
        self.proj.added(w, attention(self.qkv.tokens(w, x), self.heads, Extras::default()), residual)
    }
}
