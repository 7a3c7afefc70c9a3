//! A clip by frames: which tokens a frame shows, and its pixels with the values of its tokens over them.

use std::ops::Range;

use egui::{Color32, ColorImage};
use masquerade_engine::trace::{Clip, Legend};

use super::picture::blend;
use crate::theme;

/// The tokens that a frame shows, as numbers of the whole grid. A token may span several frames.
pub fn tokens(clip: &Clip, frame: usize) -> Range<u32> {
    let [times, rows, columns] = clip.grid;
    let time = (frame * times as usize / clip.frames().max(1)) as u32;
    let each = rows * columns;
    if time < times { time * each..(time + 1) * each } else { 0..0 }
}

/// A frame as a picture; the values of its tokens, where it has any, lie over it as strong as `opacity` says.
pub fn frame(clip: &Clip, frame: usize, range: Option<&Legend>, opacity: f32) -> ColorImage {
    let (width, height) = (clip.width as usize, clip.height as usize);
    let size = 4 * width * height;
    let Some(bytes) = clip.rgba.get(frame * size..(frame + 1) * size).filter(|_| size > 0) else {
        return ColorImage::filled([1, 1], Color32::TRANSPARENT);
    };
    let mut image = ColorImage::from_rgba_unmultiplied([width, height], bytes);
    let (first, [_, rows, columns]) = (tokens(clip, frame).start as usize, clip.grid.map(|n| n as usize));
    if let Some(range) = range.filter(|_| !clip.values.is_empty()) {
        for (place, pixel) in image.pixels.iter_mut().enumerate() {
            let (row, column) = (place / width * rows / height, place % width * columns / width);
            if let Some(value) = clip.values.get(first + row * columns + column).filter(|v| v.is_finite()) {
                *pixel = blend(*pixel, theme::in_range(*value, range), opacity);
            }
        }
    }
    image
}
