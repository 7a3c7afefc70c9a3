//! From tokens back to data.

pub mod graph_decoder;
pub mod grid_decoder;
pub mod token_decoder;
