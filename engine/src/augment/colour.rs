//! Colour of a picture whose channels lie together, values in 0 … 1.
//!
//! What leaves that range is not cut off; [`clip`] does.

/// How much of red, green and blue makes grey.
pub const GREY: [f32; 3] = [0.2989, 0.5870, 0.1140];

/// `x + shift`
pub fn brightness(picture: &mut [f32], shift: f32) {
    picture.iter_mut().for_each(|value| *value += shift);
}

/// `(x − mean) · factor + mean`, the mean that of each channel of the picture.
pub fn contrast(picture: &mut [f32], channels: usize, factor: f32) {
    let channels = channels.max(1);
    let mut sums = vec![0.0_f64; channels];
    for pixel in picture.chunks_exact(channels) {
        sums.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    let pixels = (picture.len() / channels).max(1) as f64;
    let means: Vec<f32> = sums.into_iter().map(|sum| (sum / pixels) as f32).collect();
    for pixel in picture.chunks_exact_mut(channels) {
        pixel.iter_mut().zip(&means).for_each(|(value, mean)| *value = (*value - mean) * factor + mean);
    }
}

/// Of three channels: `s ← clamp(s · factor, 0, 1)` in hue, saturation and value.
pub fn saturation(picture: &mut [f32], factor: f32) {
    by_colour(picture, |[h, s, v]| [h, (s * factor).clamp(0.0, 1.0), v]);
}

/// Of three channels: `h ← (h + shift) mod 1` in hue, saturation and value.
pub fn hue(picture: &mut [f32], shift: f32) {
    by_colour(picture, |[h, s, v]| [(h + shift).rem_euclid(1.0), s, v]);
}

/// The same grey in all three channels.
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
