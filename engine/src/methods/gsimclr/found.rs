//! The clusters, once they are found, kept among the weights: whoever takes them up in the midst of the contrast, or only
//! looks, has them at once.

use crate::batch::Half;
use crate::error::Result;
use crate::loader::Loader;
use crate::methods::gsimclr::model::Config;
use crate::readback;
use crate::weights::{Scope, Slot, Weights, plain};

/// What stands there while nothing is found.
const NONE: f32 = -1.0;
/// Pictures that a mark is made of.
const MARKED: usize = 16;

/// Where the clusters lie: a mark of what they were found of, then the cluster of each picture that takes part.
#[derive(Debug, Clone)]
pub struct Found {
    name: String,
    slot: Slot<1>,
    pictures: usize,
}

impl Found {
    /// Declare room for the clusters of so many pictures. Their number is part of the name, so that a file of other
    /// data still fits but for them.
    pub fn new(mut scope: Scope<'_>, pictures: usize) -> Self {
        let slot = scope.at("clusters").fixed(&pictures.to_string(), [1 + pictures], vec![NONE; 1 + pictures]);
        Self { name: format!("clusters.{pictures}"), slot, pictures }
    }

    /// The cluster of each picture, where they were found of what has this mark.
    ///
    /// # Errors
    /// Those of the device.
    pub async fn recall(&self, w: &Weights, mark: f32) -> Result<Option<Vec<u32>>> {
        let values = readback::floats(plain(w.get(self.slot))).await?;
        let (Some(kept), labels) = (values.first(), values.get(1..).unwrap_or_default()) else { return Ok(None) };
        let known = *kept == mark && labels.iter().all(|label| *label >= 0.0);
        Ok(known.then(|| labels.iter().map(|label| *label as u32).collect()))
    }

    /// Keep the cluster of each picture.
    ///
    /// # Errors
    /// Those of [`Weights::set`].
    pub fn keep(&self, w: &mut Weights, mark: f32, labels: impl ExactSizeIterator<Item = u32>) -> Result<()> {
        if labels.len() != self.pictures {
            return Ok(());
        }
        w.set(&self.name, std::iter::once(mark).chain(labels.map(|label| label as f32)).collect())
    }
}

/// A number that says what clusters are found of: some of these pictures, how many clusters, and the seed of the draw. It
/// is below 2²⁴, which a weight holds exactly.
///
/// # Errors
/// Those of reading pictures.
pub fn mark(config: &Config, loader: &Loader, chosen: &[usize], seed: u64) -> Result<f32> {
    let some: Vec<usize> = chosen.iter().copied().step_by(chosen.len().div_ceil(MARKED).max(1)).collect();
    let pixels = config.pictures(&loader.evaluation_batch(Half::Train, &some)?)?;
    let numbers = [seed, (config.clusters * loader.batch_size()) as u64, chosen.len() as u64];
    let values = numbers.into_iter().chain(pixels.iter().map(|value| u64::from(value.to_bits())));
    // FNV-1a, a number at a time.
    let hash = values.fold(0xcbf2_9ce4_8422_2325_u64, |hash, value| (hash ^ value).wrapping_mul(0x0100_0000_01b3));
    Ok((hash >> 40) as f32)
}
