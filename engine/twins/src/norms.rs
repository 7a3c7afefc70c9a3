//! Layer normalisation of rows.

use macerator::Simd;

use crate::{sums, threads};

/// Rows that are summed in one piece before the pieces are.
const STRIPE: usize = 512;

/// Mean and 1 / √(variance + eps) of a row.
#[inline(always)]
fn statistics(row: &[f32], eps: f32) -> (f32, f32) {
    let count = row.len() as f32;
    let mean = sums::sum(row) / count;
    let variance = sums::sum_by(row, row, |a, _| (a - mean) * (a - mean)) / count;
    (mean, 1.0 / (variance + eps).sqrt())
}

#[macerator::with_simd]
fn row_forward<S: Simd>(x: &[f32], gamma: &[f32], beta: &[f32], eps: f32, out: &mut [f32]) {
    let (mean, scale) = statistics(x, eps);
    for (((out, x), g), b) in out.iter_mut().zip(x).zip(gamma).zip(beta) {
        *out = (x - mean) * scale * g + b;
    }
}

#[macerator::with_simd]
fn stripe_backward<S: Simd>(grad: &[f32], x: &[f32], gamma: &[f32], eps: f32, dx: &mut [f32], weights: &mut [f32]) {
    let width = gamma.len().max(1);
    let (d_gamma, d_beta) = weights.split_at_mut(gamma.len());
    for ((dx, grad), x) in dx.chunks_mut(width).zip(grad.chunks(width)).zip(x.chunks(width)) {
        let (mean, scale) = statistics(x, eps);
        for ((((dx, g), x), gamma), (dg, db)) in
            dx.iter_mut().zip(grad).zip(x).zip(gamma).zip(d_gamma.iter_mut().zip(&mut *d_beta))
        {
            *dg += g * (x - mean) * scale;
            *db += g;
            *dx = g * gamma;
        }
        let plain = sums::sum(dx) / width as f32;
        let along = sums::sum_by(dx, x, |g, x| g * (x - mean) * scale) / width as f32;
        dx.iter_mut().zip(x).for_each(|(dx, x)| *dx = scale * (*dx - plain - (x - mean) * scale * along));
    }
}

/// Rows of `x` of the width of `gamma` and `beta`, normalised.
#[inline(never)]
pub fn layer_norm(x: &[f32], gamma: &[f32], beta: &[f32], eps: f32) -> Vec<f32> {
    let width = gamma.len();
    let mut out = vec![0.0; x.len()];
    threads::rows(&mut out, width, |row, out| row_forward(&x[row * width..(row + 1) * width], gamma, beta, eps, out));
    out
}

/// The gradients of `x`, gamma and beta.
#[inline(never)]
pub fn layer_norm_backward(grad: &[f32], x: &[f32], gamma: &[f32], eps: f32) -> [Vec<f32>; 3] {
    let width = gamma.len();
    let stripes = x.len().div_ceil((STRIPE * width).max(1));
    let (mut dx, mut weights) = (vec![0.0; x.len()], vec![0.0; stripes * 2 * width]);
    threads::parts([&mut dx, &mut weights], [STRIPE * width, 2 * width], |stripe, [dx, weights]| {
        let start = stripe * STRIPE * width;
        stripe_backward(&grad[start..], &x[start..], gamma, eps, dx, weights);
    });
    let mut sums = sums::columns(&weights, 2 * width);
    let d_beta = sums.split_off(width);
    [dx, sums, d_beta]
}
