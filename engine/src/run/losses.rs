//! The losses of a run: left on the device by the steps, read many at a time.

use super::Run;
use crate::error::{Error, Result};
use crate::readback;
use crate::session::LossPoint;

impl Run {
    /// Read the losses of the steps since the last call, oldest first, in one transfer.
    ///
    /// # Errors
    /// [`Error::Device`] when the device is lost; [`Error::Training`] when a loss is not a number.
    pub async fn losses(&mut self) -> Result<Vec<LossPoint>> {
        let pending = std::mem::take(&mut self.pending);
        let tensors =
            pending.iter().flat_map(|(_, l)| std::iter::once(&l.total).chain(l.terms.iter().map(|(_, t)| t)).cloned());
        let mut values =
            readback::many(tensors.collect()).await?.into_iter().map(|v| v.first().copied().unwrap_or(f32::NAN));
        let mut points = Vec::with_capacity(pending.len());
        for (step, loss) in pending {
            let total = values.next().unwrap_or(f32::NAN);
            let terms = loss.terms.into_iter().map(|(name, _)| (name, values.next().unwrap_or(f32::NAN))).collect();
            points.push(LossPoint { step, total, terms });
        }
        match points.iter().find(|p| !p.total.is_finite()) {
            Some(bad) => {
                let why = format!("it was {} at step {}", bad.total, bad.step);
                Err(Error::training(
                    "The loss is no longer a number",
                    why,
                    "Lower the learning rate, then reset or load the last checkpoint",
                ))
            }
            None => {
                if let Some(tuning) = &mut self.tuning {
                    tuning.hear(&points);
                }
                Ok(points)
            }
        }
    }

    /// How many losses wait to be read.
    pub fn waiting(&self) -> usize {
        self.pending.len()
    }
}
