//! Places that the program draws: land in six covers, seen by light and by radar.
//!
//! Both sensors share the layout of the covers. Clouds and the light's fall are in the optical bands alone; speckle and
//! relief in the radar alone.

use super::bands::{OPTICAL, RADAR, TEN_THOUSAND, of_decibels, of_reflectance};
use super::scene::Scene;
use super::set::Scenes;
use crate::batch::Half;
use crate::data::resample::Raster;
use crate::error::Result;
use crate::rng::Rng;
use crate::session::DataReport;

const COVERS: [&str; 6] = ["water", "forest", "crops", "grass", "built-up", "bare soil"];
/// Reflectance of the covers in the twelve bands, in ten-thousandths.
const SIGNATURES: [[f32; 12]; 6] = [
    [1150.0, 900.0, 750.0, 520.0, 470.0, 380.0, 360.0, 320.0, 290.0, 220.0, 130.0, 90.0],
    [420.0, 380.0, 560.0, 390.0, 850.0, 2100.0, 2600.0, 2750.0, 2950.0, 2900.0, 1450.0, 680.0],
    [650.0, 650.0, 980.0, 820.0, 1500.0, 3300.0, 4000.0, 4200.0, 4350.0, 4100.0, 2350.0, 1300.0],
    [700.0, 760.0, 1080.0, 1180.0, 1750.0, 2550.0, 2850.0, 2950.0, 3150.0, 3100.0, 2950.0, 1950.0],
    [1350.0, 1450.0, 1650.0, 1800.0, 1950.0, 2100.0, 2250.0, 2300.0, 2400.0, 2450.0, 2500.0, 2250.0],
    [1250.0, 1500.0, 2000.0, 2600.0, 2850.0, 3000.0, 3150.0, 3250.0, 3400.0, 3350.0, 4100.0, 3600.0],
];
/// Reflectance of a thick cloud in the twelve bands.
const CLOUD: [f32; 12] =
    [6900.0, 6800.0, 6600.0, 6600.0, 6700.0, 6800.0, 6900.0, 6900.0, 6900.0, 3200.0, 3900.0, 2900.0];
/// Backscatter of the covers, VV and VH, in decibels.
const BACKSCATTER: [[f32; 2]; 6] =
    [[-20.0, -27.0], [-9.5, -14.5], [-11.5, -18.0], [-13.5, -20.5], [-5.0, -11.5], [-15.5, -24.0]];

/// Strength of the noise of the optical bands, and looks of the radar (shape of its speckle).
const NOISE: f32 = 0.05;
const LOOKS: usize = 4;
/// How often a scene has clouds.
const CLOUDY: f64 = 0.4;
/// Decibels that the steepest slopes gain and lose.
const RELIEF: f32 = 4.0;
/// Inputs side by side in a scene, and scenes to train and to test on, by the side of the input: windows larger than it
/// have room, and a page has the memory.
const SIZES: [(usize, u32, [usize; 2]); 3] = [(32, 4, [64, 16]), (64, 3, [36, 12]), (128, 2, [36, 12])];
/// Sides of an input, in pixels.
const SMALLEST_SIDE: usize = 16;
const LARGEST_SIDE: usize = 128;

/// The set `places` for inputs of `side` pixels (put into 16 … 128), from `seed`.
///
/// # Errors
/// None that a caller can cause.
pub fn load(side: usize, seed: u64) -> Result<Scenes> {
    let side = side.clamp(SMALLEST_SIDE, LARGEST_SIDE);
    let (_, across, [train, test]) = SIZES.into_iter().find(|(most, ..)| side <= *most).unwrap_or(SIZES[2]);
    let (sides, stream) = (side as u32 * across, Rng::new(seed, "places"));
    let draw = |number: usize| {
        let half = if number < train { Half::Train } else { Half::Test };
        Place::new(sides, side as f32, stream.at(number as u64)).scene(format!("place {}", number + 1), half)
    };
    #[cfg(not(target_arch = "wasm32"))]
    let scenes = {
        use rayon::prelude::*;
        (0..train + test).into_par_iter().map(draw).collect()
    };
    #[cfg(target_arch = "wasm32")]
    let scenes = (0..train + test).map(draw).collect();
    let report = DataReport {
        id: "places".into(),
        title: "Drawn places".into(),
        licence: "CC0 1.0".into(),
        source: format!(
            "drawn by the program, seed {seed}: six covers, clouds and light optical only, speckle and relief radar only"
        ),
        ..DataReport::default()
    };
    Scenes::new(scenes, COVERS.map(String::from).to_vec(), report)
}

/// Smooth noise in −1 … 1: random values on a grid of cells, blended between.
struct Field {
    values: Vec<f32>,
    columns: usize,
    cell: f32,
}

impl Field {
    fn new(side: u32, cell: f32, rng: &mut Rng) -> Self {
        let columns = (side as f32 / cell).ceil() as usize + 2;
        Self { values: (0..columns * columns).map(|_| rng.between(-1.0, 1.0)).collect(), columns, cell }
    }

    fn at(&self, x: f32, y: f32) -> f32 {
        let place = |v: f32| {
            let v = (v / self.cell).clamp(0.0, (self.columns - 2) as f32);
            let part = v.fract();
            (v as usize, part * part * (3.0 - 2.0 * part))
        };
        let ((column, u), (row, v)) = (place(x), place(y));
        let along = |row: usize| {
            let first = row * self.columns + column;
            self.values[first] * (1.0 - u) + self.values[first + 1] * u
        };
        along(row) * (1.0 - v) + along(row + 1) * v
    }
}

/// One place to draw.
struct Place {
    side: u32,
    /// Centres of the fields of land, and their covers.
    centres: Vec<([f32; 2], usize)>,
    warp: [Field; 2],
    fine: [Field; 2],
    light: Field,
    height: [Field; 2],
    /// Clouds: where, how large, how thick.
    clouds: Vec<([f32; 2], f32, f32)>,
    /// How the covers look here this season.
    tint: [f32; 6],
    input: f32,
    rng: Rng,
}

impl Place {
    fn new(side: u32, input: f32, mut rng: Rng) -> Self {
        let spacing = input * 0.45;
        let across = (side as f32 / spacing).ceil() as usize;
        // Some covers are common here and others rare.
        let common: [f32; 6] = std::array::from_fn(|_| rng.uniform().powi(2) + 0.05);
        let all: f32 = common.iter().sum();
        let mut centres = Vec::with_capacity(across * across);
        for row in 0..across {
            for column in 0..across {
                let centre = [column, row].map(|cell| (cell as f32 + rng.uniform()) * spacing);
                let mut chosen = rng.uniform() * all;
                let cover = common.iter().position(|share| {
                    chosen -= share;
                    chosen < 0.0
                });
                centres.push((centre, cover.unwrap_or(common.len() - 1)));
            }
        }
        let cloudy = if rng.chance(CLOUDY) { 2 + rng.below(5) } else { 0 };
        let length = side as f32;
        let clouds = (0..cloudy).map(|_| {
            let centre = [rng.between(0.0, length), rng.between(0.0, length)];
            (centre, input * rng.between(0.25, 0.9), rng.between(0.4, 1.0))
        });
        let clouds = clouds.collect();
        let mut field = |cell: f32| Field::new(side, input * cell, &mut rng);
        let (warp, fine) = ([field(0.5), field(0.5)], [field(0.12), field(0.12)]);
        let (light, height) = (field(2.0), [field(1.0), field(0.3)]);
        let tint = std::array::from_fn(|_| rng.between(0.88, 1.12));
        Self { side, centres, warp, fine, light, height, clouds, tint, input, rng }
    }

    /// The cover at a pixel: that of the nearest centre, seen through a warp that makes borders crooked.
    fn cover(&self, x: f32, y: f32) -> usize {
        let [dx, dy] =
            [0, 1].map(|axis| self.input * (0.22 * self.warp[axis].at(x, y) + 0.06 * self.fine[axis].at(x, y)));
        let (x, y) = (x + dx, y + dy);
        let apart = |centre: &[f32; 2]| (centre[0] - x).powi(2) + (centre[1] - y).powi(2);
        let nearest = self.centres.iter().min_by(|a, b| apart(&a.0).total_cmp(&apart(&b.0)));
        nearest.map_or(0, |(_, cover)| *cover)
    }

    /// How much of the light a cloud takes.
    fn cloud(&self, x: f32, y: f32) -> f32 {
        let thick = self.clouds.iter().map(|([cx, cy], radius, thick)| {
            let apart = ((x - cx).powi(2) + (y - cy).powi(2)) / (radius * radius);
            thick * (1.0 - apart + 0.35 * self.fine[0].at(x, y)).clamp(0.0, 1.0)
        });
        thick.fold(0.0, f32::max).min(0.95)
    }

    fn height_at(&self, x: f32, y: f32) -> f32 {
        self.height[0].at(x, y) + 0.3 * self.height[1].at(x, y)
    }

    fn scene(mut self, name: String, half: Half) -> Scene {
        let count = (self.side * self.side) as usize;
        let mut optical = Vec::with_capacity(count * OPTICAL.len());
        let mut radar = Vec::with_capacity(count * RADAR.len());
        let mut covers = Vec::with_capacity(count);
        for row in 0..self.side {
            for column in 0..self.side {
                let (x, y) = (column as f32, row as f32);
                let cover = self.cover(x, y);
                covers.push(cover as u8);
                let light = 1.0 + 0.2 * self.light.at(x, y);
                let cloud = self.cloud(x, y);
                let noise = normals(&mut self.rng);
                for (band, noise) in noise.into_iter().enumerate() {
                    let land = SIGNATURES[cover][band] * self.tint[cover] * light * (1.0 + NOISE * noise);
                    let seen = land * (1.0 - cloud) + CLOUD[band] * cloud;
                    optical.push(of_reflectance(seen.clamp(1.0, 2.0 * TEN_THOUSAND)));
                }
                // Slopes that face the radar, which looks from the left, shine.
                let slope = self.height_at(x + 1.0, y) - self.height_at(x, y);
                let shading = (RELIEF * slope * self.input * 0.5).clamp(-RELIEF, RELIEF);
                for backscatter in BACKSCATTER[cover] {
                    radar.push(of_decibels(backscatter + shading + 10.0 * speckle(&mut self.rng).log10()));
                }
            }
        }
        let raster =
            |channels: usize, pixels| Raster { width: self.side, height: self.side, channels: channels as u32, pixels };
        Scene {
            site: name.clone(),
            name,
            half: Some(half),
            sides: [self.side; 2],
            optical: Some(raster(OPTICAL.len(), optical)),
            radar: Some(raster(RADAR.len(), radar)),
            cover: Some(Raster { width: self.side, height: self.side, channels: 1, pixels: covers }),
            class: None,
            ground: None,
        }
    }
}

/// Twelve numbers near enough to standard normal: sums of four even ones.
fn normals(rng: &mut Rng) -> [f32; 12] {
    // A sum of four numbers of 0 … 65,535 has this mean and deviation.
    const MEAN: f32 = 2.0 * 65_535.0;
    const DEVIATION: f32 = 37_837.0;
    std::array::from_fn(|_| {
        let bits = rng.next_u64();
        let sum: u64 = (0..4).map(|part| (bits >> (16 * part)) & 0xFFFF).sum();
        (sum as f32 - MEAN) / DEVIATION
    })
}

/// Gamma noise of mean 1 and shape [`LOOKS`]: minus the logarithm of that many even numbers, by their count.
fn speckle(rng: &mut Rng) -> f32 {
    let product: f64 = (0..LOOKS).map(|_| 1.0 - rng.uniform_f64()).product();
    (-product.ln() / LOOKS as f64).max(1e-3) as f32
}
