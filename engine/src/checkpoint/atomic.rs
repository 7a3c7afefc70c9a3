//! Writing a file so that a crash leaves either the old content or the new, never half of it.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use crate::error::{Error, Result};

/// Write `bytes` to `path`: into a new file of the same folder, flushed to the disk, then renamed over the old one.
///
/// # Errors
/// [`Error::File`] when the folder cannot be written; the previous file is then untouched.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let wrong = |e: std::io::Error| {
        let advice =
            "Check that the folder exists, may be written and has space left; a file that was there is as it was";
        Error::file(format!("{} cannot be written", path.display()), e, advice)
    };
    let Some(name) = path.file_name() else {
        return Err(Error::file(
            format!("{} is not a file name", path.display()),
            "a file is expected",
            "Add a file name to the folder",
        ));
    };
    let part = path.with_file_name(format!(".{}.{}.part", name.to_string_lossy(), std::process::id()));
    let written = write_through(&part, bytes).and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        // The part file is of no use to anyone; the error to tell is the first one.
        let _ = fs::remove_file(&part);
    }
    written.map_err(wrong)
}

fn write_through(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
