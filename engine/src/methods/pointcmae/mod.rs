//! Point-CMAE: hide the groups of a point cloud twice, fill both in, and let what both hide agree.
//!
//! Ren, Mei, Paudel, Wang, Li, Liu, Cucchiara, Van Gool, Sebe, "Bringing Masked Autoencoders Explicit Contrastive
//! Properties for Point Cloud Self-Supervised Learning", ACCV 2024 (arXiv 2407.05862), on Point-MAE: Pang, Wang, Tay,
//! Liu, Tian, Yuan, "Masked Autoencoders for Point Cloud Self-supervised Learning", ECCV 2022 (arXiv 2203.06604). Two
//! masks, one encoder, two decoders. Tokens that both masks hide have no input in either branch, so both features of
//! such a token are guesses: they are pulled together, without negatives and without a temperature. With the knob
//! `system` at `point-mae` there is one mask and one decoder.
//!
//! `card`: card, knobs, presets. `config`: sizes. `encoder`, `model`: the network and its loss. `clouds`: from
//! stored points to input. `look`: views. `classifier`, `segmentation`: fine-tuning. `measures`: its own numbers.
//! `fixture`: golden numbers. Differences from the authors' code: a batch without a token hidden twice has no contrast
//! instead of 0 / 0; the class token's projection, which no loss uses, is left out of runs; fine-tuning starts from the
//! first class token instead of a fresh one.

pub mod card;
#[cfg(feature = "compute")]
pub mod classifier;
#[cfg(feature = "compute")]
pub mod clouds;
#[cfg(feature = "compute")]
pub mod config;
#[cfg(feature = "compute")]
pub mod encoder;
#[cfg(feature = "compute")]
pub mod fixture;
#[cfg(feature = "compute")]
mod look;
#[cfg(feature = "compute")]
mod measures;
#[cfg(feature = "compute")]
mod method;
#[cfg(feature = "compute")]
pub mod model;
#[cfg(feature = "compute")]
pub mod segmentation;
#[cfg(feature = "compute")]
mod sizes;

pub use card::card;

/// Point-CMAE for the registry.
#[cfg(feature = "compute")]
pub const ENTRY: crate::method::Entry = crate::method::Entry {
    card,
    build: method::build,
    parts: crate::parts::none,
    verify: |case| Box::pin(fixture::verify(case)),
    sizes: sizes::sizes,
    stored: crate::method::stored_weights!("pointcmae-nano.safetensors"),
};
