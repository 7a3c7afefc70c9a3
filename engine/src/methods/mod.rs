//! The systems, one file each. None imports another.

pub mod gsimclr;
pub mod mae;
pub mod pointcmae;
pub mod rae;
pub mod scgc;
