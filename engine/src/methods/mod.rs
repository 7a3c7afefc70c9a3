//! The systems, one file each. None imports another.

pub mod croma;
pub mod graphmae;
pub mod gsimclr;
pub mod mae;
pub mod mixedae;
pub mod pointcmae;
pub mod rae;
pub mod scgc;
