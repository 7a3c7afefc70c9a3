//! Kernels: every template is valid WGSL within the limits, every twin agrees with burn's own operations, forward and
//! backward, and every kernel on a GPU agrees with its twin.

use burn::tensor::{Device, Distribution, Gradients, Int, Tensor, TensorData};
use masquerade_engine::kernels::adamw::{AdamwStep, adamw};
use masquerade_engine::kernels::attention::attention;
use masquerade_engine::kernels::gather_tokens::{gather_tokens, scatter_tokens};
use masquerade_engine::kernels::gelu::bias_gelu;
use masquerade_engine::kernels::layer_norm::layer_norm;
use masquerade_engine::kernels::patch_error::patch_error;
use masquerade_engine::kernels::patchify::{self, Cut, Order, patchify};
use masquerade_engine::kernels::similarity_map::similarity_map;
use masquerade_engine::kernels::{ALL, check};
use masquerade_engine::rng::Rng;
use naga::valid::{Capabilities, ValidationFlags, Validator};

/// Numbers in −1 … 1, a leaf of the graph.
fn leaf<const R: usize>(name: &str, shape: [usize; R]) -> Tensor<R> {
    let mut rng = Rng::new(3, name);
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| rng.between(-1.0, 1.0)).collect();
    Tensor::from_data(TensorData::new(values, shape), &Device::flex().autodiff()).require_grad()
}

fn picks<const R: usize>(shape: [usize; R], below: usize) -> Tensor<R, Int> {
    let mut rng = Rng::new(3, "picks");
    let values: Vec<i32> = (0..shape.iter().product()).map(|_| rng.below(below) as i32).collect();
    Tensor::from_data(TensorData::new(values, shape), &Device::flex().autodiff())
}

fn values<const R: usize>(tensor: Tensor<R>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap()
}

#[track_caller]
fn close(what: &str, got: &[f32], wanted: &[f32], tolerance: f32) {
    assert_eq!(got.len(), wanted.len(), "{what}");
    let largest = wanted.iter().fold(1e-6_f32, |m, v| m.max(v.abs()));
    for (i, (a, b)) in got.iter().zip(wanted).enumerate() {
        assert!((a - b).abs() <= tolerance * largest, "{what} [{i}]: {a} instead of {b}");
    }
}

/// Reads the gradient of one input.
type Leaf<'a> = dyn Fn(&Gradients) -> Option<Vec<f32>> + 'a;

/// Compare results, and the gradients of the leaves, of two ways to compute the same.
#[track_caller]
fn same<const R: usize>(kernel: Tensor<R>, stock: Tensor<R>, tolerance: f32, leaves: &[&Leaf<'_>]) {
    close("forward", &values(kernel.clone()), &values(stock.clone()), tolerance);
    let slope = Tensor::<R>::from_data(leaf("slope", kernel.dims()).into_data(), &kernel.device());
    let (a, b) = ((kernel * slope.clone()).sum().backward(), (stock * slope).sum().backward());
    for (i, leaf) in leaves.iter().enumerate() {
        close(&format!("gradient {i}"), &leaf(&a).unwrap(), &leaf(&b).unwrap(), tolerance);
    }
}

fn gradient<const R: usize>(leaf: &Tensor<R>) -> impl Fn(&Gradients) -> Option<Vec<f32>> {
    move |gradients| leaf.grad(gradients).map(values)
}

#[test]
fn templates_are_valid_wgsl() {
    for info in ALL {
        assert!(!info.examples.is_empty(), "{} has no example", info.stem);
        for example in info.examples {
            let text = info.expand(example).unwrap();
            let module = naga::front::wgsl::parse_str(&text).unwrap_or_else(|e| panic!("{}: {}", info.stem, e.emit_to_string(&text)));
            if let Err(e) = Validator::new(ValidationFlags::all(), Capabilities::empty()).validate(&module) {
                panic!("{}: {}", info.stem, e.emit_to_string(&text));
            }
            let [entry] = &module.entry_points[..] else { panic!("{} needs one entry point", info.stem) };
            assert_eq!(entry.name, "main", "{}", info.stem);
            assert!(entry.workgroup_size.iter().product::<u32>() <= 256, "{}: too many invocations", info.stem);
            let mut layouter = naga::proc::Layouter::default();
            layouter.update(module.to_ctx()).unwrap();
            let bytes = |space: naga::AddressSpace| {
                let variables = module.global_variables.iter().filter(|(_, v)| v.space == space);
                variables.map(|(_, v)| layouter[v.ty].size).sum::<u32>()
            };
            assert!(bytes(naga::AddressSpace::WorkGroup) <= 16 * 1024, "{}: too much workgroup memory", info.stem);
            let storage = module.global_variables.iter().filter(|(_, v)| matches!(v.space, naga::AddressSpace::Storage { .. }));
            assert!(storage.count() <= 8, "{}: too many storage buffers", info.stem);
        }
    }
}

#[test]
fn a_placeholder_without_a_value_is_an_error() {
    let error = ALL[0].expand(&[]).unwrap_err().report();
    assert!(error.title.contains(ALL[0].stem) && error.why.contains("workgroup"), "{error:?}");
}

#[test]
fn gather_and_scatter_agree_with_burn() {
    for [batch, tokens, few, width] in [[1, 1, 1, 1], [2, 7, 3, 5], [3, 20, 25, 9]] {
        let index = picks([batch, few], tokens);
        let wide = index.clone().unsqueeze_dim::<3>(2).repeat_dim(2, width);
        let x = leaf("x", [batch, tokens, width]);
        same(gather_tokens(x.clone(), index.clone()), x.clone().gather(1, wide.clone()), 1e-6, &[&gradient(&x)]);
        let y = leaf("y", [batch, few, width]);
        let zeros = Tensor::zeros([batch, tokens, width], &y.device());
        let stock = zeros.scatter(1, wide, y.clone(), burn::tensor::IndexingUpdateOp::Add);
        same(scatter_tokens(y.clone(), index, tokens), stock, 1e-6, &[&gradient(&y)]);
    }
}

#[test]
fn an_index_out_of_range_gives_zeros() {
    let device = Device::flex();
    let x = Tensor::<3>::ones([1, 2, 2], &device);
    let index = Tensor::<2, Int>::from_data([[-1, 1, 2]], &device);
    assert_eq!(values(gather_tokens(x.clone(), index)), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
    let index = Tensor::<2, Int>::from_data([[7, 1]], &device);
    assert_eq!(values(scatter_tokens(x, index, 2)), [0.0, 0.0, 1.0, 1.0]);
}

#[test]
fn similarity_map_is_the_cosine() {
    let (batch, tokens, width) = (2, 6, 11);
    let x = Tensor::<3>::random([batch, tokens, width], Distribution::Default, &Device::flex());
    let query = Tensor::<1, Int>::from_data([4, 0], &Device::flex());
    let got = values(similarity_map(x.clone(), query));
    let x = values(x);
    let token = |b: usize, t: usize| &x[(b * tokens + t) * width..][..width];
    for (b, q) in [(0, 4), (1, 0)] {
        for t in 0..tokens {
            let dot = |p: &[f32], r: &[f32]| p.iter().zip(r).map(|(a, b)| a * b).sum::<f32>();
            let cosine = dot(token(b, t), token(b, q)) / (dot(token(b, t), token(b, t)) * dot(token(b, q), token(b, q))).sqrt();
            close("cosine", &[got[b * tokens + t]], &[cosine], 1e-5);
        }
    }
    let zeros = Tensor::<3>::zeros([1, 3, 4], &Device::flex());
    assert_eq!(values(similarity_map(zeros, Tensor::from_data([1], &Device::flex()))), [0.0; 3]);
}

#[test]
fn patch_error_agrees_with_burn() {
    for (shape, norm_pix) in [([1, 1, 2], true), ([2, 7, 49], false), ([3, 5, 48], true)] {
        let [batch, patches, _] = shape;
        let (pred, target) = (leaf("pred", shape), leaf("target", shape).detach());
        let mask = picks([batch, patches], 2).float();
        let goal = if norm_pix {
            let (variance, mean) = target.clone().var_mean(2);
            (target.clone() - mean) / (variance + 1e-6).sqrt()
        } else {
            target.clone()
        };
        let stock = (pred.clone() - goal).powf_scalar(2.0).mean_dim(2).squeeze_dim::<2>(2) * mask.clone();
        same(patch_error(pred.clone(), target, mask, norm_pix), stock, 1e-5, &[&gradient(&pred)]);
    }
}

#[test]
fn layer_norm_agrees_with_burn() {
    for [batch, tokens, width] in [[1, 1, 3], [2, 9, 65], [3, 400, 16]] {
        let (x, gamma, beta) = (leaf("x", [batch, tokens, width]), leaf("gamma", [width]), leaf("beta", [width]));
        let off = x.clone() - x.clone().mean_dim(2);
        let variance = off.clone().powf_scalar(2.0).mean_dim(2);
        let stock = off / (variance + 1e-6).sqrt() * gamma.clone().reshape([1, 1, width]) + beta.clone().reshape([1, 1, width]);
        let kernel = layer_norm(x.clone(), gamma.clone(), beta.clone(), 1e-6);
        same(kernel, stock, 2e-5, &[&gradient(&x), &gradient(&gamma), &gradient(&beta)]);
    }
}

#[test]
fn attention_agrees_with_burn() {
    for [batch, tokens, heads, dim] in [[1, 1, 1, 1], [2, 13, 3, 5], [2, 50, 4, 16], [1, 70, 2, 64]] {
        let qkv = leaf("qkv", [batch, tokens, 3 * heads * dim]);
        let planes = qkv.clone().reshape([batch, tokens, 3, heads, dim]).permute([2, 0, 3, 1, 4]);
        let plane = |i: usize| planes.clone().narrow(0, i, 1).squeeze_dim::<4>(0);
        let scores = plane(0).matmul(plane(1).transpose()) / (dim as f32).sqrt();
        let stock = burn::tensor::activation::softmax(scores, 3).matmul(plane(2));
        let stock = stock.swap_dims(1, 2).reshape([batch, tokens, heads * dim]);
        same(attention(qkv.clone(), heads), stock, 2e-5, &[&gradient(&qkv)]);
    }
}

#[test]
fn gelu_agrees_with_burn() {
    for [rows, width] in [[1, 1], [7, 33], [300, 16]] {
        let (x, bias) = (leaf("x", [rows, width]), leaf("bias", [width]));
        let stock = burn::tensor::activation::gelu(x.clone() * 6.0 + bias.clone().reshape([1, width]));
        same(bias_gelu(x.clone() * 6.0, bias.clone()), stock, 1e-5, &[&gradient(&x), &gradient(&bias)]);
    }
}

#[test]
fn adamw_is_the_published_rule() {
    let device = Device::flex();
    let (rate, beta1, beta2, eps, decay) = (1e-2_f64, 0.9_f64, 0.95_f64, 1e-8_f64, 0.05_f64);
    let (mut p, mut m, mut v) = (0.7_f64, 0.0_f64, 0.0_f64);
    let mut kernel = [p, m, v].map(|x| Tensor::<1>::full([3], x, &device));
    for step in 1..=5_i32 {
        let g = f64::from(step) * 0.3 - 0.8;
        m = beta1 * m + (1.0 - beta1) * g;
        v = beta2 * v + (1.0 - beta2) * g * g;
        let (first, second) = (m / (1.0 - beta1.powi(step)), v / (1.0 - beta2.powi(step)));
        p -= rate * decay * p + rate * first / (second.sqrt() + eps);
        let [weight, first, second] = kernel;
        let numbers = AdamwStep::new(step as u64, rate as f32, (beta1 as f32, beta2 as f32), eps as f32, decay as f32);
        // A second owner of the moment: the step must not write into it.
        let kept = first.clone();
        let before = values(kept.clone());
        kernel = adamw(weight, Tensor::full([3], g, &device), first, second, numbers);
        assert_eq!(values(kept), before);
        for (tensor, wanted) in kernel.iter().zip([p, m, v]) {
            close("adamw", &values(tensor.clone()), &[wanted as f32; 3], 1e-5);
        }
    }
}

#[test]
fn kernels_take_transposed_inputs() {
    let x = leaf("x", [2, 5, 4]);
    let (gamma, beta) = (leaf("gamma", [5]), leaf("beta", [5]));
    let turned = layer_norm(x.clone().swap_dims(1, 2), gamma.clone(), beta.clone(), 1e-5);
    let copied = Tensor::<3>::from_data(x.clone().swap_dims(1, 2).into_data(), &x.device());
    close("layer_norm", &values(turned), &values(layer_norm(copied, gamma, beta, 1e-5)), 1e-6);
}

#[test]
fn kernels_on_the_gpu_agree_with_their_twins() {
    let Some(device) = masquerade_tests::gpu() else { return };
    let lines = masquerade_tests::block_on(check::check(&device));
    assert!(lines.iter().all(|line| line.ok), "{lines:#?}");
    for info in ALL {
        let covered = lines.iter().any(|line| info.stem.starts_with(&line.kernel));
        assert!(covered, "{} is not checked", info.stem);
    }
}

#[test]
fn patchify_agrees_with_tensor_operations() {
    let mut rng = Rng::new(3, "bytes");
    for (shape, patch) in [([1, 1, 1, 1], [1, 1]), ([3, 6, 10, 3], [3, 2]), ([2, 8, 8, 1], [4, 4]), ([2, 4, 6, 4], [4, 6])] {
        let count = shape.iter().product::<usize>().div_ceil(4);
        let words: Vec<i32> = (0..count).map(|_| rng.below(1 << 32) as u32 as i32).collect();
        let bytes = Tensor::<1, Int>::from_data(TensorData::new(words, [count]), &Device::flex());
        for order in [Order::ChannelFirst, Order::ChannelLast] {
            let cut = Cut { shape, patch, order, scale: [0.02, 0.03, 0.01, 0.04], shift: [1.5, 2.0, 0.5, 1.0] };
            close("patches", &values(patchify(bytes.clone(), cut)), &values(patchify::stock(bytes.clone(), cut)), 1e-6);
        }
    }
}
