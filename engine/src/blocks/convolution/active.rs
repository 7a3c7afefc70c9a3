//! Convolution that skips hidden places: after every layer the map is zero there, and statistics are of the others
//! (masked, or "sparse", convolution: Tian et al., SparK, ICLR 2023, arXiv 2301.03580, section 3.1).

use burn::tensor::{Device, Tensor, TensorData};

use crate::blocks::batch_norm::{BatchNorm, Pass};
use crate::blocks::linear::LayerNorm;
use crate::blocks::masks::Mask;
use crate::weights::Weights;

/// Which cells of a coarse grid are seen, for all maps of a pass, however fine.
#[derive(Debug, Clone)]
pub struct Active {
    /// [batch, rows, columns, 1]: 1 = seen.
    grid: Tensor<4>,
    /// How many cells of the batch are seen.
    seen: usize,
}

impl Active {
    /// What a mask over a grid of `rows` × `columns` cells leaves.
    pub fn new(mask: &Mask, [rows, columns]: [usize; 2], device: &Device) -> Self {
        let seen = mask.hidden.iter().filter(|hidden| !**hidden).count();
        let cells: Vec<f32> = mask.hidden.iter().map(|hidden| f32::from(u8::from(!hidden))).collect();
        Self { grid: Tensor::from_data(TensorData::new(cells, [mask.samples, rows, columns, 1]), device), seen }
    }

    /// The grid enlarged to a map of these sides, each a multiple of the grid's.
    ///
    /// # Shapes
    /// → [batch, rows, columns, 1]
    pub fn at(&self, [rows, columns]: [usize; 2]) -> Tensor<4> {
        let [batch, coarse, across, _] = self.grid.dims();
        let (down, right) = (rows / coarse.max(1), columns / across.max(1));
        let cells: Tensor<6> = self.grid.clone().reshape([batch, coarse, 1, across, 1, 1]);
        cells.expand([batch, coarse, down, across, right, 1]).reshape([batch, rows, columns, 1])
    }

    /// The map with zeros where it is hidden.
    ///
    /// # Shapes
    /// [batch, rows, columns, channels] → the same
    pub fn keep(&self, map: Tensor<4>) -> Tensor<4> {
        let [_, rows, columns, _] = map.dims();
        map * self.at([rows, columns])
    }

    /// How many places of a map of these sides are seen, in the whole batch.
    fn count(&self, [rows, columns]: [usize; 2]) -> usize {
        let [_, coarse, across, _] = self.grid.dims();
        self.seen * (rows / coarse.max(1)) * (columns / across.max(1))
    }
}

/// One pass through a convolutional network: how batches are normalised, and what is seen of the maps.
#[derive(Debug, Clone, Copy)]
pub struct MapPass<'a> {
    pub norm: &'a Pass,
    /// Nothing: all of every map.
    pub active: Option<&'a Active>,
}

impl<'a> MapPass<'a> {
    /// A pass that sees all.
    pub fn dense(norm: &'a Pass) -> Self {
        Self { norm, active: None }
    }

    /// The map, zero where it is hidden.
    pub fn keep(&self, map: Tensor<4>) -> Tensor<4> {
        match self.active {
            Some(active) => active.keep(map),
            None => map,
        }
    }

    /// Batch normalisation of each channel over all places that are seen.
    ///
    /// # Shapes
    /// [batch, rows, columns, channels] → the same
    pub fn batch_norm(&self, norm: &BatchNorm, w: &Weights, map: Tensor<4>) -> Tensor<4> {
        let shape = map.dims();
        let [batch, rows, columns, channels] = shape;
        let places = [batch * rows * columns, channels];
        let counted = self
            .active
            .map(|active| (active.at([rows, columns]).reshape([places[0], 1]), active.count([rows, columns])));
        norm.forward_counting(w, map.reshape(places), counted, self.norm).reshape(shape)
    }

    /// Layer normalisation of each place over its channels, zero where it is hidden.
    ///
    /// # Shapes
    /// [batch, rows, columns, channels] → the same
    pub fn layer_norm(&self, norm: &LayerNorm, w: &Weights, map: Tensor<4>) -> Tensor<4> {
        self.keep(norm.forward(w, map))
    }
}
