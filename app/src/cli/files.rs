//! Files and folders that the user names.

use std::fs;
use std::path::Path;

use masquerade_engine::error::{Error, Result};
use masquerade_engine::session::NamedBytes;

/// Read a file; its name is its path as given.
///
/// # Errors
/// [`Error::File`] when it is absent or cannot be read.
pub fn read(path: &Path) -> Result<NamedBytes> {
    let bytes = fs::read(path).map_err(|e| {
        Error::file(format!("{} cannot be read", path.display()), e, "Check the path and your rights on it")
    })?;
    let name = path.file_name().map_or_else(|| path.to_string_lossy(), |n| n.to_string_lossy());
    Ok(NamedBytes { name: name.into_owned(), bytes })
}
