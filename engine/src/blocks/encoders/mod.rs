//! From tokens to features.

pub mod attention;
pub mod transformer;
