//! From tokens to features.

pub mod attention;
pub mod graph;
pub mod transformer;
