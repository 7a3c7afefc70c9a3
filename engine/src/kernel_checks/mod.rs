//! Every kernel, forward and backward, on a device and on its CPU twin: the same inputs, the largest difference, the
//! times.

mod attention;
mod contrast;
mod graph;
mod layers;
mod losses;
mod models;
mod neighbour_contrast;
mod pictures;
mod points;
mod tokens;

use burn::tensor::{Device, Gradients, Int, Tensor, TensorData};

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
    let rooms = [
        tokens::cases,
        losses::cases,
        pictures::cases,
        layers::cases,
        attention::cases,
        contrast::cases,
        graph::cases,
        neighbour_contrast::cases,
        points::cases,
        models::cases,
    ];
    rooms.into_iter().flat_map(|cases| cases()).collect()
}
