//! Bands as colours.

use crate::batch::Role;
use crate::blocks::masks::Mask;
use crate::knobs::Choice;
use crate::method::Stage;
use crate::methods::croma::card::Composite;
use crate::methods::croma::model::Masks;
use crate::methods::croma::model::System;
use crate::pixel_bytes::PixelBytes;
use crate::trace::Picture;

/// Places of blue, green, red and near infrared among the bands of Sentinel-2 (B2, B3, B4, B8).
const BLUE: usize = 1;
const GREEN: usize = 2;
const RED: usize = 3;
const INFRARED: usize = 7;

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Sensor {
    Optical,
    Radar,
}

impl Sensor {
    /// Its name in words, in ids of views and of grids.
    pub fn name(self) -> &'static str {
        match self {
            Self::Optical => super::OPTICAL,
            Self::Radar => super::RADAR,
        }
    }

    /// What it is called in batches.
    pub fn role(self) -> Role {
        match self {
            Self::Optical => Role::Optical,
            Self::Radar => Role::Radar,
        }
    }

    /// Its mask.
    pub fn of(self, masks: &Masks) -> &Mask {
        match self {
            Self::Optical => &masks.optical,
            Self::Radar => &masks.radar,
        }
    }

    /// Its number of channels.
    pub fn channels(self, system: &System) -> usize {
        match self {
            Self::Optical => system.croma.config.optical_channels,
            Self::Radar => system.croma.config.radar_channels,
        }
    }
}

/// The optical bands that are shown as red, green and blue: the first ones where there are no such bands.
fn bands(composite: Composite, channels: usize) -> [usize; 3] {
    match composite {
        _ if channels <= INFRARED => [0, 1.min(channels - 1), 2.min(channels - 1)],
        Composite::TrueColour => [RED, GREEN, BLUE],
        Composite::FalseColour => [INFRARED, RED, GREEN],
    }
}

/// What the colours are.
pub(super) fn words(system: &System, sensor: Sensor) -> String {
    match sensor {
        Sensor::Optical if system.croma.config.optical_channels <= INFRARED => "its first bands as colours".into(),
        Sensor::Optical => format!("in {}, all bands on one scale", system.shown.composite.name()),
        Sensor::Radar if system.croma.config.radar_channels < 2 => "in grey".into(),
        Sensor::Radar => "red VV, green VH, blue their ratio".into(),
    }
}

/// A picture, `side` patches wide and high, of the values of these patches [tokens, channels · p²] in 0 … 1, each in the order channel, row, column.
pub(super) fn picture(system: &System, stage: &Stage, sensor: Sensor, side: usize, values: &[f32]) -> Picture {
    let config = &system.croma.config;
    let (p, channels) = (config.patch_size, sensor.channels(system).max(1));
    let (means, deviations) = stage.batch.pixels(sensor.role()).map_or((&[][..], &[][..]), PixelBytes::statistics);
    let mean = |channel: usize| means.get(channel).copied().unwrap_or(0.0);
    let reach = |channel: usize| config.sigmas as f32 * deviations.get(channel).copied().unwrap_or(1.0);
    let at = |channel: usize, y: usize, x: usize| {
        let token = y / p * side + x / p;
        let place = (token * channels + channel) * p * p + y % p * p + x % p;
        let share = values.get(place).copied().unwrap_or(0.0);
        // As it was measured, in parts of what the file's numbers hold.
        mean(channel) + (2.0 * share - 1.0) * reach(channel)
    };
    let scaled = |value: f32, low: f32, high: f32| {
        (255.0 * (value - low) / (high - low).max(f32::MIN_POSITIVE)).round().clamp(0.0, 255.0) as u8
    };
    let own =
        |channel: usize, value: f32| scaled(value, mean(channel) - reach(channel), mean(channel) + reach(channel));
    let shown = bands(system.shown.composite, channels);
    // One scale for all three bands, so that their colours are those of the ground.
    let low = shown.iter().map(|band| mean(*band) - reach(*band)).fold(f32::INFINITY, f32::min).max(0.0);
    let high = shown.iter().map(|band| mean(*band) + reach(*band)).fold(f32::NEG_INFINITY, f32::max);
    let ratio = if channels > 1 { [mean(0) - mean(1), reach(0).max(reach(1))] } else { [0.0; 2] };
    let pixel = |y: usize, x: usize| -> [u8; 4] {
        match sensor {
            Sensor::Optical => {
                let [red, green, blue] = shown.map(|band| scaled(at(band, y, x), low, high));
                [red, green, blue, 255]
            }
            Sensor::Radar if channels < 2 => {
                let grey = own(0, at(0, y, x));
                [grey, grey, grey, 255]
            }
            Sensor::Radar => {
                let [vv, vh] = [0, 1].map(|channel| at(channel, y, x));
                let between = scaled(vv - vh, ratio[0] - ratio[1], ratio[0] + ratio[1]);
                [own(0, vv), own(1, vh), between, 255]
            }
        }
    };
    let size = side * p;
    let rgba = (0..size * size).flat_map(|i| pixel(i / size, i % size)).collect();
    let grid = (side as u32, side as u32);
    Picture { width: size as u32, height: size as u32, rgba, grid, hidden: Vec::new() }
}
