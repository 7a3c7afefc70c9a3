//! Regularized autoencoders: what a denoiser learns of the density of the data.
//!
//! Alain and Bengio, "What Regularized Auto-Encoders Learn from the Data-Generating Distribution", JMLR 15 (2014),
//! 3743-3773 (arXiv 1211.4246). A net r is trained to undo small noise of deviation σ; where it moves a point, r(x) −
//! x, is σ² times the slope of the log density there (the score). So a denoiser is a density model that can be walked
//! on, and its reconstruction error is not the energy. Equations: see [`card()`].
//!
//! `card`: card, knobs, presets. `classic`, `modern`: the nets; `model`: criteria; `sampler`: energy differences and
//! steps of a chain; `chain`: walkers on a net; `method`: the system; `measure`: its numbers; `look`, `plane`,
//! `curves`, `portraits`: views; `fixture`: golden numbers. Differences from the authors' code: Adam instead of BFGS, a
//! residual net beside theirs.

pub mod card;
#[cfg(feature = "compute")]
mod chain;
#[cfg(feature = "compute")]
pub mod classic;
#[cfg(feature = "compute")]
pub mod fixture;
#[cfg(feature = "compute")]
mod look;
#[cfg(feature = "compute")]
mod measure;
#[cfg(feature = "compute")]
mod method;
#[cfg(feature = "compute")]
pub mod model;
#[cfg(feature = "compute")]
pub mod modern;
#[cfg(feature = "compute")]
pub mod sampler;
#[cfg(feature = "compute")]
mod sizes;
#[cfg(feature = "compute")]
pub mod system;

pub use card::card;

/// Regularized autoencoders for the registry.
#[cfg(feature = "compute")]
pub const ENTRY: crate::method::Entry = crate::method::Entry {
    card,
    build: method::build,
    parts: crate::parts::none,
    verify: |case| Box::pin(fixture::verify(case)),
    sizes: sizes::sizes,
    stored: crate::method::stored_weights!("rae-nano.safetensors"),
};
