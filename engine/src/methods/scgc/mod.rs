//! SCGC and SCGC*: clusters of the nodes of a graph by a plain autoencoder, pulled along the graph by a contrast of neighbours.
//!
//! Kulatilleke, Portmann, Chandra, "SCGC: Self-Supervised Contrastive Graph Clustering", 2022 (arXiv 2204.12656). The graph enters
//! the loss alone, so that a trained network clusters nodes without it. Clusters sharpen themselves as in DEC and SDCN.
//!
//! `model`: network and losses. `fixture`: golden numbers. Differences from the authors' code: the contrast never stores a matrix
//! of nodes × nodes, and its influence matrix is sparse (the same results); embeddings of no length get no gradient instead of NaN.

#[cfg(feature = "compute")]
pub mod fixture;
#[cfg(feature = "compute")]
pub mod model;
