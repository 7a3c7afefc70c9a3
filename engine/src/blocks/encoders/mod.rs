//! From tokens, and from pictures, to features.

pub mod attention;
pub mod convnext;
pub mod graph;
pub mod resnet;
mod sizes;
pub mod transformer;
pub mod vit;
