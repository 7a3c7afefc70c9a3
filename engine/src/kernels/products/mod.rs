//! Matrix products, linear layers, and what a transformer makes of two of them.

pub mod linear;
pub mod matmul;
pub mod mlp;

pub use linear::linear;
pub use mlp::mlp;
