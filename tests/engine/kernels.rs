//! Kernels: every template is valid WGSL within the limits, every twin agrees with burn's own operations, forward and
//! backward, and every kernel on a GPU agrees with its twin.

use burn::tensor::{Device, Distribution, Gradients, Int, Tensor, TensorData};
use masquerade_engine::kernel_checks;
use masquerade_engine::kernels::activations::{bias_gelu, gelu};
use masquerade_engine::kernels::contrast::{self, How, contrast, info_nce, nt_xent};
use masquerade_engine::kernels::losses::{cross_entropy, patch_error};
use masquerade_engine::kernels::norms::layer_norm;
use masquerade_engine::kernels::pictures::{Cut, Depth, Order, patchify};
use masquerade_engine::kernels::products::{linear, mlp};
use masquerade_engine::kernels::tokens::{gather_tokens, scatter_tokens, similarity_map, stock_gather, stock_scatter};
use masquerade_engine::kernels::{ALL, KernelInfo};
use masquerade_engine::rng::Rng;
use naga::valid::{Capabilities, ValidationFlags, Validator};

/// Numbers in −1 … 1, a leaf of the graph.
pub fn leaf<const R: usize>(name: &str, shape: [usize; R]) -> Tensor<R> {
    let mut rng = Rng::new(3, name);
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| rng.between(-1.0, 1.0)).collect();
    Tensor::from_data(TensorData::new(values, shape), &Device::flex().autodiff()).require_grad()
}

fn picks<const R: usize>(shape: [usize; R], below: usize) -> Tensor<R, Int> {
    let mut rng = Rng::new(3, "picks");
    let values: Vec<i32> = (0..shape.iter().product()).map(|_| rng.below(below) as i32).collect();
    Tensor::from_data(TensorData::new(values, shape), &Device::flex().autodiff())
}

pub fn values<const R: usize>(tensor: Tensor<R>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap()
}

#[track_caller]
pub fn close(what: &str, got: &[f32], wanted: &[f32], tolerance: f32) {
    assert_eq!(got.len(), wanted.len(), "{what}");
    let largest = wanted.iter().fold(1e-6_f32, |m, v| m.max(v.abs()));
    for (i, (a, b)) in got.iter().zip(wanted).enumerate() {
        assert!((a - b).abs() <= tolerance * largest, "{what} [{i}]: {a} instead of {b}");
    }
}

/// Reads the gradient of one input.
pub type Leaf<'a> = dyn Fn(&Gradients) -> Option<Vec<f32>> + 'a;

/// Compare results, and the gradients of the leaves, of two ways to compute the same.
#[track_caller]
pub fn same<const R: usize>(kernel: Tensor<R>, stock: Tensor<R>, tolerance: f32, leaves: &[&Leaf<'_>]) {
    close("forward", &values(kernel.clone()), &values(stock.clone()), tolerance);
    let slope = Tensor::<R>::from_data(leaf("slope", kernel.dims()).into_data(), &kernel.device());
    let (a, b) = ((kernel * slope.clone()).sum().backward(), (stock * slope).sum().backward());
    for (i, leaf) in leaves.iter().enumerate() {
        close(&format!("gradient {i}"), &leaf(&a).unwrap(), &leaf(&b).unwrap(), tolerance);
    }
}

pub fn gradient<const R: usize>(leaf: &Tensor<R>) -> impl Fn(&Gradients) -> Option<Vec<f32>> {
    move |gradients| leaf.grad(gradients).map(values)
}

#[test]
fn templates_are_valid_wgsl() {
    for info in ALL {
        assert!(!info.examples.is_empty(), "{} has no example", info.stem);
        for example in info.examples {
            let text = info.expand(example).unwrap();
            let module = naga::front::wgsl::parse_str(&text)
                .unwrap_or_else(|e| panic!("{}: {}", info.stem, e.emit_to_string(&text)));
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
            let storage =
                module.global_variables.iter().filter(|(_, v)| matches!(v.space, naga::AddressSpace::Storage { .. }));
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
        let x = leaf("x", [batch, tokens, width]);
        same(gather_tokens(x.clone(), index.clone()), stock_gather(x.clone(), index.clone()), 1e-6, &[&gradient(&x)]);
        let y = leaf("y", [batch, few, width]);
        let stock = stock_scatter(y.clone(), index.clone(), tokens);
        same(scatter_tokens(y.clone(), index, tokens), stock, 1e-6, &[&gradient(&y)]);
    }
}

#[test]
fn an_index_out_of_range_gives_zeros() {
    let device = Device::flex();
    let x = Tensor::<3>::ones([1, 2, 2], &device);
    let index = Tensor::<2, Int>::from_data([[-1, 1, 2]], &device);
    assert_eq!(values(gather_tokens(x.clone(), index.clone())), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
    assert_eq!(values(stock_gather(x.clone(), index)), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
    let index = Tensor::<2, Int>::from_data([[7, 1]], &device);
    assert_eq!(values(scatter_tokens(x.clone(), index.clone(), 2)), [0.0, 0.0, 1.0, 1.0]);
    assert_eq!(values(stock_scatter(x, index, 2)), [0.0, 0.0, 1.0, 1.0]);
}

#[test]
fn similarity_map_is_the_cosine() {
    let (batch, tokens, width) = (2, 6, 11);
    let x = Tensor::<3>::random([batch, tokens, width], Distribution::Default, &Device::flex());
    let query = 4;
    let got = values(similarity_map(x.clone(), query));
    close("stock", &got, &values(similarity_map::stock(x.clone(), query)), 1e-5);
    let x = values(x);
    let token = |b: usize, t: usize| &x[(b * tokens + t) * width..][..width];
    for b in 0..batch {
        for t in 0..tokens {
            let dot = |p: &[f32], r: &[f32]| p.iter().zip(r).map(|(a, b)| a * b).sum::<f32>();
            let cosine = dot(token(b, t), token(b, query))
                / (dot(token(b, t), token(b, t)) * dot(token(b, query), token(b, query))).sqrt();
            close("cosine", &[got[b * tokens + t]], &[cosine], 1e-5);
        }
    }
    let zeros = Tensor::<3>::zeros([1, 3, 4], &Device::flex());
    for map in [similarity_map, similarity_map::stock] {
        assert_eq!(values(map(zeros.clone(), 1)), [0.0; 3]);
        assert_eq!(values(map(zeros.clone() + 1.0, 3)), [0.0; 3]);
    }
}

#[test]
fn patch_error_agrees_with_burn() {
    for (shape, norm_pix) in [([1, 1, 2], true), ([2, 7, 49], false), ([3, 5, 48], true)] {
        let [batch, patches, _] = shape;
        let (pred, target) = (leaf("pred", shape), leaf("target", shape).detach());
        let mask = picks([batch, patches], 2).float();
        let stock = patch_error::stock(pred.clone(), target.clone(), mask.clone(), norm_pix);
        same(patch_error(pred.clone(), target, mask, norm_pix), stock, 1e-5, &[&gradient(&pred)]);
    }
}

#[test]
fn layer_norm_agrees_with_burn() {
    for [batch, tokens, width] in [[1, 1, 3], [2, 9, 65], [3, 400, 16]] {
        let (x, gamma, beta) = (leaf("x", [batch, tokens, width]), leaf("gamma", [width]), leaf("beta", [width]));
        let stock = layer_norm::stock(x.clone(), gamma.clone(), beta.clone(), 1e-6);
        let kernel = layer_norm(x.clone(), gamma.clone(), beta.clone(), 1e-6);
        same(kernel, stock, 2e-5, &[&gradient(&x), &gradient(&gamma), &gradient(&beta)]);
    }
}

#[test]
fn loops_of_a_template_are_written_out() {
    let text = "a\n//[ i in 0..count\n  b{{ i }}\n  //[ q in x y\n  c{{ i }}{{ q }}{{ count }}\n  //]\n//]\n//[ j in 0..0\nnever\n//]\nd\n";
    let info = KernelInfo { stem: "none", template: text, examples: &[] };
    let written = info.expand(&[("count", 2)]).unwrap();
    assert_eq!(written.split_whitespace().collect::<Vec<_>>(), ["a", "b0", "c0x2", "c0y2", "b1", "c1x2", "c1y2", "d"]);
    assert!(info.expand(&[]).is_ok_and(|text| !text.contains('c')), "no loop without its count");
}

#[test]
fn linear_layers_agree_with_burn() {
    for [rows, inputs, outputs] in [[1, 1, 1], [7, 5, 3], [33, 48, 20], [130, 20, 65]] {
        let (x, w) = (leaf("x", [rows, inputs]), leaf("w", [outputs, inputs]));
        let (b, r) = (leaf("b", [outputs]), leaf("r", [rows, outputs]));
        for (bias, residual) in [(false, false), (true, false), (false, true), (true, true)] {
            let given = || (bias.then(|| b.clone()), residual.then(|| r.clone()));
            let kernel = linear(x.clone(), w.clone(), given().0, given().1);
            let stock = linear::stock(x.clone(), w.clone(), given().0, given().1);
            let all: [(bool, &Leaf<'_>); 4] =
                [(true, &gradient(&x)), (true, &gradient(&w)), (bias, &gradient(&b)), (residual, &gradient(&r))];
            let leaves: Vec<_> = all.into_iter().filter(|(there, _)| *there).map(|(_, leaf)| leaf).collect();
            same(kernel, stock, 1e-5, &leaves);
        }
    }
}

#[test]
fn two_layers_with_gelu_agree_with_burn() {
    for [rows, inputs, hidden, outputs] in [[1, 1, 1, 1], [7, 5, 11, 3], [65, 24, 96, 24]] {
        let (x, r) = (leaf("x", [rows, inputs]), leaf("r", [rows, outputs]));
        let (w1, b1, w2, b2) =
            (leaf("w1", [hidden, inputs]), leaf("b1", [hidden]), leaf("w2", [outputs, hidden]), leaf("b2", [outputs]));
        let layers = || ((w1.clone(), b1.clone()), (w2.clone(), b2.clone()));
        let kernel = mlp(x.clone() * 3.0, layers().0, layers().1, Some(r.clone()));
        let stock = mlp::stock(x.clone() * 3.0, layers().0, layers().1, Some(r.clone()));
        let leaves: [&Leaf<'_>; 6] =
            [&gradient(&x), &gradient(&w1), &gradient(&b1), &gradient(&w2), &gradient(&b2), &gradient(&r)];
        same(kernel, stock, 2e-5, &leaves);
    }
}

#[test]
fn gelu_agrees_with_burn() {
    for [rows, width] in [[1, 1], [7, 33], [300, 16]] {
        let (x, bias) = (leaf("x", [rows, width]), leaf("bias", [width]));
        let stock = gelu::stock(x.clone() * 6.0, bias.clone());
        same(bias_gelu(x.clone() * 6.0, bias.clone()), stock, 1e-5, &[&gradient(&x), &gradient(&bias)]);
    }
}

#[test]
fn cross_entropy_agrees_with_burn() {
    for [rows, classes] in [[1, 1], [5, 3], [1000, 10], [3, 777]] {
        // Targets that do not sum to one, some of them negative.
        let (logits, targets) = (leaf("logits", [rows, classes]), leaf("targets", [rows, classes]).detach());
        let kernel = cross_entropy(logits.clone() * 20.0, targets.clone());
        same(kernel, cross_entropy::stock(logits.clone() * 20.0, targets), 1e-5, &[&gradient(&logits)]);
    }
}

fn numbers(values: impl IntoIterator<Item = i32>) -> Tensor<1, Int> {
    let values: Vec<i32> = values.into_iter().collect();
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), &Device::flex().autodiff())
}

#[test]
fn nt_xent_agrees_with_burn() {
    for ([rows, width], temperature) in [([2, 1], 0.5), ([6, 3], 0.1), ([98, 33], 0.01), ([700, 16], 0.2)] {
        let x = leaf("x", [rows, width]);
        let how = How { scale: (1.0 / temperature) as f32, normalise: true, symmetric: false };
        for groups in [None, Some(picks([rows], 5) - 1)] {
            let positive = numbers((0..rows as i32).map(|i| i ^ 1));
            let kernel = nt_xent(x.clone(), positive.clone(), temperature, groups.clone());
            same(kernel, contrast::stock(x.clone(), None, None, positive, groups, how), 1e-4, &[&gradient(&x)]);
        }
    }
}

#[test]
fn positives_of_nt_xent_need_not_be_pairs() {
    // A positive that another row has too, one that is the row itself, and two that are not there.
    let (x, positive) = (leaf("x", [21, 8]), numbers((0..21).map(|i| [(i + 5) % 21, 3, i, -1, 21][i as usize % 5])));
    let how = How { scale: 5.0, normalise: true, symmetric: false };
    for groups in [None, Some(picks([21], 4))] {
        let kernel = nt_xent(x.clone(), positive.clone(), 0.2, groups.clone());
        same(kernel, contrast::stock(x.clone(), None, None, positive.clone(), groups, how), 1e-4, &[&gradient(&x)]);
    }
}

#[test]
fn info_nce_agrees_with_burn() {
    for ([rows, keys, width], symmetric) in
        [([1, 1, 4], true), ([7, 301, 19], false), ([300, 40, 5], false), ([150, 150, 40], true)]
    {
        let (a, b) = (leaf("a", [rows, width]), leaf("b", [keys, width]));
        let how = How { scale: 1.0 / 0.07, normalise: true, symmetric };
        let positive = numbers((0..rows as i32).map(|i| (rows as i32 - 1 - i) % keys as i32));
        for groups in [None, Some((picks([rows], 5) - 1, picks([keys], 5) - 1))] {
            let kernel = info_nce(a.clone(), b.clone(), positive.clone(), 0.07, groups.clone(), symmetric);
            let groups = groups.map(|(a, b)| Tensor::cat(vec![a, b], 0));
            let stock = contrast::stock(a.clone(), Some(b.clone()), None, positive.clone(), groups, how);
            same(kernel, stock, 1e-4, &[&gradient(&a), &gradient(&b)]);
        }
    }
}

#[test]
fn keys_without_gradient_are_constants() {
    let (a, b) = (leaf("a", [5, 6]), leaf("b", [40, 6]));
    let of = |keys: Tensor<2>| info_nce(a.clone(), keys, numbers([3, 2, 39, 0, 7]), 0.1, None, false);
    let (with, without) = (of(b.clone()).backward(), of(b.clone().detach()).backward());
    close("queries", &values(a.grad(&without).unwrap()), &values(a.grad(&with).unwrap()), 1e-6);
    assert!(b.grad(&without).is_none());
    // Keys of a device that records nothing.
    let plain = Tensor::<2>::from_data(b.into_data(), &Device::flex());
    close("queries", &values(a.grad(&of(plain).backward()).unwrap()), &values(a.grad(&with).unwrap()), 1e-6);
}

#[test]
fn the_scale_of_scores_can_be_learned() {
    for (keys, normalise, symmetric) in [(Some(9), true, true), (Some(9), false, false), (None, true, false)] {
        let (a, scale) = (leaf("a", [9, 4]), Tensor::<1>::full([1], 3.0, &Device::flex().autodiff()).require_grad());
        let b = keys.map(|keys| leaf("b", [keys, 4]));
        let how = How { scale: 2.0, normalise, symmetric };
        let of = |way: fn(_, _, _, _, _, _) -> _| {
            way(a.clone(), b.clone(), Some(scale.clone()), numbers((0..9).map(|i| (i + 4) % 9)), None, how)
        };
        same(of(contrast), of(contrast::stock), 1e-4, &[&gradient(&a), &gradient(&scale)]);
    }
}

#[test]
fn the_gradient_of_nt_xent_is_its_slope() {
    let (x, step) = (leaf("x", [8, 3]), 1e-2);
    let loss = |x: &Tensor<2>| {
        nt_xent(x.clone(), numbers((0..8).map(|i| i ^ 1)), 0.5, Some(numbers([0, 1, 2, 3, 0, 1, 5, 6])))
    };
    let got = values(x.grad(&loss(&x).backward()).unwrap());
    let at = values(x.clone());
    for i in 0..at.len() {
        let [up, down] = [step, -step].map(|step| {
            let mut moved = at.clone();
            moved[i] += step;
            values(loss(&Tensor::from_data(TensorData::new(moved, [8, 3]), &x.device())))[0]
        });
        assert!(
            (got[i] - (up - down) / (2.0 * step)).abs() < 2e-3,
            "{i}: {} instead of {}",
            got[i],
            (up - down) / (2.0 * step)
        );
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
    let lines = masquerade_tests::block_on(kernel_checks::check(&device));
    assert!(lines.iter().all(|line| line.ok), "{lines:#?}");
    for info in ALL {
        let covered = lines.iter().any(|line| info.stem.starts_with(&line.kernel));
        assert!(covered, "{} is not checked", info.stem);
    }
}

#[test]
fn patchify_agrees_with_tensor_operations() {
    let mut rng = Rng::new(3, "bytes");
    for (shape, patch, depth) in [
        ([1, 1, 1, 1], [1, 1], Depth::Eight),
        ([3, 6, 10, 3], [3, 2], Depth::Eight),
        ([2, 8, 8, 1], [4, 4], Depth::Eight),
        ([2, 4, 6, 4], [4, 6], Depth::Eight),
        ([2, 4, 6, 12], [2, 3], Depth::Eight),
        ([1, 5, 3, 1], [5, 1], Depth::Sixteen),
        ([2, 6, 4, 12], [3, 2], Depth::Sixteen),
    ] {
        let count = depth.words_of(shape.iter().product());
        let words: Vec<i32> = (0..count).map(|_| rng.below(1 << 32) as u32 as i32).collect();
        let words = Tensor::<1, Int>::from_data(TensorData::new(words, [count]), &Device::flex());
        let norm: Vec<f32> = (0..2 * shape[3]).map(|_| rng.between(0.01, 2.0)).collect();
        let norm = Tensor::<2>::from_data(TensorData::new(norm, [2, shape[3]]), &Device::flex());
        for order in [Order::ChannelFirst, Order::ChannelLast] {
            let cut = Cut { shape, patch, order, depth };
            let stock = patchify::stock(words.clone(), norm.clone(), cut);
            close("patches", &values(patchify(words.clone(), norm.clone(), cut)), &values(stock), 1e-6);
        }
    }
}

#[test]
fn stored_values_of_sixteen_bits_come_lower_byte_first() {
    // Two pixels of two channels: 1 and 256, 65,535 and 2; the first channel halved, the second less 10.
    let words = Depth::words(&[1, 0, 0, 1, 255, 255, 2, 0]);
    let words = Tensor::<1, Int>::from_data(TensorData::new(words, [2]), &Device::flex());
    let norm = Tensor::<2>::from_data([[0.5, 1.0], [0.0, 10.0]], &Device::flex());
    let cut = Cut { shape: [1, 1, 2, 2], patch: [1, 2], order: Order::ChannelFirst, depth: Depth::Sixteen };
    assert_eq!(values(patchify(words, norm, cut)), [0.5, 32_767.5, 246.0, -8.0]);
}
