//! The cases of losses of rows against targets.

use super::{Case, backward, flat, gradient, leaf, noise, picks};
use crate::kernels::losses::{cross_entropy, patch_error};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for ([batch, patches, width], norm_pix) in [([1, 1, 2], true), ([2, 7, 49], false), ([3, 5, 193], true)] {
        cases.push(Case::new("patch_error", &[batch, patches, width], 2e-5, move |device| {
            let pred = leaf("pred", [batch, patches, width], device);
            let target = noise("target", [batch, patches, width], &pred.device());
            let mask = picks([batch, patches], 2, &pred.device()).float();
            let out = patch_error(pred.clone(), target, mask + 0.5, norm_pix);
            let gradients = backward(&out);
            vec![flat(out), gradient(&pred, &gradients)]
        }));
    }
    for [rows, classes] in [[1, 1], [70, 10], [9, 700]] {
        cases.push(Case::new("cross_entropy", &[rows, classes], 1e-5, move |device| {
            let logits = leaf("logits", [rows, classes], device);
            let out = cross_entropy(logits.clone() * 4.0, noise("targets", [rows, classes], &logits.device()) + 1.0);
            let gradients = backward(&out);
            vec![flat(out), gradient(&logits, &gradients)]
        }));
    }
    cases
}
