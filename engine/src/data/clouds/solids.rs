//! Clouds of eight solids, drawn by the program: stretched, turned about the vertical, and a little rough.

use std::f32::consts::TAU;

use super::{CloudData, CloudSplit};
use crate::rng::Rng;
use crate::session::DataReport;

const CLASSES: [&str; 8] = ["sphere", "box", "tube", "cone", "torus", "crossed rods", "L-plate", "helix"];
/// The test cloud that stands first on the stage: an L-plate, seat and back of a chair near enough. A ball looks the same
/// from everywhere.
const FIRST: u64 = 78;
const TRAIN: usize = 800;
const TEST: usize = 400;
const POINTS: usize = 1024;
/// Deviation of the roughness, before the cloud is brought to the unit sphere.
const ROUGH: f32 = 0.02;

/// The set `solids`: 800 + 400 clouds of 1,024 points, every class alike, within the unit sphere, from `seed`.
pub fn load(seed: u64) -> CloudData {
    let stream = Rng::new(seed, "solids");
    let split = |clouds: std::ops::Range<usize>| CloudSplit {
        labels: clouds.clone().map(|i| (i % CLASSES.len()) as u32).collect(),
        points: clouds.flat_map(|i| cloud(i % CLASSES.len(), stream.at(i as u64))).flatten().collect(),
    };
    let report = DataReport {
        id: "solids".into(),
        title: "Solids".into(),
        classes: CLASSES.map(String::from).to_vec(),
        first: FIRST,
        licence: "CC0 1.0".into(),
        source: format!("drawn by the program, seed {seed}"),
        ..DataReport::default()
    };
    CloudData::new(report, POINTS, split(0..TRAIN), split(TRAIN..TRAIN + TEST))
}

fn cloud(class: usize, mut rng: Rng) -> Vec<[f32; 3]> {
    let stretch = [0, 1, 2].map(|_| rng.between(0.6, 1.4));
    let (sin, cos) = rng.between(0.0, TAU).sin_cos();
    let mut points: Vec<[f32; 3]> = (0..POINTS)
        .map(|_| {
            let at = surface(class, &mut rng);
            let [x, y, z] = [0, 1, 2].map(|axis| at[axis] * stretch[axis]);
            [cos * x + sin * z, y, cos * z - sin * x].map(|v| v + ROUGH * rng.normal())
        })
        .collect();
    to_unit_sphere(&mut points);
    points
}

/// Take away the centroid and divide by the largest distance to it.
fn to_unit_sphere(points: &mut [[f32; 3]]) {
    let centre = [0, 1, 2].map(|axis| points.iter().map(|p| p[axis]).sum::<f32>() / points.len().max(1) as f32);
    points.iter_mut().for_each(|p| *p = [0, 1, 2].map(|axis| p[axis] - centre[axis]));
    let radius =
        points.iter().map(|p| p.iter().map(|v| v * v).sum::<f32>()).fold(0.0, f32::max).sqrt().max(f32::MIN_POSITIVE);
    points.iter_mut().for_each(|p| *p = p.map(|v| v / radius));
}

/// A point on the surface of a solid about the origin, y up.
fn surface(class: usize, rng: &mut Rng) -> [f32; 3] {
    match class {
        0 => {
            let height = rng.between(-1.0, 1.0);
            let [x, z] = circle(rng, (1.0 - height * height).max(0.0).sqrt());
            [x, height, z]
        }
        1 => on_box(rng, [0.8, 0.8, 0.8]),
        2 => {
            let [x, z] = circle(rng, 0.6);
            [x, rng.between(-1.0, 1.0), z]
        }
        3 => {
            // The root makes the points uniform over the mantle; a part of them lies on the base.
            let across = rng.uniform().sqrt();
            let [x, z] = circle(rng, 0.8 * across);
            [x, if rng.chance(0.3) { -0.9 } else { 0.9 - 1.8 * across }, z]
        }
        4 => {
            let [out, up] = circle(rng, 0.28);
            let [x, z] = circle(rng, 0.72 + out);
            [x, up, z]
        }
        5 => {
            let rod = on_box(rng, [1.0, 0.14, 0.14]);
            if rng.chance(0.5) { rod } else { [rod[1], rod[2], rod[0]] }
        }
        6 => {
            let plate = on_box(rng, [0.8, 0.1, 0.6]);
            if rng.chance(0.5) { [plate[0], plate[1] - 0.7, plate[2]] } else { [plate[1] - 0.7, plate[0], plate[2]] }
        }
        _ => {
            let along = rng.uniform();
            let (sin, cos) = (2.5 * TAU * along).sin_cos();
            let [out, up] = circle(rng, 0.12);
            [(0.7 + out) * cos, 2.0 * along - 1.0 + up, (0.7 + out) * sin]
        }
    }
}

fn circle(rng: &mut Rng, radius: f32) -> [f32; 2] {
    let (sin, cos) = rng.between(0.0, TAU).sin_cos();
    [radius * cos, radius * sin]
}

/// A point on the surface of a box of these half sides, faces by their area.
fn on_box(rng: &mut Rng, half: [f32; 3]) -> [f32; 3] {
    let area = |axis: usize| half[(axis + 1) % 3] * half[(axis + 2) % 3];
    let mut at = rng.between(0.0, area(0) + area(1) + area(2));
    let mut face = 0;
    while face < 2 && at >= area(face) {
        at -= area(face);
        face += 1;
    }
    let mut point = half.map(|side| rng.between(-side, side));
    point[face] = if rng.chance(0.5) { half[face] } else { -half[face] };
    point
}
