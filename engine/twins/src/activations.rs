//! GELU with a bias, and PReLU.

use macerator::Simd;

use crate::smooth::normal;
use crate::{sums, threads};

/// Rows whose parts of the bias's gradient are summed in one piece.
const ROWS: usize = 128;
/// Values whose part of the slope's gradient is summed in one piece.
const STRIPE: usize = 16_384;

#[macerator::with_simd]
fn gelu_row<S: Simd>(x: &[f32], bias: &[f32], out: &mut [f32]) {
    for ((out, x), b) in out.iter_mut().zip(x).zip(bias) {
        let z = x + b;
        *out = z * normal(z).0;
    }
}

#[macerator::with_simd]
fn gelu_stripe_backward<S: Simd>(grad: &[f32], x: &[f32], bias: &[f32], dx: &mut [f32], d_bias: &mut [f32]) {
    let width = bias.len().max(1);
    for ((dx, grad), x) in dx.chunks_mut(width).zip(grad.chunks(width)).zip(x.chunks(width)) {
        for ((((dx, g), x), b), sum) in dx.iter_mut().zip(grad).zip(x).zip(bias).zip(&mut *d_bias) {
            let z = x + b;
            let (distribution, density) = normal(z);
            *dx = g * (distribution + z * density);
            *sum += *dx;
        }
    }
}

/// GELU of rows of `x` with the bias added.
#[inline(never)]
pub fn bias_gelu(x: &[f32], bias: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; x.len()];
    threads::rows(&mut out, bias.len(), |row, out| gelu_row(&x[row * bias.len()..], bias, out));
    out
}

/// The gradients of `x` and the bias.
#[inline(never)]
pub fn bias_gelu_backward(grad: &[f32], x: &[f32], bias: &[f32]) -> [Vec<f32>; 2] {
    let width = bias.len();
    let stripes = x.len().div_ceil((ROWS * width).max(1));
    let (mut dx, mut d_bias) = (vec![0.0; x.len()], vec![0.0; stripes * width]);
    threads::parts([&mut dx, &mut d_bias], [ROWS * width, width], |stripe, [dx, d_bias]| {
        let start = stripe * ROWS * width;
        gelu_stripe_backward(&grad[start..], &x[start..], bias, dx, d_bias);
    });
    [dx, sums::columns(&d_bias, width)]
}

#[macerator::with_simd]
fn prelu_stripe<S: Simd>(x: &[f32], slope: f32, out: &mut [f32]) {
    for (out, x) in out.iter_mut().zip(x) {
        *out = if *x > 0.0 { *x } else { slope * x };
    }
}

#[macerator::with_simd]
fn prelu_stripe_backward<S: Simd>(grad: &[f32], x: &[f32], slope: f32, dx: &mut [f32]) -> f32 {
    for ((dx, g), x) in dx.iter_mut().zip(grad).zip(x) {
        *dx = if *x > 0.0 { *g } else { slope * g };
    }
    sums::sum_by(&grad[..dx.len()], &x[..dx.len()], |g, x| if x > 0.0 { 0.0 } else { g * x })
}

/// `x` where it is above zero, else `slope · x`.
#[inline(never)]
pub fn prelu(x: &[f32], slope: f32) -> Vec<f32> {
    let mut out = vec![0.0; x.len()];
    threads::rows(&mut out, STRIPE, |stripe, out| prelu_stripe(&x[stripe * STRIPE..], slope, out));
    out
}

/// The gradients of `x` and the slope.
#[inline(never)]
pub fn prelu_backward(grad: &[f32], x: &[f32], slope: f32) -> (Vec<f32>, f32) {
    let (mut dx, mut pieces) = (vec![0.0; x.len()], vec![0.0; x.len().div_ceil(STRIPE)]);
    threads::parts([&mut dx, &mut pieces], [STRIPE, 1], |stripe, [dx, piece]| {
        let start = stripe * STRIPE;
        piece[0] = prelu_stripe_backward(&grad[start..], &x[start..], slope, dx);
    });
    (dx, pieces.iter().sum())
}
