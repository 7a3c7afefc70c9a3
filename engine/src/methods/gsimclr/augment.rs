//! What makes two views of one picture: mirroring, colour, and (not in the authors' code) crops.
//!
//! All functions work on one picture [height, width, 3] with values in 0 … 1, in place, and do not cut off what leaves
//! that range; [`clip`] does.

use crate::rng::Rng;

/// How much of red, green and blue makes grey.
pub const GREY: [f32; 3] = [0.2989, 0.5870, 0.1140];

/// Mirror left to right.
pub fn flip(picture: &mut [f32], width: usize) {
    for row in picture.chunks_exact_mut((3 * width).max(1)) {
        row.reverse();
        row.chunks_exact_mut(3).for_each(<[f32]>::reverse);
    }
}

/// `x + shift`
pub fn brightness(picture: &mut [f32], shift: f32) {
    picture.iter_mut().for_each(|value| *value += shift);
}

/// `(x − mean) · factor + mean`, the mean that of each channel of the picture.
pub fn contrast(picture: &mut [f32], factor: f32) {
    let mut means = [0.0_f64; 3];
    for pixel in picture.chunks_exact(3) {
        means.iter_mut().zip(pixel).for_each(|(mean, value)| *mean += f64::from(*value));
    }
    let means = means.map(|sum| (sum / (picture.len() / 3).max(1) as f64) as f32);
    for pixel in picture.chunks_exact_mut(3) {
        pixel.iter_mut().zip(means).for_each(|(value, mean)| *value = (*value - mean) * factor + mean);
    }
}

/// `s ← clamp(s · factor, 0, 1)` in hue, saturation and value.
pub fn saturation(picture: &mut [f32], factor: f32) {
    by_colour(picture, |[h, s, v]| [h, (s * factor).clamp(0.0, 1.0), v]);
}

/// `h ← (h + shift) mod 1` in hue, saturation and value.
pub fn hue(picture: &mut [f32], shift: f32) {
    by_colour(picture, |[h, s, v]| [(h + shift).rem_euclid(1.0), s, v]);
}

/// The same grey in all channels.
pub fn grey(picture: &mut [f32], parts: [f32; 3]) {
    for pixel in picture.chunks_exact_mut(3) {
        let value = pixel.iter().zip(parts).map(|(value, part)| value * part).sum();
        pixel.fill(value);
    }
}

/// Cut off what is below 0 or above 1.
pub fn clip(picture: &mut [f32]) {
    picture.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
}

fn by_colour(picture: &mut [f32], change: impl Fn([f32; 3]) -> [f32; 3]) {
    for pixel in picture.as_chunks_mut::<3>().0 {
        *pixel = rgb(change(hsv(*pixel)));
    }
}

/// Hue in 0 … 1, saturation (0 where no channel is above zero) and value.
fn hsv([r, g, b]: [f32; 3]) -> [f32; 3] {
    let v = r.max(g).max(b);
    let chroma = v - r.min(g).min(b);
    let s = if v > 0.0 { chroma / v } else { 0.0 };
    let sextant = if chroma == 0.0 {
        0.0
    } else if r == v {
        (g - b) / chroma
    } else if g == v {
        2.0 + (b - r) / chroma
    } else {
        4.0 + (r - g) / chroma
    };
    let h = sextant / 6.0;
    [if h < 0.0 { h + 1.0 } else { h }, s, v]
}

fn rgb([h, s, v]: [f32; 3]) -> [f32; 3] {
    let (chroma, h) = (s * v, 6.0 * h);
    let parts = [(h - 3.0).abs() - 1.0, 2.0 - (h - 2.0).abs(), 2.0 - (h - 4.0).abs()];
    parts.map(|part| v - chroma + chroma * part.clamp(0.0, 1.0))
}

/// The part of a picture from row `area[0]` and column `area[1]`, `area[2]` rows and `area[3]` columns (not whole
/// numbers), scaled to the picture's own size (bilinear).
pub fn crop(picture: &mut [f32], [height, width]: [usize; 2], area: [f32; 4]) {
    let whole = picture.to_vec();
    let taps = |start: f32, extent: f32, length: usize| -> Vec<(usize, usize, f32)> {
        let tap = |i: usize| {
            let at = (start + (i as f32 + 0.5) * extent / length as f32 - 0.5).clamp(0.0, (length - 1) as f32);
            (at as usize, (at as usize + 1).min(length - 1), at.fract())
        };
        (0..length).map(tap).collect()
    };
    let (rows, columns) = (taps(area[0], area[2], height), taps(area[1], area[3], width));
    let mut out = picture.chunks_exact_mut(3);
    for (top, bottom, down) in rows {
        for (left, right, across) in &columns {
            let Some(pixel) = out.next() else { return };
            for (channel, value) in pixel.iter_mut().enumerate() {
                let at = |row: usize, column: usize| whole[(row * width + column) * 3 + channel];
                let mixed = |row| at(row, *left) * (1.0 - across) + at(row, *right) * across;
                *value = mixed(top) * (1.0 - down) + mixed(bottom) * down;
            }
        }
    }
}

/// How strong views differ, and whether the pictures of a batch share one draw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recipe {
    /// One draw for all pictures of a view, as in the authors' code; else each picture has its own.
    pub shared: bool,
    /// Smallest crop as a part of the area; 1 or more: none.
    pub smallest_crop: f32,
    pub jitter_chance: f64,
    /// The s of SimCLR: brightness ± 0.8 s, contrast and saturation 1 ± 0.8 s, hue ± 0.2 s.
    pub strength: f32,
    pub grey_chance: f64,
}

impl Recipe {
    /// The CIFAR-10 notebook as it runs: one draw a batch and view, mirroring and weak colour jitter half of the time;
    /// its colour drop does nothing.
    pub const PUBLISHED: Self =
        Self { shared: true, smallest_crop: 1.0, jitter_chance: 0.5, strength: 0.2, grey_chance: 0.0 };
    /// The same with a draw for each picture, as the paper's text has it.
    pub const PER_PICTURE: Self = Self { shared: false, ..Self::PUBLISHED };
    /// SimCLR's own for small pictures: random resized crops, stronger jitter more often, grey for one picture in five.
    pub const CROPPED: Self =
        Self { shared: false, smallest_crop: 0.2, jitter_chance: 0.8, strength: 0.5, grey_chance: 0.2 };

    /// Change the pictures of one view [batch, height, width, 3].
    pub fn apply(&self, pictures: &mut [f32], sides: [usize; 2], rng: &Rng) {
        let change = |(number, picture): (usize, &mut [f32])| {
            Draw::new(self, sides, &mut rng.at(if self.shared { 0 } else { number as u64 })).apply(picture, sides);
        };
        let each = (3 * sides[0] * sides[1]).max(1);
        #[cfg(not(target_arch = "wasm32"))]
        {
            use rayon::prelude::*;
            pictures.par_chunks_exact_mut(each).enumerate().for_each(change);
        }
        #[cfg(target_arch = "wasm32")]
        pictures.chunks_exact_mut(each).enumerate().for_each(change);
    }
}

/// What is done to one picture.
struct Draw {
    area: Option<[f32; 4]>,
    flip: bool,
    /// Brightness shift, contrast factor, saturation factor, hue shift.
    jitter: Option<[f32; 4]>,
    grey: bool,
}

impl Draw {
    fn new(recipe: &Recipe, sides: [usize; 2], rng: &mut Rng) -> Self {
        let (flip, jittered, grey) =
            (rng.chance(0.5), rng.chance(recipe.jitter_chance), rng.chance(recipe.grey_chance));
        let (wide, narrow) = (0.8 * recipe.strength, 0.2 * recipe.strength);
        let factor = |rng: &mut Rng| rng.between(1.0 - wide, 1.0 + wide);
        let jitter = [rng.between(-wide, wide), factor(rng), factor(rng), rng.between(-narrow, narrow)];
        let area = (recipe.smallest_crop < 1.0).then(|| area(sides, recipe.smallest_crop, rng));
        Self { area, flip, jitter: jittered.then_some(jitter), grey }
    }

    fn apply(&self, picture: &mut [f32], sides: [usize; 2]) {
        if let Some(area) = self.area {
            crop(picture, sides, area);
        }
        if self.flip {
            flip(picture, sides[1]);
        }
        if let Some([shift, spread, colour, turn]) = self.jitter {
            brightness(picture, shift);
            contrast(picture, spread);
            saturation(picture, colour);
            hue(picture, turn);
            clip(picture);
        }
        if self.grey {
            grey(picture, GREY);
        }
    }
}

/// A random part of a picture: area uniform in `smallest` … 1 of the whole, aspect log-uniform in 3/4 … 4/3, cut off at
/// the sides.
fn area([height, width]: [usize; 2], smallest: f32, rng: &mut Rng) -> [f32; 4] {
    let share = rng.between(smallest.clamp(0.0, 1.0), 1.0);
    let aspect = rng.between((3.0_f32 / 4.0).ln(), (4.0_f32 / 3.0).ln()).exp();
    let rows = (height as f32 * (share / aspect).sqrt()).min(height as f32);
    let columns = (width as f32 * (share * aspect).sqrt()).min(width as f32);
    [rng.between(0.0, 1.0) * (height as f32 - rows), rng.between(0.0, 1.0) * (width as f32 - columns), rows, columns]
}
