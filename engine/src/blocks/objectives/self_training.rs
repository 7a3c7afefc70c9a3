//! Clusters that sharpen themselves: soft assignment with Student's t as the kernel, and the target made of it (DEC,
//! Xie, Girshick and Farhadi, ICML 2016, equations 1 to 3).

use burn::tensor::Tensor;

/// `q_ik ∝ (1 + |z_i − μ_k|² / v)^(−(v + 1) / 2)`, normalised over k.
///
/// # Shapes
/// embeddings [nodes, width] and centres [clusters, width] → [nodes, clusters]
pub fn soft_assignment(embeddings: Tensor<2>, centres: Tensor<2>, v: f64) -> Tensor<2> {
    let apart = embeddings.unsqueeze_dim::<3>(1) - centres.unsqueeze_dim::<3>(0); // [nodes, clusters, width]
    let distances: Tensor<2> = apart.square().sum_dim(2).squeeze_dim(2);
    let kernel = distances.div_scalar(v).add_scalar(1.0);
    let kernel = if v == 1.0 { kernel.recip() } else { kernel.powf_scalar(-(v + 1.0) / 2.0) };
    kernel.clone() / kernel.sum_dim(1)
}

/// `p_ik ∝ q_ik² / Σ_i q_ik`, normalised over k; no gradient flows through it.
///
/// # Shapes
/// [nodes, clusters] → [nodes, clusters]
pub fn target(assignment: Tensor<2>) -> Tensor<2> {
    let q = assignment.detach();
    let weight = q.clone().square() / q.sum_dim(0);
    weight.clone() / weight.sum_dim(1)
}

/// `(1/n) Σ_i Σ_k p_ik (ln p_ik − ln q_ik)`, the divergence of the assignment from its target.
///
/// # Shapes
/// two of [nodes, clusters] → [1]
pub fn divergence(target: Tensor<2>, assignment: Tensor<2>) -> Tensor<1> {
    let nodes = target.dims()[0].max(1);
    // Where p is zero its summand is too, whatever the logarithm.
    let ratio = target.clone().clamp_min(f32::MIN_POSITIVE).log() - assignment.clamp_min(f32::MIN_POSITIVE).log();
    (target * ratio).sum().div_scalar(nodes as f64)
}
