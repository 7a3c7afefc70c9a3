//! Losses of classifiers, on logits.

use burn::tensor::{Device, Tensor, TensorData};

use crate::error::{Error, Result};
use crate::kernels;

/// Cross entropy against a distribution over classes: `−mean_b Σ_c y log softmax(logits)`.
///
/// # Shapes
/// * logits, targets: [batch, classes]
/// * returns [1]
pub fn cross_entropy(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    kernels::losses::cross_entropy(logits, targets).mean()
}

/// One row a label: `ε / K` everywhere and `1 − ε` more at the label.
///
/// With these targets [`cross_entropy`] is `(1 − ε) · NLL + ε · mean_c (−log p)`; ε = 0 is the plain one.
///
/// # Errors
/// [`Error::Data`] when a label is not below `classes`.
pub fn smooth_targets(labels: &[u32], classes: usize, smoothing: f64) -> Result<Vec<f32>> {
    let off = smoothing / classes as f64;
    let mut targets = vec![off as f32; labels.len() * classes];
    for (row, label) in labels.iter().enumerate() {
        let label = *label as usize;
        if label >= classes {
            let why = format!("label {label} where there are {classes} classes");
            return Err(Error::data("A label does not fit", why, "Check the labels of the data set"));
        }
        targets[row * classes + label] = (1.0 - smoothing + off) as f32;
    }
    Ok(targets)
}

/// Targets [batch, classes] as a tensor.
pub fn target_tensor(targets: Vec<f32>, classes: usize, device: &Device) -> Tensor<2> {
    let batch = targets.len() / classes.max(1);
    Tensor::from_data(TensorData::new(targets, [batch, classes]), device)
}
