//! Where a token is.

pub mod alibi;
pub mod point_mlp;
pub mod rotary;
pub mod sincos;
