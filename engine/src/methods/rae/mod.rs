//! Regularized autoencoders: what a denoiser learns of the density of the data.
#[cfg(feature = "compute")]
pub mod classic;
#[cfg(feature = "compute")]
pub mod fixture;
#[cfg(feature = "compute")]
pub mod model;
#[cfg(feature = "compute")]
pub mod modern;
#[cfg(feature = "compute")]
pub mod sampler;
