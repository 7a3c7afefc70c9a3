//! SCGC and SCGC*: clusters of the nodes of a graph by a plain autoencoder, pulled along the graph by a contrast of
//! neighbours.
//!
//! Kulatilleke, Portmann, Chandra, "SCGC: Self-Supervised Contrastive Graph Clustering", 2022 (arXiv 2204.12656). The
//! graph enters the loss alone, so that a trained network clusters nodes without it. Clusters sharpen themselves as in
//! DEC and SDCN.
//!
//! This file: variants. `catalogue`: card, knobs, presets. `model`: network and losses. `method`: phases, clusters,
//! scores. `known`: what is kept of a graph, batches of nodes. `rivals`: what it is compared with. `look`: views.
//! `fixture`: golden numbers. Differences from the authors' code: the contrast never stores a matrix of nodes × nodes,
//! and its influence matrix is sparse (the same results); embeddings of no length get no gradient instead of NaN;
//! scores are those of the last epoch, not the best ones of all epochs, and an empty cluster is no reason to change
//! predictions.

mod catalogue;
#[cfg(feature = "compute")]
pub mod fixture;
#[cfg(feature = "compute")]
pub mod known;
#[cfg(feature = "compute")]
pub mod look;
#[cfg(feature = "compute")]
pub mod method;
#[cfg(feature = "compute")]
pub mod model;
#[cfg(feature = "compute")]
pub mod rivals;

pub use catalogue::card;

/// SCGC for the registry.
#[cfg(feature = "compute")]
pub const ENTRY: crate::method::Entry =
    crate::method::Entry { card, build: method::build, verify: |case| Box::pin(fixture::verify(case)) };

/// Numbers that say how well clusters agree with classes; of all nodes, at the last step.
pub const METRICS: [&str; 4] = ["nmi", "ari", "accuracy", "f1"];

/// How nodes are clustered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// Autoencoder, then contrast, self-training and reconstruction.
    Scgc,
    /// The same without reconstruction and with cumulative influence.
    Star,
    /// k-means of the autoencoder's embedding.
    Autoencoder,
    /// k-means of the features.
    KMeans,
    /// k-means of the eigenvectors of the graph.
    Spectral,
    /// k-means of the embedding of an autoencoder of graph convolutions.
    Convolutions,
}

impl Variant {
    /// All of them, SCGC first.
    pub const ALL: [Self; 6] =
        [Self::Scgc, Self::Star, Self::Autoencoder, Self::KMeans, Self::Spectral, Self::Convolutions];

    /// Its name in the knob `variant`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scgc => "scgc",
            Self::Star => "scgc*",
            Self::Autoencoder => "autoencoder + k-means",
            Self::KMeans => "k-means",
            Self::Spectral => "spectral",
            Self::Convolutions => "gcn autoencoder",
        }
    }

    /// What the knob `variant` asks for.
    #[cfg(feature = "compute")]
    pub fn of(settings: &crate::settings::Settings) -> Self {
        let asked = settings.choice("variant");
        Self::ALL.into_iter().find(|variant| variant.name() == asked).unwrap_or(Self::Scgc)
    }

    /// Whether clusters are refined along the graph after the autoencoder.
    pub fn refines(self) -> bool {
        matches!(self, Self::Scgc | Self::Star)
    }

    /// Whether it has SCGC's autoencoder.
    pub fn has_network(self) -> bool {
        self.refines() || self == Self::Autoencoder
    }
}
