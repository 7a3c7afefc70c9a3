//! From tokens, and from pictures, to features.

pub mod attention;
pub mod convnext;
pub mod graph;
pub mod resnet;
pub mod transformer;
pub mod vit;
