//! Multi-head self-attention with one fused query-key-value layer.

use burn::tensor::Tensor;
use burn::tensor::activation::softmax;

use crate::blocks::linear::Linear;
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
    pub fn new(mut scope: Scope<'_>, dim: usize, heads: usize) -> Self {
        Self { qkv: Linear::xavier(scope.at("qkv"), dim, 3 * dim), proj: Linear::xavier(scope.at("proj"), dim, dim), heads }
    }

    /// # Shapes
    /// [batch, tokens, dim] → [batch, tokens, dim]
    pub fn forward(&self, w: &Weights, x: Tensor<3>) -> Tensor<3> {
        let [batch, tokens, dim] = x.dims();
        let width = dim / self.heads;
        let qkv = self.qkv.tokens(w, x).reshape([batch, tokens, 3, self.heads, width]);
        let [q, k, v] = [0, 1, 2].map(|which| {
            let part = qkv.clone().narrow(2, which, 1).reshape([batch, tokens, self.heads, width]);
            part.swap_dims(1, 2) // [batch, heads, tokens, width]
        });
        let scores = q.mul_scalar((width as f64).powf(-0.5)).matmul(k.swap_dims(2, 3)); // [batch, heads, tokens, tokens]
        let mixed = softmax(scores, 3).matmul(v).swap_dims(1, 2); // [batch, tokens, heads, width]
        self.proj.tokens(w, mixed.reshape([batch, tokens, dim]))
    }
}
