//! A picture in grey, and colours laid over it.

use egui::{Color32, ColorImage};
use masquerade_engine::trace::Picture;

/// How much of the range from black to white a picture in grey takes, so that colours over it can be told apart.
const GREYS: (f32, f32) = (40.0, 215.0);

/// A picture without its colours, for a map to lie on.
pub fn grey(picture: &Picture) -> ColorImage {
    let size = [picture.width as usize, picture.height as usize];
    if picture.rgba.len() != size[0] * size[1] * 4 || picture.rgba.is_empty() {
        return ColorImage::filled([1, 1], Color32::TRANSPARENT);
    }
    let luminance = |p: &[u8]| 0.2126 * f32::from(p[0]) + 0.7152 * f32::from(p[1]) + 0.0722 * f32::from(p[2]);
    ColorImage::new(size, picture.rgba.chunks_exact(4).map(|p| shade(luminance(p) / 255.0)).collect())
}

/// A grey from 0 (dark) to 1 (light).
pub fn shade(share: f32) -> Color32 {
    Color32::from_gray((GREYS.0 + (GREYS.1 - GREYS.0) * share.clamp(0.0, 1.0)).round() as u8)
}

/// A colour over another, as strong as `opacity` says.
pub fn blend(below: Color32, over: Color32, opacity: f32) -> Color32 {
    let mix = |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * opacity.clamp(0.0, 1.0)).round() as u8;
    Color32::from_rgb(mix(below.r(), over.r()), mix(below.g(), over.g()), mix(below.b(), over.b()))
}
