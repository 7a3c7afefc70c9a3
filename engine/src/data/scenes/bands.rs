//! The bands of both sensors, and how their values are kept in 16 bits.

/// The twelve bands of Sentinel-2 that all sets give; the cirrus band B10 is left out.
pub const OPTICAL: [&str; 12] = ["B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B11", "B12"];
/// The polarisations of Sentinel-1.
pub const RADAR: [&str; 2] = ["VV", "VH"];
/// Red, green and blue among the optical bands.
pub const RED_GREEN_BLUE: [usize; 3] = [3, 2, 1];

/// What stands for a missing pixel until it is filled.
pub const MISSING: u16 = 0;
/// Reflectance is kept in ten-thousandths, as the products do.
pub const TEN_THOUSAND: f32 = 10_000.0;
/// Radar is kept as decibels above this floor, in 400 steps a decibel.
const FLOOR: f32 = -100.0;
const STEPS: f32 = 400.0;

/// What one band is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Band {
    /// A place in [`OPTICAL`].
    Optical(usize),
    /// B10, which only sees high clouds.
    Cirrus,
    /// A place in [`RADAR`].
    Radar(usize),
}

/// The band that a word names: `B02`, `b8a`, `VH`.
pub fn band(word: &str) -> Option<Band> {
    let word = word.to_ascii_uppercase();
    if let Some(place) = RADAR.iter().position(|name| *name == word) {
        return Some(Band::Radar(place));
    }
    let short = format!("B{}", word.strip_prefix('B')?.trim_start_matches('0'));
    match OPTICAL.iter().position(|name| *name == short) {
        Some(place) => Some(Band::Optical(place)),
        None => (short == "B10").then_some(Band::Cirrus),
    }
}

/// A reflectance in ten-thousandths as it is kept; NaN is missing.
pub fn of_reflectance(value: f32) -> u16 {
    kept(value)
}

/// Decibels as they are kept; NaN is missing.
pub fn of_decibels(value: f32) -> u16 {
    kept((value - FLOOR) * STEPS)
}

/// The reflectance, 0 … 1 and a little above, of a value as it is kept.
pub fn reflectance(kept: f32) -> f32 {
    kept / TEN_THOUSAND
}

/// The decibels of a value as it is kept.
pub fn decibels(kept: f32) -> f32 {
    kept / STEPS + FLOOR
}

fn kept(value: f32) -> u16 {
    if value.is_nan() { MISSING } else { value.round().clamp(1.0, f32::from(u16::MAX)) as u16 }
}
