//! Activation functions.

pub mod gelu;
pub mod prelu;

pub use gelu::bias_gelu;
pub use prelu::prelu;
