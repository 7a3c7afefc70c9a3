//! Text on a picture, in the 8 × 8 dots of an old terminal: light, and sharp at whole-number scales.

use font8x8::{BASIC_FONTS, LATIN_FONTS, UnicodeFonts as _};
use image::{Rgba, RgbaImage};

/// Dots of a character, across and down.
pub const DOTS: u32 = 8;

/// Draw `text` with its top left at `(x, y)`, every dot `scale` pixels wide; what does not fit is cut off.
pub fn draw(image: &mut RgbaImage, (x, y): (u32, u32), text: &str, scale: u32, colour: Rgba<u8>) {
    for (index, character) in text.chars().enumerate() {
        let left = x + index as u32 * DOTS * scale;
        for (row, bits) in glyph(character).into_iter().enumerate() {
            for column in (0..DOTS).filter(|column| bits >> column & 1 == 1) {
                square(image, (left + column * scale, y + row as u32 * scale), scale, colour);
            }
        }
    }
}

/// Width of a text in pixels.
pub fn width(text: &str, scale: u32) -> u32 {
    text.chars().count() as u32 * DOTS * scale
}

/// As much of `text` as fits into `width` pixels.
pub fn fit(text: &str, width: u32, scale: u32) -> String {
    text.chars().take((width / (DOTS * scale)) as usize).collect()
}

fn glyph(character: char) -> [u8; 8] {
    let plain = match character {
        '−' | '–' => '-',
        '×' => 'x',
        '…' => '.',
        other => other,
    };
    BASIC_FONTS.get(plain).or_else(|| LATIN_FONTS.get(plain)).or_else(|| BASIC_FONTS.get('?')).unwrap_or_default()
}

fn square(image: &mut RgbaImage, (x, y): (u32, u32), side: u32, colour: Rgba<u8>) {
    for (x, y) in (y..y + side).flat_map(|y| (x..x + side).map(move |x| (x, y))) {
        if let Some(pixel) = image.get_pixel_mut_checked(x, y) {
            *pixel = colour;
        }
    }
}
