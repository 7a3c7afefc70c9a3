//! ConvNeXt (Liu, Mao, Wu, Feichtenhofer, Darrell, Xie, CVPR 2022, arXiv 2201.03545) in the authors' layout:
//! `downsample_layers.{stage}.{0, 1}`, `stages.{stage}.{block}.{dwconv, norm, pwconv1, pwconv2, gamma}`.

use burn::tensor::Tensor;

use crate::blocks::convolution::active::MapPass;
use crate::blocks::convolution::torch::{Conv2d, Sizes};
use crate::blocks::dropout::DropPath;
use crate::blocks::linear::{LayerNorm, Linear};
use crate::kernels::products::mlp;
use crate::weights::{Init, Scope, Slot, Weights};

const EPS: f64 = 1e-6;
const START: Init = Init::TruncatedNormal(0.02);
/// Side of the depthwise window.
const WINDOW: usize = 7;

/// Sizes of a ConvNeXt.
#[derive(Debug, Clone, PartialEq)]
pub struct ConvNextConfig {
    pub channels: usize,
    /// Side of the stem's patches.
    pub patch: usize,
    pub dims: Vec<usize>,
    pub depths: Vec<usize>,
    /// First value of the factors of each branch.
    pub layer_scale: f32,
}

impl ConvNextConfig {
    /// ConvNeXt-T: 28 million weights.
    pub fn tiny() -> Self {
        let (dims, depths) = (vec![96, 192, 384, 768], vec![3, 3, 9, 3]);
        Self { channels: 3, patch: 4, dims, depths, layer_scale: 1e-6 }
    }

    /// ConvNeXt-S: 50 million weights.
    pub fn small() -> Self {
        Self { depths: vec![3, 3, 27, 3], ..Self::tiny() }
    }
}

/// x + γ · MLP(LN(depthwise 7 × 7 (x))), the MLP of each place: dim → 4 · dim → GELU (erf) → dim.
#[derive(Debug, Clone)]
struct Block {
    dwconv: Conv2d,
    norm: LayerNorm,
    pwconv1: Linear,
    pwconv2: Linear,
    gamma: Slot<1>,
}

impl Block {
    fn new(mut scope: Scope<'_>, dim: usize, layer_scale: f32) -> Self {
        Self {
            gamma: scope.weight("gamma", [dim], Init::Values(vec![layer_scale; dim])),
            dwconv: Conv2d::new(scope.at("dwconv"), Sizes::depthwise(dim, WINDOW), START, true),
            norm: LayerNorm::new(scope.at("norm"), dim, EPS),
            pwconv1: Linear::with(scope.at("pwconv1"), dim, 4 * dim, START),
            pwconv2: Linear::with(scope.at("pwconv2"), 4 * dim, dim, START),
        }
    }

    fn forward(&self, w: &Weights, x: Tensor<4>, pass: &MapPass<'_>, drop: Option<&mut DropPath>) -> Tensor<4> {
        let shape = x.dims();
        let [batch, rows, columns, dim] = shape;
        let map = pass.layer_norm(&self.norm, w, self.dwconv.forward(w, x.clone()));
        let places = map.reshape([batch * rows * columns, dim]);
        let branch = mlp(places, self.pwconv1.with_bias(w), self.pwconv2.with_bias(w), None)
            * w.get(self.gamma).unsqueeze::<2>();
        let branch = pass.keep(branch.reshape(shape));
        x + match drop {
            Some(drop) => drop.apply(branch),
            None => branch,
        }
    }
}

/// A convolution that makes a map coarser, with the norm after it (stem) or before it.
#[derive(Debug, Clone)]
struct Downsample {
    convolution: Conv2d,
    norm: LayerNorm,
    stem: bool,
}

impl Downsample {
    fn new(mut scope: Scope<'_>, sizes: Sizes, stem: bool) -> Self {
        let names = if stem { [0, 1] } else { [1, 0] };
        Self {
            convolution: Conv2d::new(scope.at(names[0]), sizes, START, true),
            norm: LayerNorm::new(scope.at(names[1]), if stem { sizes.outputs } else { sizes.inputs }, EPS),
            stem,
        }
    }

    fn forward(&self, w: &Weights, map: Tensor<4>, pass: &MapPass<'_>) -> Tensor<4> {
        if self.stem {
            pass.layer_norm(&self.norm, w, self.convolution.forward(w, map))
        } else {
            pass.keep(self.convolution.forward(w, pass.layer_norm(&self.norm, w, map)))
        }
    }
}

/// The network without its last norm and classifier.
#[derive(Debug, Clone)]
pub struct ConvNext {
    stages: Vec<(Downsample, Vec<Block>)>,
}

impl ConvNext {
    /// Declare the weights under their official names.
    pub fn new(mut scope: Scope<'_>, config: &ConvNextConfig) -> Self {
        let mut inputs = config.channels;
        let sizes = config.dims.iter().zip(&config.depths).enumerate();
        let stage = |(number, (dim, depth)): (usize, (&usize, &usize))| {
            let side = if number == 0 { config.patch } else { 2 };
            let sizes = Sizes::patches(inputs, *dim, side);
            let down = Downsample::new(scope.at("downsample_layers").at(number), sizes, number == 0);
            inputs = *dim;
            let mut blocks = scope.at("stages");
            let mut blocks = blocks.at(number);
            (down, (0..*depth).map(|block| Block::new(blocks.at(block), *dim, config.layer_scale)).collect())
        };
        Self { stages: sizes.map(stage).collect() }
    }

    /// The map after each stage, the finest first; with `drop` branches are left out at random, the last block's with its
    /// rate and earlier ones less often.
    ///
    /// # Shapes
    /// [batch, rows, columns, channels] → of each stage [batch, rows / (patch · 2^stage), …, dim]
    pub fn stages(
        &self,
        w: &Weights,
        pictures: Tensor<4>,
        pass: &MapPass<'_>,
        drop: Option<&DropPath>,
    ) -> Vec<Tensor<4>> {
        let mut rates = DropPath::ramp(drop, self.stages.iter().map(|(_, blocks)| blocks.len()).sum());
        let mut map = pictures;
        let mut maps = Vec::with_capacity(self.stages.len());
        for (down, blocks) in &self.stages {
            map = down.forward(w, map, pass);
            for block in blocks {
                map = block.forward(w, map, pass, rates.next().flatten().as_mut());
            }
            maps.push(map.clone());
        }
        maps
    }
}
