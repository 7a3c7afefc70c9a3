//! What the CPU twins share: slices of Flex tensors, and rows spread over the threads.

use burn::tensor::{Shape, TensorData};
use burn_flex::FlexTensor;
#[cfg(not(target_arch = "wasm32"))]
use rayon::prelude::*;

/// Values of one row worth a thread of its own; less is done in one go.
#[cfg(not(target_arch = "wasm32"))]
const VALUES_PER_TASK: usize = 8192;

/// A Flex tensor whose f32 values lie in row-major order.
pub(super) struct Floats(FlexTensor);

impl Floats {
    /// Copies only what is not contiguous.
    pub fn new(tensor: FlexTensor) -> Self {
        Self(if tensor.is_contiguous() { tensor } else { tensor.to_contiguous() })
    }
}

impl std::ops::Deref for Floats {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        self.0.as_slice().unwrap_or_default()
    }
}

/// The values of an integer tensor; `None` where one is negative.
pub(super) fn indices(tensor: FlexTensor) -> Vec<Option<usize>> {
    let tensor = if tensor.is_contiguous() { tensor } else { tensor.to_contiguous() };
    if let Some(values) = tensor.as_slice::<i32>() {
        return values.iter().map(|v| usize::try_from(*v).ok()).collect();
    }
    tensor.as_slice::<i64>().unwrap_or_default().iter().map(|v| usize::try_from(*v).ok()).collect()
}

/// A Flex tensor of these values.
pub(super) fn tensor(values: Vec<f32>, shape: impl Into<Shape>) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape.into()))
}

/// Run `body` on every row of `width` values, over all threads.
pub(super) fn rows(out: &mut [f32], width: usize, body: impl Fn(usize, &mut [f32]) + Sync + Send) {
    let width = width.max(1);
    #[cfg(not(target_arch = "wasm32"))]
    out.par_chunks_mut(width).enumerate().with_min_len(VALUES_PER_TASK.div_ceil(width)).for_each(|(i, row)| body(i, row));
    #[cfg(target_arch = "wasm32")]
    out.chunks_mut(width).enumerate().for_each(|(i, row)| body(i, row));
}

/// Run `body` on every pair of rows of two outputs, over all threads. `heavy` rows get a task each, whatever their width.
pub(super) fn row_pairs(
    (a, a_width): (&mut [f32], usize),
    (b, b_width): (&mut [f32], usize),
    heavy: bool,
    body: impl Fn(usize, &mut [f32], &mut [f32]) + Sync + Send,
) {
    let (a_width, b_width) = (a_width.max(1), b_width.max(1));
    #[cfg(not(target_arch = "wasm32"))]
    {
        let least = if heavy { 1 } else { VALUES_PER_TASK.div_ceil(a_width) };
        let pairs = a.par_chunks_mut(a_width).zip(b.par_chunks_mut(b_width)).enumerate();
        pairs.with_min_len(least).for_each(|(i, (a, b))| body(i, a, b));
    }
    #[cfg(target_arch = "wasm32")]
    {
        let _ = heavy;
        a.chunks_mut(a_width).zip(b.chunks_mut(b_width)).enumerate().for_each(|(i, (a, b))| body(i, a, b));
    }
}

/// Partial sums that a sum runs in at once, so that the compiler can use vector registers.
const LANES: usize = 8;

/// The sum of a row.
pub(super) fn sum(row: &[f32]) -> f32 {
    sum_by(row, row, |a, _| a)
}

/// The sum of `term` over two rows of equal length.
pub(super) fn sum_by(a: &[f32], b: &[f32], term: impl Fn(f32, f32) -> f32) -> f32 {
    let mut sums = [0.0; LANES];
    let (a_blocks, b_blocks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = a_blocks.remainder().iter().zip(b_blocks.remainder()).map(|(a, b)| term(*a, *b)).sum();
    for (a, b) in a_blocks.zip(b_blocks) {
        for lane in 0..LANES {
            sums[lane] += term(a[lane], b[lane]);
        }
    }
    sums.iter().sum::<f32>() + rest
}
