//! Residual networks (He, Zhang, Ren, Sun, CVPR 2016, arXiv 1512.03385) in the layout of torchvision and timm: `conv1`,
//! `bn1`, `layer{1…}.{block}.{conv, bn}{1…}`, `downsample.{0, 1}`.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;

use crate::blocks::batch_norm::BatchNorm;
use crate::blocks::convolution::active::MapPass;
use crate::blocks::convolution::torch::{Conv2d, Sizes};
use crate::blocks::convolution::{global_average, max_pool_over};
use crate::blocks::dropout::DropPath;
use crate::weights::{Scope, Weights};

/// What a block is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 3 × 3, 3 × 3 (ResNet-18, -34).
    Basic,
    /// 1 × 1, 3 × 3 with the stride, 1 × 1 to so many times the width (ResNet-50 and deeper: 4).
    Bottleneck { expansion: usize },
}

impl Kind {
    fn outputs(self, width: usize) -> usize {
        match self {
            Self::Basic => width,
            Self::Bottleneck { expansion } => width * expansion,
        }
    }
}

/// What comes before the first stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stem {
    /// 7 × 7 and the largest of 3 × 3, each with this stride: 2 for ImageNet, 1 where nothing is to be lost.
    Large { stride: usize },
    /// 3 × 3 of stride 1 and no pooling: for pictures of 32 pixels.
    Small,
}

/// Sizes of a residual network.
#[derive(Debug, Clone, PartialEq)]
pub struct ResNetConfig {
    pub channels: usize,
    pub stem: Stem,
    /// Channels of the stem.
    pub stem_width: usize,
    pub kind: Kind,
    /// Inner width of each stage, its blocks, and the stride of its first block.
    pub stages: Vec<(usize, usize, usize)>,
    pub eps: f64,
    /// Name of a shortcut that changes the shape.
    pub shortcut: &'static str,
}

impl ResNetConfig {
    /// Stages of the usual widths 64, 128, 256, 512 and strides 1, 2, 2, 2, for pictures of three channels.
    fn usual(kind: Kind, blocks: [usize; 4]) -> Self {
        let stages = [64, 128, 256, 512].into_iter().zip(blocks).zip([1, 2, 2, 2]);
        Self {
            channels: 3,
            stem: Stem::Large { stride: 2 },
            stem_width: 64,
            kind,
            stages: stages.map(|((width, blocks), stride)| (width, blocks, stride)).collect(),
            eps: 1e-5,
            shortcut: "downsample",
        }
    }

    /// ResNet-18: 11.2 million weights, 512 numbers a picture.
    pub fn resnet_18() -> Self {
        Self::usual(Kind::Basic, [2, 2, 2, 2])
    }

    /// ResNet-50: 23.5 million weights, 2,048 numbers a picture.
    pub fn resnet_50() -> Self {
        Self::usual(Kind::Bottleneck { expansion: 4 }, [3, 4, 6, 3])
    }

    /// Numbers of a pooled feature.
    pub fn feature(&self) -> usize {
        self.stages.last().map_or(self.stem_width, |(width, ..)| self.kind.outputs(*width))
    }
}

/// A convolution without bias and its batch normalisation.
#[derive(Debug, Clone)]
struct Normed {
    convolution: Conv2d,
    norm: BatchNorm,
}

impl Normed {
    fn new(scope: &mut Scope<'_>, names: [&str; 2], sizes: Sizes, eps: f64) -> Self {
        Self {
            convolution: Conv2d::new(scope.at(names[0]), sizes, sizes.he(), false),
            norm: BatchNorm::new(scope.at(names[1]), sizes.outputs, eps),
        }
    }

    fn forward(&self, w: &Weights, map: Tensor<4>, pass: &MapPass<'_>) -> Tensor<4> {
        pass.batch_norm(&self.norm, w, self.convolution.forward(w, map))
    }
}

/// A residual block: relu(F(x) + shortcut(x)).
#[derive(Debug, Clone)]
struct Block {
    layers: Vec<Normed>,
    shortcut: Option<Normed>,
}

impl Block {
    fn new(mut scope: Scope<'_>, config: &ResNetConfig, [inputs, width]: [usize; 2], stride: usize) -> Self {
        let outputs = config.kind.outputs(width);
        let sizes = match config.kind {
            Kind::Basic => vec![Sizes::new(inputs, width, 3, stride), Sizes::new(width, outputs, 3, 1)],
            Kind::Bottleneck { .. } => vec![
                Sizes::new(inputs, width, 1, 1),
                Sizes::new(width, width, 3, stride),
                Sizes::new(width, outputs, 1, 1),
            ],
        };
        let layers = (1..).zip(sizes).map(|(number, sizes)| {
            Normed::new(&mut scope, [&format!("conv{number}"), &format!("bn{number}")], sizes, config.eps)
        });
        let layers = layers.collect();
        let changes = stride != 1 || inputs != outputs;
        let sizes = Sizes::new(inputs, outputs, 1, stride);
        let shortcut = changes.then(|| Normed::new(&mut scope.at(config.shortcut), ["0", "1"], sizes, config.eps));
        Self { layers, shortcut }
    }

    fn forward(&self, w: &Weights, x: Tensor<4>, pass: &MapPass<'_>, drop: Option<&mut DropPath>) -> Tensor<4> {
        let last = self.layers.len().saturating_sub(1);
        let through = |map: Tensor<4>, (number, layer): (usize, &Normed)| {
            let map = layer.forward(w, map, pass);
            if number < last { relu(map) } else { map }
        };
        let mut branch = self.layers.iter().enumerate().fold(x.clone(), through);
        if let Some(drop) = drop {
            branch = drop.apply(branch);
        }
        relu(branch + self.shortcut.as_ref().map_or(x.clone(), |shortcut| shortcut.forward(w, x, pass)))
    }
}

/// The network without its classifier.
#[derive(Debug, Clone)]
pub struct ResNet {
    stem: Normed,
    pooled: Option<usize>,
    stages: Vec<Vec<Block>>,
}

impl ResNet {
    /// Declare the weights under their official names.
    pub fn new(mut scope: Scope<'_>, config: &ResNetConfig) -> Self {
        let (side, stride, pooled) = match config.stem {
            Stem::Large { stride } => (7, stride, Some(stride)),
            Stem::Small => (3, 1, None),
        };
        let sizes = Sizes::new(config.channels, config.stem_width, side, stride);
        let stem = Normed::new(&mut scope, ["conv1", "bn1"], sizes, config.eps);
        let mut inputs = config.stem_width;
        let mut stages = Vec::new();
        for (number, (width, blocks, stride)) in (1..).zip(config.stages.iter().copied()) {
            let mut layer = scope.at(format!("layer{number}"));
            let block = |block: usize| {
                let stride = if block == 0 { stride } else { 1 };
                let made = Block::new(layer.at(block), config, [inputs, width], stride);
                inputs = config.kind.outputs(width);
                made
            };
            stages.push((0..blocks).map(block).collect());
        }
        Self { stem, pooled, stages }
    }

    /// The map that enters the first stage.
    ///
    /// # Shapes
    /// [batch, rows, columns, channels] → [batch, …, stem width]
    pub fn stem(&self, w: &Weights, pictures: Tensor<4>, pass: &MapPass<'_>) -> Tensor<4> {
        let map = relu(self.stem.forward(w, pictures, pass));
        match self.pooled {
            Some(stride) => pass.keep(max_pool_over(map, 3, stride, 1)),
            None => map,
        }
    }

    /// The map after each stage, the finest first; with `drop` blocks are left out at random, the last with its rate and
    /// earlier ones less often.
    ///
    /// # Shapes
    /// [batch, rows, columns, channels] → of each stage [batch, …, width]
    pub fn stages(
        &self,
        w: &Weights,
        pictures: Tensor<4>,
        pass: &MapPass<'_>,
        drop: Option<&DropPath>,
    ) -> Vec<Tensor<4>> {
        let mut rates = DropPath::ramp(drop, self.stages.iter().map(Vec::len).sum());
        let mut map = self.stem(w, pictures, pass);
        let mut maps = Vec::with_capacity(self.stages.len());
        for stage in &self.stages {
            for block in stage {
                map = block.forward(w, map, pass, rates.next().flatten().as_mut());
            }
            maps.push(map.clone());
        }
        maps
    }

    /// The pooled feature that a classifier or a projection head gets.
    ///
    /// # Shapes
    /// [batch, rows, columns, channels] → [batch, feature]
    pub fn feature(&self, w: &Weights, pictures: Tensor<4>, pass: &MapPass<'_>) -> Tensor<2> {
        global_average(self.stages(w, pictures.clone(), pass, None).pop().unwrap_or(pictures))
    }
}
