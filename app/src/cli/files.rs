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

/// Make a folder and those above it.
///
/// # Errors
/// [`Error::File`] when the disk refuses.
pub fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path)
        .map_err(|e| Error::file(format!("The folder {} cannot be made", path.display()), e, "Choose another folder"))
}

/// All files of a folder and the folders in it, named relative to it with `/`, sorted. Hidden ones (`.name`) are left
/// out.
///
/// # Errors
/// [`Error::Data`] when the folder or a file in it cannot be read.
pub fn walk(folder: &Path) -> Result<Vec<NamedBytes>> {
    let mut files = Vec::new();
    collect(folder, "", &mut files)?;
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<NamedBytes>) -> Result<()> {
    let refuse = |path: &Path, e| {
        Error::data(format!("{} cannot be read", path.display()), e, "Check the folder's path and your rights on it")
    };
    for entry in fs::read_dir(folder).map_err(|e| refuse(folder, e))? {
        let entry = entry.map_err(|e| refuse(folder, e))?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if name.starts_with('.') {
            continue;
        }
        // A link to a folder is not followed: it may lead back here.
        if entry.file_type().map_err(|e| refuse(&path, e))?.is_dir() {
            collect(&path, &format!("{prefix}{name}/"), files)?;
        } else if path.is_file() {
            let bytes = fs::read(&path).map_err(|e| refuse(&path, e))?;
            files.push(NamedBytes { name: format!("{prefix}{name}"), bytes });
        }
    }
    Ok(())
}
