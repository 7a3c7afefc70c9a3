//! The systems, one file each. None imports another.

pub mod graphmae;
pub mod mae;
pub mod scgc;
