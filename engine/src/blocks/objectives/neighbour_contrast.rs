//! The contrast of neighbours: an embedding is pulled towards those of the nodes that influence its own (Graph-MLP, Hu
//! et al. 2021, arXiv 2106.04051; with influence of several hops SCGC, Kulatilleke et al. 2022, arXiv 2204.12656).

use burn::tensor::{Device, Tensor};

use crate::blocks::influence::Sparse;
use crate::kernels::neighbour_contrast::{How, Pairs, neighbour_contrast};

/// The influence of nodes on one another, on a device.
pub fn pairs(influence: &Sparse, device: &Device) -> Pairs {
    let both = influence.both_ways();
    Pairs::new(&both.starts, &both.columns, &both.values, device)
}

/// `(1/n) Σ_i −ln(Σ_j E_ij A_ij / Σ_j E_ij + ε)` with `E_ij = exp(τ cos(z_i, z_j))` and `E_ii = 1`.
///
/// # Shapes
/// embeddings [nodes, width] → [1]
pub fn loss(embeddings: Tensor<2>, pairs: &Pairs, how: How) -> Tensor<1> {
    neighbour_contrast(embeddings, pairs, how).mean()
}
