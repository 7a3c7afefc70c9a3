//! From stored clouds to what the model takes: a choice of points, brought to the unit sphere, stretched and moved in
//! training.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::batch::{Batch, Role};
use crate::error::{Error, Result};
use crate::kernels::points::farthest_points;
use crate::kernels::tokens::gather_tokens;
use crate::rng::Rng;
use crate::weights::plain;

/// Each axis is stretched by a factor between these, then moved by at most `SHIFT` either way.
const STRETCH: (f32, f32) = (2.0 / 3.0, 1.5);
const SHIFT: f32 = 0.2;

/// Clouds for training: a random choice of points, the unit sphere, then a stretch and a shift of each axis.
///
/// # Shapes
/// the batch's clouds [batch, stored, 3] → [batch, points, 3]
///
/// # Errors
/// [`Error::Data`] when the batch has no clouds or they have too few points.
pub fn for_training(batch: &Batch, points: usize, rng: &Rng, device: &Device) -> Result<Tensor<3>> {
    let (stored, clouds, all) = stored(batch, points, device)?;
    let mut chosen = Vec::with_capacity(clouds * points);
    let (mut stretches, mut shifts) = (Vec::with_capacity(clouds * 3), Vec::with_capacity(clouds * 3));
    for cloud in 0..clouds {
        let mut rng = rng.at(cloud as u64);
        stretches.extend([0, 1, 2].map(|_| rng.between(STRETCH.0, STRETCH.1)));
        shifts.extend([0, 1, 2].map(|_| rng.between(-SHIFT, SHIFT)));
        chosen.extend(rng.permutation(all).into_iter().take(points).map(|point| point as i32));
    }
    // Everything goes up before the first launch.
    let chosen = Tensor::<2, Int>::from_data(TensorData::new(chosen, [clouds, points]), &stored.device());
    let [stretches, shifts] =
        [stretches, shifts].map(|v| Tensor::<3>::from_data(TensorData::new(v, [clouds, 1, 3]), &stored.device()));
    Ok(to_unit_sphere(gather_tokens(stored, chosen)) * stretches + shifts)
}

/// Clouds as evaluation sees them: points spread by farthest point sampling, the unit sphere.
///
/// # Shapes
/// the batch's clouds [batch, stored, 3] → [batch, points, 3]
///
/// # Errors
/// As [`for_training`].
pub fn for_evaluation(batch: &Batch, points: usize, device: &Device) -> Result<Tensor<3>> {
    let (stored, _, all) = stored(batch, points, device)?;
    let chosen =
        if all == points { stored } else { gather_tokens(stored.clone(), farthest_points(stored, points, None)) };
    Ok(to_unit_sphere(chosen))
}

/// The clouds on a device without history, their number, and the points of each.
fn stored(batch: &Batch, points: usize, device: &Device) -> Result<(Tensor<3>, usize, usize)> {
    let stored: Tensor<3> = plain(batch.tensor(Role::Points, device)?);
    let [clouds, all, axes] = stored.dims();
    if axes != 3 || all < points {
        let why = format!("they have {all} points of {axes} coordinates, and {points} of 3 are asked for");
        return Err(Error::data("The clouds do not fit the model", why, "Choose fewer points, or another data set"));
    }
    Ok((stored, clouds, all))
}

/// Take away the centroid and divide by the largest distance to it.
///
/// # Shapes
/// [batch, points, 3] → the same
fn to_unit_sphere(points: Tensor<3>) -> Tensor<3> {
    let apart = points.clone() - points.mean_dim(1);
    let radius = apart.clone().square().sum_dim(2).max_dim(1).sqrt().clamp_min(1e-12);
    apart / radius
}
