//! The three encoders and what they know of places. Names are those of the authors' pre-training module.

use std::rc::Rc;

use burn::tensor::{Device, Tensor, TensorData};

use crate::blocks::encoders::attention::{Given, Names, QkvBias};
use crate::blocks::encoders::transformer::{Block, BlockInput, Cross, Form, TransformerConfig, stack_of};
use crate::blocks::linear::{LayerNorm, Linear, Start};
use crate::blocks::masks::Mask;
use crate::blocks::positions::alibi::Alibi;
use crate::blocks::positions::sincos::sincos_2d;
use crate::kernels::tokens::gather_tokens;
use crate::methods::croma::config::{Config, Positions};
use crate::placed::Placed;
use crate::weights::{Scope, Weights};

/// A layer of self-attention and FFN: neither queries, keys nor values have a bias, norms come first.
pub fn names(start: Start) -> Form {
    Form {
        start,
        bias: QkvBias::None,
        norms: ["0.input_norm", "1.input_norm"],
        attn: "0",
        mlp: ["1.net.0", "1.net.2"],
        names: Names { qkv: "create_qkv", parts: ["create_q", "create_k", "create_v"], proj: "out" },
        ..Form::default()
    }
}

/// A layer of the fusion encoder: cross-attention comes between, with one norm for both of its sequences.
fn fusion(start: Start, dim: usize) -> Form {
    let own = names(start);
    Form {
        cross: Some(Cross {
            context: dim,
            first: false,
            norms: ("1.input_norm", Some("1.input_norm")),
            attn: "1",
            names: Names { proj: "to_out", ..own.names },
        }),
        norms: ["0.input_norm", "2.input_norm"],
        mlp: ["2.net.0", "2.net.2"],
        ..own
    }
}

/// What the encoders know of where patches lie on a grid of any size: biases of attention, or a table that is added.
#[derive(Debug, Clone)]
pub struct Places {
    how: Positions,
    pub grid: [usize; 2],
    pub alibi: Alibi,
    dim: usize,
    table: Rc<Placed<Tensor<3>>>,
}

impl Places {
    /// Places on a grid of rows and columns.
    pub fn new(config: &Config, grid: [usize; 2]) -> Self {
        let alibi = Alibi::new(config.encoder.heads, grid);
        Self { how: config.positions, grid, alibi, dim: config.encoder.dim, table: Rc::default() }
    }

    /// Put what is needed on a device now.
    pub fn upload(&self, device: &Device) {
        match self.how {
            Positions::Alibi => self.alibi.upload(device),
            Positions::SineCosine => drop(self.table(device)),
        }
    }

    /// The bias between the patches that two masks leave; `None` where places are added to tokens instead.
    ///
    /// # Shapes
    /// → [batch or 1, heads, queries, keys]
    pub fn bias(&self, queries: Option<&Mask>, keys: Option<&Mask>, device: &Device) -> Option<Tensor<4>> {
        (self.how == Positions::Alibi).then(|| self.alibi.bias(queries, keys, device))
    }

    /// [1, tokens, dim]
    fn table(&self, device: &Device) -> Tensor<3> {
        let table = self.table.on(device, |device| {
            let ([rows, columns], dim) = (self.grid, self.dim);
            // Its first row is a class token's, which there is none of here.
            let values = sincos_2d(dim, rows, columns).split_off(dim);
            Tensor::from_data(TensorData::new(values, [1, rows * columns, dim]), device)
        });
        if device.is_autodiff() { Tensor::from_inner(table) } else { table }
    }

    /// Tokens with their places added, where that is how they are told.
    fn added(&self, tokens: Tensor<3>, mask: Option<&Mask>) -> Tensor<3> {
        if self.how == Positions::Alibi {
            return tokens;
        }
        let device = tokens.device();
        let table = self.table(&device);
        match mask {
            None => tokens + table,
            Some(mask) => {
                let [_, count, dim] = table.dims();
                tokens + gather_tokens(table.expand([mask.samples, count, dim]), mask.keep_tensor(&device))
            }
        }
    }
}

/// The encoder of one sensor.
#[derive(Debug, Clone)]
pub struct UnimodalEncoder {
    pub linear_input: Linear,
    pub layers: Vec<Block>,
    pub norm_out: LayerNorm,
}

impl UnimodalEncoder {
    /// An encoder of patches of so many numbers. Its last block is layer `last` of the model, whatever its depth.
    pub fn new(mut scope: Scope<'_>, inputs: usize, config: TransformerConfig, last: usize) -> Self {
        let linear_input = Linear::new(scope.at("linear_input").layer(0), inputs, config.dim, Start::Uniform, true);
        let mut scope = scope.at("transformer");
        Self {
            linear_input,
            layers: stack_of(&mut scope, "layers", config, names(Start::Uniform), last.saturating_sub(config.depth)),
            norm_out: LayerNorm::new(scope.at("norm_out").layer(last), config.dim, config.ln_eps),
        }
    }

    /// What enters the first layer: the visible patches, embedded.
    ///
    /// # Shapes
    /// [batch, tokens, channels · p²] → [batch, seen, dim]
    pub fn input(&self, w: &Weights, patches: Tensor<3>, mask: Option<&Mask>, places: &Places) -> Tensor<3> {
        let seen = match mask {
            Some(mask) => gather_tokens(patches.clone(), mask.keep_tensor(&patches.device())),
            None => patches,
        };
        places.added(self.linear_input.tokens(w, seen), mask)
    }

    /// # Shapes
    /// [batch, tokens, channels · p²] → [batch, seen, dim]
    pub fn forward(&self, w: &Weights, patches: Tensor<3>, mask: Option<&Mask>, places: &Places) -> Tensor<3> {
        let bias = places.bias(mask, mask, &patches.device());
        let input = BlockInput { own: Given { bias, ..Given::default() }, context: None };
        let x = self.input(w, patches, mask, places);
        self.norm_out.forward(w, self.layers.iter().fold(x, |x, layer| layer.forward_given(w, x, &input, &mut None)))
    }
}

/// The joint encoder: radar tokens look at one another and at the optical ones, which stay as they are.
#[derive(Debug, Clone)]
pub struct FusionEncoder {
    pub layers: Vec<Block>,
    norm_out: LayerNorm,
}

impl FusionEncoder {
    /// Declare the weights, with so many layers of the model `below`.
    pub fn new(mut scope: Scope<'_>, config: TransformerConfig, below: usize) -> Self {
        Self {
            layers: stack_of(&mut scope, "layers", config, fusion(Start::Uniform, config.dim), below),
            norm_out: LayerNorm::new(scope.at("norm_out"), config.dim, config.ln_eps),
        }
    }

    /// # Shapes
    /// radar tokens [batch, seen radar, dim]; the optical ones are the context of `input` → [batch, seen radar, dim]
    pub fn forward(&self, w: &Weights, radar: Tensor<3>, input: &BlockInput) -> Tensor<3> {
        let x = self.layers.iter().fold(radar, |x, layer| layer.forward_given(w, x, input, &mut None));
        self.norm_out.forward(w, x)
    }
}
