//! Marks as pixels, with soft edges: what the screen draws with a texture, drawn point by point.

use egui::{Color32, Pos2, Rect, Vec2, pos2};
use image::{Rgba, RgbaImage};

use super::panel::rgba;
use crate::scene::{Mark, Sign};

/// Draw marks, `scale` pixels a point of the screen.
pub fn draw(image: &mut RgbaImage, marks: &[Mark], scale: f32) {
    for mark in marks {
        match *mark {
            Mark::Dot { at, radius, colour, sign } => {
                dot(image, (at.to_vec2() * scale).to_pos2(), radius * scale, colour, sign)
            }
            Mark::Line { from, to, width, colour } => {
                line(image, [from, to].map(|p| (p.to_vec2() * scale).to_pos2()), width * scale, colour)
            }
            Mark::Cell { rect, colour } => cell(image, rect * scale, colour),
        }
    }
}

fn dot(image: &mut RgbaImage, at: Pos2, radius: f32, colour: Color32, sign: Sign) {
    over(image, Rect::from_center_size(at, Vec2::splat(2.0 * radius + 2.0)), colour, |pixel| {
        sign.ink(pixel - at, radius)
    });
}

fn line(image: &mut RgbaImage, [from, to]: [Pos2; 2], width: f32, colour: Color32) {
    let along = to - from;
    let square = along.length_sq().max(f32::MIN_POSITIVE);
    over(image, Rect::from_two_pos(from, to).expand(width + 1.0), colour, |pixel| {
        let share = ((pixel - from).dot(along) / square).clamp(0.0, 1.0);
        let outside = (pixel - (from + along * share)).length() - 0.5 * width;
        ((0.5 - outside).clamp(0.0, 1.0), 1.0)
    });
}

fn cell(image: &mut RgbaImage, rect: Rect, colour: Color32) {
    let (left, top, right, bottom) = pixels(image, rect);
    for (x, y) in (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y))) {
        if rect.contains(middle(x, y)) {
            image.put_pixel(x, y, rgba(colour));
        }
    }
}

/// Blend a colour over the pixels of a part of the image, as opaque and bright as `ink` says.
fn over(image: &mut RgbaImage, part: Rect, colour: Color32, ink: impl Fn(Pos2) -> (f32, f32)) {
    let (left, top, right, bottom) = pixels(image, part);
    let [red, green, blue, alpha] = colour.to_array().map(f32::from);
    for (x, y) in (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y))) {
        let (cover, bright) = ink(middle(x, y));
        if cover <= 0.0 {
            continue;
        }
        let Rgba(below) = *image.get_pixel(x, y);
        let rest = 1.0 - cover * alpha / 255.0;
        let mix = |new: f32, old: u8| (new * bright * cover + f32::from(old) * rest).round().clamp(0.0, 255.0) as u8;
        image.put_pixel(x, y, Rgba([mix(red, below[0]), mix(green, below[1]), mix(blue, below[2]), 255]));
    }
}

fn middle(x: u32, y: u32) -> Pos2 {
    pos2(x as f32 + 0.5, y as f32 + 0.5)
}

/// The pixels a part of the image touches: left, top, right and bottom. A part that lies nowhere touches none.
fn pixels(image: &RgbaImage, part: Rect) -> (u32, u32, u32, u32) {
    let inside = |v: f32, most: u32| v.clamp(0.0, most as f32) as u32;
    let (width, height) = image.dimensions();
    let floor = |v: f32, most: u32| inside(v.floor(), most);
    (
        floor(part.min.x, width),
        floor(part.min.y, height),
        inside(part.max.x.ceil(), width),
        inside(part.max.y.ceil(), height),
    )
}
