//! Colour pictures of eight shapes with random colour, place, size and turn, lit from above on textured ground.

use std::f32::consts::{PI, TAU};

use crate::data::pictures::{Picture, PictureData, Split};
use crate::rng::Rng;
use crate::session::DataReport;

const CLASSES: [&str; 8] = ["disc", "ring", "square", "triangle", "cross", "star", "crescent", "stripes"];
const TRAIN: usize = 4000;
const TEST: usize = 1000;
/// Sides a picture can have, in pixels.
pub const SMALLEST_SIDE: u32 = 28;
pub const LARGEST_SIDE: u32 = 64;

/// Cells of the ground's texture, across and down.
const CELLS: usize = 9;

/// The data set `shapes`: 4,000 + 1,000 pictures of `side` × `side` pixels (put into 28 … 64), every class alike, from
/// `seed`.
pub fn load(side: u32, seed: u64) -> PictureData {
    let side = side.clamp(SMALLEST_SIDE, LARGEST_SIDE);
    let stream = Rng::new(seed, "shapes");
    let report = DataReport {
        id: "shapes".into(),
        title: "Shapes".into(),
        classes: CLASSES.map(String::from).to_vec(),
        licence: "CC0 1.0".into(),
        source: format!("drawn by the program, seed {seed}"),
        ..DataReport::default()
    };
    PictureData::colour(report, split(side, 0..TRAIN, &stream), split(side, TRAIN..TRAIN + TEST, &stream))
}

fn split(side: u32, indices: std::ops::Range<usize>, stream: &Rng) -> Split {
    let labels = indices.clone().map(|i| (i % CLASSES.len()) as u32).collect();
    let draw = |i: usize| Scene::new(i % CLASSES.len(), side, stream.at(i as u64)).draw();
    #[cfg(not(target_arch = "wasm32"))]
    let pictures = {
        use rayon::prelude::*;
        indices.into_par_iter().map(draw).collect()
    };
    #[cfg(target_arch = "wasm32")]
    let pictures = indices.map(draw).collect();
    Split { pictures, labels }
}

type Colour = [f32; 3];

/// One picture to draw; coordinates run from −1 to 1 over the picture.
struct Scene {
    class: usize,
    side: u32,
    ground: [Colour; 2],
    /// Direction of the ground's gradient and weave.
    grain_turn: (f32, f32),
    texture: [[f32; CELLS + 1]; CELLS + 1],
    texture_strength: f32,
    weave_strength: f32,
    weave_frequency: f32,
    speckle: f32,
    paint: [Colour; 2],
    centre: (f32, f32),
    radius: f32,
    turn: (f32, f32),
    /// Half the width of the blurred edge.
    edge: f32,
    rng: Rng,
}

impl Scene {
    /// Light shapes lie on dark ground and dark ones on light ground, so that every shape can be seen.
    fn new(class: usize, side: u32, mut rng: Rng) -> Self {
        let dark = rng.chance(0.5);
        let hue = rng.uniform();
        let (saturation, value) = if dark {
            (rng.between(0.25, 0.6), rng.between(0.18, 0.42))
        } else {
            (rng.between(0.1, 0.4), rng.between(0.72, 0.95))
        };
        let second_hue = hue + rng.between(-0.12, 0.12);
        let ground = [
            colour(hue, saturation, value),
            colour(second_hue, saturation * rng.between(0.6, 1.2), value * rng.between(0.65, 1.05)),
        ];
        let hue = hue + rng.between(0.25, 0.75);
        let values = if dark { [(0.82, 1.0), (0.8, 1.0)] } else { [(0.45, 0.8), (0.35, 0.6)] };
        let saturation = if dark { rng.between(0.45, 0.85) } else { rng.between(0.6, 0.95) };
        let second_hue = hue + rng.between(-0.08, 0.08);
        let paint = [
            colour(hue, saturation, rng.between(values[0].0, values[0].1)),
            colour(second_hue, saturation, rng.between(values[1].0, values[1].1)),
        ];
        let radius = rng.between(0.38, 0.68);
        let room = 0.95 - radius;
        let mut texture = [[0.0; CELLS + 1]; CELLS + 1];
        texture.iter_mut().flatten().for_each(|v| *v = rng.between(-1.0, 1.0));
        Self {
            class,
            side,
            ground,
            grain_turn: direction(rng.between(0.0, TAU)),
            texture,
            texture_strength: rng.between(0.05, 0.16),
            weave_strength: rng.between(0.0, 0.07),
            weave_frequency: rng.between(8.0, 20.0),
            speckle: rng.between(0.0, 0.03),
            paint,
            centre: (rng.between(-room, room), rng.between(-room, room)),
            radius,
            turn: direction(rng.between(0.0, TAU)),
            edge: rng.between(0.6, 1.6) * 2.0 / side as f32,
            rng,
        }
    }

    fn draw(mut self) -> Picture {
        let side = self.side as f32;
        let mut pixels = Vec::with_capacity((self.side * self.side * 3) as usize);
        for row in 0..self.side {
            for column in 0..self.side {
                let x = (column as f32 + 0.5) / side * 2.0 - 1.0;
                let y = (row as f32 + 0.5) / side * 2.0 - 1.0;
                let shadow = 1.0 - smooth(-0.02, 0.16, self.distance(x - 0.05, y - 0.08));
                let ground = self.ground_at(x, y).map(|v| v * (1.0 - 0.45 * shadow));
                let cover = 1.0 - smooth(-self.edge, self.edge, self.distance(x, y));
                let seen = mix(ground, self.paint_at(x, y), cover);
                pixels.extend(seen.map(|v| (v * 255.0).round().clamp(0.0, 255.0) as u8));
            }
        }
        Picture { width: self.side, height: self.side, channels: 3, pixels }
    }

    fn ground_at(&mut self, x: f32, y: f32) -> Colour {
        let (cos, sin) = self.grain_turn;
        let along = 0.5 + 0.5 * (x * cos + y * sin) / 1.2;
        let coarse = self.texture_at(0.9 * (0.37 * x + 0.61 * y), 0.9 * (0.43 * y - 0.5 * x));
        let rough = self.texture_strength * (self.texture_at(x, y) + 0.5 * coarse);
        let woven = self.weave_strength * (self.weave_frequency * (x * sin - y * cos)).sin();
        let light = 1.0 + rough + woven + self.speckle * self.rng.between(-1.0, 1.0);
        let light = light * (1.0 - 0.12 * (x * x + y * y));
        mix(self.ground[0], self.ground[1], along).map(|v| v * light)
    }

    fn paint_at(&self, x: f32, y: f32) -> Colour {
        let down = (0.5 + 0.5 * ((x - self.centre.0) * 0.6 + (y - self.centre.1) * 0.8) / self.radius).clamp(0.0, 1.0);
        let rim = 1.0 - smooth(0.0, 0.12, (self.distance(x, y) + 0.06).abs());
        let light = 1.08 - 0.22 * down + 0.1 * rim * (1.0 - down) + 0.04 * self.texture_at(y, x);
        mix(self.paint[0], self.paint[1], down).map(|v| v * light)
    }

    /// Smooth noise in −1 … 1: random values on a grid, blended between.
    fn texture_at(&self, x: f32, y: f32) -> f32 {
        let cell = |v: f32| {
            let v = ((v + 1.0) / 2.0 * CELLS as f32).clamp(0.0, CELLS as f32 - 0.001);
            (v as usize, smooth(0.0, 1.0, v.fract()))
        };
        let ((column, u), (row, v)) = (cell(x), cell(y));
        let along = |row: &[f32; CELLS + 1]| row[column] * (1.0 - u) + row[column + 1] * u;
        along(&self.texture[row]) * (1.0 - v) + along(&self.texture[row + 1]) * v
    }

    /// Signed distance to the shape's edge, negative inside (near enough away from corners).
    fn distance(&self, x: f32, y: f32) -> f32 {
        let (x, y) = ((x - self.centre.0) / self.radius, (y - self.centre.1) / self.radius);
        let (cos, sin) = self.turn;
        self.radius * unit_distance(self.class, x * cos + y * sin, y * cos - x * sin)
    }
}

/// Signed distance to the shape of radius about 1 around the origin.
fn unit_distance(class: usize, x: f32, y: f32) -> f32 {
    let r = x.hypot(y);
    let bar = |half_width: f32, half_height: f32| (x.abs() - half_width).max(y.abs() - half_height);
    match class {
        0 => r - 0.95,
        1 => (r - 0.72).abs() - 0.24,
        2 => bar(0.8, 0.8),
        3 => y.max(0.866 * x - 0.5 * y).max(-0.866 * x - 0.5 * y) - 0.53,
        4 => bar(0.98, 0.32).min(bar(0.32, 0.98)),
        5 => star(x, y, r),
        6 => (r - 1.0).max(0.8 - (x - 0.58).hypot(y)),
        _ => bar(0.95, 0.19).min((x.abs() - 0.95).max((y.abs() - 0.66).abs() - 0.19)),
    }
}

/// A star of five points: folded into one tenth, it is the half plane behind the line from a point to a notch.
fn star(x: f32, y: f32, r: f32) -> f32 {
    let tenth = PI / 5.0;
    let angle = ((y.atan2(x) + tenth).rem_euclid(2.0 * tenth) - tenth).abs();
    let tip = 1.05;
    let (along_x, along_y) = (0.45 * tenth.cos() - tip, 0.45 * tenth.sin());
    ((r * angle.cos() - tip) * along_y - r * angle.sin() * along_x) / along_x.hypot(along_y)
}

fn direction(angle: f32) -> (f32, f32) {
    (angle.cos(), angle.sin())
}

fn mix(a: Colour, b: Colour, part: f32) -> Colour {
    std::array::from_fn(|c| a[c] * (1.0 - part) + b[c] * part)
}

fn smooth(from: f32, to: f32, x: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Hue (a whole turn is 1), saturation and value to red, green and blue.
fn colour(hue: f32, saturation: f32, value: f32) -> Colour {
    [5.0, 3.0, 1.0].map(|offset: f32| {
        let k = (offset + 6.0 * hue).rem_euclid(6.0);
        value * (1.0 - saturation * k.min(4.0 - k).clamp(0.0, 1.0))
    })
}
