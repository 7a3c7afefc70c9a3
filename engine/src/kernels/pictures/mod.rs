//! Pictures: cut into patches, and convolved.

pub mod convolution;
pub mod patchify;

pub use convolution::{Window, convolution};
pub use patchify::{Cut, Depth, Order, patchify};
