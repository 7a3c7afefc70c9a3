//! The pre-norm transformer block of ViT, shared by encoder, decoder and classifier.

use burn::tensor::{Tensor, TensorData};

use crate::blocks::encoders::attention::Attention;
use crate::blocks::linear::{LayerNorm, Linear};
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
    pub fn new(mut scope: Scope<'_>, config: TransformerConfig) -> Self {
        let hidden = (config.dim as f64 * config.mlp_ratio) as usize;
        Self {
            norm1: LayerNorm::new(scope.at("norm1"), config.dim, config.ln_eps),
            attn: Attention::new(scope.at("attn"), config.dim, config.heads),
            norm2: LayerNorm::new(scope.at("norm2"), config.dim, config.ln_eps),
            fc1: Linear::xavier(scope.at("mlp.fc1"), config.dim, hidden),
            fc2: Linear::xavier(scope.at("mlp.fc2"), hidden, config.dim),
        }
    }

    /// # Shapes
    /// [batch, tokens, dim] → [batch, tokens, dim]
    pub fn forward(&self, w: &Weights, x: Tensor<3>) -> Tensor<3> {
        self.forward_dropping(w, x, &mut None)
    }

    /// The block with stochastic depth on both branches.
    pub fn forward_dropping(&self, w: &Weights, x: Tensor<3>, drop: &mut Option<DropPath>) -> Tensor<3> {
        let branch = self.attn.forward(w, self.norm1.forward(w, x.clone()));
        let x = x + dropped(branch, drop);
        let [batch, tokens, dim] = x.dims();
        let hidden = self.norm2.forward(w, x.clone()).reshape([batch * tokens, dim]);
        let branch = self.fc2.forward(w, self.fc1.gelu(w, hidden)).reshape([batch, tokens, dim]);
        x + dropped(branch, drop)
    }
}

fn dropped(branch: Tensor<3>, drop: &mut Option<DropPath>) -> Tensor<3> {
    let Some(drop) = drop.as_mut().filter(|d| d.rate > 0.0) else { return branch };
    let keep = 1.0 - drop.rate;
    let factors: Vec<f32> = (0..branch.dims()[0]).map(|_| if drop.rng.chance(keep) { (1.0 / keep) as f32 } else { 0.0 }).collect();
    let count = factors.len();
    branch.clone() * Tensor::from_data(TensorData::new(factors, [count, 1, 1]), &branch.device())
}

/// Blocks `prefix.0` … `prefix.{depth − 1}`.
pub fn stack(scope: &mut Scope<'_>, prefix: &str, config: TransformerConfig) -> Vec<Block> {
    (0..config.depth).map(|i| Block::new(scope.at(prefix).at(i), config)).collect()
}
