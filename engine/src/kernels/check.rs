//! Every kernel, forward and backward, on a device and on its CPU twin: the same inputs, the largest difference, the times.

use burn::tensor::{Device, Gradients, Int, Tensor, TensorData};

use super::adamw::{AdamwStep, adamw};
use super::attention::attention;
use super::gather_tokens::{gather_tokens, scatter_tokens};
use super::gelu::bias_gelu;
use super::layer_norm::layer_norm;
use super::patch_error::patch_error;
use super::patchify::{Cut, Order, patchify};
use super::similarity_map::similarity_map;
use crate::clock::Stopwatch;
use crate::error::Result;
use crate::readback;
use crate::rng::Rng;
use crate::session::KernelCheck;
use crate::weights::plain;

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
    fn new(kernel: &'static str, sizes: &[usize], tolerance: f64, run: impl Fn(&Device) -> Vec<Tensor<1>> + 'static) -> Self {
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

/// Compare every kernel on `device` with its CPU twin. One line a kernel and size; the error is that of the worst of its
/// results against what is allowed there. A device that does not answer gives a line that failed, and a line in the log.
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
        lines.push(KernelCheck { kernel: case.kernel.to_owned(), case: case.sizes, error, allowed, ok, device_ms, twin_ms });
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
        cases.push(Case::new("similarity_map", &[batch, tokens, width], 1e-5, move |device| {
            vec![flat(similarity_map(noise("x", [batch, tokens, width], device), picks([batch], tokens, device)))]
        }));
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
    for (shape, patch, order) in [
        ([1, 1, 1, 1], [1, 1], Order::ChannelFirst),
        ([3, 6, 10, 3], [3, 2], Order::ChannelFirst),
        ([2, 28, 28, 3], [7, 7], Order::ChannelLast),
    ] {
        let [scale, shift] = [[0.02, 0.03, 0.01, 0.04], [1.5, 2.0, 0.5, 1.0]];
        cases.push(Case::new("patchify", &shape, 1e-6, move |device| {
            let words = picks([shape.iter().product::<usize>().div_ceil(4)], i32::MAX as usize, device);
            vec![flat(patchify(words, Cut { shape, patch, order, scale, shift }))]
        }));
    }
    for [rows, width] in [[1, 3], [37, 65], [600, 20]] {
        cases.push(Case::new("layer_norm", &[rows, width], 2e-5, move |device| {
            let (x, gamma, beta) = (leaf("x", [rows, width], device), leaf("gamma", [width], device), leaf("beta", [width], device));
            let out = layer_norm(x.clone(), gamma.clone(), beta.clone(), 1e-6);
            let gradients = backward(&out);
            vec![flat(out), gradient(&x, &gradients), gradient(&gamma, &gradients), gradient(&beta, &gradients)]
        }));
    }
    for [batch, tokens, heads, dim] in [[1, 1, 1, 1], [2, 13, 3, 5], [1, 70, 2, 64]] {
        cases.push(Case::new("attention", &[batch, tokens, heads, dim], 1e-4, move |device| {
            let qkv = leaf("qkv", [batch, tokens, 3 * heads * dim], device);
            let out = attention(qkv.clone(), heads);
            let gradients = backward(&out);
            vec![flat(out), gradient(&qkv, &gradients)]
        }));
    }
    for [rows, width] in [[1, 1], [7, 33], [300, 40]] {
        cases.push(Case::new("gelu", &[rows, width], 1e-5, move |device| {
            let (x, bias) = (leaf("x", [rows, width], device), leaf("bias", [width], device));
            let out = bias_gelu(x.clone() * 4.0, bias.clone());
            let gradients = backward(&out);
            vec![flat(out), gradient(&x, &gradients), gradient(&bias, &gradients)]
        }));
        cases.push(Case::new("adamw", &[rows * width], 1e-5, move |device| {
            let [p, g, m] = ["p", "g", "m"].map(|name| noise(name, [rows * width], device));
            let v = noise("v", [rows * width], device).abs();
            adamw(p, g, m, v, AdamwStep::new(3, 1e-2, (0.9, 0.95), 1e-8, 0.05)).into()
        }));
    }
    cases
}
