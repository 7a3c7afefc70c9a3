//! Samples and the centres of clusters.

use macerator::Simd;

use crate::sums;

/// The number of the nearest of `centres` [K, dim] to every one of `rows` [N, dim], and its squared distance, where that
/// is less than what stands in `nearest`.
#[inline(never)]
pub fn closest(rows: &[f32], centres: &[f32], dim: usize, labels: &mut [u32], nearest: &mut [f32]) {
    each(rows, centres, dim, labels, nearest);
}

#[macerator::with_simd]
fn each<S: Simd>(rows: &[f32], centres: &[f32], dim: usize, labels: &mut [u32], nearest: &mut [f32]) {
    for ((row, label), nearest) in rows.chunks_exact(dim).zip(labels).zip(nearest) {
        for (number, centre) in centres.chunks_exact(dim).enumerate() {
            let distance = sums::sum_in::<8>(row, centre, |a, b| (a - b) * (a - b));
            if distance < *nearest {
                (*label, *nearest) = (number as u32, distance);
            }
        }
    }
}
