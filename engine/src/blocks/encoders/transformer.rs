//! Transformer blocks: ViT's pre-norm block, and its forms with other norms, names, a bias of the scores, masked keys,
//! and attention to another sequence.

use burn::tensor::Tensor;

use crate::blocks::dropout::DropPath;
use crate::blocks::encoders::attention::{Attention, CrossAttention, Given, Names, QkvBias};
use crate::blocks::linear::{LayerNorm, Linear, Start};
use crate::kernels::products::mlp;
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

/// Where a branch is normalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NormPlace {
    /// x + F(LN(x)): ViT.
    Before,
    /// LN(x + F(x)): the first transformers, BERT.
    After,
}

/// A branch of attention to another sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cross {
    /// Width of the other sequence.
    pub context: usize,
    /// Before self-attention instead of after it.
    pub first: bool,
    /// Names of the norm of the tokens and of the norm of the context; of one name they are one. `None`: the context
    /// comes normalised.
    pub norms: (&'static str, Option<&'static str>),
    pub attn: &'static str,
    pub names: Names,
}

/// Everything of a block but its sizes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Form {
    pub start: Start,
    pub bias: QkvBias,
    pub place: NormPlace,
    pub cross: Option<Cross>,
    /// Names of the norms, of attention, and of both layers of the MLP.
    pub norms: [&'static str; 2],
    pub attn: &'static str,
    pub mlp: [&'static str; 2],
    pub names: Names,
}

impl Default for Form {
    /// MAE's.
    fn default() -> Self {
        Self {
            start: Start::Xavier,
            bias: QkvBias::Whole,
            place: NormPlace::Before,
            cross: None,
            norms: ["norm1", "norm2"],
            attn: "attn",
            mlp: ["mlp.fc1", "mlp.fc2"],
            names: Names::VIT,
        }
    }
}

/// What a block is given besides its tokens.
#[derive(Debug, Clone, Default)]
pub struct BlockInput {
    pub own: Given,
    /// The other sequence [batch, keys, width] and what belongs to attention to it.
    pub context: Option<(Tensor<3>, Given)>,
}

#[derive(Debug, Clone)]
struct CrossBranch {
    norm: LayerNorm,
    /// The same as `norm` where the tokens and the context share one.
    context_norm: Option<LayerNorm>,
    attn: CrossAttention,
    first: bool,
}

impl CrossBranch {
    /// The context as keys and values see it.
    fn context(&self, w: &Weights, context: Tensor<3>) -> Tensor<3> {
        match &self.context_norm {
            Some(norm) => norm.forward(w, context),
            None => context,
        }
    }
}

/// x ← x + Attn(LN(x)), x ← x + MLP(LN(x)); the MLP is dim → ratio · dim → GELU (erf) → dim.
#[derive(Debug, Clone)]
pub struct Block {
    norm1: LayerNorm,
    attn: Attention,
    norm2: LayerNorm,
    fc1: Linear,
    fc2: Linear,
    place: NormPlace,
    cross: Option<CrossBranch>,
}

impl Block {
    /// One block in `scope`.
    pub fn new(scope: Scope<'_>, config: TransformerConfig) -> Self {
        Self::formed(scope, config, Form::default())
    }

    /// As [`Block::new`], with another start, and with or without a bias of queries, keys and values.
    pub fn starting(scope: Scope<'_>, config: TransformerConfig, start: Start, qkv_bias: bool) -> Self {
        let bias = if qkv_bias { QkvBias::Whole } else { QkvBias::None };
        Self::formed(scope, config, Form { start, bias, ..Form::default() })
    }

    /// A block of another form.
    pub fn formed(mut scope: Scope<'_>, config: TransformerConfig, form: Form) -> Self {
        let TransformerConfig { dim, heads, ln_eps, .. } = config;
        let hidden = (dim as f64 * config.mlp_ratio) as usize;
        Self {
            norm1: LayerNorm::new(scope.at(form.norms[0]), dim, ln_eps),
            attn: Attention::named(scope.at(form.attn), [dim, heads], form.start, form.bias, form.names),
            norm2: LayerNorm::new(scope.at(form.norms[1]), dim, ln_eps),
            fc1: Linear::new(scope.at(form.mlp[0]), dim, hidden, form.start, true),
            fc2: Linear::new(scope.at(form.mlp[1]), hidden, dim, form.start, true),
            place: form.place,
            cross: form.cross.map(|cross| {
                let norm = LayerNorm::new(scope.at(cross.norms.0), dim, ln_eps);
                CrossBranch {
                    context_norm: match cross.norms.1 {
                        Some(name) if name == cross.norms.0 => Some(norm.clone()),
                        Some(name) => Some(LayerNorm::new(scope.at(name), cross.context, ln_eps)),
                        None => None,
                    },
                    norm,
                    attn: CrossAttention::new(
                        scope.at(cross.attn),
                        [dim, cross.context, heads],
                        form.start,
                        form.bias,
                        cross.names,
                    ),
                    first: cross.first,
                }
            }),
        }
    }

    /// # Shapes
    /// [batch, tokens, dim] → [batch, tokens, dim]
    pub fn forward(&self, w: &Weights, x: Tensor<3>) -> Tensor<3> {
        self.forward_dropping(w, x, &mut None)
    }

    /// The block with stochastic depth on its branches. Where nothing can be dropped, each branch ends with the sum.
    pub fn forward_dropping(&self, w: &Weights, x: Tensor<3>, drop: &mut Option<DropPath>) -> Tensor<3> {
        self.forward_given(w, x, &BlockInput::default(), drop)
    }

    /// The block with all that it can be given.
    ///
    /// # Shapes
    /// [batch, tokens, dim] → [batch, tokens, dim]
    pub fn forward_given(
        &self,
        w: &Weights,
        x: Tensor<3>,
        input: &BlockInput,
        drop: &mut Option<DropPath>,
    ) -> Tensor<3> {
        let mut drop = drop.as_mut().filter(|drop| drop.rate > 0.0);
        let crossing = |x: Tensor<3>, first: bool, drop: &mut Option<&mut DropPath>| match (&self.cross, &input.context)
        {
            (Some(cross), Some((context, given))) if cross.first == first => {
                let context = cross.context(w, context.clone());
                self.branch(w, &cross.norm, x, drop, |x, residual| cross.attn.forward(w, x, context, residual, given))
            }
            _ => x,
        };
        let x = crossing(x, true, &mut drop);
        let attend = |x, residual| self.attn.forward_given(w, x, residual, &input.own);
        let x = self.branch(w, &self.norm1, x, &mut drop, attend);
        let x = crossing(x, false, &mut drop);
        self.branch(w, &self.norm2, x, &mut drop, |x, residual| self.mlp(w, x, residual))
    }

    /// What self-attention adds to the tokens, in a block that norms before.
    ///
    /// # Shapes
    /// [batch, tokens, dim] → [batch, tokens, dim]
    pub fn attention_branch(&self, w: &Weights, x: Tensor<3>, given: &Given) -> Tensor<3> {
        self.attn.forward_given(w, self.norm1.forward(w, x), None, given)
    }

    /// Which keys each token looks at, in a block that norms before: 1 where it does.
    ///
    /// # Shapes
    /// [batch, tokens, dim] → [batch, heads, tokens, tokens]
    pub fn kept_keys(&self, w: &Weights, x: Tensor<3>, given: &Given) -> Tensor<4> {
        self.attn.kept_keys(w, self.norm1.forward(w, x), given)
    }

    /// How much each token looks at each, in a block that norms before.
    ///
    /// # Shapes
    /// [batch, tokens, dim] → [batch, heads, tokens, tokens]
    pub fn attention_weights(&self, w: &Weights, x: Tensor<3>, given: &Given) -> Tensor<4> {
        self.attn.weights(w, self.norm1.forward(w, x), given)
    }

    /// What attention to another sequence adds to the tokens, in a block that norms before; `None` without such a branch.
    ///
    /// # Shapes
    /// tokens [batch, queries, dim], context [batch, keys, width] → [batch, queries, dim]
    pub fn cross_branch(&self, w: &Weights, x: Tensor<3>, context: Tensor<3>, given: &Given) -> Option<Tensor<3>> {
        let cross = self.cross.as_ref()?;
        Some(cross.attn.forward(w, cross.norm.forward(w, x), cross.context(w, context), None, given))
    }

    /// What the MLP adds to the tokens, in a block that norms before.
    ///
    /// # Shapes
    /// [batch, tokens, dim] → [batch, tokens, dim]
    pub fn mlp_branch(&self, w: &Weights, x: Tensor<3>) -> Tensor<3> {
        self.mlp(w, self.norm2.forward(w, x), None)
    }

    /// One branch with its norm and the sum; `of` adds the residual it is given.
    fn branch(
        &self,
        w: &Weights,
        norm: &LayerNorm,
        x: Tensor<3>,
        drop: &mut Option<&mut DropPath>,
        of: impl FnOnce(Tensor<3>, Option<Tensor<3>>) -> Tensor<3>,
    ) -> Tensor<3> {
        let input = match self.place {
            NormPlace::Before => norm.forward(w, x.clone()),
            NormPlace::After => x.clone(),
        };
        let sum = match drop {
            None => of(input, Some(x)),
            Some(drop) => x + drop.apply(of(input, None)),
        };
        match self.place {
            NormPlace::Before => sum,
            NormPlace::After => norm.forward(w, sum),
        }
    }

    /// # Shapes
    /// [batch, tokens, dim] (twice) → [batch, tokens, dim]
    fn mlp(&self, w: &Weights, x: Tensor<3>, residual: Option<Tensor<3>>) -> Tensor<3> {
        let shape = x.dims();
        let rows = [shape[0] * shape[1], shape[2]];
        let residual = residual.map(|residual| residual.reshape(rows));
        mlp(x.reshape(rows), self.fc1.with_bias(w), self.fc2.with_bias(w), residual).reshape(shape)
    }
}

/// Blocks `prefix.0` … `prefix.{depth − 1}` of an encoder, whose layers are 1 … depth.
pub fn stack(scope: &mut Scope<'_>, prefix: &str, config: TransformerConfig) -> Vec<Block> {
    stack_of(scope, prefix, config, Form::default(), 0)
}

/// As [`stack`], of another form, with so many layers of the model `below` its first block.
pub fn stack_of(
    scope: &mut Scope<'_>,
    prefix: &str,
    config: TransformerConfig,
    form: Form,
    below: usize,
) -> Vec<Block> {
    (0..config.depth).map(|i| Block::formed(scope.at(prefix).at(i).layer(below + i + 1), config, form)).collect()
}
