//! Clipping gradients by their common norm, without leaving the device.

use burn::tensor::Tensor;

/// The Euclidean norm over all gradients together, a tensor of one element; `None` when there is no gradient.
pub fn global_norm(gradients: &[Option<Tensor<1>>]) -> Option<Tensor<1>> {
    let squares = gradients.iter().flatten().map(|g| g.clone().square().sum());
    squares.reduce(|total, one| total.add(one)).map(Tensor::sqrt)
}

/// Scale all gradients so that their common norm is at most `max_norm`: factor `min(1, max_norm / (norm + 1e-6))`.
///
/// Returns the norm before clipping, still on the device, for the log.
pub fn clip(gradients: &mut [Option<Tensor<1>>], max_norm: f64) -> Option<Tensor<1>> {
    let norm = global_norm(gradients)?;
    let factor = norm.clone().add_scalar(1e-6).recip().mul_scalar(max_norm).clamp_max(1.0);
    for gradient in gradients.iter_mut().flatten() {
        *gradient = gradient.clone().mul(factor.clone());
    }
    Some(norm)
}
