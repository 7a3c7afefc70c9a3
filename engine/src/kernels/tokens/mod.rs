//! Tokens picked, put back, and compared with one another.

pub mod gather_tokens;
pub mod similarity_map;

pub use gather_tokens::{gather_tokens, scatter_tokens, stock_gather, stock_scatter};
pub use similarity_map::similarity_map;
