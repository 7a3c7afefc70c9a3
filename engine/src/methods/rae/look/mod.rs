//! What is seen of a denoiser: fields and walkers in the plane, curves on the line, pictures of digits.
//!
//! This file: which views there are, and what they share. `plane`, `curves`, `portraits`: the views for 2, 1 and more
//! numbers.

mod curves;
mod plane;
mod portraits;

use burn::tensor::{Tensor, TensorData};

use crate::error::Result;
use crate::method::{Local, OnStage, Stage};
use crate::methods::rae::system::{Denoising, Vectors, set};
use crate::session::Abilities;
use crate::trace::{Grid, View, ViewKind, titled};
use crate::weights::Weights;

/// Least side of a vector that is shown as a picture, in pixels.
const LEAST_SIDE: usize = 6;

/// Ids and titles for vectors of this many numbers, in stage order.
fn views(dim: usize) -> &'static [(&'static str, &'static str)] {
    match dim {
        2 => plane::VIEWS,
        1 => curves::VIEWS,
        _ if side(dim).is_some() => portraits::PICTURES,
        _ => portraits::PROFILES,
    }
}

/// The side of the square picture that so many numbers are; `None` where they are none.
pub(super) fn side(dim: usize) -> Option<usize> {
    let side = dim.isqrt();
    (side * side == dim && side >= LEAST_SIDE).then_some(side)
}

/// Cells of the maps of the plane, and pixels of a vector that is a picture.
const CELLS: &str = "cells";
const PIXELS: &str = "pixels";

/// What the views of vectors of so many numbers are divided into.
fn grids(dim: usize) -> Vec<Grid> {
    let square = |side: usize| [1, side as u32, side as u32];
    match (dim, side(dim)) {
        (2, _) => vec![Grid::new(CELLS, square(plane::CELLS), "cell")],
        (_, Some(side)) => vec![Grid::new(PIXELS, square(side), "pixel")],
        _ => Vec::new(),
    }
}

/// What the views are drawn from.
pub(super) struct LookContext<'a> {
    pub system: &'a Denoising,
    pub weights: &'a Weights,
    pub stage: &'a Stage,
    pub set: Vectors<'a>,
}

impl LookContext<'_> {
    pub fn wants(&self, id: &str) -> bool {
        self.stage.wants(id)
    }

    pub fn sigma(&self) -> f64 {
        self.system.rae.config.sigma
    }

    /// Points [rows, dim] on the device of the weights.
    pub fn points(&self, points: &[f64]) -> Tensor<2> {
        let dim = self.set.dims;
        let values: Vec<f32> = points.iter().map(|v| *v as f32).collect();
        Tensor::from_data(TensorData::new(values, [points.len() / dim, dim]), self.weights.device())
    }

    /// A view of what was computed where the weights are.
    pub fn view(&self, id: &str, caption: impl Into<String>, kind: ViewKind, tensor: &str) -> View {
        let grid = match kind {
            ViewKind::Heat(_) => Some(CELLS),
            ViewKind::Picture(_) => Some(PIXELS),
            _ => None,
        };
        self.stage.view(views(self.set.dims), id, caption.into(), kind, tensor).of_grid(grid, None)
    }
}

impl OnStage for Denoising {
    fn grids(&self) -> Vec<Grid> {
        grids(self.rae.config.dim())
    }

    fn abilities(&self) -> Abilities {
        // The views of one and two numbers are of the whole set; only the walkers of the plane are drawn.
        let dim = self.rae.config.dim();
        let draws = match dim {
            1 => None,
            2 => Some("walkers".into()),
            _ => Some("noise".into()),
        };
        Abilities { samples: dim > 2, draws, ..Abilities::default() }
    }

    fn views(&self) -> Vec<(String, String)> {
        titled(views(self.rae.config.dim()))
    }

    fn look<'a>(&'a self, weights: &'a Weights, stage: &'a Stage) -> Local<'a, Result<Vec<View>>> {
        Box::pin(look(self, weights, stage))
    }
}

/// The views the stage wants, computed now.
///
/// # Errors
/// [`Error::Data`](crate::error::Error::Data) when the data are no vectors,
/// [`Error::Device`](crate::error::Error::Device) when the device is lost.
async fn look(system: &Denoising, weights: &Weights, stage: &Stage) -> Result<Vec<View>> {
    let context = LookContext { system, weights, stage, set: set(&stage.loader)? };
    match context.set.dims {
        2 => plane::look(&context).await,
        1 => curves::look(&context).await,
        _ => portraits::look(&context).await,
    }
}

/// The smallest and the largest of finite values, never equal.
pub(super) fn range(values: &[f32]) -> (f32, f32) {
    let finite = || values.iter().copied().filter(|v| v.is_finite());
    let (low, high) = (finite().fold(f32::INFINITY, f32::min), finite().fold(f32::NEG_INFINITY, f32::max));
    if low < high { (low, high) } else { (0.0, 1.0) }
}
