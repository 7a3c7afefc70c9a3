//! The clusters, once they are found, kept among the weights: whoever takes them up in the midst of the contrast, or only
//! looks, has them at once.

use crate::error::Result;
use crate::readback;
use crate::weights::{Scope, Slot, Weights, plain};

/// What stands there while nothing is found.
const NONE: f32 = -1.0;

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
