//! Whole scenes in memory: both sensors on one grid, what covers the ground, and the statistics of their bands.

use super::bands::{self, MISSING};
use super::ground::Ground;
use crate::batch::Half;
use crate::data::resample::{Area, Raster};

/// What a cover map says where nothing is known.
pub const UNKNOWN: u8 = 255;

/// One place at one time. All of its pictures have the same sides.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    pub name: String,
    /// Scenes of one site show the same ground at different times; they are never on both sides of a split.
    pub site: String,
    /// Which half it is for, where that was said.
    pub half: Option<Half>,
    pub sides: [u32; 2],
    /// Twelve bands, as [`bands::of_reflectance`] keeps them.
    pub optical: Option<Raster<u16>>,
    /// Two polarisations, as [`bands::of_decibels`] keeps them.
    pub radar: Option<Raster<u16>>,
    /// For every pixel a place in the names of the covers, or [`UNKNOWN`].
    pub cover: Option<Raster<u8>>,
    /// A place in the names of the classes, where the scene as a whole has one.
    pub class: Option<u32>,
    pub ground: Option<Ground>,
}

impl Scene {
    /// The cover of most of a part; `None` where that is not known.
    pub fn dominant(&self, area: Area) -> Option<u32> {
        let cover = self.cover.as_ref()?;
        let mut counts = [0_usize; UNKNOWN as usize + 1];
        rows(cover, area).flatten().for_each(|value| counts[usize::from(*value)] += 1);
        let most = (0..counts.len()).rev().max_by_key(|value| counts[*value])?;
        (most != usize::from(UNKNOWN)).then_some(most as u32)
    }

    /// Number of covers that take at least `share` of a part.
    pub fn variety(&self, area: Area, share: f64) -> usize {
        let Some(cover) = &self.cover else { return 0 };
        let mut counts = [0_usize; UNKNOWN as usize];
        rows(cover, area).flatten().filter(|v| **v != UNKNOWN).for_each(|value| counts[usize::from(*value)] += 1);
        let least = share * f64::from(area.width) * f64::from(area.height);
        counts.iter().filter(|count| **count as f64 > least).count()
    }
}

/// The values of a part, row by row.
fn rows<T>(picture: &Raster<T>, area: Area) -> impl Iterator<Item = &[T]> {
    let (width, channels) = (picture.width as usize, picture.channels as usize);
    (area.y as usize..(area.y + area.height) as usize).map(move |row| {
        let first = (row * width + area.x as usize) * channels;
        &picture.pixels[first..first + area.width as usize * channels]
    })
}

/// Mean and deviation of the bands of a sensor, in values as they are kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    pub mean: Vec<f32>,
    pub std: Vec<f32>,
    /// Share of all values that are missing.
    pub missing: f64,
}

impl Statistics {
    /// Those of these parts of pictures, missing pixels left out; `usual` (mean and deviation) where there is nothing to
    /// measure.
    pub fn of<'a>(parts: impl Iterator<Item = (&'a Raster<u16>, Area)>, channels: usize, usual: [f32; 2]) -> Self {
        let mut sums = vec![[0.0_f64; 3]; channels];
        let mut seen = 0_usize;
        for (picture, area) in parts {
            for pixel in rows(picture, area).flat_map(|row| row.chunks_exact(channels)) {
                seen += channels;
                for (sum, value) in sums.iter_mut().zip(pixel).filter(|(_, value)| **value != MISSING) {
                    let value = f64::from(*value);
                    *sum = [sum[0] + 1.0, sum[1] + value, sum[2] + value * value];
                }
            }
        }
        let known: f64 = sums.iter().map(|sum| sum[0]).sum();
        let band = |[count, sum, squares]: [f64; 3]| {
            let mean = sum / count.max(1.0);
            let std = (squares / count.max(1.0) - mean * mean).max(0.0).sqrt();
            if count > 0.0 { (mean as f32, std.max(1.0) as f32) } else { (usual[0], usual[1]) }
        };
        let (mean, std) = sums.into_iter().map(band).unzip();
        Self { mean, std, missing: if seen == 0 { 0.0 } else { 1.0 - known / seen as f64 } }
    }

    /// Put the band's mean where a pixel is missing.
    pub fn fill(&self, picture: &mut Raster<u16>) {
        for pixel in picture.pixels.chunks_exact_mut(self.mean.len().max(1)) {
            for (value, mean) in pixel.iter_mut().zip(&self.mean).filter(|(value, _)| **value == MISSING) {
                *value = mean.round() as u16;
            }
        }
    }
}

/// Mean and deviation that stand in for those of a sensor which no scene has.
pub const USUAL_OPTICAL: [f32; 2] = [1500.0, 1000.0];
/// As [`USUAL_OPTICAL`].
pub fn usual_radar() -> [f32; 2] {
    [f32::from(bands::of_decibels(-15.0)), f32::from(bands::of_decibels(-95.0))]
}
