//! Listing a folder on disk with its sub-folders, in a fixed order, without reading the files (native only).

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Folders deeper than this are not entered.
const DEEPEST: usize = 16;
/// Larger files are not read: no picture within the limits needs so many bytes.
const LARGEST_FILE: u64 = 512 << 20;

/// A file of a listing.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Path from the listed folder on, with `/` on every system.
    pub name: String,
    path: PathBuf,
}

/// What a folder holds, sorted by name.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    pub files: Vec<Entry>,
    /// Sub-folders that could not be listed: name and reason.
    pub unread: Vec<(String, String)>,
}

impl Entry {
    /// The file's bytes.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    pub fn read(&self) -> std::result::Result<Vec<u8>, String> {
        let length = fs::metadata(&self.path).map_err(|e| e.to_string())?.len();
        if length > LARGEST_FILE {
            return Err(format!("{length} bytes are more than a picture needs"));
        }
        fs::read(&self.path).map_err(|e| e.to_string())
    }
}

/// List a folder and its sub-folders. Hidden files and folders (those of the system) are left out, links to folders not
/// followed.
///
/// # Errors
/// [`Error::File`] when the folder itself cannot be listed.
pub fn list(folder: &Path) -> Result<Listing> {
    let mut listing = Listing::default();
    enter(folder, "", 0, &mut listing).map_err(|e| {
        Error::file(
            format!("The folder {} cannot be listed", folder.display()),
            e,
            "Check the path, and that you may read it",
        )
    })?;
    listing.files.sort_by(|a, b| a.name.cmp(&b.name));
    listing.unread.sort();
    Ok(listing)
}

fn enter(folder: &Path, prefix: &str, depth: usize, listing: &mut Listing) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let file_name = entry.file_name().to_string_lossy().into_owned();
        if file_name.starts_with('.') {
            continue;
        }
        let name = format!("{prefix}{file_name}");
        if !entry.file_type()?.is_dir() {
            listing.files.push(Entry { name, path: entry.path() });
        } else if depth == DEEPEST {
            listing.unread.push((name, "it lies too deep".into()));
        } else if let Err(e) = enter(&entry.path(), &format!("{name}/"), depth + 1, listing) {
            listing.unread.push((name, e.to_string()));
        }
    }
    Ok(())
}
