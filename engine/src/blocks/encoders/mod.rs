//! From tokens to features.

pub mod attention;
pub mod convolution;
pub mod graph;
pub mod transformer;
