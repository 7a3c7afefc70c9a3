//! Marks on the screen: one mesh over one small texture that holds every form of dot in several sizes.

use egui::{Color32, ColorImage, Mesh, Painter, Pos2, Rect, TextureId, Vec2, epaint::Vertex, pos2, vec2};

use crate::scene::{Fill, Mark, Shape, Sign};
use crate::textures::Textures;

/// Radii, in pixels, that dots are drawn with beforehand; one is scaled down to at most half.
const RADII: [f32; 5] = [1.5, 3.0, 6.0, 12.0, 24.0];
/// Side of a form's cell in the texture; the largest dot has room in it.
const CELL: usize = 52;
/// Room around a dot for its soft edge, in pixels.
const SOFT: f32 = 1.5;
/// Columns of the texture: all forms full, then light; a ring, a flat disc, a line, a plain colour.
const RING: usize = 2 * Shape::ALL.len();
const FLAT: usize = RING + 1;
const LINE: usize = FLAT + 1;
const PLAIN: usize = LINE + 1;
const COLUMNS: usize = PLAIN + 1;
/// Name of the texture; no view has one with a blank.
const NAME: &str = "all dots";

/// Draw marks, those in sight.
pub fn paint(painter: &Painter, textures: &mut Textures, marks: &[Mark]) {
    let texture = textures.get(painter.ctx(), NAME, 0, true, draw);
    painter.add(mesh(marks, texture, painter.clip_rect(), painter.pixels_per_point()));
}

fn mesh(marks: &[Mark], texture: TextureId, sight: Rect, pixels_per_point: f32) -> Mesh {
    let mut mesh = Mesh::with_texture(texture);
    mesh.reserve_vertices(4 * marks.len());
    mesh.reserve_triangles(2 * marks.len());
    for mark in marks {
        match *mark {
            Mark::Dot { at, radius, colour, sign } if sight.expand(radius).contains(at) => {
                dot(&mut mesh, at, radius * pixels_per_point, pixels_per_point, colour, sign);
            }
            Mark::Line { from, to, width, colour } if sight.intersects(Rect::from_two_pos(from, to).expand(width)) => {
                line(&mut mesh, from, to, width + 1.2 / pixels_per_point, colour);
            }
            Mark::Cell { rect, colour } if sight.intersects(rect) => {
                mesh.add_rect_with_uv(rect, Rect::from_center_size(middle(PLAIN, 0), Vec2::ZERO), colour);
            }
            // Out of sight, or nowhere.
            _ => {}
        }
    }
    mesh
}

fn dot(mesh: &mut Mesh, at: Pos2, radius: f32, pixels_per_point: f32, colour: Color32, sign: Sign) {
    // Under a pixel a dot gets fainter, not smaller: it would flicker.
    let (radius, colour) = if radius < 1.0 { (1.0, colour.gamma_multiply(radius)) } else { (radius, colour) };
    let level = RADII.iter().position(|r| *r >= radius).unwrap_or(RADII.len() - 1);
    let there = RADII[level] + SOFT;
    let size = there * radius / RADII[level] / pixels_per_point;
    let uv = Rect::from_center_size(middle(column(sign), level), Vec2::splat(2.0 * there) / texture_size());
    mesh.add_rect_with_uv(Rect::from_center_size(at, Vec2::splat(2.0 * size)), uv, colour);
}

/// A strip whose edges the texture makes soft.
fn line(mesh: &mut Mesh, from: Pos2, to: Pos2, width: f32, colour: Color32) {
    let along = to - from;
    let length = along.length();
    if !(length > 0.0 && length.is_finite()) {
        return;
    }
    let side = vec2(-along.y, along.x) / length * (0.5 * width);
    let (middle, soft) = (middle(LINE, 0), vec2(0.0, CELL as f32 * 0.5 - 1.0) / texture_size());
    let first = mesh.vertices.len() as u32;
    for (pos, uv) in [
        (from - side, middle - soft),
        (from + side, middle + soft),
        (to - side, middle - soft),
        (to + side, middle + soft),
    ] {
        mesh.vertices.push(Vertex { pos, uv, color: colour });
    }
    mesh.add_triangle(first, first + 1, first + 2);
    mesh.add_triangle(first + 2, first + 1, first + 3);
}

fn column(sign: Sign) -> usize {
    let shape = sign.shape as usize;
    match sign.fill {
        Fill::Full => shape,
        Fill::Light => Shape::ALL.len() + shape,
        Fill::Empty => RING,
        Fill::Flat => FLAT,
    }
}

fn texture_size() -> Vec2 {
    vec2((COLUMNS * CELL) as f32, (RADII.len() * CELL) as f32)
}

/// Middle of a cell, 0 to 1 each way.
fn middle(column: usize, row: usize) -> Pos2 {
    let at = (vec2(column as f32, row as f32) + Vec2::splat(0.5)) * CELL as f32 / texture_size();
    pos2(at.x, at.y)
}

fn draw() -> ColorImage {
    let pixel = |x: usize, y: usize| {
        let at = vec2((x % CELL) as f32, (y % CELL) as f32) + Vec2::splat(0.5) - Vec2::splat(CELL as f32 * 0.5);
        let radius = RADII[y / CELL];
        let (alpha, bright) = match x / CELL {
            PLAIN => (1.0, 1.0),
            LINE => ((1.8 * (1.0 - at.y.abs() / (CELL as f32 * 0.5))).clamp(0.0, 1.0), 1.0),
            RING => Sign { fill: Fill::Empty, ..Sign::default() }.ink(at, radius),
            FLAT => Sign { fill: Fill::Flat, ..Sign::default() }.ink(at, radius),
            column if column >= Shape::ALL.len() => {
                Sign { shape: Shape::ALL[column - Shape::ALL.len()], fill: Fill::Light }.ink(at, radius)
            }
            column => Sign { shape: Shape::ALL[column], fill: Fill::Full }.ink(at, radius),
        };
        let byte = |v: f32| (v * 255.0).round() as u8;
        let grey = byte(alpha * bright);
        Color32::from_rgba_premultiplied(grey, grey, grey, byte(alpha))
    };
    let (width, height) = (COLUMNS * CELL, RADII.len() * CELL);
    ColorImage::new([width, height], (0..width * height).map(|i| pixel(i % width, i / width)).collect())
}
