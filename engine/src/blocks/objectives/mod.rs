//! Losses. They take tensors, never models.

pub mod neighbour_contrast;
pub mod pixel_error;
pub mod self_training;
