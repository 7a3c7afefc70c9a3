//! Multi-head attention: of tokens with themselves by one fused layer, or with those of another sequence.

use burn::tensor::{Tensor, activation};

use crate::blocks::linear::{Linear, Start};
use crate::blocks::positions::rotary::Rotary;
use crate::kernels::attention::{Extras, Largest, attention, cross_attention, largest_keys};
use crate::kernels::products::linear;
use crate::weights::{Init, Scope, Slot, Weights};

/// What attention is given besides tokens.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// Added to the scaled scores: [batch or 1, heads or 1, queries, keys]; gradients flow to it.
    pub bias: Option<Tensor<4>>,
    /// [batch, keys]: 1 for tokens that may be looked at, 0 for others. A query that may look at none gives zeros.
    pub key_mask: Option<Tensor<2>>,
    /// Queries and keys are turned by their positions.
    pub rotary: Option<Rotary>,
    /// In self-attention: each query looks at the keys of the largest products with it only.
    pub largest: Option<Largest>,
}

impl Given {
    fn extras(&self) -> Extras {
        Extras { bias: self.bias.clone(), key_mask: self.key_mask.clone(), scale: None }
    }
}

/// Which of the fused layer's outputs have a bias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QkvBias {
    None,
    /// All: `qkv.bias`.
    Whole,
    /// Queries and values: `q_bias` and `v_bias` (BEiT, VideoMAE), which start at zero.
    QueryValue,
}

/// Names of an attention layer's weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names {
    /// The fused layer, in self-attention.
    pub qkv: &'static str,
    /// Layers of queries, keys, values in attention with another sequence; keys and values of one name are one layer.
    pub parts: [&'static str; 3],
    pub proj: &'static str,
}

impl Names {
    /// ViT's, timm's and MAE's.
    pub const VIT: Self = Self { qkv: "qkv", parts: ["q", "kv", "kv"], proj: "proj" };
}

/// Self-attention; the fused layer's output is laid out [which of q k v, head, head width].
#[derive(Debug, Clone)]
pub struct Attention {
    pub qkv: Linear,
    /// `q_bias` and `v_bias`, where these are apart from the layer.
    biases: Option<[Slot<1>; 2]>,
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
    pub fn starting(scope: Scope<'_>, dim: usize, heads: usize, start: Start, qkv_bias: bool) -> Self {
        let bias = if qkv_bias { QkvBias::Whole } else { QkvBias::None };
        Self::named(scope, [dim, heads], start, bias, Names::VIT)
    }

    /// As [`Attention::starting`], with the biases and names of another checkpoint.
    pub fn named(mut scope: Scope<'_>, [dim, heads]: [usize; 2], start: Start, bias: QkvBias, names: Names) -> Self {
        let biases = (bias == QkvBias::QueryValue)
            .then(|| ["q_bias", "v_bias"].map(|name| scope.weight(name, [dim], Init::Zeros)));
        let qkv = Linear::new(scope.at(names.qkv), dim, 3 * dim, start, bias == QkvBias::Whole);
        Self { qkv, biases, proj: Linear::new(scope.at(names.proj), dim, dim, start, true), heads }
    }

    /// # Shapes
    /// [batch, tokens, dim] → [batch, tokens, dim]
    pub fn forward(&self, w: &Weights, x: Tensor<3>) -> Tensor<3> {
        self.forward_given(w, x, None, &Given::default())
    }

    /// The layer's result added to `residual`.
    ///
    /// # Shapes
    /// twice [batch, tokens, dim] → [batch, tokens, dim]
    pub fn added(&self, w: &Weights, x: Tensor<3>, residual: Tensor<3>) -> Tensor<3> {
        self.forward_given(w, x, Some(residual), &Given::default())
    }

    /// With bias, masked keys and positions that turn; the result added to the residual if there is one.
    ///
    /// # Shapes
    /// [batch, tokens, dim] (twice) → [batch, tokens, dim]
    pub fn forward_given(&self, w: &Weights, x: Tensor<3>, residual: Option<Tensor<3>>, given: &Given) -> Tensor<3> {
        let qkv = self.turned(w, x, given); // [batch, tokens, 3 · dim]
        let mut extras = given.extras();
        if let Some(largest) = given.largest {
            let chosen = largest_keys(qkv.clone(), self.heads, largest);
            extras.bias = Some(match extras.bias {
                Some(bias) => bias + chosen,
                None => chosen,
            });
        }
        projected(&self.proj, w, attention(qkv, self.heads, extras), residual)
    }

    /// Which keys each query looks at: 1 where it does.
    ///
    /// # Shapes
    /// [batch, tokens, dim] → [batch, heads, tokens, tokens]
    pub fn kept_keys(&self, w: &Weights, x: Tensor<3>, given: &Given) -> Tensor<4> {
        let [batch, tokens, _] = x.dims();
        match given.largest {
            None => Tensor::ones([batch, self.heads, tokens, tokens], &x.device()),
            Some(largest) => largest_keys(self.turned(w, x, given), self.heads, largest).equal_elem(0.0).float(),
        }
    }

    /// How much each query looks at each key, for views; keys are not masked here.
    ///
    /// # Shapes
    /// [batch, tokens, dim] → [batch, heads, tokens, tokens]
    pub fn weights(&self, w: &Weights, x: Tensor<3>, given: &Given) -> Tensor<4> {
        let [batch, tokens, dim] = x.dims();
        let qkv = self.turned(w, x, given);
        let chosen = given.largest.map(|largest| largest_keys(qkv.clone(), self.heads, largest));
        let plane = |plane: usize| {
            let of_heads =
                qkv.clone().narrow(2, plane * dim, dim).reshape([batch, tokens, self.heads, dim / self.heads]);
            of_heads.swap_dims(1, 2)
        };
        let scale = 1.0 / ((dim / self.heads) as f64).sqrt();
        let scores = plane(0).matmul(plane(1).transpose()).mul_scalar(scale);
        let scores = [given.bias.clone(), chosen].into_iter().flatten().fold(scores, |scores, bias| scores + bias);
        activation::softmax(scores, 3)
    }

    /// Queries, keys and values, turned by their positions where these turn.
    ///
    /// # Shapes
    /// [batch, tokens, dim] → [batch, tokens, 3 · dim]
    fn turned(&self, w: &Weights, x: Tensor<3>, given: &Given) -> Tensor<3> {
        let qkv = self.queries_keys_values(w, x);
        match &given.rotary {
            Some(rotary) => rotary.turn(qkv, [3, 2], self.heads),
            None => qkv,
        }
    }

    /// # Shapes
    /// [batch, tokens, dim] → [batch, tokens, 3 · dim]
    fn queries_keys_values(&self, w: &Weights, x: Tensor<3>) -> Tensor<3> {
        let Some([q, v]) = self.biases.map(|biases| biases.map(|bias| w.get(bias))) else {
            return self.qkv.tokens(w, x);
        };
        let [batch, tokens, dim] = x.dims();
        let bias = Tensor::cat(vec![q, Tensor::zeros([dim], &x.device()), v], 0);
        linear(x.reshape([batch * tokens, dim]), w.get(self.qkv.weight), Some(bias), None).reshape([
            batch,
            tokens,
            3 * dim,
        ])
    }
}

/// Attention of tokens with those of another sequence, which may be of another width.
#[derive(Debug, Clone)]
pub struct CrossAttention {
    q: Linear,
    /// One layer for keys and values, or one for each.
    kv: Vec<Linear>,
    biases: Option<[Slot<1>; 2]>,
    pub proj: Linear,
    pub heads: usize,
}

impl CrossAttention {
    /// Queries from tokens of width `dim`, keys and values from those of width `context`, with the layers that `names`
    /// has.
    pub fn new(
        mut scope: Scope<'_>,
        [dim, context, heads]: [usize; 3],
        start: Start,
        bias: QkvBias,
        names: Names,
    ) -> Self {
        let whole = bias == QkvBias::Whole;
        let [q, k, v] = names.parts;
        let biases = (bias == QkvBias::QueryValue)
            .then(|| ["q_bias", "v_bias"].map(|name| scope.weight(name, [dim], Init::Zeros)));
        let q = Linear::new(scope.at(q), dim, dim, start, whole);
        let kv = if k == v {
            vec![Linear::new(scope.at(k), context, 2 * dim, start, whole)]
        } else {
            [k, v].map(|name| Linear::new(scope.at(name), context, dim, start, whole)).to_vec()
        };
        Self { q, kv, biases, proj: Linear::new(scope.at(names.proj), dim, dim, start, true), heads }
    }

    /// The result added to the residual if there is one.
    ///
    /// # Shapes
    /// tokens [batch, queries, dim], context [batch, keys, width] (residual as the tokens) → [batch, queries, dim]
    pub fn forward(
        &self,
        w: &Weights,
        x: Tensor<3>,
        context: Tensor<3>,
        residual: Option<Tensor<3>>,
        given: &Given,
    ) -> Tensor<3> {
        let mut q = self.q.tokens(w, x);
        let mut kv = Tensor::cat(self.kv.iter().map(|layer| layer.tokens(w, context.clone())).collect(), 2);
        if let Some([q_bias, v_bias]) = self.biases.map(|biases| biases.map(|bias| w.get(bias))) {
            let none = Tensor::zeros(v_bias.dims(), &v_bias.device());
            q = q + q_bias.unsqueeze();
            kv = kv + Tensor::cat(vec![none, v_bias], 0).unsqueeze();
        }
        if let Some(rotary) = &given.rotary {
            q = rotary.turn(q, [1, 1], self.heads);
            kv = rotary.turn(kv, [2, 1], self.heads);
        }
        projected(&self.proj, w, cross_attention(q, kv, self.heads, given.extras()), residual)
    }
}

fn projected(proj: &Linear, w: &Weights, x: Tensor<3>, residual: Option<Tensor<3>>) -> Tensor<3> {
    match residual {
        Some(residual) => proj.added(w, x, residual),
        None => proj.tokens(w, x),
    }
}
