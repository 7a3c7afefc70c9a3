//! Rows and tasks spread over the threads; in a browser there is one.

#[cfg(not(target_arch = "wasm32"))]
use rayon::prelude::*;

/// Values of one row worth a thread of its own; less is done in one go.
#[cfg(not(target_arch = "wasm32"))]
const VALUES_PER_TASK: usize = 8192;

/// Let this thread be one of those that compute, instead of waiting for them: handing small tasks over costs more than
/// the tasks. Only the first thread of a process that asks is taken, and none where it would be the only one.
#[cfg(not(target_arch = "wasm32"))]
pub fn compute_here() {
    if std::thread::available_parallelism().is_ok_and(|threads| threads.get() > 1) {
        // An error says that there is a pool already, which will do as well.
        let _ = rayon::ThreadPoolBuilder::new().use_current_thread().build_global();
    }
}

/// Threads that compute.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use rayon::current_num_threads as count;

/// Threads that compute.
#[cfg(target_arch = "wasm32")]
pub(crate) fn count() -> usize {
    1
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
