//! GraphMAE: hide the features of some nodes of a graph and rebuild them from their neighbours.
//!
//! Hou, Liu, Cen, Dong, Yang, Wang, Tang, "GraphMAE: Self-Supervised Masked Graph Autoencoders", KDD 2022 (arXiv
//! 2205.10803). A graph network encodes what is left; before a second, one-layer network decodes, masked nodes are
//! hidden again, so that the decoder has to rebuild them from their neighbours alone. Equation numbers: (1) re-mask,
//! (2) scaled cosine error.
//!
//! `card`: card, knobs, presets. `model`: encoder, decoder, loss. `data`: graphs as the model takes them. `system`: the
//! model on a graph, and its probes. `method`: training. `look`: views. `fixture`: golden numbers. Differences from the
//! authors' code: sums over neighbours and linear maps change places where that is cheaper (the same result), the
//! prediction is computed for masked nodes alone (the same loss), and dropout leaves out the same values of the mask
//! token at all nodes of a step where features are sparse.

pub mod card;
#[cfg(feature = "compute")]
pub mod data;
#[cfg(feature = "compute")]
pub mod fixture;
#[cfg(feature = "compute")]
mod look;
#[cfg(feature = "compute")]
pub mod method;
#[cfg(feature = "compute")]
pub mod model;
#[cfg(feature = "compute")]
mod sizes;
#[cfg(feature = "compute")]
pub mod system;

pub use card::card;

/// GraphMAE for the registry.
#[cfg(feature = "compute")]
pub const ENTRY: crate::method::Entry = crate::method::Entry {
    card,
    build: method::build,
    parts: crate::parts::none,
    verify: |case| Box::pin(fixture::verify(case)),
    sizes: sizes::sizes,
    stored: crate::method::stored_weights!("graphmae-nano.safetensors"),
};
