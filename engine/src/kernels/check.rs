//! Every kernel, forward and backward, on a device and on its CPU twin: the same inputs, the largest difference, the
//! times.

mod attention;
mod convolution;
mod graph;
mod neighbour_contrast;
mod points;

use burn::tensor::{Device, Gradients, Int, Tensor, TensorData};

use super::activations::bias_gelu;
use super::contrast::{How, contrast};
use super::losses::{cross_entropy, patch_error};
use super::norms::layer_norm;
use super::optimisers::{Rule, State, Step, Treatment, average, global_norm};
use super::pictures::{Cut, Depth, Order, patchify};
use super::products::{linear, mlp};
use super::sheet;
use super::tokens::{gather_tokens, scatter_tokens, similarity_map};
use crate::clock::Stopwatch;
use crate::error::Result;
use crate::readback::{self, plain};
use crate::rng::Rng;
use crate::session::KernelCheck;

/// One kernel at one size: what it computes on a device, forward results first, then gradients.
struct Case {
    kernel: &'static str,
    sizes: String,
    /// Allowed difference, relative to the largest value of the result.
    tolerance: f64,
    run: Run,
}

type Run = Box<dyn Fn(&Device) -> Vec<Tensor<1>>>;

impl Case {
    fn new(
        kernel: &'static str,
        sizes: &[usize],
        tolerance: f64,
        run: impl Fn(&Device) -> Vec<Tensor<1>> + 'static,
    ) -> Self {
        let sizes = sizes.iter().map(usize::to_string).collect::<Vec<_>>().join(" × ");
        Self { kernel, sizes, tolerance, run: Box::new(run) }
    }

    async fn timed(&self, device: &Device) -> Result<(Vec<Vec<f32>>, f64)> {
        // The first run builds pipelines; only the second is timed.
        readback::many((self.run)(device)).await?;
        let watch = Stopwatch::start();
        let values = readback::many((self.run)(device)).await?;
        Ok((values, watch.seconds() * 1000.0))
    }
}

/// Compare every kernel on `device` with its CPU twin. One line a kernel and size; the error is that of the worst of
/// its results against what is allowed there. A device that does not answer gives a line that failed, and a line in the
/// log.
pub async fn check(device: &Device) -> Vec<KernelCheck> {
    let device = device.clone().without_autodiff();
    let mut lines = Vec::new();
    for case in cases() {
        let (mut error, mut allowed, mut device_ms, mut twin_ms) = (f64::MAX, 0.0, 0.0, 0.0);
        match (case.timed(&device).await, case.timed(&Device::flex()).await) {
            (Ok((got, ms)), Ok((wanted, ms_of_twin))) => {
                (error, allowed) = worst(&got, &wanted, case.tolerance);
                (device_ms, twin_ms) = (ms, ms_of_twin);
            }
            (Err(failed), _) | (_, Err(failed)) => log::error!("{} ({}): {failed}", case.kernel, case.sizes),
        }
        let ok = error <= allowed;
        lines.push(KernelCheck {
            kernel: case.kernel.to_owned(),
            case: case.sizes,
            error,
            allowed,
            ok,
            device_ms,
            twin_ms,
        });
    }
    lines
}

/// The difference and the limit of the result that comes closest to its limit or is farthest beyond.
fn worst(got: &[Vec<f32>], wanted: &[Vec<f32>], tolerance: f64) -> (f64, f64) {
    let mut worst = (0.0, f64::MIN_POSITIVE);
    for (got, wanted) in got.iter().zip(wanted) {
        let largest = wanted.iter().fold(0.0_f64, |m, v| m.max(f64::from(v.abs())));
        let allowed = (largest * tolerance).max(f64::MIN_POSITIVE);
        let differs = got.iter().zip(wanted).map(|(a, b)| f64::from((a - b).abs()));
        // A maximum forgets what is not a number, so that is asked for on its own.
        let broken = got.len() != wanted.len() || got.iter().chain(wanted).any(|v| !v.is_finite());
        let error = if broken { f64::MAX } else { differs.fold(0.0, f64::max) };
        if error / allowed >= worst.0 / worst.1 {
            worst = (error, allowed);
        }
    }
    worst
}

/// Numbers in −1 … 1 that depend on the name and shape alone.
fn noise<const R: usize>(name: &str, shape: [usize; R], device: &Device) -> Tensor<R> {
    let mut rng = Rng::new(1, name);
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| rng.between(-1.0, 1.0)).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// A leaf that gradients are asked for.
fn leaf<const R: usize>(name: &str, shape: [usize; R], device: &Device) -> Tensor<R> {
    noise(name, shape, &device.clone().autodiff()).require_grad()
}

/// Whole numbers in 0 … `below` − 1.
fn picks<const R: usize>(shape: [usize; R], below: usize, device: &Device) -> Tensor<R, Int> {
    let mut rng = Rng::new(1, "picks");
    let values: Vec<i32> = (0..shape.iter().product()).map(|_| rng.below(below) as i32).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

fn flat<const R: usize>(tensor: Tensor<R>) -> Tensor<1> {
    let count = tensor.dims().iter().product::<usize>();
    plain(tensor).reshape([count])
}

/// The gradients of a sum of `out` with uneven weights.
fn backward<const R: usize>(out: &Tensor<R>) -> Gradients {
    (out.clone() * noise("slope", out.dims(), &out.device())).sum().backward()
}

/// A gradient as a result; not a number where none arrived, so that the comparison fails.
fn gradient<const R: usize>(leaf: &Tensor<R>, gradients: &Gradients) -> Tensor<1> {
    leaf.grad(gradients).map_or_else(|| Tensor::full([1], f32::NAN, &leaf.device().without_autodiff()), flat)
}

fn cases() -> Vec<Case> {
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
    for (shape, patch, order, depth) in [
        ([1, 1, 1, 1], [1, 1], Order::ChannelFirst, Depth::Eight),
        ([3, 6, 10, 3], [3, 2], Order::ChannelFirst, Depth::Eight),
        ([2, 28, 28, 3], [7, 7], Order::ChannelLast, Depth::Eight),
        ([2, 12, 8, 13], [4, 4], Order::ChannelFirst, Depth::Sixteen),
        ([1, 5, 3, 1], [5, 1], Order::ChannelLast, Depth::Sixteen),
    ] {
        cases.push(Case::new("patchify", &shape, 1e-6, move |device| {
            let words = picks([depth.words_of(shape.iter().product())], i32::MAX as usize, device);
            let norm = noise("norm", [2, shape[3]], device);
            vec![flat(patchify(words, norm, Cut { shape, patch, order, depth }))]
        }));
    }
    for [rows, width] in [[1, 3], [37, 65], [600, 20]] {
        cases.push(Case::new("layer_norm", &[rows, width], 2e-5, move |device| {
            let (x, gamma, beta) =
                (leaf("x", [rows, width], device), leaf("gamma", [width], device), leaf("beta", [width], device));
            let out = layer_norm(x.clone(), gamma.clone(), beta.clone(), 1e-6);
            let gradients = backward(&out);
            vec![flat(out), gradient(&x, &gradients), gradient(&gamma, &gradients), gradient(&beta, &gradients)]
        }));
    }
    cases.extend(attention::cases());
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
    for [rows, classes] in [[1, 1], [70, 10], [9, 700]] {
        cases.push(Case::new("cross_entropy", &[rows, classes], 1e-5, move |device| {
            let logits = leaf("logits", [rows, classes], device);
            let out = cross_entropy(logits.clone() * 4.0, noise("targets", [rows, classes], &logits.device()) + 1.0);
            let gradients = backward(&out);
            vec![flat(out), gradient(&logits, &gradients)]
        }));
    }
    cases.extend(contrast_cases());
    cases.extend(graph::cases());
    cases.extend(neighbour_contrast::cases());
    cases.extend(points::cases());
    cases.extend(convolution::cases());
    cases.extend(whole_models());
    cases
}

/// What works on all weights of a model at once.
fn whole_models() -> Vec<Case> {
    let (beta1, beta2, eps) = (0.9, 0.95, 1e-6);
    let lars = Rule::Lars { momentum: 0.9, trust: 0.02 };
    let all = |name: &str, device: &Device| -> Vec<Option<Tensor<1>>> {
        SIZES.iter().map(|count| Some(noise(&format!("{name} {count}"), [*count], device))).collect()
    };
    vec![
        Case::new("optimisers_adamw", &SIZES, 1e-5, move |device| {
            steps::<2>(Rule::AdamW { beta1, beta2, eps, coupled: false }, device)
        }),
        Case::new("optimisers_adam_coupled", &SIZES, 1e-5, move |device| {
            steps::<2>(Rule::AdamW { beta1, beta2, eps, coupled: true }, device)
        }),
        Case::new("optimisers_lamb", &SIZES, 1e-5, move |device| steps::<2>(Rule::Lamb { beta1, beta2, eps }, device)),
        Case::new("optimisers_lars", &SIZES, 1e-5, move |device| steps::<1>(lars, device)),
        Case::new("norms", &SIZES, 1e-5, move |device| global_norm(&all("g", device)).into_iter().collect()),
        Case::new("average", &SIZES, 1e-6, move |device| {
            average(all("a", device), all("w", device), 0.9).into_iter().flatten().collect()
        }),
        Case::new("sheet", &SIZES, 1e-6, move |device| {
            let leaves: Vec<Tensor<1>> =
                SIZES.iter().map(|count| leaf(&format!("w {count}"), [*count], device)).collect();
            let weights: Vec<_> = leaves.iter().map(|w| Some(plain(w.clone()))).collect();
            let found = sheet::collect(&weights, || {
                let loss =
                    leaves.iter().map(|w| w.clone().square().sum()).reduce(Tensor::add).map(|loss| loss.backward());
                leaves.iter().map(|w| w.grad(loss.as_ref()?)).collect()
            });
            found.into_iter().flatten().collect()
        }),
    ]
}

/// Values of the weights of a model: one, less than a block of a sheet, some blocks, one more than a block.
const SIZES: [usize; 4] = [1, 231, 12_000, 257];

/// Three steps with clipping, in the second of which one weight has no gradient: weights, norm and moments.
fn steps<const N: usize>(rule: Rule, device: &Device) -> Vec<Tensor<1>> {
    let treatments = [(1.0, 0.0, false), (0.5, 0.05, true), (1.0, 0.05, true), (2.0, 0.1, true)];
    let treatments = treatments.map(|(scale, decay, adapts)| Treatment { scale, decay, adapts });
    let mut state = State::<N>::default();
    let mut weights: Vec<_> = SIZES.iter().map(|count| Some(noise(&format!("p {count}"), [*count], device))).collect();
    let mut norms = Vec::new();
    for (number, rate) in [1e-2, 2e-2, 5e-3].into_iter().enumerate() {
        let slope = |count: &usize| {
            (number != 1 || *count != 231).then(|| noise(&format!("g {number} {count}"), [*count], device))
        };
        let gradients: Vec<_> = SIZES.iter().map(slope).collect();
        let step = Step { rule, rate, treatments: &treatments, max_norm: Some(7.0) };
        let norm;
        (weights, norm) = state.step(&step, weights, &gradients);
        norms.extend(norm);
    }
    let moments = state.remembered().into_iter().flatten().flat_map(|(_, moments)| moments);
    weights.into_iter().flatten().chain(norms).chain(moments).collect()
}

fn contrast_cases() -> Vec<Case> {
    let how = |scale, symmetric| How { scale, normalise: true, symmetric };
    let mut cases = Vec::new();
    for [rows, width] in [[4, 2], [38, 5], [530, 67]] {
        let groups = move |device: &Device| (rows > 4).then(|| picks([rows], 7, device));
        cases.push(Case::new("contrast", &[rows, width], 5e-5, move |device| {
            let x = leaf("x", [rows, width], device);
            let positive = numbers((0..rows).map(|i| i ^ 1), &x.device());
            let out = contrast(x.clone(), None, None, positive, groups(&x.device()), how(10.0, false));
            let gradients = out.backward();
            vec![flat(out), gradient(&x, &gradients)]
        }));
    }
    for ([rows, keys, width], symmetric) in [([3, 70, 9], false), ([45, 45, 130], true)] {
        cases.push(Case::new("contrast", &[rows, keys, width], 5e-5, move |device| {
            let (a, b) = (leaf("a", [rows, width], device), leaf("b", [keys, width], device));
            let scale = leaf("scale", [1], device);
            let positive = numbers((0..rows).map(|i| rows - 1 - i), &a.device());
            let groups = picks([rows + keys], 9, &a.device());
            let out = contrast(
                a.clone(),
                Some(b.clone()),
                Some(scale.clone().abs() + 0.5),
                positive,
                Some(groups),
                how(5.0, symmetric),
            );
            let gradients = out.backward();
            vec![flat(out), gradient(&a, &gradients), gradient(&b, &gradients), gradient(&scale, &gradients)]
        }));
    }
    cases
}

fn numbers(values: impl Iterator<Item = usize>, device: &Device) -> Tensor<1, Int> {
    let values: Vec<i32> = values.map(|v| v as i32).collect();
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), device)
}
