//! Data sets by id: where they come from, how they are read, and how batches are cut from them.
//!
//! * [`pictures`]: what a picture set is
//! * [`fashion_mnist`], [`photos`], [`procedural::shapes`], [`user_files`]: one file a source
//! * [`files`], [`idx`], [`decode`]: where bytes come from and what they mean
//! * [`crops`] on [`resample`]: from pictures to normalised batches

pub mod crops;
pub mod decode;
pub mod fashion_mnist;
pub mod files;
#[cfg(not(target_arch = "wasm32"))]
mod folders;
pub mod idx;
pub mod photos;
pub mod pictures;
pub mod procedural;
pub mod resample;
pub mod user_files;

use crate::data::files::Files;
use crate::data::pictures::PictureData;
use crate::error::{Error, Result};

/// The ids of all picture sets.
pub const IDS: [&str; 4] = ["fashion-mnist", "shapes", "photos", "folder"];

/// Open the picture set of this id. `size` is the side of the model's input, in pixels (drawn sets are drawn that large),
/// `user` the pictures added by the user (the set `folder`), `seed` that of drawn sets.
///
/// # Errors
/// [`Error::Request`] when there is no such set or no picture was added; those of the set's own loader.
pub async fn open(id: &str, size: u32, files: &Files, user: Option<&PictureData>, seed: u64) -> Result<PictureData> {
    match id {
        "fashion-mnist" => fashion_mnist::load(files).await,
        "photos" => photos::load(files).await,
        "shapes" => Ok(procedural::shapes::load(size, seed)),
        "folder" => user.cloned().ok_or_else(|| {
            Error::request(
                "There are no pictures of your own yet",
                "none were added",
                "Choose a folder, or drop some picture files on the window",
            )
        }),
        _ => Err(Error::request(
            format!("There is no data set {id:?}"),
            format!("the data sets are {}", IDS.join(", ")),
            "Choose one of them",
        )),
    }
}
