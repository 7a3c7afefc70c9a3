//! From data to tokens.

pub mod image_patches;
pub mod point_groups;
