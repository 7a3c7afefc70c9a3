//! CROMA: match the radar and the optical picture of a place, and rebuild the hidden patches of both.
//!
//! Fuller, Millard, Green, "CROMA: Remote Sensing Representations with Contrastive Radar-Optical Masked Autoencoders",
//! NeurIPS 2023 (arXiv 2311.00566). One encoder for each sensor and a third one that joins them; positions are biases of
//! attention, so that scenes may be larger than those of training.
//!
//! `card`: card, knobs, presets. `config`: sizes and switches. `encoders`: the three encoders. `model`: masks, both
//! objectives. `scenes`: from a batch to patches. `look`: views. `measures`: its own numbers. `tuned`: fine-tuning.
//! `fixture`: golden numbers. Differences from the authors' code: only visible patches are embedded (the same result), and
//! the decoder appends no mask token that nobody takes.

pub mod card;
#[cfg(feature = "compute")]
pub mod config;
#[cfg(feature = "compute")]
pub mod encoders;
#[cfg(feature = "compute")]
pub mod fixture;
#[cfg(feature = "compute")]
pub mod look;
#[cfg(feature = "compute")]
mod measures;
#[cfg(feature = "compute")]
mod method;
#[cfg(feature = "compute")]
pub mod model;
#[cfg(feature = "compute")]
pub mod scenes;
#[cfg(feature = "compute")]
mod sizes;
#[cfg(feature = "compute")]
mod tuned;

pub use card::card;

/// CROMA for the registry.
#[cfg(feature = "compute")]
pub const ENTRY: crate::method::Entry = crate::method::Entry {
    card,
    build: method::build,
    parts: crate::parts::none,
    verify: |case| Box::pin(fixture::verify(case)),
    sizes: sizes::sizes,
    stored: crate::method::stored_weights!("croma-nano.safetensors"),
};
