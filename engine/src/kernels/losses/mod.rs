//! Losses of rows against targets.

pub mod cross_entropy;
pub mod patch_error;
pub mod row_cosine;

pub use cross_entropy::cross_entropy;
pub use patch_error::patch_error;
pub use row_cosine::row_cosine;
