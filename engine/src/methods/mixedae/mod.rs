//! MixedAE: mix the patches of several pictures into one, rebuild all of them, and let each patch find its own picture's.
//!
//! Chen, Liu, Hong, Xu, Li, Yeung, "Mixed Autoencoder for Self-supervised Visual Representation Learning", CVPR 2023 (arXiv
//! 2303.17152). Mixing in place of deleting gives the encoder more to go by, which makes the task easier and the features
//! worse; homologous recognition, in attention and as a contrast, makes up for it. Names of equations are those of the
//! [`card()`].
//!
//! `card`: card, knobs, presets. `mixing`: which picture each patch is of. `model`: encoder, unmixing, decoder, losses.
//! `method`: training, probes, fine-tuning. `measures`: its own numbers. `look`: views. `fixture`: golden numbers.
//! The authors' code was never published: what the paper leaves open is said where it is decided.

pub mod card;
#[cfg(feature = "compute")]
pub mod fixture;
#[cfg(feature = "compute")]
mod look;
#[cfg(feature = "compute")]
mod measures;
#[cfg(feature = "compute")]
mod method;
#[cfg(feature = "compute")]
pub mod mixing;
#[cfg(feature = "compute")]
pub mod model;
#[cfg(feature = "compute")]
mod sizes;

pub use card::card;

/// MixedAE for the registry.
#[cfg(feature = "compute")]
pub const ENTRY: crate::method::Entry = crate::method::Entry {
    card,
    build: method::build,
    parts: crate::parts::none,
    verify: |case| Box::pin(fixture::verify(case)),
    sizes: sizes::sizes,
    stored: crate::method::stored_weights!("mixedae-nano.safetensors"),
};
