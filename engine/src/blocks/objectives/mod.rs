//! Losses. They take tensors, never models.

pub mod agreement;
pub mod chamfer;
pub mod homologous_contrast;
pub mod info_nce;
pub mod neighbour_contrast;
pub mod pixel_error;
pub mod scaled_cosine;
pub mod self_training;
