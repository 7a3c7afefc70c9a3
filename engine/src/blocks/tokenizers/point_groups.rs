//! A cloud of points cut into local groups, and the small PointNet that makes a token of each.
//!
//! Groups as in PointNet++ (Qi et al., NeurIPS 2017, arXiv 1706.02413) and Point-BERT (Yu et al., CVPR 2022, arXiv
//! 2111.14819): centres spread out by farthest point sampling, each with its nearest points. Groups may overlap and
//! need not cover the cloud.

use burn::tensor::activation::relu;
use burn::tensor::{Int, Tensor};

use crate::blocks::batch_norm::{BatchNorm, Pass};
use crate::blocks::linear::Start;
use crate::kernels::points::{farthest_points, nearest_points};
use crate::kernels::products::linear;
use crate::kernels::tokens::gather_tokens;
use crate::weights::{Scope, Slot, Weights};

/// The groups of a batch of clouds.
#[derive(Debug, Clone)]
pub struct Groups {
    /// [batch, groups]: which points are the centres.
    pub chosen: Tensor<2, Int>,
    /// [batch, groups, size]: which points belong to a group, nearest first; the centre itself is the first.
    pub members: Tensor<3, Int>,
    /// [batch, groups, 3]
    pub centres: Tensor<3>,
    /// [batch, groups, size, 3], relative to the centre.
    pub points: Tensor<4>,
}

/// Cut clouds into `groups` groups of `size` points. Centres inside the radius √`origin` of the origin are left out,
/// where that is given.
///
/// # Shapes
/// points [batch, N, 3], with N at least `groups` and `size`
pub fn group(points: Tensor<3>, groups: usize, size: usize, origin: Option<f32>) -> Groups {
    let batch = points.dims()[0];
    let chosen = farthest_points(points.clone(), groups, origin);
    let centres = gather_tokens(points.clone(), chosen.clone());
    let members = nearest_points(points.clone(), centres.clone(), size);
    let absolute = gather_tokens(points, members.clone().reshape([batch, groups * size]));
    let points = absolute.reshape([batch, groups, size, 3]) - centres.clone().unsqueeze_dim::<4>(2);
    Groups { chosen, members, centres, points }
}

/// A linear layer on every point, stored as a convolution of length one: weight [out, in, 1].
#[derive(Debug, Clone)]
pub struct PointLayer {
    weight: Slot<3>,
    bias: Option<Slot<1>>,
}

impl PointLayer {
    /// A layer that starts as said, with a bias or without.
    pub fn new(mut scope: Scope<'_>, inputs: usize, outputs: usize, start: Start, biased: bool) -> Self {
        let weight = scope.weight("weight", [outputs, inputs, 1], start.weight(inputs, outputs));
        Self { weight, bias: biased.then(|| scope.weight("bias", [outputs], start.bias(inputs))) }
    }

    /// # Shapes
    /// [points, in] → [points, out]
    pub fn forward(&self, w: &Weights, x: Tensor<2>) -> Tensor<2> {
        linear(x, w.get(self.weight).squeeze_dim(2), self.bias.map(|bias| w.get(bias)), None)
    }
}

/// How batch normalisation counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Normalising {
    pub eps: f64,
    /// Share of the new statistics in the running ones.
    pub momentum: f64,
}

impl Normalising {
    /// A layer of this kind.
    pub fn layer(self, scope: Scope<'_>, channels: usize) -> BatchNorm {
        let mut layer = BatchNorm::new(scope, channels, self.eps);
        layer.momentum = self.momentum;
        layer
    }
}

/// Group → token: two layers on every point, the largest of each channel over the group set beside every point's own,
/// two more layers, the largest again (Qi et al., PointNet, CVPR 2017, arXiv 1612.00593).
#[derive(Debug, Clone)]
pub struct PointNet {
    first: [PointLayer; 2],
    first_norm: BatchNorm,
    second: [PointLayer; 2],
    second_norm: BatchNorm,
}

impl PointNet {
    /// Widths w₁ → w₂ of the first two layers, then 2 w₂ → `dim`; the names of the authors' sequences.
    pub fn new(mut scope: Scope<'_>, widths: [usize; 2], dim: usize, start: Start, normalising: Normalising) -> Self {
        let [narrow, wide] = widths;
        let mut layer =
            |name: &str, inputs: usize, outputs: usize| PointLayer::new(scope.at(name), inputs, outputs, start, true);
        Self {
            first: [layer("first_conv.0", 3, narrow), layer("first_conv.3", narrow, wide)],
            second: [layer("second_conv.0", 2 * wide, 2 * wide), layer("second_conv.3", 2 * wide, dim)],
            first_norm: normalising.layer(scope.at("first_conv.1"), narrow),
            second_norm: normalising.layer(scope.at("second_conv.1"), 2 * wide),
        }
    }

    /// # Shapes
    /// groups [batch, groups, size, 3], relative to their centres → [batch, groups, dim]
    pub fn forward(&self, w: &Weights, groups: Tensor<4>, pass: &Pass) -> Tensor<3> {
        let [batch, count, size, _] = groups.dims();
        let [points, sets] = [batch * count * size, batch * count];
        let x = self.first[0].forward(w, groups.reshape([points, 3]));
        let own = self.first[1].forward(w, relu(self.first_norm.forward(w, x, pass))); // [points, w₂]
        let wide = own.dims()[1];
        let own = own.reshape([sets, size, wide]);
        let whole = own.clone().max_dim(1).expand([sets, size, wide]);
        let both = Tensor::cat(vec![whole, own], 2).reshape([points, 2 * wide]);
        let x = self.second[0].forward(w, both);
        let x = self.second[1].forward(w, relu(self.second_norm.forward(w, x, pass))); // [points, dim]
        let dim = x.dims()[1];
        x.reshape([sets, size, dim]).max_dim(1).reshape([batch, count, dim])
    }
}
