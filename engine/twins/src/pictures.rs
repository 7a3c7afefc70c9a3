//! Stored pictures cut into normalised patches.

use crate::threads;

/// How pictures are cut.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    /// Batch, height, width, channels.
    pub shape: [usize; 4],
    /// Height and width of a patch.
    pub patch: [usize; 2],
    /// Values of a patch are in the order (channel, row, column), else (row, column, channel).
    pub channel_first: bool,
}

impl Cut {
    /// Tokens of a picture, and values of a patch.
    pub fn sizes(&self) -> [usize; 2] {
        let [_, height, width, channels] = self.shape;
        let [rows, columns] = self.patch;
        [(height / rows) * (width / columns), rows * columns * channels]
    }

    /// Row, column and channel inside a patch of its value number `value`.
    fn place(&self, value: usize) -> [usize; 3] {
        let ([rows, columns], channels) = (self.patch, self.shape[3]);
        if self.channel_first {
            [value / columns % rows, value % columns, value / (rows * columns)]
        } else {
            [value / (columns * channels), value / channels % columns, value % channels]
        }
    }
}

/// Patches [B, tokens, values] of pictures of 8 bits, `x · scale − shift` by channel; `norm` is [2, channels].
#[inline(never)]
pub fn patches(pixels: &[u8], norm: &[f32], cut: Cut) -> Vec<f32> {
    cut_out(pixels, norm, cut)
}

/// The same for pictures of 16 bits.
#[inline(never)]
pub fn deep_patches(pixels: &[u16], norm: &[f32], cut: Cut) -> Vec<f32> {
    cut_out(pixels, norm, cut)
}

fn cut_out<T: Copy + Into<f32> + Sync>(pixels: &[T], norm: &[f32], cut: Cut) -> Vec<f32> {
    let [batch, height, width, channels] = cut.shape;
    let [tokens, values] = cut.sizes();
    let (scale, shift) = norm.split_at(channels);
    let place = |value: usize| {
        let [row, column, channel] = cut.place(value);
        ((row * width + column) * channels + channel, channel)
    };
    let places: Vec<(usize, usize)> = (0..values).map(place).collect();
    let across = width / cut.patch[1];
    let mut out = vec![0.0; batch * tokens * values];
    threads::rows(&mut out, values, |row, out| {
        let (sample, token) = (row / tokens, row % tokens);
        let (top, left) = (token / across * cut.patch[0], token % across * cut.patch[1]);
        let corner = ((sample * height + top) * width + left) * channels;
        for (out, (place, channel)) in out.iter_mut().zip(&places) {
            *out = pixels[corner + place].into() * scale[*channel] - shift[*channel];
        }
    });
    out
}
