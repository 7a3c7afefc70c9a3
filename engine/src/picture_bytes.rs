//! Batches of pictures as bytes: a quarter of the upload; the device normalises them.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::error::{Error, Result};
use crate::kernels::pictures::{Cut, Depth, Order, patchify};
use crate::placed::Placed;

/// Pictures of one size, with the statistics that normalise them.
#[derive(Debug, Clone, PartialEq)]
pub struct PictureBytes {
    /// Batch, height, width, channels.
    shape: [usize; 4],
    bytes: Vec<u8>,
    mean: Vec<f32>,
    std: Vec<f32>,
    words: Placed<Tensor<1, Int>>,
    norm: Placed<Tensor<2>>,
}

impl PictureBytes {
    /// Pictures [batch, height, width, channels], row-major; `mean` and `std` are those of values in 0 … 1, one a
    /// channel.
    ///
    /// # Errors
    /// [`Error::Data`] when the lengths do not fit the shape or there is no channel.
    pub fn new(shape: [usize; 4], bytes: Vec<u8>, mean: &[f32], std: &[f32]) -> Result<Self> {
        let channels = shape[3];
        if bytes.len() != shape.iter().product::<usize>() || [mean.len(), std.len()] != [channels; 2] || channels == 0 {
            let why = format!("{} bytes, {} means and {} deviations for {shape:?}", bytes.len(), mean.len(), std.len());
            return Err(Error::data(
                "Pictures cannot be made into a batch",
                why,
                "Use pictures of one size, with a mean and a deviation for every channel",
            ));
        }
        Ok(Self {
            shape,
            bytes,
            mean: mean.to_vec(),
            std: std.to_vec(),
            words: Placed::default(),
            norm: Placed::default(),
        })
    }

    /// Batch, height, width, channels.
    pub fn shape(&self) -> [usize; 4] {
        self.shape
    }

    /// The bytes as they came.
    pub fn raw(&self) -> &[u8] {
        &self.bytes
    }

    /// Put the bytes on `device` now: a step uploads everything before its first launch, so that one submit carries
    /// them all.
    pub fn upload(&self, device: &Device) {
        self.words(device);
        self.norm(device);
    }

    /// Four bytes a word, the first one lowest.
    fn words(&self, device: &Device) -> Tensor<1, Int> {
        self.words.on(device, |device| {
            let words = Depth::words(&self.bytes);
            let count = words.len();
            Tensor::from_data(TensorData::new(words, [count]), device)
        })
    }

    /// Scale and shift of every channel, [2, channels].
    fn norm(&self, device: &Device) -> Tensor<2> {
        self.norm.on(device, |device| {
            let pairs = self.mean.iter().zip(&self.std).map(|(mean, std)| normalisation(*mean, *std));
            let (mut values, shift): (Vec<f32>, Vec<f32>) = pairs.unzip();
            values.extend(shift);
            Tensor::from_data(TensorData::new(values, [2, self.shape[3]]), device)
        })
    }

    fn cut(&self, patch: [usize; 2], order: Order) -> Cut {
        Cut { shape: self.shape, patch, order, depth: Depth::Eight }
    }

    /// The pictures, normalised and cut into patches of `p` × `p`, tokens in row-major order.
    ///
    /// # Shapes
    /// → [batch, tokens, p · p · channels]
    pub fn patches(&self, p: usize, order: Order, device: &Device) -> Tensor<3> {
        let patches = patchify(self.words(device), self.norm(device), self.cut([p, p], order));
        if device.is_autodiff() { Tensor::from_inner(patches) } else { patches }
    }

    /// The pictures, normalised.
    ///
    /// # Shapes
    /// → [batch, channels, height, width]
    pub fn pictures(&self, device: &Device) -> Tensor<4> {
        let [batch, height, width, channels] = self.shape;
        // One patch that is the whole picture, channels first, is the picture itself.
        let whole = patchify(self.words(device), self.norm(device), self.cut([height, width], Order::ChannelFirst));
        let whole = if device.is_autodiff() { Tensor::from_inner(whole) } else { whole };
        whole.reshape([batch, channels, height, width])
    }

    /// The pictures, normalised, on the host: what mixing works on.
    ///
    /// # Shapes
    /// → [batch, channels, height, width]
    pub fn values(&self) -> ([usize; 4], Vec<f32>) {
        let [batch, height, width, channels] = self.shape;
        let plane = height * width;
        let mut values = vec![0.0; self.bytes.len()];
        for (row, out) in values.chunks_exact_mut(plane.max(1)).enumerate() {
            let (sample, channel) = (row / channels, row % channels);
            let (scale, shift) = normalisation(self.mean[channel], self.std[channel]);
            let pixels = self.bytes[sample * plane * channels..(sample + 1) * plane * channels].chunks_exact(channels);
            out.iter_mut().zip(pixels).for_each(|(value, pixel)| *value = f32::from(pixel[channel]) * scale - shift);
        }
        ([batch, channels, height, width], values)
    }
}

/// Scale and shift that turn a byte x into (x / 255 − mean) / std = x · scale − shift.
fn normalisation(mean: f32, std: f32) -> (f32, f32) {
    (1.0 / (255.0 * std), mean / std)
}
