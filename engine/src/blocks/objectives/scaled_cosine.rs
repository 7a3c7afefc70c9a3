//! Scaled cosine error (Hou et al., "GraphMAE: Self-Supervised Masked Graph Autoencoders", KDD 2022, arXiv 2205.10803,
//! eq. 2).

use burn::tensor::{Int, Tensor};

use crate::kernels::losses::row_cosine;

/// (1 − cos)^α of every row of the prediction with its row of the table: α above 1 mutes rows that are nearly right.
///
/// # Shapes
/// prediction [R, F], table [T, F], pick [R] with places in the table → [R]
pub fn scaled_cosine(prediction: Tensor<2>, table: Tensor<2>, pick: Tensor<1, Int>, alpha: f64) -> Tensor<1> {
    // Rounding may put a cosine above 1, and a power of a negative number is none.
    let off = row_cosine(prediction, table, pick).neg().add_scalar(1.0).clamp_min(0.0);
    if alpha == 1.0 { off } else { off.powf_scalar(alpha) }
}
