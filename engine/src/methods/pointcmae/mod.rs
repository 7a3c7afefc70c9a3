//! Point-CMAE

pub mod classifier;
pub mod config;
pub mod encoder;
pub mod fixture;
mod method;
pub mod model;
pub mod segmentation;
