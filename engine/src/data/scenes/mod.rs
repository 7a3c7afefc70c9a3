//! Scenes: the same ground seen by an optical satellite (Sentinel-2, 12 bands) and by a radar one (Sentinel-1, VV and VH).
//!
//! * [`geotiff`] on [`ground`]: the files and where they lie
//! * [`bands`], [`scene`], [`set`]: what bands are, a scene, scenes cut into samples
//! * [`drawn`]: one file a source

pub mod bands;
pub mod drawn;
pub mod geotiff;
pub mod ground;
pub mod scene;
pub mod set;

use std::rc::Rc;

pub use set::SceneData;

use crate::data::files::Files;
use crate::error::Result;

/// The ids of the sets of scenes.
pub const IDS: [&str; 1] = ["places"];

/// Open the set of this id in samples of `side` pixels; drawn ones are drawn from `seed`.
///
/// # Errors
/// [`Error::Request`](crate::error::Error::Request) when there is no such set, [`Error::Data`](crate::error::Error::Data)
/// when no scene is so large; those of the set's own loader.
pub async fn open(id: &str, side: usize, _files: &Files, seed: u64) -> Result<SceneData> {
    let scenes = match id {
        "places" => drawn::load(side, seed)?,
        _ => return Err(super::unknown(id, &IDS)),
    };
    SceneData::new(Rc::new(scenes), side)
}
