//! The cases of linear layers, layer normalisation and GELU.

use super::{Case, backward, flat, gradient, leaf};
use crate::kernels::activations::bias_gelu;
use crate::kernels::norms::layer_norm;
use crate::kernels::products::{linear, mlp};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for [rows, width] in [[1, 3], [37, 65], [600, 20]] {
        cases.push(Case::new("layer_norm", &[rows, width], 2e-5, move |device| {
            let (x, gamma, beta) =
                (leaf("x", [rows, width], device), leaf("gamma", [width], device), leaf("beta", [width], device));
            let out = layer_norm(x.clone(), gamma.clone(), beta.clone(), 1e-6);
            let gradients = backward(&out);
            vec![flat(out), gradient(&x, &gradients), gradient(&gamma, &gradients), gradient(&beta, &gradients)]
        }));
    }
    for [rows, inputs, hidden, outputs] in [[1, 1, 1, 1], [9, 4, 8, 12], [37, 20, 52, 24], [70, 33, 47, 10]] {
        let sizes = [rows, inputs, outputs];
        cases.push(Case::new("matmul", &sizes, 2e-5, move |device| {
            let (x, r) = (leaf("x", [rows, inputs], device), leaf("r", [rows, outputs], device));
            let (w, b) = (leaf("w", [outputs, inputs], device), leaf("b", [outputs], device));
            let plain = linear(x.clone(), w.clone(), None, None);
            let out = plain * linear(x.clone(), w.clone(), Some(b.clone()), Some(r.clone()));
            let gradients = backward(&out);
            vec![
                flat(out),
                gradient(&x, &gradients),
                gradient(&w, &gradients),
                gradient(&b, &gradients),
                gradient(&r, &gradients),
            ]
        }));
        cases.push(Case::new("matmul", &[rows, inputs, hidden, outputs], 2e-5, move |device| {
            let (x, r) = (leaf("x", [rows, inputs], device), leaf("r", [rows, outputs], device));
            let (w1, b1) = (leaf("w1", [hidden, inputs], device), leaf("b1", [hidden], device));
            let (w2, b2) = (leaf("w2", [outputs, hidden], device), leaf("b2", [outputs], device));
            let out = mlp(x.clone(), (w1.clone(), b1.clone()), (w2.clone(), b2.clone()), Some(r));
            let gradients = backward(&out);
            let [b1, b2] = [b1, b2].map(|b| gradient(&b, &gradients));
            vec![flat(out), gradient(&x, &gradients), gradient(&w1, &gradients), b1, gradient(&w2, &gradients), b2]
        }));
    }
    for [rows, width] in [[1, 1], [7, 33], [300, 40]] {
        cases.push(Case::new("gelu", &[rows, width], 1e-5, move |device| {
            let (x, bias) = (leaf("x", [rows, width], device), leaf("bias", [width], device));
            let out = bias_gelu(x.clone() * 4.0, bias.clone());
            let gradients = backward(&out);
            vec![flat(out), gradient(&x, &gradients), gradient(&bias, &gradients)]
        }));
    }
    cases
}
