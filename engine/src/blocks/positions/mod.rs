//! Where a token is.

pub mod sincos;
