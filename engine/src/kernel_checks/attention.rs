//! The cases of attention: with and without extras, with keys of its own and others, and in both forms of its launches.

use burn::tensor::{Device, Tensor};

use super::{Case, backward, flat, gradient, leaf, noise, picks};
use crate::kernels::attention::{Extras, Largest, attention, cross_attention, largest_keys};
use crate::kernels::{set_software, software};

/// What a case gives to attention.
#[derive(Clone, Copy, Default)]
struct Given {
    batch: usize,
    queries: usize,
    /// Keys of another sequence; none: the queries' own.
    keys: Option<usize>,
    heads: usize,
    dim: usize,
    /// Samples and heads of a bias.
    bias: Option<[usize; 2]>,
    mask: bool,
}

impl Given {
    fn new([batch, queries, heads, dim]: [usize; 4]) -> Self {
        Self { batch, queries, heads, dim, ..Self::default() }
    }

    /// Result and gradients.
    fn run(self, device: &Device) -> Vec<Tensor<1>> {
        let Self { batch, queries, heads, dim, .. } = self;
        let keys = self.keys.unwrap_or(queries);
        let planes = if self.keys.is_some() { 1 } else { 3 };
        let q = leaf("q", [batch, queries, planes * heads * dim], device);
        let kv = self.keys.map(|keys| leaf("kv", [batch, keys, 2 * heads * dim], device));
        let bias = self.bias.map(|[batch, heads]| leaf("bias", [batch, heads, queries, keys], device));
        let key_mask = self.mask.then(|| picks([batch, keys], 2, &q.device()).float());
        let extras = Extras { bias: bias.clone(), key_mask, scale: self.mask.then_some(0.7) };
        let out = match &kv {
            Some(kv) => cross_attention(q.clone(), kv.clone(), heads, extras),
            None => attention(q.clone(), heads, extras),
        };
        let gradients = backward(&out);
        let slopes = [gradient(&q, &gradients)].into_iter().chain(kv.map(|kv| gradient(&kv, &gradients)));
        [flat(out)].into_iter().chain(slopes).chain(bias.map(|bias| gradient(&bias, &gradients))).collect()
    }
}

pub(super) fn cases() -> Vec<Case> {
    let plain = [[1, 1, 1, 1], [2, 13, 3, 5], [1, 70, 2, 64], [2, 35, 2, 32], [1, 9, 1, 128]].map(Given::new);
    let with_bias = |bias| Given { bias: Some(bias), ..Given::new([2, 37, 3, 8]) };
    let extras = [
        with_bias([1, 3]),
        with_bias([2, 3]),
        Given { mask: true, ..with_bias([2, 1]) },
        Given { mask: true, ..Given::new([5, 3, 2, 6]) },
        Given { keys: Some(41), ..Given::new([2, 7, 2, 16]) },
        Given { keys: Some(5), mask: true, ..with_bias([1, 1]) },
    ];
    let mut cases = Vec::new();
    for given in plain.into_iter().chain(extras) {
        let Given { batch, queries, heads, dim, .. } = given;
        let sizes = [batch, queries, given.keys.unwrap_or(queries), heads, dim];
        cases.push(Case::new("attention", &sizes, 1e-4, move |device| given.run(device)));
        // The form that this adapter does not take is checked on it all the same.
        cases.push(Case::new("attention", &sizes, 1e-4, move |device| {
            let own = software();
            set_software(!own);
            let results = given.run(device);
            set_software(own);
            results
        }));
    }
    // Keys of one number a head, and those of no difference, are chosen by their place.
    for ([batch, tokens, heads, dim], keys, always) in
        [([1, 1, 1, 1], 1, 0), ([2, 17, 2, 4], 4, 1), ([1, 70, 3, 5], 70, 0), ([2, 130, 1, 8], 33, 2)]
    {
        cases.push(Case::new("largest_keys", &[batch, tokens, heads, dim, keys, always], 0.0, move |device| {
            let whole = (noise("qkv", [batch, tokens, 3 * heads * dim], device) * 4.0).round();
            let bias = largest_keys(whole, heads, Largest { keys, always });
            vec![flat(bias.equal_elem(0.0).float())]
        }));
    }
    cases
}
