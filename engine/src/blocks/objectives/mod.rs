//! Losses. They take tensors, never models.

pub mod pixel_error;
pub mod scaled_cosine;
