//! Normalisation of rows.

pub mod layer_norm;

pub use layer_norm::layer_norm;
