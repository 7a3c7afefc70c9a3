//! Cross-entropy against soft targets, the squared error of patches, and the cosine of rows.

use macerator::Simd;

use crate::smooth::exp;
use crate::{sums, threads};

/// Values that a thread works on in one go.
const STRIPE: usize = 8192;

#[macerator::with_simd]
fn entropy_forward<S: Simd>(logits: &[f32], targets: &[f32], width: usize, loss: &mut [f32], kept: &mut [f32]) {
    let rows = logits.chunks_exact(width).zip(targets.chunks_exact(width));
    for (((x, t), loss), kept) in rows.zip(loss).zip(kept.chunks_exact_mut(2)) {
        let top = x.iter().fold(f32::MIN, |top, x| top.max(*x));
        let log = sums::sum_by(x, x, |x, _| exp(x - top)).ln();
        let all = sums::sum(t);
        *loss = log * all + sums::sum_by(t, x, |t, x| t * (top - x));
        kept.copy_from_slice(&[top + log, all]);
    }
}

#[macerator::with_simd]
fn entropy_backward<S: Simd>(grad: &[f32], logits: &[f32], targets: &[f32], kept: &[f32], dx: &mut [f32]) {
    let width = dx.len() / grad.len().max(1);
    let rows = logits.chunks_exact(width).zip(targets.chunks_exact(width)).zip(dx.chunks_exact_mut(width));
    for ((grad, kept), ((x, t), dx)) in grad.iter().zip(kept.chunks_exact(2)).zip(rows) {
        let (lse, all) = (kept[0], kept[1]);
        dx.iter_mut().zip(x).zip(t).for_each(|((dx, x), t)| *dx = grad * (exp(x - lse) * all - t));
    }
}

/// The losses [rows], and the log of the sum of exponentials and the sum of targets of every row [rows, 2].
#[inline(never)]
pub fn cross_entropy([rows, width]: [usize; 2], logits: &[f32], targets: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let (mut loss, mut kept) = (vec![0.0; rows], vec![0.0; rows * 2]);
    let stripe = STRIPE.div_ceil(width.max(1));
    if width > 0 {
        threads::parts([&mut loss, &mut kept], [stripe, 2 * stripe], |number, [loss, kept]| {
            let from = number * stripe * width;
            entropy_forward(&logits[from..], &targets[from..], width, loss, kept);
        });
    }
    (loss, kept)
}

/// The gradient of the logits.
#[inline(never)]
pub fn cross_entropy_backward(grad: &[f32], logits: &[f32], targets: &[f32], kept: &[f32]) -> Vec<f32> {
    let width = logits.len() / grad.len().max(1);
    let mut dx = vec![0.0; logits.len()];
    let stripe = STRIPE.div_ceil(width.max(1));
    threads::parts([&mut dx], [stripe * width], |number, [dx]| {
        let (first, count) = (number * stripe, dx.len() / width.max(1));
        let from = first * width;
        entropy_backward(&grad[first..first + count], &logits[from..], &targets[from..], &kept[2 * first..], dx);
    });
    dx
}

/// What the official code adds to the variance of a patch.
const EPS: f32 = 1e-6;

/// Mean and scale that turn a target patch into what the prediction is compared with.
fn standard(target: &[f32], norm_pix: bool) -> (f32, f32) {
    if !norm_pix {
        return (0.0, 1.0);
    }
    let count = target.len() as f32;
    let mean = target.iter().sum::<f32>() / count;
    let squares: f32 = target.iter().map(|t| (t - mean) * (t - mean)).sum();
    (mean, 1.0 / (squares / (count - 1.0).max(1.0) + EPS).sqrt())
}

/// The mean squared errors [B, L] of patches [B, L, P]; zero where the mask [B, L] is.
#[inline(never)]
pub fn patch_error(
    [batch, patches, width]: [usize; 3],
    pred: &[f32],
    target: &[f32],
    mask: &[f32],
    norm_pix: bool,
) -> Vec<f32> {
    let mut out = vec![0.0; batch * patches];
    threads::rows(&mut out, patches, |sample, out| {
        for (l, out) in out.iter_mut().enumerate() {
            let row = sample * patches + l;
            if mask[row] == 0.0 {
                continue;
            }
            let (pred, target) = (&pred[row * width..(row + 1) * width], &target[row * width..(row + 1) * width]);
            let (mean, scale) = standard(target, norm_pix);
            let off = |(p, t): (&f32, &f32)| p - (t - mean) * scale;
            *out = mask[row] * pred.iter().zip(target).map(|pair| off(pair).powi(2)).sum::<f32>() / width as f32;
        }
    });
    out
}

/// The gradient of the prediction, rows of `width` values.
#[inline(never)]
pub fn patch_error_backward(
    grad: &[f32],
    pred: &[f32],
    target: &[f32],
    mask: &[f32],
    width: usize,
    norm_pix: bool,
) -> Vec<f32> {
    let mut out = vec![0.0; pred.len()];
    threads::rows(&mut out, width, |row, out| {
        if mask[row] == 0.0 {
            return;
        }
        let (pred, target) = (&pred[row * width..(row + 1) * width], &target[row * width..(row + 1) * width]);
        let (mean, scale) = standard(target, norm_pix);
        let slope = grad[row] * mask[row] * 2.0 / width as f32;
        out.iter_mut().zip(pred.iter().zip(target)).for_each(|(out, (p, t))| *out = slope * (p - (t - mean) * scale));
    });
    out
}

/// The least that a row's length counts as.
const LEAST_LENGTH: f32 = 1e-12;
/// Rows that are worth a task of their own.
const ROWS_PER_TASK: usize = 32;

/// The product of two rows and their lengths.
#[macerator::with_simd]
fn dots<S: Simd>(a: &[f32], b: &[f32]) -> [f32; 3] {
    let length = |x: &[f32]| sums::sum_by(x, x, |a, _| a * a).sqrt();
    [sums::sum_by(a, b, |a, b| a * b), length(a), length(b)]
}

#[macerator::with_simd]
fn cosine_backward<S: Simd>(grad: f32, a: &[f32], b: &[f32], out: &mut [f32]) {
    let [dot, a_length, b_length] = dots(a, b);
    let (a_norm, b_norm) = (a_length.max(LEAST_LENGTH), b_length.max(LEAST_LENGTH));
    let turn = if a_length > LEAST_LENGTH { dot / a_norm / b_norm } else { 0.0 };
    let (along_b, along_a) = (grad / a_norm / b_norm, grad * turn / a_norm / a_norm);
    for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
        *out = along_b * b - along_a * a;
    }
}

/// The row of `b` that row `row` of `a` is compared with.
fn picked<'a>(b: &'a [f32], pick: &[Option<usize>], row: usize, width: usize) -> Option<&'a [f32]> {
    let start = pick.get(row).copied().flatten()?.checked_mul(width)?;
    b.get(start..start.checked_add(width)?)
}

/// The cosine of every row of `a` [rows, width] with a row of `b`, by number.
#[inline(never)]
pub fn row_cosine([rows, width]: [usize; 2], a: &[f32], b: &[f32], pick: &[Option<usize>]) -> Vec<f32> {
    let mut out = vec![0.0; rows];
    threads::parts([&mut out], [ROWS_PER_TASK], |task, [out]| {
        for (i, out) in out.iter_mut().enumerate() {
            let row = task * ROWS_PER_TASK + i;
            let Some(other) = picked(b, pick, row, width) else { continue };
            let [dot, a_length, b_length] = dots(&a[row * width..(row + 1) * width], other);
            *out = dot / a_length.max(LEAST_LENGTH) / b_length.max(LEAST_LENGTH);
        }
    });
    out
}

/// The gradient of `a`.
#[inline(never)]
pub fn row_cosine_backward(grad: &[f32], a: &[f32], b: &[f32], pick: &[Option<usize>], width: usize) -> Vec<f32> {
    let mut out = vec![0.0; a.len()];
    threads::rows(&mut out, width, |row, out| {
        if let Some(other) = picked(b, pick, row, width) {
            cosine_backward(grad[row], &a[row * width..(row + 1) * width], other, out);
        }
    });
    out
}
