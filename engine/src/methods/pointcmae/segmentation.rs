//! Part segmentation (ShapeNetPart): to which part of the object each point belongs.

use burn::tensor::Tensor;
use burn::tensor::activation::{leaky_relu, log_softmax, relu};

use crate::blocks::batch_norm::{BatchNorm, Pass};
use crate::blocks::dropout::DropPath;
use crate::blocks::linear::Start;
use crate::blocks::tokenizers::point_groups::{PointLayer, group};
use crate::kernels::points::nearest_points;
use crate::kernels::tokens::gather_tokens;
use crate::methods::pointcmae::classifier::dropped_out;
use crate::methods::pointcmae::config::Config;
use crate::methods::pointcmae::encoder::PointEncoder;
use crate::rng::Rng;
use crate::weights::{Scope, Weights};

/// Centres whose features a point gets.
const NEIGHBOURS: usize = 3;
/// Added to squared distances before they are inverted.
const NEAR: f64 = 1e-8;

/// Widths of the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentationSizes {
    /// Categories of objects, and the width of their embedding.
    pub categories: usize,
    pub category_width: usize,
    /// Widths of the two layers on interpolated features.
    pub propagated: [usize; 2],
    /// Widths of the two layers before the last.
    pub hidden: [usize; 2],
    /// Parts of all categories together.
    pub parts: usize,
}

impl SegmentationSizes {
    /// The authors' sizes for an encoder of this width: 16 categories, 50 parts.
    pub fn of_width(dim: usize) -> Self {
        Self { categories: 16, category_width: 64, propagated: [4 * dim, 1024], hidden: [512, 256], parts: 50 }
    }
}

/// A layer on every point with batch normalisation.
#[derive(Debug, Clone)]
struct NormedLayer {
    layer: PointLayer,
    norm: BatchNorm,
}

impl NormedLayer {
    fn new(scope: &mut Scope<'_>, names: [&str; 2], config: &Config, widths: [usize; 2], biased: bool) -> Self {
        Self {
            layer: PointLayer::new(scope.at(names[0]), widths[0], widths[1], Start::Normal(0.02), biased),
            norm: config.normalising.layer(scope.at(names[1]), widths[1]),
        }
    }

    fn forward(&self, w: &Weights, x: Tensor<2>, pass: &Pass) -> Tensor<2> {
        self.norm.forward(w, self.layer.forward(w, x), pass)
    }
}

/// The encoder without a class token, read at three depths, and a head on every point.
#[derive(Debug, Clone)]
pub struct PartSegmenter {
    config: Config,
    encoder: PointEncoder,
    category: NormedLayer,
    propagation: [NormedLayer; 2],
    hidden: [NormedLayer; 2],
    last: PointLayer,
}

impl PartSegmenter {
    /// Declare the weights under their official names.
    pub fn new(config: Config, sizes: SegmentationSizes, weights: &mut Weights) -> Self {
        let encoder = PointEncoder::new(&mut weights.root(), &config, &[], 0);
        let (mut scope, read) = (weights.root(), 3 * config.encoder.dim);
        let [first, second] = sizes.propagated;
        let [wide, narrow] = sizes.hidden;
        let all = second + 2 * read + sizes.category_width;
        let category_widths = [sizes.categories, sizes.category_width];
        Self {
            category: NormedLayer::new(&mut scope, ["label_conv.0", "label_conv.1"], &config, category_widths, false),
            propagation: [[read + 3, first], [first, second]].map({
                let mut number = 0;
                let (scope, config) = (&mut scope, &config);
                move |widths| {
                    let names = ["mlp_convs", "mlp_bns"].map(|name| format!("propagation_0.{name}.{number}"));
                    number += 1;
                    NormedLayer::new(scope, [&names[0], &names[1]], config, widths, true)
                }
            }),
            hidden: [
                NormedLayer::new(&mut scope, ["convs1", "bns1"], &config, [all, wide], true),
                NormedLayer::new(&mut scope, ["convs2", "bns2"], &config, [wide, narrow], true),
            ],
            last: PointLayer::new(scope.at("convs3"), narrow, sizes.parts, Start::Normal(0.02), true),
            config,
            encoder,
        }
    }

    /// Log-probabilities of the parts; with `rng` blocks and values are dropped.
    ///
    /// # Shapes
    /// points [batch, N, 3], categories [batch, categories] (one-hot) → [batch, N, parts]
    pub fn forward(
        &self,
        w: &Weights,
        points: Tensor<3>,
        categories: Tensor<2>,
        pass: &Pass,
        rng: Option<&Rng>,
    ) -> Tensor<3> {
        let [batch, count, _] = points.dims();
        let read = self.read(w, points.clone(), pass, rng); // features [batch, groups, 3 · dim] and centres
        let spread = interpolated(points.clone(), read.1, read.0.clone());
        let width = spread.dims()[2];
        let x = Tensor::cat(vec![points, spread], 2).reshape([batch * count, 3 + width]);
        let x = self.propagation.iter().fold(x, |x, layer| relu(layer.forward(w, x, pass)));
        let category = leaky_relu(self.category.forward(w, categories, pass), 0.2); // [batch, category width]
        let whole = Tensor::cat(vec![read.0.clone().max_dim(1), read.0.mean_dim(1), category.unsqueeze_dim(1)], 2);
        let [local, wide] = [x.dims()[1], whole.dims()[2]];
        let both = Tensor::cat(vec![x.reshape([batch, count, local]), whole.expand([batch, count, wide])], 2);
        let mut x = relu(self.hidden[0].forward(w, both.reshape([batch * count, local + wide]), pass));
        if let Some(rng) = rng {
            x = dropped_out(x, 0.5, rng);
        }
        let scores = self.last.forward(w, relu(self.hidden[1].forward(w, x, pass)));
        let parts = scores.dims()[1];
        log_softmax(scores, 1).reshape([batch, count, parts])
    }

    /// Normalised outputs after a third, two thirds and all of the blocks side by side, and the centres.
    fn read(&self, w: &Weights, points: Tensor<3>, pass: &Pass, rng: Option<&Rng>) -> (Tensor<3>, Tensor<3>) {
        let groups = group(points, self.config.groups, self.config.group_size, self.config.origin);
        let tokens = self.encoder.point_net.forward(w, groups.points, pass);
        let drop = DropPath::training(self.config.drop_path, rng);
        let outputs = self.encoder.outputs(w, tokens, groups.centres.clone(), None, drop.as_ref());
        let exits = (1..=3).map(|third| (third * outputs.len() / 3).max(1) - 1);
        let read = exits.map(|exit| self.encoder.norm.forward(w, outputs[exit].clone())).collect();
        (Tensor::cat(read, 2), groups.centres)
    }
}

/// Features of points from those of the three nearest centres, weighted by 1 / distance².
///
/// # Shapes
/// points [batch, N, 3], centres [batch, G, 3], features [batch, G, width] → [batch, N, width]
fn interpolated(points: Tensor<3>, centres: Tensor<3>, features: Tensor<3>) -> Tensor<3> {
    let ([batch, count, _], [_, groups, width]) = (points.dims(), features.dims());
    let few = NEIGHBOURS.min(groups);
    let nearest = nearest_points(centres.clone(), points.clone(), few).reshape([batch, count * few]);
    let at = gather_tokens(centres, nearest.clone()).reshape([batch, count, few, 3]);
    let squared = (at - points.unsqueeze_dim::<4>(2)).square().sum_dim(3); // [batch, N, 3, 1]
    let close = squared.add_scalar(NEAR).recip();
    let shares = close.clone() / close.sum_dim(2);
    let gathered = gather_tokens(features, nearest).reshape([batch, count, few, width]);
    (gathered * shares).sum_dim(2).squeeze_dim(2)
}
