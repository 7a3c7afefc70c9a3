//! Convolution in PyTorch's conventions: even padding, weights [out, in / groups, rows, columns] under the names `weight`
//! and `bias`.

use burn::tensor::Tensor;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;

use super::{to_first, to_last};
use crate::kernels::pictures::{Window, convolution};
use crate::weights::{Init, Scope, Slot, Weights};

/// Sizes of a convolution with a square window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    pub inputs: usize,
    pub outputs: usize,
    pub side: usize,
    pub stride: usize,
    pub padding: usize,
    /// Inputs and outputs are in so many groups that do not see one another; `inputs`: depthwise.
    pub groups: usize,
}

impl Sizes {
    /// A window with as much padding as keeps a map's sides at stride 1.
    pub fn new(inputs: usize, outputs: usize, side: usize, stride: usize) -> Self {
        Self { inputs, outputs, side, stride, padding: side / 2, groups: 1 }
    }

    /// Windows side by side: a patch each.
    pub fn patches(inputs: usize, outputs: usize, side: usize) -> Self {
        Self { inputs, outputs, side, stride: side, padding: 0, groups: 1 }
    }

    /// One window a channel, which keeps a map's sides.
    pub fn depthwise(channels: usize, side: usize) -> Self {
        Self { groups: channels, ..Self::new(channels, channels, side, 1) }
    }

    /// He's normal start for ReLU by what a place sends out: a deviation of √(2 / (out · window)) (torchvision's ResNet).
    pub fn he(&self) -> Init {
        Init::Normal((2.0 / (self.outputs * self.side * self.side).max(1) as f32).sqrt())
    }
}

/// `torch.nn.Conv2d`.
#[derive(Debug, Clone)]
pub struct Conv2d {
    weight: Slot<4>,
    bias: Option<Slot<1>>,
    sizes: Sizes,
}

impl Conv2d {
    /// A convolution whose weight starts as said, with a bias of zeros or without.
    pub fn new(mut scope: Scope<'_>, sizes: Sizes, start: Init, biased: bool) -> Self {
        let Sizes { inputs, outputs, side, groups, .. } = sizes;
        let weight = scope.weight("weight", [outputs, inputs / groups.max(1), side, side], start);
        Self { weight, bias: biased.then(|| scope.weight("bias", [outputs], Init::Zeros)), sizes }
    }

    /// # Shapes
    /// [batch, rows, columns, in] → [batch, ⌊(rows + 2 · padding − side) / stride⌋ + 1, …, out]
    pub fn forward(&self, w: &Weights, map: Tensor<4>) -> Tensor<4> {
        let Sizes { outputs, side, stride, padding, groups, .. } = self.sizes;
        let (weight, bias) = (w.get(self.weight), self.bias.map(|bias| w.get(bias)));
        if groups > 1 {
            let options = ConvOptions::new([stride; 2], [padding; 2], [1; 2], groups);
            return to_last(conv2d(to_first(map), weight, bias, options));
        }
        let [_, rows, columns, inputs] = map.dims();
        let places = |length: usize| (length + 2 * padding).saturating_sub(side) / stride.max(1) + 1;
        let window = Window { sides: [side; 2], stride, before: [padding; 2], out: [places(rows), places(columns)] };
        let bias = bias.unwrap_or_else(|| Tensor::zeros([outputs], &map.device()));
        convolution(map, weight.permute([0, 2, 3, 1]).reshape([outputs, side * side * inputs]), bias, window)
    }
}

/// `torch.nn.ConvTranspose2d`: the map's places as far apart as the stride, zeros between them, under a window that is
/// turned by half a circle. Its weight is stored [in, out, rows, columns].
#[derive(Debug, Clone)]
pub struct ConvTranspose2d {
    weight: Slot<4>,
    bias: Slot<1>,
    stride: usize,
    padding: usize,
}

impl ConvTranspose2d {
    /// `padding` (of the result, which loses as much on every side) may be up to the window's side − 1; the weight
    /// starts as said, the bias at zero.
    pub fn new(mut scope: Scope<'_>, sizes: Sizes, start: Init) -> Self {
        let Sizes { inputs, outputs, side, stride, padding, .. } = sizes;
        debug_assert!(padding < side.max(1));
        Self {
            weight: scope.weight("weight", [inputs, outputs, side, side], start),
            bias: scope.weight("bias", [outputs], Init::Zeros),
            stride,
            padding,
        }
    }

    /// # Shapes
    /// [batch, rows, columns, in] → [batch, (rows − 1) · stride − 2 · padding + side, …, out]
    pub fn forward(&self, w: &Weights, map: Tensor<4>) -> Tensor<4> {
        let weight = w.get(self.weight);
        let [inputs, outputs, side, _] = weight.dims();
        let [_, rows, columns, _] = map.dims();
        let places = |length: usize| ((length.max(1) - 1) * self.stride + side).saturating_sub(2 * self.padding);
        let window = Window {
            sides: [side; 2],
            stride: 1,
            before: [side.saturating_sub(1 + self.padding); 2],
            out: [places(rows), places(columns)],
        };
        let turned = weight.flip([2, 3]).permute([1, 2, 3, 0]).reshape([outputs, side * side * inputs]);
        convolution(apart(map, self.stride), turned, w.get(self.bias), window)
    }
}

/// The map with `stride` − 1 zeros after every row and every column.
///
/// # Shapes
/// [batch, rows, columns, channels] → [batch, stride · rows, stride · columns, channels]
fn apart(map: Tensor<4>, stride: usize) -> Tensor<4> {
    if stride < 2 {
        return map;
    }
    let [batch, rows, columns, channels] = map.dims();
    let zeros = [(0, 0), (0, stride - 1), (0, 0)];
    let across = map.reshape([batch * rows * columns, 1, channels]).pad(zeros, 0.0); // [places, stride, channels]
    let down = across.reshape([batch * rows, 1, columns * stride * channels]).pad(zeros, 0.0);
    down.reshape([batch, rows * stride, columns * stride, channels])
}
