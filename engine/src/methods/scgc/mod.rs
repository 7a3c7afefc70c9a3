//! SCGC and SCGC*: clusters of the nodes of a graph by a plain autoencoder, pulled along the graph by a contrast of
//! neighbours.
//!
//! Kulatilleke, Portmann, Chandra, "SCGC: Self-Supervised Contrastive Graph Clustering", 2022 (arXiv 2204.12656). The
//! graph enters the loss alone, so that a trained network clusters nodes without it. Clusters sharpen themselves as in
//! DEC and SDCN.
//!
//! `card`: variants, card, knobs, presets. `model`: network and losses. `clusters`: what is clustered, and how. `method`: phases
//! and scores. `known`: what is kept of a graph, batches of nodes. `rivals`: what it is compared with. `look`: views.
//! `fixture`: golden numbers. Differences from the authors' code: the contrast never stores a matrix of nodes × nodes,
//! and its influence matrix is sparse (the same results); embeddings of no length get no gradient instead of NaN;
//! scores are those of the last epoch, not the best ones of all epochs, and an empty cluster is no reason to change
//! predictions.

pub mod card;
#[cfg(feature = "compute")]
pub mod clusters;
#[cfg(feature = "compute")]
pub mod fixture;
#[cfg(feature = "compute")]
pub mod known;
#[cfg(feature = "compute")]
mod look;
#[cfg(feature = "compute")]
pub mod method;
#[cfg(feature = "compute")]
pub mod model;
#[cfg(feature = "compute")]
pub mod rivals;
#[cfg(feature = "compute")]
mod sizes;

pub use card::{Variant, card};

/// SCGC for the registry.
#[cfg(feature = "compute")]
pub const ENTRY: crate::method::Entry = crate::method::Entry {
    card,
    build: method::build,
    parts: crate::parts::none,
    verify: |case| Box::pin(fixture::verify(case)),
    sizes: sizes::sizes,
    stored: crate::method::stored_weights!("scgc-nano.safetensors"),
};

/// Numbers that say how well clusters agree with classes; of all nodes, at the last step.
pub const METRICS: [&str; 4] = ["nmi", "ari", "accuracy", "f1"];
