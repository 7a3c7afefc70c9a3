//! G-SimCLR: contrast the pictures of batches that clusters have put together.
//!
//! Chakraborty, Gosthipaty, Paul, "G-SimCLR: Self-Supervised Contrastive Learning with Guided Projection via Pseudo Labelling",
//! ICDM workshops 2020 (arXiv 2009.12007), on SimCLR: Chen, Kornblith, Norouzi, Hinton, ICML 2020 (arXiv 2002.05709).
//! SimCLR drives every two pictures of a batch apart, those of one class too. Here a denoising autoencoder comes first; k-means
//! of its latent gives every picture a pseudo label, and batches are put together from different ones.
//!
//! `autoencoder`, `encoder`: the networks. `batches`: from clusters to batches. `augment`: views. `fixture`: golden numbers.

#[cfg(feature = "compute")]
pub mod augment;
#[cfg(feature = "compute")]
pub mod autoencoder;
#[cfg(feature = "compute")]
pub mod batches;
#[cfg(feature = "compute")]
pub mod encoder;
#[cfg(feature = "compute")]
pub mod fixture;
#[cfg(feature = "compute")]
pub mod model;
