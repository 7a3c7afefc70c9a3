//! The cases of tokens that are picked, put back and compared.

use super::{Case, backward, flat, gradient, leaf, noise, picks};
use crate::kernels::tokens::{gather_tokens, scatter_tokens, similarity_map};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for [batch, tokens, few, width] in [[1, 1, 1, 1], [2, 7, 3, 5], [3, 50, 13, 67]] {
        let sizes = [batch, tokens, few, width];
        cases.push(Case::new("gather_tokens", &sizes, 1e-6, move |device| {
            let x = leaf("x", [batch, tokens, width], device);
            let out = gather_tokens(x.clone(), picks([batch, few], tokens, &x.device()));
            let gradients = backward(&out);
            vec![flat(out), gradient(&x, &gradients)]
        }));
        cases.push(Case::new("scatter_tokens", &sizes, 1e-6, move |device| {
            let x = leaf("x", [batch, few, width], device);
            let out = scatter_tokens(x.clone(), picks([batch, few], tokens, &x.device()), tokens);
            let gradients = backward(&out);
            vec![flat(out), gradient(&x, &gradients)]
        }));
        for width in [width, width.next_multiple_of(4)] {
            cases.push(Case::new("similarity_map", &[batch, tokens, width], 1e-5, move |device| {
                vec![flat(similarity_map(noise("x", [batch, tokens, width], device), tokens / 2))]
            }));
        }
    }
    cases
}
