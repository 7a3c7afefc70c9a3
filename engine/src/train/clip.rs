//! Clipping gradients by their common norm, without leaving the device.

use burn::tensor::Tensor;

pub use crate::kernels::norms::global_norm;

/// Scale all gradients so that their common norm is at most `max_norm`: factor `min(1, max_norm / (norm + 1e-6))`.
///
/// Returns the norm before clipping, still on the device, for the log. The optimisers do the same with their
/// `max_norm`, and without a pass over the gradients.
pub fn clip(gradients: &mut [Option<Tensor<1>>], max_norm: f64) -> Option<Tensor<1>> {
    let norm = global_norm(gradients)?;
    let factor = norm.clone().add_scalar(1e-6).recip().mul_scalar(max_norm).clamp_max(1.0);
    for gradient in gradients.iter_mut().flatten() {
        *gradient = gradient.clone().mul(factor.clone());
    }
    Some(norm)
}
