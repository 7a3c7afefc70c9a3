//! Scenes: the same ground seen by an optical satellite (Sentinel-2, 12 bands) and by a radar one (Sentinel-1, VV and VH).
//!
//! * [`geotiff`] on [`ground`]: the files and where they lie
//! * [`bands`], [`scene`], [`set`]: what bands are, a scene, scenes cut into samples
//! * [`names`], [`sheets`], [`assemble`] on [`grid`], [`legend`]: from files to scenes
//! * [`drawn`], [`own`], [`sentinel12`]: one file a source

mod assemble;
pub mod bands;
pub mod drawn;
pub mod geotiff;
mod grid;
pub mod ground;
mod legend;
mod names;
mod own;
pub mod scene;
pub mod sentinel12;
pub mod set;
mod sheets;

use std::rc::Rc;

pub use set::SceneData;

use crate::data::files::Files;
use crate::error::Result;
use crate::session::{DataReport, NamedBytes};

/// The ids of the sets of scenes.
pub const IDS: [&str; 6] = ["places", "sentinel12", "terramesh5", "bigearthnet6", "ssl4eo2", "sen1floods11_1"];

/// Open the set of this id in samples of `side` pixels; drawn ones are drawn from `seed`.
///
/// # Errors
/// [`Error::Request`](crate::error::Error::Request) when there is no such set, [`Error::Data`](crate::error::Error::Data)
/// when no scene is so large; those of the set's own loader.
pub async fn open(id: &str, side: usize, files: &Files, seed: u64) -> Result<SceneData> {
    let scenes = match id {
        "places" => drawn::load(side, seed)?,
        "sentinel12" => sentinel12::load(files).await?,
        "terramesh5" | "bigearthnet6" | "ssl4eo2" | "sen1floods11_1" => sentinel12::fetched(id, files).await?,
        _ => return Err(super::unknown(id, &IDS)),
    };
    SceneData::new(Rc::new(scenes), side)
}

/// The user's own scenes, in samples of any size that they have room for: [`Dataset::resized`](super::Dataset::resized)
/// gives the size that a system takes.
///
/// # Errors
/// [`Error::Data`](crate::error::Error::Data) when no scene can be made of the files.
pub fn from_files(files: Vec<NamedBytes>, left_out: Vec<(String, String)>) -> Result<SceneData> {
    const USUAL: usize = 32;
    let report = DataReport {
        id: "folder".into(),
        title: "Your scenes".into(),
        licence: "yours".into(),
        source: "files that you chose".into(),
        skipped: left_out,
        ..DataReport::default()
    };
    let scenes = own::scenes(files, report)?;
    let side = scenes.shortest().clamp(1, USUAL);
    SceneData::new(Rc::new(scenes), side)
}
