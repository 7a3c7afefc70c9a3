//! The gradient of every kernel against central finite differences of its own forward pass.

use burn::tensor::{Device, Int, Tensor, TensorData};
use masquerade_engine::kernels::activations::bias_gelu;
use masquerade_engine::kernels::contrast::{How, contrast, info_nce, nt_xent};
use masquerade_engine::kernels::losses::{cross_entropy, patch_error};
use masquerade_engine::kernels::norms::layer_norm;
use masquerade_engine::kernels::products::{linear, mlp};
use masquerade_engine::kernels::tokens::{gather_tokens, scatter_tokens};
use masquerade_engine::rng::Rng;

use crate::kernels::{close, values};

/// Half the distance of two differences: about the cube root of f32's precision.
const STEP: f32 = 1e-2;

/// Numbers in −1 … 1.
fn numbers(name: &str, count: usize) -> Vec<f32> {
    let mut rng = Rng::new(5, name);
    (0..count).map(|_| rng.between(-1.0, 1.0)).collect()
}

fn flat(values: &[f32]) -> Tensor<1> {
    Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), &Device::flex().autodiff())
}

/// `compute` takes flat inputs of `counts` values; its result is weighed by fixed numbers and summed, and the gradient
/// of every input is compared with what moving each of its values changes. `tolerance` is relative to the largest
/// entry.
#[track_caller]
pub fn check(what: &str, counts: &[usize], tolerance: f32, compute: impl Fn(&[Tensor<1>]) -> Tensor<1>) {
    let starts: Vec<Vec<f32>> =
        counts.iter().enumerate().map(|(i, count)| numbers(&format!("{what} {i}"), *count)).collect();
    let weigh = |out: Tensor<1>| {
        let slope = flat(&numbers("slope", out.dims()[0]));
        out * slope
    };
    let leaves: Vec<Tensor<1>> = starts.iter().map(|start| flat(start).require_grad()).collect();
    let gradients = weigh(compute(&leaves)).sum().backward();
    // Summed in f64: the differences are small beside the sum.
    let at = |inputs: &[Tensor<1>]| values(weigh(compute(inputs))).iter().map(|v| f64::from(*v)).sum::<f64>();
    for (input, start) in starts.iter().enumerate() {
        let moved = |i: usize, by: f32| {
            let mut inputs: Vec<Tensor<1>> = starts.iter().map(|s| flat(s)).collect();
            let mut changed = start.clone();
            changed[i] += by;
            inputs[input] = flat(&changed);
            at(&inputs)
        };
        let measured: Vec<f32> =
            (0..start.len()).map(|i| ((moved(i, STEP) - moved(i, -STEP)) / f64::from(2.0 * STEP)) as f32).collect();
        let computed =
            values(leaves[input].grad(&gradients).unwrap_or_else(|| panic!("{what}: no gradient of input {input}")));
        close(&format!("{what}, input {input}"), &computed, &measured, tolerance);
    }
}

fn indices<const R: usize>(values: &[i32], shape: [usize; R]) -> Tensor<R, Int> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), &Device::flex().autodiff())
}

#[test]
fn layers() {
    check("layer norm", &[3 * 7, 7, 7], 5e-3, |x| {
        layer_norm(x[0].clone().reshape([3, 7]), x[1].clone(), x[2].clone(), 1e-6).reshape([21])
    });
    check("bias and GELU", &[3 * 5, 5], 2e-3, |x| bias_gelu(x[0].clone().reshape([3, 5]), x[1].clone()).reshape([15]));
    check("linear", &[3 * 5, 4 * 5, 4, 3 * 4], 2e-3, |x| {
        let (rows, weight) = (x[0].clone().reshape([3, 5]), x[1].clone().reshape([4, 5]));
        linear(rows, weight, Some(x[2].clone()), Some(x[3].clone().reshape([3, 4]))).reshape([12])
    });
    check("mlp", &[3 * 4, 6 * 4, 6, 5 * 6, 5, 3 * 5], 5e-3, |x| {
        let first = (x[1].clone().reshape([6, 4]), x[2].clone());
        let second = (x[3].clone().reshape([5, 6]), x[4].clone());
        mlp(x[0].clone().reshape([3, 4]), first, second, Some(x[5].clone().reshape([3, 5]))).reshape([15])
    });
}

#[test]
fn tokens() {
    let kept = indices(&[4, 0, 2, 1, 3, 3], [2, 3]);
    check("gather", &[2 * 5 * 3], 2e-3, |x| gather_tokens(x[0].clone().reshape([2, 5, 3]), kept.clone()).reshape([18]));
    let places = indices(&[4, 0, 2, 1, 3, 0], [2, 3]);
    check("scatter", &[2 * 3 * 3], 2e-3, |x| {
        scatter_tokens(x[0].clone().reshape([2, 3, 3]), places.clone(), 5).reshape([30])
    });
    let target =
        Tensor::<3>::from_data(TensorData::new(numbers("target", 2 * 3 * 4), [2, 3, 4]), &Device::flex().autodiff());
    let mask = Tensor::<2>::from_data([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]], &Device::flex().autodiff());
    for norm_pix in [false, true] {
        check(&format!("patch error {norm_pix}"), &[2 * 3 * 4], 2e-3, |x| {
            patch_error(x[0].clone().reshape([2, 3, 4]), target.clone(), mask.clone(), norm_pix).reshape([6])
        });
    }
}

#[test]
fn objectives() {
    let targets = Tensor::<2>::from_data([[0.7, 0.1, 0.2], [0.0, 1.0, 0.0]], &Device::flex().autodiff());
    check("cross-entropy", &[2 * 3], 2e-3, |x| {
        cross_entropy(x[0].clone().reshape([2, 3]), targets.clone()).reshape([2])
    });
    let positive = indices(&[1, 0, 3, 2, 5, 4], [6]);
    check("NT-Xent", &[6 * 4], 5e-3, |x| {
        nt_xent(x[0].clone().reshape([6, 4]), positive.clone(), 0.5, None).reshape([1])
    });
    let excluded = indices(&[0, 0, 1, 1, 0, 0], [6]);
    check("NT-Xent with pairs that do not count", &[6 * 4], 5e-3, |x| {
        nt_xent(x[0].clone().reshape([6, 4]), positive.clone(), 0.5, Some(excluded.clone())).reshape([1])
    });
    let key = indices(&[2, 0, 1, 4, 3], [5]);
    for symmetric in [false, true] {
        check(&format!("InfoNCE, symmetric {symmetric}"), &[5 * 4, 5 * 4], 5e-3, |x| {
            info_nce(x[0].clone().reshape([5, 4]), x[1].clone().reshape([5, 4]), key.clone(), 0.5, None, symmetric)
                .reshape([1])
        });
    }
    check("contrast with a learnt scale", &[5 * 4, 6 * 4, 1], 5e-3, |x| {
        let (rows, keys) = (x[0].clone().reshape([5, 4]), x[1].clone().reshape([6, 4]));
        // The scale must be above zero.
        let scale = x[2].clone().powi_scalar(2).add_scalar(0.5);
        contrast(
            rows,
            Some(keys),
            Some(scale),
            key.clone(),
            None,
            How { scale: 1.0, normalise: true, symmetric: false },
        )
        .reshape([1])
    });
}
