//! The systems, one file each. None imports another.

pub mod mae;
#[cfg(feature = "compute")]
pub mod pointcmae;
