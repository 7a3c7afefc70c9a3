//! Archives: zip, tar, gzip and bzip2, one in another too, read in a stream and within limits.
//!
//! * [`walk`] shows every file inside to a visitor, [`unpack`] keeps them all in memory
//! * what a file is, is told by its first bytes, never by its name
//!
//! An archive stands for a folder of its name (`cats.zip` holds `cats/1.png`); a `.npz` is a folder of `.npy` arrays.
//! Names that lead out of that folder, locked and damaged members, links, and what is more than the limits are left out
//! and told. Zip files that are documents of other programs (workbooks, PyTorch's weights) are no archives here.

mod names;
mod packing;
mod walker;

pub use packing::{Packing, packing};
pub use walker::walk;

use crate::LeftOut;

/// How much may come out of archives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Files, over all archives.
    pub members: usize,
    /// Bytes of all these files.
    pub bytes: u64,
    /// Bytes that come out for each byte that goes in; deflate gives up to 1,032.
    pub ratio: u64,
    /// Archives in one another.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        // A page's memory is a few gigabytes at most.
        let bytes = if cfg!(target_arch = "wasm32") { 512 << 20 } else { 2 << 30 };
        Self { members: 100_000, bytes, ratio: 1100, depth: 4 }
    }
}

/// Files out of archives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unpacked {
    /// Names with their folders, and bytes.
    pub files: Vec<(String, Vec<u8>)>,
    pub left_out: Vec<LeftOut>,
}

/// Replace every archive among these files by what is inside of it; other files stay as they are, in their places.
pub fn unpack(files: Vec<(String, Vec<u8>)>, limits: &Limits) -> Unpacked {
    let mut unpacked = Unpacked::default();
    for (name, bytes) in files {
        if packing(&bytes) == Packing::None {
            unpacked.files.push((name, bytes));
            continue;
        }
        let used: u64 = unpacked.files.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        let left = Limits {
            bytes: limits.bytes.saturating_sub(used),
            members: limits.members.saturating_sub(unpacked.files.len()),
            ..*limits
        };
        let files = &mut unpacked.files;
        let left_out = walk([(name.as_str(), bytes.as_slice())], &left, &mut |name, content| {
            let mut bytes = Vec::new();
            content.read_to_end(&mut bytes)?;
            files.push((name.to_string(), bytes));
            Ok(())
        });
        unpacked.left_out.extend(left_out);
    }
    unpacked
}
