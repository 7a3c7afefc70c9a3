//! From bytes to normalised patches in one launch: what embeddings read and what targets are.

use burn::backend::Dispatch;
use burn::tensor::{Int, Tensor, TensorData};
use burn_cubecl::tensor::CubeTensor;
use burn_flex::FlexTensor;

use crate::kernels::launch::{KernelInfo, Launch, empty, integers, word};
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

/// How pictures are cut and normalised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    /// Batch, height, width, channels (1 to 4) of the bytes.
    pub shape: [usize; 4],
    /// Height and width of a patch; they divide those of the picture.
    pub patch: [usize; 2],
    pub order: Order,
    /// By channel: a byte x becomes `x · scale − shift`.
    pub scale: [f32; 4],
    pub shift: [f32; 4],
}

impl Cut {
    /// Tokens of a picture, and values of a patch.
    fn sizes(&self) -> [usize; 2] {
        let [_, height, width, channels] = self.shape;
        let [rows, columns] = self.patch;
        [(height / rows) * (width / columns), rows * columns * channels]
    }

    /// Row, column and channel inside a patch of its value number `value`.
    #[inline]
    fn place(&self, value: usize) -> [usize; 3] {
        let [rows, columns] = self.patch;
        let channels = self.shape[3];
        match self.order {
            Order::ChannelFirst => [value / columns % rows, value % columns, value / (rows * columns)],
            Order::ChannelLast => [value / (columns * channels), value / channels % columns, value % channels],
        }
    }
}

/// Normalised patches of pictures: `out[b, t, v] = bytes[b, y, x, c] · scale[c] − shift[c]`, tokens in row-major order.
///
/// `bytes` holds four bytes a word, the first one lowest, of pictures [batch, height, width, channels]; the result is
/// [batch, tokens, patch height · patch width · channels]. No gradient flows. The device must be one without autodiff.
pub fn patchify(bytes: Tensor<1, Int>, cut: Cut) -> Tensor<3> {
    if crate::kernels::choice::stock() {
        return stock(bytes, cut);
    }
    debug_assert_eq!(bytes.dims()[0], cut.shape.iter().product::<usize>().div_ceil(4));
    Tensor::from_dispatch(Dispatch::patchify(bytes.into_dispatch(), cut))
}

/// The same by burn's own operations.
pub fn stock(bytes: Tensor<1, Int>, cut: Cut) -> Tensor<3> {
    let [batch, height, width, channels] = cut.shape;
    let [rows, columns] = cut.patch;
    let device = bytes.device();
    let lanes = (0..4).map(|lane| bytes.clone().bitwise_right_shift_scalar(8 * lane).bitwise_and_scalar(255)).collect();
    let values =
        Tensor::stack::<2>(lanes, 1).flatten::<1>(0, 1).narrow(0, 0, batch * height * width * channels).float();
    let by_channel =
        |values: [f32; 4]| Tensor::<1>::from_data(TensorData::new(values[..channels].to_vec(), [channels]), &device);
    let pixels = values.reshape([batch * height * width, channels]);
    let pixels = pixels * by_channel(cut.scale).unsqueeze_dim(0) - by_channel(cut.shift).unsqueeze_dim(0);
    let cells = pixels.reshape([batch, height / rows, rows, width / columns, columns, channels]);
    let cells = match cut.order {
        Order::ChannelFirst => cells.permute([0, 1, 3, 5, 2, 4]),
        Order::ChannelLast => cells.permute([0, 1, 3, 2, 4, 5]),
    };
    let [tokens, values] = cut.sizes();
    cells.reshape([batch, tokens, values])
}

pub(crate) fn on_gpu(bytes: CubeTensor, cut: Cut) -> CubeTensor {
    let bytes = integers(bytes);
    let [batch, height, width, channels] = cut.shape;
    let [tokens, values] = cut.sizes();
    let out = empty(&bytes, [batch, tokens, values]);
    let count = batch * tokens * values;
    let sizes = [count, height, width, channels, cut.patch[0], cut.patch[1]].map(word);
    let numbers = cut.scale.iter().chain(&cut.shift).map(|v| v.to_bits());
    let params: Vec<u32> = numbers.chain(sizes).chain([u32::from(cut.order == Order::ChannelFirst)]).collect();
    Launch {
        info: &PATCHIFY,
        values: &[],
        workgroup: WORKGROUP,
        groups: count.div_ceil(WORKGROUP as usize),
        inputs: &[&bytes],
        outputs: &[&out],
        params: &params,
    }
    .run();
    out
}

pub(crate) fn on_cpu(bytes: FlexTensor, cut: Cut) -> FlexTensor {
    let [batch, height, width, channels] = cut.shape;
    let [tokens, values] = cut.sizes();
    let bytes = twin::bytes(bytes);
    let places: Vec<usize> = (0..values)
        .map(|value| {
            let [row, column, channel] = cut.place(value);
            (row * width + column) * channels + channel
        })
        .collect();
    let channel: Vec<usize> = (0..values).map(|value| cut.place(value)[2]).collect();
    let across = width / cut.patch[1];
    let mut out = vec![0.0; batch * tokens * values];
    twin::rows(&mut out, values, |row, out| {
        let (sample, token) = (row / tokens, row % tokens);
        let (top, left) = (token / across * cut.patch[0], token % across * cut.patch[1]);
        let corner = ((sample * height + top) * width + left) * channels;
        for ((out, place), c) in out.iter_mut().zip(&places).zip(&channel) {
            *out = f32::from(bytes[corner + place]) * cut.scale[*c] - cut.shift[*c];
        }
    });
    twin::tensor(out, [batch, tokens, values])
}
