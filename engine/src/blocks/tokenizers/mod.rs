//! From data to tokens.

pub mod image_patches;
pub mod node_features;
pub mod point_groups;
