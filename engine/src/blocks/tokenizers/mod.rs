//! From data to tokens.

pub mod image_patches;
