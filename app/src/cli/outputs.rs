//! Where a command writes: made and proved writable before anything is read or computed.

use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use masquerade_engine::error::{Error, Result};

/// Held by the run that writes into a folder.
const LOCK: &str = ".masquerade.running";

/// The folder of a run, held against other runs for as long as this lives.
pub struct RunFolder {
    pub path: PathBuf,
    lock: Option<File>,
}

impl RunFolder {
    /// Make the folder, prove that it can be written and hold it.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be made or written, or another run writes into it.
    pub fn open(path: &Path) -> Result<Self> {
        prove_folder(path)?;
        let lock = File::create(path.join(LOCK)).map_err(|e| unwritable(path, &e))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.into(), lock: Some(lock) }),
            Err(TryLockError::WouldBlock) => Err(Error::file(
                format!("The folder {} is in use", path.display()),
                "another run writes its checkpoints there",
                "Choose another folder, or wait until that run is over",
            )),
            // A disk without locks: nothing is held, as nothing could be.
            Err(TryLockError::Error(_)) => Ok(Self { path: path.into(), lock: None }),
        }
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        if self.lock.take().is_some() {
            // The file says nothing once it is not held.
            let _ = fs::remove_file(self.path.join(LOCK));
        }
    }
}

/// Make a folder, and those above it, and prove that files can be written there.
///
/// # Errors
/// [`Error::File`] naming the folder.
pub fn prove_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|e| {
        Error::file(format!("The folder {} cannot be made", path.display()), e, "Choose another folder")
    })?;
    let probe = path.join(format!(".masquerade.{}.probe", std::process::id()));
    let written = File::create(&probe).and_then(|mut file| {
        file.write_all(b"can be written\n")?;
        file.sync_all()
    });
    // Of a probe that could not be written nothing is left either.
    let _ = fs::remove_file(&probe);
    written.map_err(|e| unwritable(path, &e))
}

/// Prove that a file can be written, in a folder that is made where there is none.
///
/// # Errors
/// [`Error::File`] naming the folder, or that a folder stands in the file's place.
pub fn prove_file(path: &Path) -> Result<()> {
    if path.is_dir() || path.file_name().is_none() {
        let what = format!("{} cannot be written", path.display());
        return Err(Error::file(what, "it is a folder", "Add a file name to the folder"));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    prove_folder(folder)
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    let advice = "Choose another folder, or see to your rights on it and to the space that is left";
    Error::file(format!("The folder {} cannot be written", path.display()), error, advice)
}
