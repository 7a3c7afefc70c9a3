//! Mean squared error on the pixels of hidden patches (MAE, equations 1 and 2).

use burn::tensor::Tensor;

const EPS: f64 = 1e-6;

/// Mean and √(variance + 10⁻⁶) of each patch; the variance is the unbiased one.
///
/// # Shapes
/// [batch, tokens, values] → two of [batch, tokens, 1]
pub fn patch_statistics(target: Tensor<3>) -> (Tensor<3>, Tensor<3>) {
    patch_statistics_of(target, EPS)
}

/// As [`patch_statistics`], with another number than 10⁻⁶.
pub fn patch_statistics_of(target: Tensor<3>, eps: f64) -> (Tensor<3>, Tensor<3>) {
    let values = target.dims()[2];
    let mean = target.clone().mean_dim(2);
    let variance = (target - mean.clone()).square().sum_dim(2).div_scalar((values.max(2) - 1) as f64);
    (mean, variance.add_scalar(eps).sqrt())
}

/// Pixels less their patch's own mean, divided by its own deviation (equation 1).
///
/// # Shapes
/// [batch, tokens, values] → the same
pub fn standardised(pixels: Tensor<3>) -> Tensor<3> {
    let (mean, deviation) = patch_statistics(pixels.clone());
    (pixels - mean) / deviation
}

/// What is predicted: the pixels, or their standardised form.
///
/// # Shapes
/// [batch, tokens, values] → the same
pub fn target(pixels: Tensor<3>, norm_pix: bool) -> Tensor<3> {
    if norm_pix { standardised(pixels) } else { pixels }
}

/// Mean squared error of each patch.
///
/// # Shapes
/// two of [batch, tokens, values] → [batch, tokens]
pub fn per_patch(prediction: Tensor<3>, target: Tensor<3>) -> Tensor<2> {
    (prediction - target).square().mean_dim(2).squeeze_dim(2)
}

/// Σ m · error / Σ m over the whole batch, m = 1 where hidden.
pub fn masked_mean(error: Tensor<2>, hidden: Tensor<2>) -> Tensor<1> {
    (error * hidden.clone()).sum() / hidden.sum()
}
