//! The systems, one file each. None imports another.

pub mod mae;
pub mod rae;
