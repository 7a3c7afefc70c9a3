//! The pre-norm transformer block of ViT, shared by encoder, decoder and classifier.

use burn::tensor::{Tensor, TensorData};

use crate::blocks::encoders::attention::Attention;
use crate::blocks::linear::{LayerNorm, Linear, Start};
use crate::kernels::mlp::mlp;
use crate::rng::Rng;
use crate::weights::{Scope, Weights};

/// Sizes of a stack of blocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TransformerConfig {
    pub dim: usize,
    pub depth: usize,
    pub heads: usize,
    pub mlp_ratio: f64,
    pub ln_eps: f64,
}

/// x ← x + Attn(LN(x)), x ← x + MLP(LN(x)); the MLP is dim → ratio · dim → GELU (erf) → dim.
#[derive(Debug, Clone)]
pub struct Block {
    norm1: LayerNorm,
    attn: Attention,
    norm2: LayerNorm,
    fc1: Linear,
    fc2: Linear,
}

/// Stochastic depth: which samples skip a branch, drawn on the CPU.
#[derive(Debug, Clone)]
pub struct DropPath {
    pub rate: f64,
    pub rng: Rng,
}

impl Block {
    /// One block in `scope`.
    pub fn new(scope: Scope<'_>, config: TransformerConfig) -> Self {
        Self::starting(scope, config, Start::Xavier, true)
    }

    /// As [`Block::new`], with another start, and with or without a bias of queries, keys and values.
    pub fn starting(mut scope: Scope<'_>, config: TransformerConfig, start: Start, qkv_bias: bool) -> Self {
        let hidden = (config.dim as f64 * config.mlp_ratio) as usize;
        Self {
            norm1: LayerNorm::new(scope.at("norm1"), config.dim, config.ln_eps),
            attn: Attention::starting(scope.at("attn"), config.dim, config.heads, start, qkv_bias),
            norm2: LayerNorm::new(scope.at("norm2"), config.dim, config.ln_eps),
            fc1: Linear::new(scope.at("mlp.fc1"), config.dim, hidden, start, true),
            fc2: Linear::new(scope.at("mlp.fc2"), hidden, config.dim, start, true),
        }
    }

    /// # Shapes
    /// [batch, tokens, dim] → [batch, tokens, dim]
    pub fn forward(&self, w: &Weights, x: Tensor<3>) -> Tensor<3> {
        self.forward_dropping(w, x, &mut None)
    }

    /// The block with stochastic depth on both branches. Where nothing can be dropped, each branch ends with the sum.
    pub fn forward_dropping(&self, w: &Weights, x: Tensor<3>, drop: &mut Option<DropPath>) -> Tensor<3> {
        let mut drop = drop.as_mut().filter(|d| d.rate > 0.0);
        let normed = self.norm1.forward(w, x.clone());
        let x = match &mut drop {
            None => self.attn.added(w, normed, x),
            Some(drop) => x + dropped(self.attn.forward(w, normed), drop),
        };
        let shape = x.dims();
        let rows = [shape[0] * shape[1], shape[2]];
        let normed = self.norm2.forward(w, x.clone()).reshape(rows);
        match &mut drop {
            None => self.mlp(w, normed, Some(x.reshape(rows))).reshape(shape),
            Some(drop) => x + dropped(self.mlp(w, normed, None).reshape(shape), drop),
        }
    }

    /// # Shapes
    /// [rows, dim] → [rows, dim]
    fn mlp(&self, w: &Weights, x: Tensor<2>, residual: Option<Tensor<2>>) -> Tensor<2> {
        mlp(x, self.fc1.with_bias(w), self.fc2.with_bias(w), residual)
    }
}

fn dropped(branch: Tensor<3>, drop: &mut DropPath) -> Tensor<3> {
    let keep = 1.0 - drop.rate;
    let factors: Vec<f32> =
        (0..branch.dims()[0]).map(|_| if drop.rng.chance(keep) { (1.0 / keep) as f32 } else { 0.0 }).collect();
    let count = factors.len();
    branch.clone() * Tensor::from_data(TensorData::new(factors, [count, 1, 1]), &branch.device())
}

/// Blocks `prefix.0` … `prefix.{depth − 1}` of an encoder, whose layers are 1 … depth.
pub fn stack(scope: &mut Scope<'_>, prefix: &str, config: TransformerConfig) -> Vec<Block> {
    (0..config.depth).map(|i| Block::new(scope.at(prefix).at(i).layer(i + 1), config)).collect()
}
