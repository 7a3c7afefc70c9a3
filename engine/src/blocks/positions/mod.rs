//! Where a token is.

pub mod point_mlp;
pub mod rotary;
pub mod sincos;
