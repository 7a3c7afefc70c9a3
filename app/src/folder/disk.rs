//! Files and folders on the computer's disk.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use masquerade_engine::session::UserFiles;

use super::{Intake, Limits, hidden, inside};

/// Read these files and folders. Names keep the folders below each one that was given, in the order of the names.
///
/// Hidden files and those of systems are not looked at. Links are followed, a folder is entered once. What cannot be
/// read, is no file, or is more than the limits allow is named and passed over.
pub fn read(paths: &[PathBuf], limits: Limits) -> UserFiles {
    let mut walk = Walk { intake: Intake::new(limits), entered: BTreeSet::new() };
    for path in paths {
        // One folder is the root of its names; several things keep their own names.
        let name = if paths.len() == 1 && path.is_dir() { String::new() } else { own_name(path) };
        walk.take(path, &name, 0);
    }
    walk.intake.read
}

struct Walk {
    intake: Intake,
    /// Folders that were entered, by their true paths.
    entered: BTreeSet<PathBuf>,
}

impl Walk {
    fn take(&mut self, path: &Path, name: &str, depth: usize) {
        match fs::metadata(path) {
            Err(_) if fs::symlink_metadata(path).is_ok_and(|facts| facts.is_symlink()) => {
                self.intake.pass_over(name, "it is a link that leads nowhere, or in a circle");
            }
            Err(error) => self.intake.pass_over(name, in_words(&error)),
            Ok(facts) if facts.is_dir() => self.enter(path, name, depth),
            Ok(facts) if facts.is_file() => {
                if self.intake.has_room(name, facts.len()) {
                    match fs::read(path) {
                        Ok(bytes) => self.intake.take(name, bytes),
                        Err(error) => self.intake.pass_over(name, in_words(&error)),
                    }
                }
            }
            Ok(_) => self.intake.pass_over(name, "it is neither a file nor a folder"),
        }
    }

    fn enter(&mut self, folder: &Path, name: &str, depth: usize) {
        if !self.intake.may_enter(name, depth) {
            return;
        }
        let place = match fs::canonicalize(folder) {
            Ok(place) => place,
            Err(error) => return self.intake.pass_over(name, in_words(&error)),
        };
        if !self.entered.insert(place) {
            return self.intake.pass_over(name, "it leads to a folder that was read already");
        }
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => return self.intake.pass_over(name, in_words(&error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            match entry {
                Ok(entry) => found.push(entry.path()),
                Err(error) => self.intake.pass_over(name, in_words(&error)),
            }
        }
        found.sort();
        for path in found {
            let own = own_name(&path);
            if !hidden(&own) {
                self.take(&path, &inside(name, &own), depth + 1);
            }
        }
    }
}

fn own_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn in_words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => "you may not read it".into(),
        std::io::ErrorKind::NotFound => "there is no such file or folder".into(),
        _ => format!("the disk says: {error}"),
    }
}
