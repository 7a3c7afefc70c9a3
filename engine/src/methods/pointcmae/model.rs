//! Point-CMAE's two branches, with the functions of the paper's figure; with one of them it is Point-MAE.

use burn::tensor::{Device, Tensor, TensorData};

use crate::blocks::batch_norm::Pass;
use crate::blocks::dropout::DropPath;
use crate::blocks::encoders::transformer::Block;
use crate::blocks::linear::{LayerNorm, Start};
use crate::blocks::masks::Mask;
use crate::blocks::objectives::agreement::Agreement;
use crate::blocks::positions::point_mlp::PointMlp;
use crate::blocks::tokenizers::point_groups::{Groups, PointLayer, group};
use crate::error::Result;
use crate::kernels::tokens::{gather_tokens, scatter_tokens};
use crate::methods::pointcmae::config::{Config, System};
use crate::methods::pointcmae::encoder::{PointEncoder, blocks_told_positions};
use crate::rng::Rng;
use crate::weights::{Init, Slot, Weights, plain};

/// The decoder of one branch: mask token, positions, blocks, norm, and the head that predicts the points of a group.
#[derive(Debug, Clone)]
pub struct Branch {
    mask_token: Slot<3>,
    positions: PointMlp,
    blocks: Vec<Block>,
    norm: LayerNorm,
    head: PointLayer,
}

/// Official names of a branch's parts: mask token, positions, decoder, head.
type Names = [&'static str; 4];

const POINT_MAE: [Names; 1] = [["mask_token", "decoder_pos_embed", "MAE_decoder", "increase_dim.0"]];
const POINT_CMAE: [Names; 2] = [
    ["mask_token1", "decoder_pos_embed1", "MAE_decoder", "increase_dim.0"],
    ["mask_token2", "decoder_pos_embed2", "MAE_decoder_", "increase_dim_.0"],
];

impl Branch {
    fn new(weights: &mut Weights, config: &Config, [mask_token, positions, decoder, head]: Names) -> Self {
        let (mut scope, dim) = (weights.root(), config.decoder.dim);
        Self {
            mask_token: scope.weight(mask_token, [1, 1, dim], Init::Normal(0.02)),
            positions: PointMlp::new(scope.at(positions), config.position_hidden, dim, Start::Uniform),
            blocks: (0..config.decoder.depth)
                .map(|i| Block::starting(scope.at(decoder).at("blocks").at(i), config.decoder, Start::Xavier, false))
                .collect(),
            norm: LayerNorm::new(scope.at(decoder).at("norm"), dim, config.decoder.ln_eps),
            head: PointLayer::new(scope.at(head), dim, 3 * config.group_size, Start::Uniform, true),
        }
    }

    /// All tokens without the last norm, visible ones first, and the hidden ones with it.
    ///
    /// # Shapes
    /// visible [batch, visible, dim], centres [batch, groups, 3] in that order → [batch, groups, dim], [batch, hidden,
    /// dim]
    fn decode(
        &self,
        w: &Weights,
        visible: Tensor<3>,
        centres: Tensor<3>,
        drop: Option<&DropPath>,
    ) -> (Tensor<3>, Tensor<3>) {
        let [batch, kept, dim] = visible.dims();
        let hidden = centres.dims()[1] - kept;
        let x = Tensor::cat(vec![visible, w.get(self.mask_token).expand([batch, hidden, dim])], 1);
        let positions = self.positions.forward(w, centres);
        let all = blocks_told_positions(&self.blocks, w, x.clone(), &positions, drop).pop().unwrap_or(x);
        let normed = self.norm.forward(w, all.clone().narrow(1, kept, hidden));
        (all, normed)
    }
}

/// What one branch computed; hidden groups in ascending order.
#[derive(Debug, Clone)]
pub struct Seen {
    /// [batch, visible, dim]: the encoder's output, class token removed.
    pub visible: Tensor<3>,
    /// [batch, dim], where there is a class token.
    pub class: Option<Tensor<2>>,
    /// [batch, groups, dim]: the decoder's output before its norm, visible tokens first.
    pub raw: Tensor<3>,
    /// [batch, hidden, dim]: that of the hidden tokens after the norm.
    pub normed: Tensor<3>,
    /// [batch · hidden, size, 3]: predicted points, relative to their centres.
    pub prediction: Tensor<3>,
    /// [batch · hidden, size, 3]: the points to predict.
    pub target: Tensor<3>,
}

/// One pass over a batch: groups, their tokens, and what each branch made of them.
#[derive(Debug, Clone)]
pub struct Forward {
    pub groups: Groups,
    /// [batch, groups, dim]
    pub tokens: Tensor<3>,
    pub branches: Vec<Seen>,
}

/// The terms of the loss, each [1].
#[derive(Debug, Clone)]
pub struct Losses {
    /// Chamfer distance of each branch.
    pub reconstructions: Vec<Tensor<1>>,
    /// The contrast, where it is on and a token is hidden twice.
    pub agreement: Option<Tensor<1>>,
    pub total: Tensor<1>,
}

/// The whole system: one encoder, a decoder for each branch.
#[derive(Debug, Clone)]
pub struct PointCmae {
    pub config: Config,
    pub encoder: PointEncoder,
    pub branches: Vec<Branch>,
}

impl PointCmae {
    /// Declare all weights under their official names.
    ///
    /// # Errors
    /// [`crate::error::Error::Request`] when the sizes do not fit one another.
    pub fn new(config: Config, weights: &mut Weights) -> Result<Self> {
        config.check()?;
        let (classes, names): (&[&str], &[Names]) = match config.system {
            System::PointMae => (&[], &POINT_MAE),
            System::PointCmae => (&["1", "2"], &POINT_CMAE),
        };
        let projection = if classes.is_empty() { 0 } else { config.projection };
        let encoder = PointEncoder::new(&mut weights.root().at("MAE_encoder"), &config, classes, projection);
        let branches = names.iter().map(|names| Branch::new(weights, &config, *names)).collect();
        Ok(Self { config, encoder, branches })
    }

    /// Draw an independent mask for each branch: a random choice of groups of each sample.
    pub fn random_masks(&self, samples: usize, rng: &Rng) -> Vec<Mask> {
        let kept = self.config.groups - self.config.hidden();
        let mask = |branch: usize| {
            let rng = rng.at(branch as u64);
            let rows = (0..samples).flat_map(|sample| {
                let mut hidden = vec![true; self.config.groups];
                let order = rng.at(sample as u64).permutation(self.config.groups);
                order.iter().take(kept).for_each(|group| hidden[*group] = false);
                hidden
            });
            mask_of(&rows.collect::<Vec<bool>>(), self.config.groups, kept)
        };
        (0..self.branches.len()).map(mask).collect()
    }

    /// Cut clouds into groups.
    ///
    /// # Shapes
    /// points [batch, N, 3]
    pub fn group(&self, points: Tensor<3>) -> Groups {
        group(points, self.config.groups, self.config.group_size, self.config.origin)
    }

    /// One pass; all groups get tokens, each branch sees those that its mask leaves.
    ///
    /// # Shapes
    /// groups of a batch, a mask for each branch; with `rng` blocks are skipped (stochastic depth)
    pub fn forward(&self, w: &Weights, groups: Groups, masks: &[Mask], pass: &Pass, rng: Option<&Rng>) -> Forward {
        let tokens = self.encoder.point_net.forward(w, groups.points.clone(), pass);
        let branches = self.branches.iter().zip(masks).enumerate().map(|(number, (branch, mask))| {
            let dropping = [0, 1].map(|part| {
                let stream = rng.map(|rng| rng.at(2 * number as u64 + part));
                DropPath::training(self.config.drop_path, stream.as_ref())
            });
            self.branch(w, &groups, &tokens, (number, branch, mask), dropping.each_ref().map(Option::as_ref))
        });
        let branches: Vec<Seen> = branches.collect();
        if let (true, Some(projection)) = (pass.trains(), &self.encoder.projection) {
            // No loss uses the projection: only its running statistics change.
            let frozen = w.frozen();
            for class in branches.iter().filter_map(|branch| branch.class.clone()) {
                projection.forward(&frozen, plain(class), pass);
            }
        }
        Forward { groups, tokens, branches }
    }

    fn branch(
        &self,
        w: &Weights,
        groups: &Groups,
        tokens: &Tensor<3>,
        (number, branch, mask): (usize, &Branch, &Mask),
        [encoding, decoding]: [Option<&DropPath>; 2],
    ) -> Seen {
        let device = tokens.device();
        let [batch, count, size, _] = groups.points.dims();
        let (kept, hidden) = (mask.kept, count - mask.kept);
        let order = mask.restore_tensor(&device); // places in the order visible, hidden
        let centres = scatter_tokens(groups.centres.clone(), order.clone(), count);
        let seen = gather_tokens(tokens.clone(), mask.keep_tensor(&device));
        let latent = self.encoder.forward(w, seen, centres.clone().narrow(1, 0, kept), Some(number), encoding);
        let classes = latent.dims()[1] - kept;
        let class = (classes > 0).then(|| latent.clone().narrow(1, 0, 1).squeeze_dim(1));
        let visible = latent.narrow(1, classes, kept);
        let (raw, normed) = branch.decode(w, visible.clone(), centres, decoding);
        let dim = normed.dims()[2];
        let prediction = branch.head.forward(w, normed.clone().reshape([batch * hidden, dim]));
        let points = scatter_tokens(groups.points.clone().reshape([batch, count, size * 3]), order, count);
        Seen {
            visible,
            class,
            raw,
            normed,
            prediction: prediction.reshape([batch * hidden, size, 3]),
            target: points.narrow(1, kept, hidden).reshape([batch * hidden, size, 3]),
        }
    }

    /// The decoders' outputs before their norms, back in the order of the groups.
    ///
    /// # Shapes
    /// → of each branch [batch, groups, dim]
    pub fn features(&self, forward: &Forward, masks: &[Mask]) -> Vec<Tensor<3>> {
        let in_order =
            |(seen, mask): (&Seen, &Mask)| gather_tokens(seen.raw.clone(), mask.restore_tensor(&seen.raw.device()));
        forward.branches.iter().zip(masks).map(in_order).collect()
    }

    /// The contrast of two branches; `None` where there is one branch or no token is hidden twice.
    pub fn agreement(&self, forward: &Forward, masks: &[Mask], rule: Agreement) -> Option<Tensor<1>> {
        let features = self.features(forward, masks);
        let [first, second] = <[Tensor<3>; 2]>::try_from(features).ok()?;
        let (both, count) = hidden_twice(masks);
        let [samples, tokens, _] = first.dims();
        let both = Tensor::from_data(TensorData::new(both, [samples, tokens]), &first.device());
        rule.loss(first, second, both, count)
    }

    /// The loss: λ Σ Chamfer of the branches + μ · contrast.
    pub fn losses(&self, forward: &Forward, masks: &[Mask]) -> Losses {
        let config = &self.config;
        let reconstruction = |seen: &Seen| config.chamfer.loss(seen.prediction.clone(), seen.target.clone());
        let reconstructions: Vec<Tensor<1>> = forward.branches.iter().map(reconstruction).collect();
        let agreement = config.agreement.and_then(|rule| self.agreement(forward, masks, rule));
        let sum = reconstructions.iter().cloned().reduce(Tensor::add);
        let sum = sum
            .unwrap_or_else(|| Tensor::zeros([1], &forward.tokens.device()))
            .mul_scalar(config.reconstruction_weight);
        let total = match &agreement {
            Some(agreement) => sum + agreement.clone().mul_scalar(config.agreement_weight),
            None => sum,
        };
        Losses { reconstructions, agreement, total }
    }

    /// All groups through the encoder, nothing hidden, with the first class token where there is one (it is removed
    /// again).
    ///
    /// # Shapes
    /// groups of a batch → [batch, groups, dim]
    pub fn encode(&self, w: &Weights, groups: Groups, pass: &Pass) -> Tensor<3> {
        let count = groups.centres.dims()[1];
        let tokens = self.encoder.point_net.forward(w, groups.points, pass);
        let latent = self.encoder.forward(w, tokens, groups.centres, Some(0), None);
        let classes = latent.dims()[1] - count;
        latent.narrow(1, classes, count)
    }
}

/// The masks of a batch from flags, true = hidden: visible groups first, each in ascending order.
pub fn mask_of(hidden: &[bool], groups: usize, kept: usize) -> Mask {
    let noise: Vec<f32> = hidden.iter().map(|h| f32::from(u8::from(*h))).collect();
    Mask::from_noise(&noise, groups, kept)
}

/// 1 for every token that all masks hide, [samples, tokens], and how many there are.
pub fn hidden_twice(masks: &[Mask]) -> (Vec<f32>, usize) {
    let tokens = masks.first().map_or(0, |mask| mask.hidden.len());
    let both: Vec<bool> = (0..tokens).map(|token| masks.iter().all(|mask| mask.hidden[token])).collect();
    let count = both.iter().filter(|both| **both).count();
    (both.into_iter().map(|both| f32::from(u8::from(both))).collect(), count)
}

/// A tensor without history on the device of the weights.
pub(super) fn onto<const D: usize>(tensor: Tensor<D>, device: &Device) -> Tensor<D> {
    if device.is_autodiff() { Tensor::from_inner(tensor) } else { tensor }
}
