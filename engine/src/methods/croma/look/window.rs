//! The part of the scene that inputs and similarities show: positions that are biases of attention serve larger grids than
//! those of training.

use burn::tensor::{Int, Tensor, TensorData};

use super::composite::Sensor;
use crate::error::Result;
use crate::limits::{Limits, mebibytes};
use crate::method::Stage;
use crate::methods::croma::config::{Config, MOST_PATCHES};
use crate::methods::croma::encoders::Places;
use crate::methods::croma::model::System;
use crate::weights::Weights;

/// The window, and in which tiles it is encoded.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Window {
    /// Side in pixels.
    pub pixels: usize,
    /// Patches along a side.
    pub side: usize,
    /// Patches along a side of what is encoded at once.
    pub tile: usize,
    /// Larger than the model's own input.
    wide: bool,
    /// What attention takes, and why there are tiles.
    words: String,
}

impl Window {
    /// The window that is shown on a device with these limits.
    pub fn of(system: &System, limits: Limits) -> Self {
        let config = &system.croma.config;
        let pixels = system.shown.window;
        let (own, side) = (config.side(), pixels / config.patch_size.max(1));
        let tile = (own..=side).rev().find(|tile| fits(config, *tile, limits)).unwrap_or(own);
        let wide = system.wide();
        let words = if wide { words(config, [pixels, side, tile], limits) } else { String::new() };
        Self { pixels, side, tile, wide, words }
    }

    /// What a caption says of it; of the model's own input nothing.
    pub fn words(&self) -> &str {
        &self.words
    }

    /// The patches of a sensor in the window.
    ///
    /// # Shapes
    /// → [1, tokens, channels · p²]
    ///
    /// # Errors
    /// [`Error::Data`](crate::error::Error::Data) when the batch lacks the sensor, or no scene is so large.
    pub fn patches(&self, config: &Config, w: &Weights, stage: &Stage, sensor: Sensor) -> Result<Tensor<3>> {
        if !self.wide {
            return config.patches(&stage.batch, sensor.role(), w.device());
        }
        let batch = stage.loader.window_batch(stage.half, &stage.batch.indices, self.pixels)?;
        config.patches(&batch, sensor.role(), w.device())
    }

    /// All patches of the window as the sensor's encoder sees them, nothing hidden; `None` where the scene lacks it.
    ///
    /// # Shapes
    /// → [1, tokens, dim]
    ///
    /// # Errors
    /// As [`Window::patches`].
    pub fn encoded(&self, system: &System, w: &Weights, stage: &Stage, sensor: Sensor) -> Result<Option<Tensor<3>>> {
        if stage.batch.present(sensor.role()).first() != Some(&true) {
            return Ok(None);
        }
        stage.kept.or_make(sensor.name(), || self.encode(system, w, stage, sensor)).map(Some)
    }

    fn encode(&self, system: &System, w: &Weights, stage: &Stage, sensor: Sensor) -> Result<Tensor<3>> {
        let (croma, device) = (&system.croma, w.device());
        let encoder = if sensor == Sensor::Radar { &croma.radar } else { &croma.optical };
        let patches = self.patches(&croma.config, w, stage, sensor)?;
        if !self.wide {
            return Ok(encoder.forward(w, patches, None, &croma.places));
        }
        let places = Places::new(&croma.config, [self.tile; 2]);
        if self.tile == self.side {
            return Ok(encoder.forward(w, patches, None, &places));
        }
        let ids = |ids: &[usize]| {
            let values: Vec<i32> = ids.iter().map(|id| *id as i32).collect();
            Tensor::<1, Int>::from_data(TensorData::new(values, [ids.len()]), device)
        };
        let tiles = tiles(self.side, self.tile);
        let encode = |tile: &Vec<usize>| encoder.forward(w, patches.clone().select(1, ids(tile)), None, &places);
        let all = Tensor::cat(tiles.iter().map(encode).collect(), 1);
        // Where tiles overlap the last one holds.
        let mut place = vec![0; self.side * self.side];
        tiles.iter().flatten().enumerate().for_each(|(at, token)| place[*token] = at);
        Ok(all.select(1, ids(&place)))
    }
}

/// The tokens of each tile of a grid; the last ones of a row or column are moved inside.
fn tiles(side: usize, tile: usize) -> Vec<Vec<usize>> {
    let starts = || (0..side).step_by(tile.max(1)).map(|start| start.min(side - tile));
    let tokens = |top: usize, left: usize| {
        (top..top + tile).flat_map(|row| (left..left + tile).map(move |column| row * side + column)).collect()
    };
    starts().flat_map(|top| starts().map(move |left| tokens(top, left))).collect()
}

/// Bytes of the biases of attention between all patches of a square; as many are taken by its scores.
fn biases(config: &Config, side: usize) -> u64 {
    4 * config.encoder.heads as u64 * (side as u64).pow(4)
}

fn fits(config: &Config, side: usize, limits: Limits) -> bool {
    let bytes = biases(config, side);
    side * side <= MOST_PATCHES && bytes <= limits.tensor && limits.memory.is_none_or(|memory| 2 * bytes <= memory)
}

fn words(config: &Config, [pixels, side, tile]: [usize; 3], limits: Limits) -> String {
    let (patches, bytes) = (side * side, biases(config, side));
    let shown = format!("{pixels} × {pixels} pixels of the scene.");
    let takes = format!("{} for scores and as much for biases", mebibytes(bytes));
    if tile == side {
        return format!("{shown} Attention between all {patches} patches takes {takes}.");
    }
    let why = if bytes > limits.tensor {
        format!("{} allows {} for each", limits.whose, mebibytes(limits.tensor))
    } else if let Some(memory) = limits.memory.filter(|memory| 2 * bytes > *memory) {
        format!("{} has {}", limits.whose, mebibytes(memory))
    } else {
        format!("more than {MOST_PATCHES} patches at once take too long")
    };
    let count = side.div_ceil(tile.max(1)).pow(2);
    format!(
        "{shown} Attention between all {patches} patches would take {takes}; {why}: encoded in {count} tiles of {tile} × {tile} patches, which do not see one another."
    )
}
