//! Linear layers, and two of them with GELU in between.

use macerator::Simd;

use crate::gemm::{self, Matrix, Packed};
use crate::smooth::normal;
use crate::threads;

/// Which gradients of a linear layer are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub x: bool,
    pub weight: bool,
    pub bias: bool,
}

/// Gradients of a linear layer: of its input, its weight and its bias.
pub type LayerGradients<T> = (Option<T>, Option<T>, Option<T>);

#[macerator::with_simd]
fn finish_rows<S: Simd>(out: &mut [f32], bias: &[f32], residual: &[f32]) {
    let width = bias.len().max(1);
    for (row, out) in out.chunks_mut(width).enumerate() {
        out.iter_mut().zip(bias).for_each(|(out, b)| *out += b);
        if let Some(residual) = residual.get(row * width..) {
            out.iter_mut().zip(residual).for_each(|(out, r)| *out += r);
        }
    }
}

/// The weight [n, k] as the right operand [k, n].
pub(crate) fn turned(weight: &[f32], [n, k]: [usize; 2]) -> Packed {
    Packed::new([k, n], Matrix { values: weight, row: 1, column: k })
}

/// `x Wᵀ + bias + residual`: `x` is [rows, k], `weight` [n, k], `bias` [n], `residual` [rows, n], the result [rows, n].
#[inline(never)]
pub fn linear(
    [rows, k, n]: [usize; 3],
    x: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    residual: Option<&[f32]>,
) -> Vec<f32> {
    let zeros = if bias.is_none() && residual.is_some() { vec![0.0; n] } else { Vec::new() };
    let bias = bias.unwrap_or(&zeros);
    let packed = turned(weight, [n, k]);
    let block = gemm::rows_per_task(rows, k, n);
    let mut out = vec![0.0; rows * n];
    threads::parts([&mut out], [block * n], |number, [out]| {
        let from = number * block;
        let a = Matrix { values: &x[from * k..], row: k, column: 1 };
        gemm::product([out.len() / n.max(1), k, n], a, &packed, (out, n), false);
        if !bias.is_empty() {
            finish_rows(out, bias, residual.map_or(&[], |r| &r[from * n..]));
        }
    });
    out
}

/// The gradients of [`linear`] from that of its result [rows, n].
#[inline(never)]
pub fn linear_backward(
    [rows, k, n]: [usize; 3],
    grad: &[f32],
    x: &[f32],
    weight: &[f32],
    wanted: Wanted,
) -> LayerGradients<Vec<f32>> {
    let dx = wanted.x.then(|| {
        let mut dx = vec![0.0; rows * k];
        let packed = Packed::new([n, k], Matrix { values: weight, row: k, column: 1 });
        gemm::spread([rows, n, k], Matrix { values: grad, row: n, column: 1 }, &packed, &mut dx);
        dx
    });
    let (d_weight, d_bias) = weights([rows, k, n], grad, x, wanted);
    (dx, d_weight, d_bias)
}

/// The gradients of weight and bias.
fn weights([rows, k, n]: [usize; 3], grad: &[f32], x: &[f32], wanted: Wanted) -> (Option<Vec<f32>>, Option<Vec<f32>>) {
    let weight = wanted.weight.then(|| {
        let mut weight = vec![0.0; n * k];
        let packed = Packed::new([rows, k], Matrix { values: x, row: k, column: 1 });
        gemm::spread([n, rows, k], Matrix { values: grad, row: 1, column: n }, &packed, &mut weight);
        weight
    });
    let bias = wanted.bias.then(|| {
        let mut bias = vec![0.0; n];
        add_rows(grad, &mut bias);
        bias
    });
    (weight, bias)
}

/// Add every row of `grad` to `sums`.
#[macerator::with_simd]
fn add_rows<S: Simd>(grad: &[f32], sums: &mut [f32]) {
    for row in grad.chunks(sums.len().max(1)) {
        sums.iter_mut().zip(row).for_each(|(sum, g)| *sum += g);
    }
}

#[macerator::with_simd]
fn activate<S: Simd>(preactivation: &mut [f32], bias: &[f32], activation: &mut [f32]) {
    let width = bias.len().max(1);
    for (z, h) in preactivation.chunks_mut(width).zip(activation.chunks_mut(width)) {
        for ((z, h), b) in z.iter_mut().zip(h).zip(bias) {
            *z += b;
            *h = *z * normal(*z).0;
        }
    }
}

#[macerator::with_simd]
fn activate_backward<S: Simd>(grad: &mut [f32], preactivation: &[f32], activation: &mut [f32]) {
    for ((g, z), h) in grad.iter_mut().zip(preactivation).zip(activation) {
        let (distribution, density) = normal(*z);
        *g *= distribution + z * density;
        *h = z * distribution;
    }
}

/// Rows, and values before, between and behind the two layers of an MLP.
pub type MlpSizes = [usize; 4];

/// `GELU(x W₁ᵀ + b₁) W₂ᵀ + b₂ + residual` [rows, n], and what is before the GELU [rows, hidden]: `x` is [rows, k], the
/// weights [hidden, k] and [n, hidden], `residual` [rows, n].
#[inline(never)]
pub fn mlp(
    [rows, k, hidden, n]: MlpSizes,
    x: &[f32],
    [w1, w2]: [&[f32]; 2],
    [b1, b2]: [&[f32]; 2],
    residual: Option<&[f32]>,
) -> (Vec<f32>, Vec<f32>) {
    let packed = turned(w1, [hidden, k]);
    let block = gemm::rows_per_task(rows, k, hidden);
    let (mut preactivation, mut activation) = (vec![0.0; rows * hidden], vec![0.0; rows * hidden]);
    threads::parts([&mut preactivation, &mut activation], [block * hidden; 2], |number, [z, h]| {
        let a = Matrix { values: &x[number * block * k..], row: k, column: 1 };
        gemm::product([z.len() / hidden.max(1), k, hidden], a, &packed, (z, hidden), false);
        activate(z, b1, h);
    });
    drop(packed);
    (linear([rows, hidden, n], &activation, w2, Some(b2), residual), preactivation)
}

/// Gradients of a layer's weight and bias, where they are wanted.
pub type WeightAndBias = (Option<Vec<f32>>, Option<Vec<f32>>);

/// The gradients of [`mlp`] from that of its result: of the input and the first layer, and of the second layer's weight
/// and bias.
#[inline(never)]
pub fn mlp_backward(
    [rows, k, hidden, n]: MlpSizes,
    grad: &[f32],
    x: &[f32],
    preactivation: &[f32],
    [w1, w2]: [&[f32]; 2],
    wanted: [Wanted; 2],
) -> (LayerGradients<Vec<f32>>, WeightAndBias) {
    let packed = Packed::new([n, hidden], Matrix { values: w2, row: hidden, column: 1 });
    let block = gemm::rows_per_task(rows, n, hidden);
    let (mut inner, mut activation) = (vec![0.0; rows * hidden], vec![0.0; rows * hidden]);
    threads::parts([&mut inner, &mut activation], [block * hidden; 2], |number, [inner, h]| {
        let a = Matrix { values: &grad[number * block * n..], row: n, column: 1 };
        gemm::product([inner.len() / hidden.max(1), n, hidden], a, &packed, (inner, hidden), false);
        activate_backward(inner, &preactivation[number * block * hidden..], h);
    });
    drop(packed);
    let second = weights([rows, hidden, n], grad, &activation, wanted[1]);
    drop(activation);
    (linear_backward([rows, k, hidden], &inner, x, w1, wanted[0]), second)
}
