//! From a batch to the patches of both sensors.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::batch::{Batch, Role};
use crate::error::{Error, Result};
use crate::kernels::pictures::Order;
use crate::methods::croma::config::Config;
use crate::methods::croma::model::Scenes;

/// The range mean ± k deviations of a channel as 0 … 1, what is beyond cut off.
///
/// # Shapes
/// values (x − mean) / deviation of any shape → the same
pub fn normalised<const D: usize>(values: Tensor<D>, sigmas: f64) -> Tensor<D> {
    values.mul_scalar(0.5 / sigmas).add_scalar(0.5).clamp(0.0, 1.0)
}

impl Config {
    /// The patches of one sensor, whichever samples lack it.
    ///
    /// # Shapes
    /// → [batch, tokens, channels · p²], each in the order channel, row, column
    ///
    /// # Errors
    /// [`Error::Data`] when the batch has nothing of the sensor, or pictures that patches do not divide.
    pub fn patches(&self, batch: &Batch, role: Role, device: &Device) -> Result<Tensor<3>> {
        let pictures = batch.some_pictures(role, device)?;
        Ok(normalised(pictures.patches(self.patch_size, Order::ChannelFirst), self.sigmas))
    }

    /// The scenes of a batch that both sensors have seen, and how many these are.
    ///
    /// # Errors
    /// As [`paired`]; [`Error::Data`] also when pictures do not fit the patches.
    pub fn pairs(&self, batch: &Batch, device: &Device) -> Result<(Scenes, usize)> {
        let places = paired(batch)?;
        let count = places.len();
        Ok((self.scenes(batch, places, device)?, count))
    }

    /// The scenes at these places of a batch, which both sensors have seen.
    ///
    /// # Errors
    /// As [`Config::patches`].
    pub fn scenes(&self, batch: &Batch, places: Vec<i32>, device: &Device) -> Result<Scenes> {
        let count = places.len();
        let all = count == batch.samples()?;
        let ids = Tensor::<1, Int>::from_data(TensorData::new(places, [count]), device);
        let [radar, optical] = [Role::Radar, Role::Optical].map(|role| {
            let patches = self.patches(batch, role, device)?;
            Ok(if all { patches } else { patches.select(0, ids.clone()) })
        });
        Ok(Scenes { radar: radar?, optical: optical? })
    }
}

/// The places of the scenes of a batch that both sensors have seen.
///
/// # Errors
/// [`Error::Data`] when there is none.
pub fn paired(batch: &Batch) -> Result<Vec<i32>> {
    let both = batch.present(Role::Radar).into_iter().zip(batch.present(Role::Optical));
    let places: Vec<i32> =
        (0..).zip(both).filter(|(_, (radar, optical))| *radar && *optical).map(|(place, _)| place).collect();
    if places.is_empty() {
        return Err(Error::data(
            "No scene of the batch was seen by both sensors",
            "radar and optical pictures of one place are matched and rebuilt together",
            "Choose a data set with pairs, or a larger batch",
        ));
    }
    Ok(places)
}
