//! The encoder of Point-MAE and Point-CMAE: tokens of groups through transformer blocks that are told the positions
//! every time.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;

use crate::blocks::batch_norm::{BatchNorm, Pass};
use crate::blocks::dropout::DropPath;
use crate::blocks::encoders::transformer::Block;
use crate::blocks::linear::{LayerNorm, Linear, Start};
use crate::blocks::positions::point_mlp::PointMlp;
use crate::blocks::tokenizers::point_groups::PointNet;
use crate::methods::pointcmae::config::Config;
use crate::weights::{Init, Scope, Slot, Weights};

/// Weights of the encoder's layers start normal with this deviation.
const DEVIATION: f32 = 0.02;

/// The output of every block; the positions are added again before each.
///
/// # Shapes
/// x and positions [batch, tokens, dim] → as many of the same as there are blocks
pub fn blocks_told_positions(
    blocks: &[Block],
    w: &Weights,
    x: Tensor<3>,
    positions: &Tensor<3>,
    drop: Option<&DropPath>,
) -> Vec<Tensor<3>> {
    let mut outputs: Vec<Tensor<3>> = Vec::with_capacity(blocks.len());
    for (block, mut drop) in blocks.iter().zip(DropPath::ramp(drop, blocks.len())) {
        let x = outputs.last().unwrap_or(&x).clone() + positions.clone();
        outputs.push(block.forward_dropping(w, x, &mut drop));
    }
    outputs
}

/// A class token with its position.
#[derive(Debug, Clone)]
pub struct ClassToken {
    token: Slot<3>,
    position: Slot<3>,
}

impl ClassToken {
    fn new(scope: &mut Scope<'_>, suffix: &str, dim: usize) -> Self {
        Self {
            token: scope.weight(&format!("cls_token{suffix}"), [1, 1, dim], Init::Normal(DEVIATION)),
            position: scope.weight(&format!("cls_pos{suffix}"), [1, 1, dim], Init::Normal(DEVIATION)),
        }
    }
}

/// What the authors evaluate on the class token and use in no loss: linear, batch normalisation, ReLU, linear.
#[derive(Debug, Clone)]
pub struct Projection {
    first: Linear,
    norm: BatchNorm,
    second: Linear,
}

impl Projection {
    /// # Shapes
    /// class tokens [batch, dim] → [batch, projection]
    pub fn forward(&self, w: &Weights, class: Tensor<2>, pass: &Pass) -> Tensor<2> {
        self.second.forward(w, relu(self.norm.forward(w, self.first.forward(w, class), pass)))
    }
}

/// PointNet, positions, blocks, a last norm, and a class token for each use.
#[derive(Debug, Clone)]
pub struct PointEncoder {
    pub point_net: PointNet,
    positions: PointMlp,
    pub blocks: Vec<Block>,
    pub norm: LayerNorm,
    classes: Vec<ClassToken>,
    pub projection: Option<Projection>,
}

impl PointEncoder {
    /// Declare the weights under their official names, with one class token for each suffix (`1`, `2`).
    pub fn new(scope: &mut Scope<'_>, config: &Config, classes: &[&str], projection: usize) -> Self {
        let (dim, start) = (config.encoder.dim, Start::Normal(DEVIATION));
        Self {
            classes: classes.iter().map(|suffix| ClassToken::new(&mut scope.layer(0), suffix, dim)).collect(),
            point_net: PointNet::new(scope.at("encoder").layer(0), config.widths, dim, start, config.normalising),
            positions: PointMlp::new(scope.at("pos_embed").layer(0), config.position_hidden, dim, start),
            blocks: (0..config.encoder.depth)
                .map(|i| Block::starting(scope.at("blocks.blocks").at(i).layer(i + 1), config.encoder, start, false))
                .collect(),
            norm: LayerNorm::new(scope.at("norm"), dim, config.encoder.ln_eps),
            projection: (projection > 0).then(|| Projection {
                first: Linear::new(scope.at("proj_cls.0"), dim, projection, start, true),
                norm: config.normalising.layer(scope.at("proj_cls.1"), projection),
                second: Linear::new(scope.at("proj_cls.3"), projection, projection, start, true),
            }),
        }
    }

    /// The output of every block, the class token `class` first where there is one of that number.
    ///
    /// # Shapes
    /// tokens [batch, tokens, dim], centres [batch, tokens, 3] → of each block [batch, (1 +) tokens, dim]
    pub fn outputs(
        &self,
        w: &Weights,
        tokens: Tensor<3>,
        centres: Tensor<3>,
        class: Option<usize>,
        drop: Option<&DropPath>,
    ) -> Vec<Tensor<3>> {
        let positions = self.positions.forward(w, centres);
        let (x, positions) = match class.and_then(|class| self.classes.get(class)) {
            None => (tokens, positions),
            Some(class) => {
                let [batch, _, dim] = tokens.dims();
                let first =
                    |slot: Slot<3>, rest: Tensor<3>| Tensor::cat(vec![w.get(slot).expand([batch, 1, dim]), rest], 1);
                (first(class.token, tokens), first(class.position, positions))
            }
        };
        blocks_told_positions(&self.blocks, w, x, &positions, drop)
    }

    /// The normalised output of the last block.
    ///
    /// # Shapes
    /// as [`PointEncoder::outputs`]
    pub fn forward(
        &self,
        w: &Weights,
        tokens: Tensor<3>,
        centres: Tensor<3>,
        class: Option<usize>,
        drop: Option<&DropPath>,
    ) -> Tensor<3> {
        let last = self.outputs(w, tokens.clone(), centres, class, drop).pop();
        self.norm.forward(w, last.unwrap_or(tokens))
    }
}
