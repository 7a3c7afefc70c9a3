//! G-SimCLR: contrast the pictures of batches that clusters have put together.
//!
//! Chakraborty, Gosthipaty, Paul, "G-SimCLR: Self-Supervised Contrastive Learning with Guided Projection via Pseudo
//! Labelling", ICDM workshops 2020 (arXiv 2009.12007), on SimCLR: Chen, Kornblith, Norouzi, Hinton, ICML 2020 (arXiv
//! 2002.05709). SimCLR drives every two pictures of a batch apart, those of one class too. Here a denoising autoencoder
//! comes first; k-means of its latent gives every picture a pseudo label, and batches are put together from different
//! ones. Equation numbers: see [`card()`].
//!
//! `card`: card, knobs, presets. `autoencoder`, `encoder`: the networks; `model`: both, and the losses. `batches`,
//! `plan`, `found`: from clusters to batches. `look`: what is shown. `fixture`: golden numbers. Differences from the authors'
//! code: the preset `paper` follows it, one augmentation for a whole batch included; the others draw one for each picture
//! and crop, as SimCLR does. Phases have a fixed length where the authors stop early by the test loss.

#[cfg(feature = "compute")]
pub mod autoencoder;
#[cfg(feature = "compute")]
pub mod batches;
pub mod card;
#[cfg(feature = "compute")]
pub mod encoder;
#[cfg(feature = "compute")]
pub mod fixture;
#[cfg(feature = "compute")]
mod found;
#[cfg(feature = "compute")]
mod look;
#[cfg(feature = "compute")]
pub mod method;
#[cfg(feature = "compute")]
pub mod model;
#[cfg(feature = "compute")]
pub mod plan;
#[cfg(feature = "compute")]
mod sizes;

pub use card::card;

/// G-SimCLR for the registry.
#[cfg(feature = "compute")]
pub const ENTRY: crate::method::Entry = crate::method::Entry {
    card,
    build: method::build,
    parts: crate::parts::none,
    verify: |case| Box::pin(fixture::verify(case)),
    sizes: sizes::sizes,
    stored: crate::method::stored_weights!("gsimclr-nano.safetensors"),
};
