//! From tokens back to data.

pub mod token_decoder;
