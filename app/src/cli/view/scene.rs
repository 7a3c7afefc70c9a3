//! Clouds, fields, trajectories and boards as pixels: the marks of the stage, seen from where the stage begins.

use egui::{Rect, Vec2, pos2, vec2};
use image::{RgbaImage, imageops};
use masquerade_engine::trace::{Board, Cloud, Field, Legend, Picture, Trajectories};

use super::panel::rgba;
use super::{ink, label};
use crate::scene::board::Layout;
use crate::scene::camera::Camera;
use crate::scene::cloud::{self, Style};
use crate::scene::{Mark, field, trajectories};
use crate::text;
use crate::theme::{self, LIGHT, space};

/// Side in points of the screen, and pixels a point.
const SIDE: f32 = 224.0;
const SCALE: f32 = 2.0;
/// Width of a frame on a board, in pixels.
const FRAME: u32 = 3;
/// Side of the corner that marks a clash, in pixels.
const CORNER: f32 = 12.0;

fn square() -> Rect {
    Rect::from_min_size(pos2(0.0, 0.0), Vec2::splat(SIDE))
}

fn paint(marks: &[Mark]) -> RgbaImage {
    let side = (SIDE * SCALE) as u32;
    let mut pixels = RgbaImage::from_pixel(side, side, rgba(LIGHT.ground));
    ink::draw(&mut pixels, marks, SCALE);
    pixels
}

/// A cloud, its query ringed; classes by name are listed below.
pub fn cloud(drawn: &Cloud, range: Option<&Legend>) -> RgbaImage {
    let camera = Camera::default();
    let seen = cloud::project(drawn, &camera, square());
    let style = Style { colours: &LIGHT, range, side: SIDE, zoom: camera.zoom };
    let mut marks = cloud::marks(drawn, &seen, &style, &[]);
    marks.extend(drawn.query.into_iter().flat_map(|q| cloud::outlined(drawn, &seen, &style, q, LIGHT.accent)));
    let mut pixels = paint(&marks);
    if range.is_none() {
        names(&mut pixels, drawn);
    }
    pixels
}

/// The classes at the lower edge, as many as have room, and how many more there are.
fn names(pixels: &mut RgbaImage, drawn: &Cloud) {
    let (height, gap) = (label::height(label::TEXT), space::S as u32);
    let (mut x, y) = (gap, pixels.height() - height - gap);
    let radius = height as f32 * 0.25;
    for (class, name) in drawn.classes.iter().enumerate() {
        let wide = height + label::width(name, label::TEXT);
        let left = drawn.classes.len() - class;
        let room = if left == 1 { 0 } else { label::width(&text::more(left), label::TEXT) + gap };
        if x + wide + room > pixels.width() {
            label::draw(pixels, (x, y), &text::more(left), label::TEXT, rgba(LIGHT.text));
            break;
        }
        let (colour, shape) = cloud::class_sign(class);
        let sign = crate::scene::Sign { shape, ..Default::default() };
        let mark = Mark::Dot { at: pos2(x as f32 + radius, y as f32 + height as f32 / 2.0), radius, colour, sign };
        ink::draw(pixels, &[mark], 1.0);
        label::draw(pixels, (x + height, y), name, label::TEXT, rgba(LIGHT.text));
        x += wide + gap;
    }
}

/// A field with its ground.
pub fn field(drawn: &Field, range: Option<&Legend>) -> RgbaImage {
    let style = field::Style { colours: &LIGHT, range };
    paint(&field::marks(drawn, &Camera::default().lens(square()), square(), &style))
}

/// The last frame of a trajectories.
pub fn trajectories(drawn: &Trajectories) -> RgbaImage {
    let last = trajectories::frames(drawn).saturating_sub(1);
    paint(&trajectories::marks(drawn, last, &Camera::default().lens(square()), &LIGHT))
}

/// A board with its frames; what clashes has a red corner.
pub fn board(drawn: &Board) -> RgbaImage {
    let layout = Layout::new(drawn, SIDE * SCALE);
    let size = layout.size();
    let mut pixels =
        RgbaImage::from_pixel(size.x.ceil().max(1.0) as u32, size.y.ceil().max(1.0) as u32, rgba(LIGHT.card));
    for (index, picture) in drawn.pictures.iter().enumerate().take(layout.shown()) {
        let cell = layout.cell(index);
        let group = drawn.group.get(index).map_or(LIGHT.line, |group| theme::category(*group as usize));
        let inner = cell.shrink(FRAME as f32 + 1.0);
        ink::draw(&mut pixels, &[Mark::Cell { rect: cell.shrink(1.0), colour: group }], 1.0);
        ink::draw(&mut pixels, &[Mark::Cell { rect: inner, colour: LIGHT.card }], 1.0);
        let place = layout.picture(picture, cell, FRAME as f32 + 1.0, 1.0);
        enlarge(&mut pixels, picture, place);
        if drawn.clashes.get(index) == Some(&true) {
            let corner =
                Rect::from_min_max(inner.right_top() - vec2(CORNER, 0.0), inner.right_top() + vec2(0.0, CORNER));
            ink::draw(&mut pixels, &[Mark::Cell { rect: corner, colour: LIGHT.bad }], 1.0);
        }
    }
    pixels
}

fn enlarge(pixels: &mut RgbaImage, picture: &Picture, place: Rect) {
    let (width, height) = (picture.width, picture.height);
    if let Some(small) = RgbaImage::from_raw(width, height, picture.rgba.clone()).filter(|_| width > 0 && height > 0) {
        let (to_width, to_height) = (place.width().round().max(1.0) as u32, place.height().round().max(1.0) as u32);
        let large = imageops::resize(&small, to_width, to_height, imageops::FilterType::Nearest);
        imageops::overlay(pixels, &large, place.min.x.round() as i64, place.min.y.round() as i64);
    }
}
