//! Where the pixels of a picture are: mirrored, cropped, blurred. Channels lie together.

use crate::rng::Rng;

/// Mirror left to right.
pub fn flip(picture: &mut [f32], width: usize, channels: usize) {
    let channels = channels.max(1);
    for row in picture.chunks_exact_mut((channels * width).max(1)) {
        row.reverse();
        row.chunks_exact_mut(channels).for_each(<[f32]>::reverse);
    }
}

/// A random part of a picture: area uniform in `smallest` … 1 of the whole, aspect log-uniform in 3/4 … 4/3, cut off at
/// the sides: first row, first column, rows, columns.
pub fn area([height, width]: [usize; 2], smallest: f32, rng: &mut Rng) -> [f32; 4] {
    let share = rng.between(smallest.clamp(0.0, 1.0), 1.0);
    let aspect = rng.between((3.0_f32 / 4.0).ln(), (4.0_f32 / 3.0).ln()).exp();
    let rows = (height as f32 * (share / aspect).sqrt()).min(height as f32);
    let columns = (width as f32 * (share * aspect).sqrt()).min(width as f32);
    [rng.between(0.0, 1.0) * (height as f32 - rows), rng.between(0.0, 1.0) * (width as f32 - columns), rows, columns]
}

/// The part of a picture from row `area[0]` and column `area[1]`, `area[2]` rows and `area[3]` columns (not whole
/// numbers), scaled to the picture's own size (bilinear).
pub fn crop(picture: &mut [f32], [height, width]: [usize; 2], channels: usize, area: [f32; 4]) {
    let whole = picture.to_vec();
    let taps = |start: f32, extent: f32, length: usize| -> Vec<(usize, usize, f32)> {
        let tap = |i: usize| {
            let at = (start + (i as f32 + 0.5) * extent / length as f32 - 0.5).clamp(0.0, (length - 1) as f32);
            (at as usize, (at as usize + 1).min(length - 1), at.fract())
        };
        (0..length).map(tap).collect()
    };
    let (rows, columns) = (taps(area[0], area[2], height), taps(area[1], area[3], width));
    let mut out = picture.chunks_exact_mut(channels.max(1));
    for (top, bottom, down) in rows {
        for (left, right, across) in &columns {
            let Some(pixel) = out.next() else { return };
            for (channel, value) in pixel.iter_mut().enumerate() {
                let at = |row: usize, column: usize| whole[(row * width + column) * channels + channel];
                let mixed = |row| at(row, *left) * (1.0 - across) + at(row, *right) * across;
                *value = mixed(top) * (1.0 - down) + mixed(bottom) * down;
            }
        }
    }
}

/// A Gaussian blur of this deviation in pixels, its window a tenth of the height to either side together (at least one
/// pixel to each), the border repeated.
pub fn blur(picture: &mut [f32], [height, width]: [usize; 2], channels: usize, deviation: f32) {
    let reach = (height / 20).max(1) as i64;
    let weights: Vec<f32> = (-reach..=reach).map(|i| (-0.5 * (i as f32 / deviation).powi(2)).exp()).collect();
    let sum: f32 = weights.iter().sum();
    // Down, then across: the step between neighbours, the place along the axis, and its length.
    for (stride, length) in [(width * channels, height), (channels, width)] {
        let sharp = picture.to_vec();
        for (place, value) in picture.iter_mut().enumerate() {
            let own = place / stride % length;
            let start = place - own * stride;
            let tap = |(i, weight): (usize, &f32)| {
                let at = (own as i64 + i as i64 - reach).clamp(0, length as i64 - 1) as usize;
                weight * sharp[start + at * stride]
            };
            *value = weights.iter().enumerate().map(tap).sum::<f32>() / sum;
        }
    }
}
