//! MAE: hide most patches of a picture, encode the rest, fill in the pixels.
//!
//! He, Chen, Xie, Li, Dollár, Girshick, "Masked Autoencoders Are Scalable Vision Learners", CVPR 2022 (arXiv
//! 2111.06377). The encoder never sees the hidden patches, so it is several times cheaper than its size suggests; a
//! small decoder, thrown away afterwards, fills in their pixels. Equation numbers: (1) target, (2) loss, see [`card()`].
//!
//! `card`: card, knobs, presets. `model`: encoder, decoder, loss, fine-tuning. `look`: views. `fixture`: golden numbers.
//! Differences from the authors' code: only visible patches are embedded (the same result).

pub mod card;
#[cfg(feature = "compute")]
pub mod fixture;
#[cfg(feature = "compute")]
mod look;
#[cfg(feature = "compute")]
pub mod model;
#[cfg(feature = "compute")]
mod sizes;

pub use card::card;

/// MAE for the registry.
#[cfg(feature = "compute")]
pub const ENTRY: crate::method::Entry = crate::method::Entry {
    card,
    build: model::build,
    parts: crate::parts::none,
    verify: |case| Box::pin(fixture::verify(case)),
    sizes: sizes::sizes,
    stored: crate::method::stored_weights!("mae-nano.safetensors"),
};
