//! From bytes to normalised patches in one launch: what embeddings read and what targets are.
//!
//! Pictures of 8 or 16 bits and any number of channels go to the device as they are stored, two or four values a word
//! ([`Depth::words`]), beside the scale and shift of every channel ([`Cut`] says the rest):
//!
//! ```text
//! let cut = Cut { shape: [batch, 96, 96, 12], patch: [8, 8], order: Order::ChannelFirst, depth: Depth::Sixteen };
//! let words = Tensor::from_data(TensorData::new(words, [count]), &device); // words = Depth::words(&bytes)
//! let norm = Tensor::from_data(TensorData::new(scale_then_shift, [2, 12]), &device);
//! let patches = patchify(words, norm, cut); // [batch, 144, 768]
//! ```

use burn::backend::Dispatch;
use burn::tensor::{Int, Tensor};
use burn_cubecl::tensor::CubeTensor;
use burn_flex::FlexTensor;
use masquerade_twins::pictures;

use crate::kernels::launch::{KernelInfo, Launch, empty, floats, integers, word};
use crate::kernels::{KernelOps as _, twin};

const WORKGROUP: u32 = 256;

/// `patchify.wgsl`
pub const PATCHIFY: KernelInfo =
    KernelInfo { stem: "patchify", template: shader!("pictures/patchify"), examples: &[&[("workgroup", WORKGROUP)]] };

/// The order of the values of a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// (channel, row, column): what the patch embedding of the official weights reads.
    ChannelFirst,
    /// (row, column, channel): what MAE's target and prediction are.
    ChannelLast,
}

/// Bits of a stored value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// One byte, 0 … 255.
    Eight,
    /// Two bytes, the lower one first, 0 … 65,535.
    Sixteen,
}

impl Depth {
    /// Bits of a value.
    pub fn bits(self) -> usize {
        match self {
            Self::Eight => 8,
            Self::Sixteen => 16,
        }
    }

    /// Words that hold so many values.
    pub fn words_of(self, values: usize) -> usize {
        (values * self.bits()).div_ceil(32)
    }

    /// Bytes of pictures as words, the first byte lowest, as [`patchify`] takes them.
    pub fn words(bytes: &[u8]) -> Vec<i32> {
        let word = |four: &[u8]| four.iter().rev().fold(0_i32, |word, byte| word << 8 | i32::from(*byte));
        bytes.chunks(4).map(word).collect()
    }
}

/// How pictures are cut.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    /// Batch, height, width, channels of the stored values.
    pub shape: [usize; 4],
    /// Height and width of a patch; they divide those of the picture.
    pub patch: [usize; 2],
    pub order: Order,
    pub depth: Depth,
}

impl Cut {
    /// As the CPU twin takes it.
    fn twin(&self) -> pictures::Cut {
        let Self { shape, patch, order, .. } = *self;
        pictures::Cut { shape, patch, channel_first: order == Order::ChannelFirst }
    }

    /// Tokens of a picture, and values of a patch.
    fn sizes(&self) -> [usize; 2] {
        self.twin().sizes()
    }
}

/// Normalised patches of pictures: `out[b, t, v] = value[b, y, x, c] · scale[c] − shift[c]`, tokens in row-major order.
///
/// `words` holds the values of pictures [batch, height, width, channels], as many a word as fit ([`Depth`]), the first one
/// lowest; `norm` is [2, channels], the scales and then the shifts. The result is [batch, tokens, patch height · patch
/// width · channels]. No gradient flows. The device must be one without autodiff.
pub fn patchify(words: Tensor<1, Int>, norm: Tensor<2>, cut: Cut) -> Tensor<3> {
    debug_assert_eq!(words.dims()[0], cut.depth.words_of(cut.shape.iter().product()));
    debug_assert_eq!(norm.dims(), [2, cut.shape[3]]);
    if crate::kernels::choice::stock() {
        return stock(words, norm, cut);
    }
    Tensor::from_dispatch(Dispatch::patchify(words.into_dispatch(), norm.into_dispatch(), cut))
}

/// The same by burn's own operations.
pub fn stock(words: Tensor<1, Int>, norm: Tensor<2>, cut: Cut) -> Tensor<3> {
    let [batch, height, width, channels] = cut.shape;
    let [rows, columns] = cut.patch;
    let bits = cut.depth.bits();
    let part =
        |i: usize| words.clone().bitwise_right_shift_scalar((i * bits) as i32).bitwise_and_scalar((1_i32 << bits) - 1);
    let values = Tensor::stack::<2>((0..32 / bits).map(part).collect(), 1).flatten::<1>(0, 1);
    let pixels = values.narrow(0, 0, batch * height * width * channels).float();
    let pixels = pixels.reshape([batch * height * width, channels]);
    let pixels = pixels * norm.clone().narrow(0, 0, 1) - norm.narrow(0, 1, 1);
    let cells = pixels.reshape([batch, height / rows, rows, width / columns, columns, channels]);
    let cells = match cut.order {
        Order::ChannelFirst => cells.permute([0, 1, 3, 5, 2, 4]),
        Order::ChannelLast => cells.permute([0, 1, 3, 2, 4, 5]),
    };
    let [tokens, values] = cut.sizes();
    cells.reshape([batch, tokens, values])
}

pub(crate) fn on_gpu(words: CubeTensor, norm: CubeTensor, cut: Cut) -> CubeTensor {
    let (words, norm) = (integers(words), floats(norm));
    let [batch, height, width, channels] = cut.shape;
    let [tokens, values] = cut.sizes();
    let out = empty(&words, [batch, tokens, values]);
    let count = batch * tokens * values;
    let [rows, columns] = cut.patch;
    let first = usize::from(cut.order == Order::ChannelFirst);
    Launch {
        info: &PATCHIFY,
        values: &[],
        workgroup: WORKGROUP,
        groups: count.div_ceil(WORKGROUP as usize),
        inputs: &[&words, &norm],
        outputs: &[&out],
        params: &[count, height, width, channels, rows, columns, first, cut.depth.bits()].map(word),
    }
    .run();
    out
}

pub(crate) fn on_cpu(words: FlexTensor, norm: FlexTensor, cut: Cut) -> FlexTensor {
    let [tokens, values] = cut.sizes();
    let (bytes, norm) = (twin::bytes(words), twin::Floats::new(norm));
    let out = match cut.depth {
        Depth::Eight => pictures::patches(&bytes, &norm, cut.twin()),
        Depth::Sixteen => {
            let values: Vec<u16> = bytes.as_chunks().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
            pictures::deep_patches(&values, &norm, cut.twin())
        }
    };
    twin::tensor(out, [cut.shape[0], tokens, values])
}
