//! The network that is contrasted: a residual network of bottleneck blocks and a projection head.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;

use crate::blocks::batch_norm::Pass;
use crate::blocks::convolution::global_average;
use crate::blocks::convolution::keras::{Convolution, Dense, Norm, NormedConvolution, Start};
use crate::weights::{Scope, Weights};

/// Sizes of the encoder and its head.
#[derive(Debug, Clone, PartialEq)]
pub struct EncoderConfig {
    pub channels: usize,
    pub stem: usize,
    /// Inner width of each group of blocks.
    pub widths: Vec<usize>,
    /// How much wider a group's output is.
    pub expansions: Vec<usize>,
    /// Stride of each group's first block.
    pub strides: Vec<usize>,
    /// Identity blocks after the projection block of each group.
    pub identity_blocks: usize,
    /// Widths of the head's layers; all but the last are followed by ReLU.
    pub head: Vec<usize>,
    pub norm: Norm,
}

impl EncoderConfig {
    /// Numbers of a pooled feature.
    pub fn feature(&self) -> usize {
        self.widths.last().zip(self.expansions.last()).map_or(self.stem, |(width, expansion)| width * expansion)
    }
}

/// Names weights in the order in which layers are made.
struct Maker<'a> {
    scope: Scope<'a>,
    norm: Norm,
    convolutions: usize,
    norms: usize,
}

impl Maker<'_> {
    fn convolution(&mut self, sizes: [usize; 3], stride: usize) -> Convolution {
        let name = format!("conv{}", self.convolutions);
        self.convolutions += 1;
        Convolution::new(self.scope.at(name), sizes, stride, Start::He)
    }

    fn normed(&mut self, sizes: [usize; 3], stride: usize) -> NormedConvolution {
        let convolution = self.convolution(sizes, stride);
        let name = format!("bn{}", self.norms);
        self.norms += 1;
        NormedConvolution { convolution, norm: self.norm.layer(self.scope.at(name), sizes[2]) }
    }
}

/// A bottleneck block (He et al. 2016, first version) with the stride on its middle convolution; the shortcut of a
/// projection block is a convolution without batch normalisation.
#[derive(Debug, Clone)]
struct Bottleneck {
    shortcut: Option<Convolution>,
    narrow: NormedConvolution,
    middle: NormedConvolution,
    wide: NormedConvolution,
}

impl Bottleneck {
    fn new(maker: &mut Maker<'_>, [inputs, inner, outputs]: [usize; 3], projection: Option<usize>) -> Self {
        let stride = projection.unwrap_or(1);
        Self {
            shortcut: projection.map(|stride| maker.convolution([1, inputs, outputs], stride)),
            narrow: maker.normed([1, inputs, inner], 1),
            middle: maker.normed([3, inner, inner], stride),
            wide: maker.normed([1, inner, outputs], 1),
        }
    }

    fn forward(&self, w: &Weights, map: Tensor<4>, pass: &Pass) -> Tensor<4> {
        let main = self.middle.activated(w, self.narrow.activated(w, map.clone(), pass), pass);
        let main = self.wide.forward(w, main, pass);
        let shortcut = match &self.shortcut {
            Some(shortcut) => shortcut.forward(w, map),
            None => map,
        };
        relu(main + shortcut)
    }
}

/// The residual network and the projection head.
#[derive(Debug, Clone)]
pub struct Encoder {
    stem: NormedConvolution,
    blocks: Vec<Bottleneck>,
    head: Vec<Dense>,
}

impl Encoder {
    /// Declare the weights: `conv0` …, `bn0` … and `dense0` … in the order of the layers, a block's shortcut first.
    pub fn new(scope: Scope<'_>, config: &EncoderConfig) -> Self {
        let mut maker = Maker { scope, norm: config.norm, convolutions: 0, norms: 0 };
        let stem = maker.normed([3, config.channels, config.stem], 1);
        let mut inputs = config.stem;
        let mut blocks = Vec::new();
        for ((inner, expansion), stride) in config.widths.iter().zip(&config.expansions).zip(&config.strides) {
            let outputs = inner * expansion;
            blocks.push(Bottleneck::new(&mut maker, [inputs, *inner, outputs], Some(*stride)));
            blocks.extend(
                (0..config.identity_blocks).map(|_| Bottleneck::new(&mut maker, [outputs, *inner, outputs], None)),
            );
            inputs = outputs;
        }
        let mut head = Vec::new();
        for (number, width) in config.head.iter().enumerate() {
            head.push(Dense::new(maker.scope.at(format!("dense{number}")), inputs, *width));
            inputs = *width;
        }
        Self { stem, blocks, head }
    }

    /// The pooled feature, which the paper's P3 is.
    ///
    /// # Shapes
    /// [batch, rows, columns, channels] → [batch, feature]
    pub fn feature(&self, w: &Weights, pictures: Tensor<4>, pass: &Pass) -> Tensor<2> {
        let stem = self.stem.activated(w, pictures, pass);
        global_average(self.blocks.iter().fold(stem, |map, block| block.forward(w, map, pass)))
    }

    /// The first `layers` layers of the head; ReLU follows all but the head's last.
    ///
    /// # Shapes
    /// [batch, feature] → [batch, width]
    pub fn project(&self, w: &Weights, feature: Tensor<2>, layers: usize) -> Tensor<2> {
        let last = self.head.len().saturating_sub(1);
        self.head.iter().take(layers).enumerate().fold(feature, |x, (number, layer)| {
            let y = layer.forward(w, x);
            if number < last { relu(y) } else { y }
        })
    }

    /// Layers of the head.
    pub fn head_layers(&self) -> usize {
        self.head.len()
    }

    /// The whole network.
    ///
    /// # Shapes
    /// [batch, rows, columns, channels] → [batch, last width of the head]
    pub fn forward(&self, w: &Weights, pictures: Tensor<4>, pass: &Pass) -> Tensor<2> {
        self.project(w, self.feature(w, pictures, pass), self.head.len())
    }
}
