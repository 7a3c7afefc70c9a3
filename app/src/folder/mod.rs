//! Files of the user, and folders with all that lies in them: what is looked at, and how much at most. The one place that
//! walks folders: on the computer's disk ([`disk`], native) and among what was dropped on the page ([`dropped`]).

#[cfg(not(target_arch = "wasm32"))]
mod disk;
#[cfg(target_arch = "wasm32")]
pub mod dropped;

#[cfg(not(target_arch = "wasm32"))]
pub use disk::read;
use masquerade_engine::session::{NamedBytes, UserFiles};

/// How much is read at most.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of one file.
    pub file: u64,
    /// Bytes of all files together.
    pub bytes: u64,
    /// Files.
    pub files: usize,
    /// Folders in folders.
    pub depth: usize,
}

impl Default for Limits {
    /// What a data set that trains on one computer needs, and more; a page has four gigabytes in all.
    fn default() -> Self {
        let bytes = if cfg!(target_arch = "wasm32") { 1 << 30 } else { 4 << 30 };
        Self { file: 1 << 30, bytes, files: 200_000, depth: 32 }
    }
}

/// Files that systems put into every folder.
const OF_SYSTEMS: [&str; 4] = ["Thumbs.db", "desktop.ini", "__MACOSX", "Icon\r"];

/// Whether a file or folder is one that people do not see: hidden ones (AppleDouble's `._name` among them) and those
/// that systems make for themselves.
pub fn hidden(name: &str) -> bool {
    name.starts_with('.') || name.ends_with('~') || OF_SYSTEMS.contains(&name)
}

/// What has come in so far, within the limits.
#[derive(Debug)]
struct Intake {
    limits: Limits,
    bytes: u64,
    read: UserFiles,
}

impl Intake {
    fn new(limits: Limits) -> Self {
        Self { limits, bytes: 0, read: UserFiles::default() }
    }

    /// Name what is not read, and why.
    fn pass_over(&mut self, name: &str, why: impl ToString) {
        let name = if name.is_empty() { "the folder" } else { name };
        self.read.left_out.push((name.to_string(), why.to_string()));
    }

    /// Whether a folder may be entered; names it where not.
    fn may_enter(&mut self, name: &str, depth: usize) -> bool {
        let may = depth <= self.limits.depth;
        if !may {
            self.pass_over(name, format!("it lies more than {} folders deep", self.limits.depth));
        }
        may
    }

    /// Whether a file of this length is still read; names it where not.
    fn has_room(&mut self, name: &str, length: u64) -> bool {
        let Limits { file, bytes, files, .. } = self.limits;
        let why = if length > file {
            format!("its {length} bytes are more than the {file} that are read of one file")
        } else if self.bytes + length > bytes {
            format!("more than {bytes} bytes are not read at once")
        } else if self.read.files.len() == files {
            format!("more than {files} files are not read at once")
        } else {
            return true;
        };
        self.pass_over(name, why);
        false
    }

    fn take(&mut self, name: &str, bytes: Vec<u8>) {
        self.bytes += bytes.len() as u64;
        self.read.files.push(NamedBytes { name: name.to_string(), bytes });
    }
}

/// The name of what lies in a folder.
fn inside(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_string() } else { format!("{folder}/{name}") }
}
