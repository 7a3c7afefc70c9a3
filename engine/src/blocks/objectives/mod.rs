//! Losses. They take tensors, never models.

pub mod agreement;
pub mod chamfer;
pub mod pixel_error;
