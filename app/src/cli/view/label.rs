//! Text on a picture, in the faces of the screen.

use std::cell::RefCell;
use std::sync::Arc;

use egui::epaint::text::{Fonts, TextOptions};
use egui::{Color32, FontFamily, FontId, Galley};
use image::{Rgba, RgbaImage};

use crate::theme::fonts;

/// Sizes in pixels: of titles, which are semibold, and of everything else.
pub const TITLE: f32 = 18.0;
pub const TEXT: f32 = 12.0;

thread_local! {
    static FONTS: RefCell<Fonts> = RefCell::new(Fonts::new(TextOptions::default(), fonts::definitions()));
}

/// Draw `text` with its top left at `(x, y)`; what lies outside of the picture is cut off.
pub fn draw(image: &mut RgbaImage, (x, y): (u32, u32), text: &str, size: f32, colour: Rgba<u8>) {
    let galley = laid_out(text, size);
    let atlas = FONTS.with_borrow(Fonts::image);
    for placed in &galley.rows {
        // A glyph is two triangles of four vertices, from its top left to its bottom right.
        for glyph in placed.visuals.mesh.vertices.chunks_exact(4) {
            let (from, to) = (glyph[0].uv.round(), glyph[3].uv.round());
            let at = (placed.pos.to_vec2() + glyph[0].pos.to_vec2()).round();
            for (down, v) in (from.y as usize..to.y as usize).enumerate() {
                for (across, u) in (from.x as usize..to.x as usize).enumerate() {
                    let place = [x as i64 + at.x as i64 + across as i64, y as i64 + at.y as i64 + down as i64];
                    let [Ok(px), Ok(py)] = place.map(u32::try_from) else { continue };
                    if let Some(pixel) = image.get_pixel_mut_checked(px, py) {
                        mix(pixel, colour, atlas[(u, v)].a());
                    }
                }
            }
        }
    }
}

fn mix(pixel: &mut Rgba<u8>, colour: Rgba<u8>, cover: u8) {
    let cover = u32::from(cover);
    for (old, new) in pixel.0.iter_mut().zip(colour.0).take(3) {
        *old = ((u32::from(*old) * (255 - cover) + u32::from(new) * cover + 127) / 255) as u8;
    }
}

/// Height of a line in pixels.
pub fn height(size: f32) -> u32 {
    laid_out("|", size).size().y.ceil() as u32
}

/// Width of a text in pixels.
pub fn width(text: &str, size: f32) -> u32 {
    laid_out(text, size).size().x.ceil() as u32
}

/// As much of `text` as fits into `room` pixels.
pub fn fit(text: &str, room: u32, size: f32) -> &str {
    let mut ends = text.char_indices().map(|(start, character)| start + character.len_utf8()).rev();
    ends.find(|end| width(&text[..*end], size) <= room).map_or("", |end| &text[..end])
}

fn laid_out(text: &str, size: f32) -> Arc<Galley> {
    let family = if size >= TITLE { FontFamily::Name(fonts::SEMIBOLD.into()) } else { FontFamily::Proportional };
    FONTS.with_borrow_mut(|fonts| {
        fonts.with_pixels_per_point(1.0).layout_no_wrap(text.to_string(), FontId::new(size, family), Color32::WHITE)
    })
}
