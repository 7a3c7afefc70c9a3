//! Pixels as the files hold them, 8 or 16 bits each: a quarter of the upload; the device normalises them.

use std::ops::Range;

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::error::{Error, Result};
use crate::host_tensor::{HostTensor, ranked, rows, shortened};
use crate::kernels::pictures::{Cut, Depth, Order, patchify};
use crate::placed::Placed;

/// Pixel values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pixels {
    Eight(Vec<u8>),
    Sixteen(Vec<u16>),
}

impl From<Vec<u8>> for Pixels {
    fn from(values: Vec<u8>) -> Self {
        Self::Eight(values)
    }
}

impl From<Vec<u16>> for Pixels {
    fn from(values: Vec<u16>) -> Self {
        Self::Sixteen(values)
    }
}

impl Pixels {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::Eight(values) => values.len(),
            Self::Sixteen(values) => values.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value that stands for 1.
    pub fn full(&self) -> f32 {
        match self {
            Self::Eight(_) => f32::from(u8::MAX),
            Self::Sixteen(_) => f32::from(u16::MAX),
        }
    }

    /// A value as a number, 0 … [`Pixels::full`].
    #[inline]
    fn at(&self, place: usize) -> f32 {
        match self {
            Self::Eight(values) => f32::from(values[place]),
            Self::Sixteen(values) => f32::from(values[place]),
        }
    }
}

/// Pictures, clips or volumes of one size, with the statistics that normalise them.
#[derive(Debug, Clone, PartialEq)]
pub struct PixelBytes {
    /// Batch, any further axes (frames, slices), height, width, channels.
    shape: Vec<usize>,
    pixels: Pixels,
    mean: Vec<f32>,
    std: Vec<f32>,
    words: Placed<Tensor<1, Int>>,
    norm: Placed<Tensor<2>>,
}

impl PixelBytes {
    /// Pixels [batch, …, height, width, channels], row-major; `mean` and `std` are those of values in 0 … 1, one a
    /// channel.
    ///
    /// # Errors
    /// [`Error::Data`] when there are fewer than four axes, the lengths do not fit the shape, or a deviation is not
    /// above 0.
    pub fn new(shape: impl Into<Vec<usize>>, pixels: impl Into<Pixels>, mean: &[f32], std: &[f32]) -> Result<Self> {
        let (shape, pixels) = (shape.into(), pixels.into());
        let channels = shape.last().copied().unwrap_or(0);
        let fits = shape.len() >= 4 && channels > 0 && pixels.len() == shape.iter().product::<usize>();
        let sound = |v: &f32| v.is_finite() && *v > 0.0;
        if !fits || [mean.len(), std.len()] != [channels; 2] || !std.iter().all(sound) {
            let why = format!(
                "{} values, {} means and the deviations {std:?} for [batch, …, height, width, channels] = {shape:?}",
                pixels.len(),
                mean.len()
            );
            return Err(Error::data(
                "Pictures cannot be made into a batch",
                why,
                "Use pictures of one size, with a mean and a deviation above 0 for every channel",
            ));
        }
        let (mean, std) = (mean.to_vec(), std.to_vec());
        Ok(Self { shape, pixels, mean, std, words: Placed::default(), norm: Placed::default() })
    }

    /// Batch, …, height, width, channels.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Number of samples.
    pub fn samples(&self) -> usize {
        self.shape.first().copied().unwrap_or(0)
    }

    /// The samples at these places.
    ///
    /// # Errors
    /// [`Error::Data`] when there are not so many.
    pub fn part(&self, range: Range<usize>) -> Result<Self> {
        let shape = shortened(&self.shape, &range);
        let pixels = match &self.pixels {
            Pixels::Eight(values) => Pixels::Eight(rows(values, &self.shape, range)?),
            Pixels::Sixteen(values) => Pixels::Sixteen(rows(values, &self.shape, range)?),
        };
        Self::new(shape, pixels, &self.mean, &self.std)
    }

    /// The values as they came.
    pub fn pixels(&self) -> &Pixels {
        &self.pixels
    }

    /// The bytes as they came, where a value is one.
    pub fn raw(&self) -> Option<&[u8]> {
        match &self.pixels {
            Pixels::Eight(values) => Some(values),
            Pixels::Sixteen(_) => None,
        }
    }

    /// Mean and deviation of each channel, values in 0 … 1.
    pub fn statistics(&self) -> (&[f32], &[f32]) {
        (&self.mean, &self.std)
    }

    /// Put the pixels on `device` now: a step uploads everything before its first launch, so that one submit carries
    /// them all.
    pub fn upload(&self, device: &Device) {
        self.words(device);
        self.norm(device);
    }

    /// Planes (samples · frames), height, width and channels.
    fn planes(&self) -> [usize; 4] {
        let (leading, last) = self.shape.split_at(self.shape.len() - 3);
        [leading.iter().product(), last[0], last[1], last[2]]
    }

    /// The values as words, the first one lowest.
    fn words(&self, device: &Device) -> Tensor<1, Int> {
        self.words.on(device, |device| {
            let words = match &self.pixels {
                Pixels::Eight(values) => Depth::words(values),
                Pixels::Sixteen(values) => {
                    Depth::words(&values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>())
                }
            };
            let count = words.len();
            Tensor::from_data(TensorData::new(words, [count]), device)
        })
    }

    /// Scale and shift of every channel, [2, channels].
    fn norm(&self, device: &Device) -> Tensor<2> {
        self.norm.on(device, |device| {
            let pairs = self.mean.iter().zip(&self.std);
            let pairs = pairs.map(|(mean, std)| normalisation(*mean, *std, self.pixels.full()));
            let (mut values, shift): (Vec<f32>, Vec<f32>) = pairs.unzip();
            values.extend(shift);
            Tensor::from_data(TensorData::new(values, [2, self.mean.len()]), device)
        })
    }

    fn cut(&self, patch: [usize; 2], order: Order) -> Cut {
        let depth = match self.pixels {
            Pixels::Eight(_) => Depth::Eight,
            Pixels::Sixteen(_) => Depth::Sixteen,
        };
        Cut { shape: self.planes(), patch, order, depth }
    }

    /// The pictures, normalised and cut into patches of `p` × `p`, tokens in row-major order; of clips every frame.
    ///
    /// # Shapes
    /// → [batch (· frames), tokens, p · p · channels]
    pub fn patches(&self, p: usize, order: Order, device: &Device) -> Tensor<3> {
        with_history(patchify(self.words(device), self.norm(device), self.cut([p, p], order)), device)
    }

    /// The pixels, normalised: channels come before rows and columns.
    ///
    /// # Shapes
    /// → [batch, …, channels, height, width]
    ///
    /// # Errors
    /// [`Error::Data`] when there are not `D` axes.
    pub fn tensor<const D: usize>(&self, device: &Device) -> Result<Tensor<D>> {
        let shape = ranked::<D>(&self.channels_first(), self.pixels.len())?;
        let [_, height, width, _] = self.planes();
        // One patch that is the whole picture, channels first, is the picture itself.
        let whole = patchify(self.words(device), self.norm(device), self.cut([height, width], Order::ChannelFirst));
        Ok(with_history(whole, device).reshape(shape))
    }

    /// Batch, …, channels, height, width.
    fn channels_first(&self) -> Vec<usize> {
        let mut shape = self.shape.clone();
        let count = shape.len();
        shape[count - 3..].rotate_right(1);
        shape
    }

    /// The pixels, normalised, on the host: what mixing works on.
    ///
    /// # Shapes
    /// → [batch, …, channels, height, width]
    pub fn values(&self) -> HostTensor {
        let [_, height, width, channels] = self.planes();
        let plane = height * width;
        let mut values = vec![0.0; self.pixels.len()];
        for (row, out) in values.chunks_exact_mut(plane.max(1)).enumerate() {
            let (sample, channel) = (row / channels, row % channels);
            let (scale, shift) = normalisation(self.mean[channel], self.std[channel], self.pixels.full());
            let first = sample * plane * channels + channel;
            out.iter_mut()
                .enumerate()
                .for_each(|(pixel, value)| *value = self.pixels.at(first + pixel * channels) * scale - shift);
        }
        HostTensor::new(self.channels_first(), values)
    }
}

/// The tensor on the device that was asked for, with autodiff where that has it.
fn with_history<const D: usize>(tensor: Tensor<D>, device: &Device) -> Tensor<D> {
    if device.is_autodiff() { Tensor::from_inner(tensor) } else { tensor }
}

/// Scale and shift that turn a value x of 0 … `full` into (x / full − mean) / std = x · scale − shift.
fn normalisation(mean: f32, std: f32, full: f32) -> (f32, f32) {
    (1.0 / (full * std), mean / std)
}
