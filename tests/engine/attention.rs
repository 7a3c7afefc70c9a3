//! Attention: the CPU twin against burn's own operations, forward and backward, and against finite differences.

use burn::tensor::{Device, Tensor, TensorData};
use masquerade_engine::kernels::attention::{Extras, attention, cross_attention, stock};

use super::kernels::{close, gradient, leaf, same, values};

/// Two of three keys may be looked at, and none of the second sample.
fn mask([batch, keys]: [usize; 2]) -> Tensor<2> {
    let values = (0..batch * keys).map(|i| if i / keys != 1 && i % 3 != 1 { 1.0 } else { 0.0 }).collect::<Vec<f32>>();
    Tensor::from_data(TensorData::new(values, [batch, keys]), &Device::flex().autodiff())
}

/// Every way to give extras: planes of the bias, and whether there is a mask.
const EXTRAS: [(Option<[usize; 2]>, bool); 7] = [
    (None, false),
    (None, true),
    (Some([1, 1]), false),
    (Some([1, 3]), false),
    (Some([3, 3]), false),
    (Some([3, 1]), true),
    (Some([3, 3]), true),
];

#[test]
fn attention_agrees_with_burn() {
    for [batch, tokens, heads, dim] in [[1, 1, 1, 1], [2, 13, 3, 5], [2, 50, 4, 16], [1, 70, 2, 64], [1, 300, 1, 12]] {
        let qkv = leaf("qkv", [batch, tokens, 3 * heads * dim]);
        let wanted = stock(qkv.clone(), None, heads, Extras::default());
        same(attention(qkv.clone(), heads, Extras::default()), wanted, 2e-5, &[&gradient(&qkv)]);
    }
}

#[test]
fn attention_with_extras_agrees_with_burn() {
    let (batch, heads) = (3, 3);
    for [tokens, dim] in [[7, 5], [70, 8], [140, 4]] {
        for (planes, masked) in EXTRAS {
            let qkv = leaf("qkv", [batch, tokens, 3 * heads * dim]);
            let bias = planes.map(|[batch, heads]| leaf("bias", [batch, heads, tokens, tokens]));
            let extras =
                Extras { bias: bias.clone(), key_mask: masked.then(|| mask([batch, tokens])), scale: Some(0.9) };
            let wanted = stock(qkv.clone(), None, heads, extras.clone());
            let got = attention(qkv.clone(), heads, extras);
            match &bias {
                Some(bias) => same(got, wanted, 2e-5, &[&gradient(&qkv), &gradient(bias)]),
                None => same(got, wanted, 2e-5, &[&gradient(&qkv)]),
            }
        }
    }
}

#[test]
fn cross_attention_agrees_with_burn() {
    let (batch, heads, dim) = (3, 3, 6);
    for [queries, keys] in [[1, 9], [9, 3], [20, 70]] {
        for (planes, masked) in EXTRAS {
            let (q, kv) = (leaf("q", [batch, queries, heads * dim]), leaf("kv", [batch, keys, 2 * heads * dim]));
            let bias = planes.map(|[batch, heads]| leaf("bias", [batch, heads, queries, keys]));
            let extras = Extras { bias: bias.clone(), key_mask: masked.then(|| mask([batch, keys])), scale: None };
            let wanted = stock(q.clone(), Some(kv.clone()), heads, extras.clone());
            let got = cross_attention(q.clone(), kv.clone(), heads, extras);
            match &bias {
                Some(bias) => same(got, wanted, 2e-5, &[&gradient(&q), &gradient(&kv), &gradient(bias)]),
                None => same(got, wanted, 2e-5, &[&gradient(&q), &gradient(&kv)]),
            }
        }
    }
}

#[test]
fn only_what_needs_a_gradient_gets_one() {
    let (heads, dim) = (2, 4);
    let (q, kv, bias) =
        (leaf("q", [2, 5, heads * dim]), leaf("kv", [2, 6, 2 * heads * dim]), leaf("bias", [1, 2, 5, 6]));
    // A leaf that is detached is still one.
    let alone = |leaf: &Tensor<3>| leaf.clone().detach().set_require_grad(false);
    let (q_alone, kv_alone) = (alone(&q), alone(&kv));
    let extras = Extras { bias: Some(bias.clone()), ..Extras::default() };
    let all = cross_attention(q.clone(), kv.clone(), heads, extras.clone()).sum().backward();
    for (q, kv, leaf) in [(q.clone(), kv_alone.clone(), 0), (q_alone.clone(), kv.clone(), 1), (q_alone, kv_alone, 2)] {
        let bias = if leaf == 2 { bias.clone() } else { bias.clone().detach().set_require_grad(false) };
        let extras = Extras { bias: Some(bias.clone()), ..Extras::default() };
        let some = cross_attention(q.clone(), kv.clone(), heads, extras).sum().backward();
        let (a, b) = match leaf {
            0 => (gradient(&q)(&some), gradient(&q)(&all)),
            1 => (gradient(&kv)(&some), gradient(&kv)(&all)),
            _ => (gradient(&bias)(&some), gradient(&bias)(&all)),
        };
        close("gradient", &a.unwrap(), &b.unwrap(), 1e-6);
        assert_eq!(q.grad(&some).is_some(), leaf == 0);
        assert_eq!(kv.grad(&some).is_some(), leaf == 1);
    }
}

#[test]
fn a_sample_without_keys_gives_zeros() {
    let qkv = leaf("qkv", [2, 9, 24]);
    let bias = leaf("bias", [2, 2, 9, 9]);
    let extras = Extras { bias: Some(bias.clone()), key_mask: Some(mask([2, 9])), scale: None };
    let out = attention(qkv.clone(), 2, extras);
    let gradients = out.clone().sum().backward();
    for values in [values(out), gradient(&qkv)(&gradients).unwrap(), gradient(&bias)(&gradients).unwrap()] {
        assert!(values.iter().all(|v| v.is_finite()));
        assert!(values[..values.len() / 2].iter().any(|v| *v != 0.0));
        assert!(values[values.len() / 2..].iter().all(|v| *v == 0.0));
    }
}

#[test]
fn gradients_of_attention_are_those_of_finite_differences() {
    let (q, kv, bias) = (leaf("q", [1, 3, 8]), leaf("kv", [1, 4, 16]), leaf("bias", [1, 2, 3, 4]));
    let mask = Tensor::<2>::from_data([[1.0, 1.0, 0.0, 1.0]], &q.device());
    let slope = values(leaf("slope", [1, 3, 8]));
    let loss = |q: Tensor<3>, kv: Tensor<3>, bias: Tensor<4>| {
        let extras = Extras { bias: Some(bias), key_mask: Some(mask.clone()), scale: None };
        let out = cross_attention(q, kv, 2, extras);
        out * Tensor::<1>::from_floats(slope.as_slice(), &mask.device()).reshape([1, 3, 8])
    };
    let gradients = loss(q.clone(), kv.clone(), bias.clone()).sum().backward();
    let (step, device) = (1e-2_f32, mask.device());
    let moved = |values: &[f32], i: usize, by: f32| {
        let mut values = values.to_vec();
        values[i] += by;
        Tensor::<1>::from_floats(values.as_slice(), &device)
    };
    let total = |out: Tensor<3>| values(out).iter().map(|v| f64::from(*v)).sum::<f64>();
    let check = |what: &str, start: Vec<f32>, slopes: Vec<f32>, at: &dyn Fn(Tensor<1>) -> f64| {
        let measured: Vec<f32> = (0..start.len())
            .map(|i| ((at(moved(&start, i, step)) - at(moved(&start, i, -step))) / f64::from(2.0 * step)) as f32)
            .collect();
        close(what, &slopes, &measured, 2e-3);
    };
    let slopes =
        [gradient(&q)(&gradients).unwrap(), gradient(&kv)(&gradients).unwrap(), gradient(&bias)(&gradients).unwrap()];
    let [d_q, d_kv, d_bias] = slopes;
    check("q", values(q.clone()), d_q, &|x| total(loss(x.reshape([1, 3, 8]), kv.clone(), bias.clone())));
    check("kv", values(kv.clone()), d_kv, &|x| total(loss(q.clone(), x.reshape([1, 4, 16]), bias.clone())));
    check("bias", values(bias.clone()), d_bias, &|x| total(loss(q.clone(), kv.clone(), x.reshape([1, 2, 3, 4]))));
}

#[test]
fn heads_too_wide_for_the_kernels_take_burns_operations() {
    let qkv = Tensor::<3>::ones([1, 3, 3 * 200], &Device::flex());
    close("ones", &values(attention(qkv, 1, Extras::default())), &[1.0; 600], 1e-6);
}
