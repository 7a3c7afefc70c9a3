//! What the CPU twins share: slices of Flex tensors, and rows spread over the threads.
//!
//! The loops of a twin that take long are functions with `macerator::with_simd`: they are compiled once for every
//! vector unit and chosen at run time, and so is what they inline. Their parameter `S` says no more than that.

use burn::tensor::{Shape, TensorData};
use burn_backend::TensorMetadata as _;
use burn_flex::FlexTensor;
#[cfg(not(target_arch = "wasm32"))]
use rayon::prelude::*;

/// Values of one row worth a thread of its own; less is done in one go.
#[cfg(not(target_arch = "wasm32"))]
const VALUES_PER_TASK: usize = 8192;

/// A Flex tensor whose f32 values lie in row-major order.
pub(crate) struct Floats(FlexTensor);

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
pub(crate) fn indices(tensor: FlexTensor) -> Vec<Option<usize>> {
    let tensor = if tensor.is_contiguous() { tensor } else { tensor.to_contiguous() };
    if let Some(values) = tensor.as_slice::<i32>() {
        return values.iter().map(|v| usize::try_from(*v).ok()).collect();
    }
    tensor.as_slice::<i64>().unwrap_or_default().iter().map(|v| usize::try_from(*v).ok()).collect()
}

/// The bytes of an integer tensor that holds four in each value, the first one lowest.
pub(crate) fn bytes(tensor: FlexTensor) -> Vec<u8> {
    let tensor = if tensor.is_contiguous() { tensor } else { tensor.to_contiguous() };
    if let Some(words) = tensor.as_slice::<i32>() {
        return words.iter().flat_map(|w| w.to_le_bytes()).collect();
    }
    tensor.as_slice::<i64>().unwrap_or_default().iter().flat_map(|w| (*w as i32).to_le_bytes()).collect()
}

/// The tensor as one that lies in row-major order and fills its memory, to be changed in place.
pub(crate) fn owned(whole: FlexTensor) -> FlexTensor {
    match whole.as_slice::<f32>() {
        Some(values) if size_of_val(values) == whole.bytes().len() => whole,
        _ => {
            let shape = whole.shape();
            tensor(Floats::new(whole).to_vec(), shape)
        }
    }
}

/// A Flex tensor of these values.
pub(crate) fn tensor(values: Vec<f32>, shape: impl Into<Shape>) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape.into()))
}

/// A Flex tensor of these whole numbers.
pub(crate) fn integers(values: Vec<i32>, shape: impl Into<Shape>) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape.into()))
}

/// |a − b|² of two points in space.
#[inline(always)]
pub(crate) fn squared_distance(a: &[f32; 3], b: &[f32; 3]) -> f32 {
    let [x, y, z] = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    x * x + y * y + z * z
}

/// Let this thread be one of those that compute, instead of waiting for them: handing small tasks over costs more than
/// the tasks. Only the first thread of a process that asks is taken, and none where it would be the only one.
#[cfg(not(target_arch = "wasm32"))]
pub fn compute_here() {
    if std::thread::available_parallelism().is_ok_and(|threads| threads.get() > 1) {
        // An error says that there is a pool already, which will do as well.
        let _ = rayon::ThreadPoolBuilder::new().use_current_thread().build_global();
    }
}

/// Run `body` on every row of `width` values, over all threads.
pub(crate) fn rows(out: &mut [f32], width: usize, body: impl Fn(usize, &mut [f32]) + Sync + Send) {
    let width = width.max(1);
    #[cfg(not(target_arch = "wasm32"))]
    out.par_chunks_mut(width)
        .enumerate()
        .with_min_len(VALUES_PER_TASK.div_ceil(width))
        .for_each(|(i, row)| body(i, row));
    #[cfg(target_arch = "wasm32")]
    out.chunks_mut(width).enumerate().for_each(|(i, row)| body(i, row));
}

/// Cut every output into parts of its own width and run `body` on the parts of each number, a task each, over all
/// threads.
pub(crate) fn parts<const N: usize>(
    outputs: [&mut [f32]; N],
    widths: [usize; N],
    body: impl Fn(usize, [&mut [f32]; N]) + Sync + Send,
) {
    let mut widths = widths.iter();
    let mut cuts = outputs.map(|out| out.chunks_mut(widths.next().copied().unwrap_or(1).max(1)));
    let count = cuts.iter().map(ExactSizeIterator::len).max().unwrap_or(0);
    let tasks: Vec<[&mut [f32]; N]> =
        (0..count).map(|_| cuts.each_mut().map(|cut| cut.next().unwrap_or_default())).collect();
    each(tasks.into_iter().enumerate().collect(), |(i, part)| body(i, part));
}

/// Run `body` on every task, over all threads; the answers are in the order of the tasks.
pub(crate) fn each<T: Send, R: Send>(tasks: Vec<T>, body: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
    #[cfg(not(target_arch = "wasm32"))]
    if tasks.len() > 1 {
        return tasks.into_par_iter().map(body).collect();
    }
    tasks.into_iter().map(body).collect()
}

/// The sum of all rows of `width` values.
pub(crate) fn column_sums(rows: &[f32], width: usize) -> Vec<f32> {
    let mut sums = vec![0.0; width];
    for row in rows.chunks(width.max(1)) {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
    sums
}

/// Partial sums that a sum runs in at once, so that the compiler can use vector registers.
const LANES: usize = 16;

/// The sum of a row.
#[inline(always)]
pub(crate) fn sum(row: &[f32]) -> f32 {
    sum_by(row, row, |a, _| a)
}

/// The sum of `term` over two rows of equal length.
#[inline(always)]
pub(crate) fn sum_by(a: &[f32], b: &[f32], term: impl Fn(f32, f32) -> f32) -> f32 {
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
