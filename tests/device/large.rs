//! Sizes at which work is cut up otherwise than at small ones.

use burn::tensor::{Device, Int, Tensor, TensorData};
use masquerade_engine::kernels::contrast::{info_nce, nt_xent};
use masquerade_engine::readback;
use masquerade_engine::rng::Rng;
use masquerade_tests::{block_on, gpu};

use crate::alone;

/// The positive of every row: the one beside it.
fn neighbours(rows: usize, device: &Device) -> Tensor<1, Int> {
    let positive: Vec<i32> = (0..rows as i32).map(|i| i ^ 1).collect();
    Tensor::from_data(TensorData::new(positive, [rows]), device)
}

/// Loss and gradient of NT-Xent on a device.
fn contrast(values: &[f32], shape: [usize; 2], device: &Device) -> (f32, Vec<f32>) {
    let device = device.clone().autodiff();
    let rows = Tensor::<2>::from_data(TensorData::new(values.to_vec(), shape), &device).require_grad();
    let loss = nt_xent(rows.clone(), neighbours(shape[0], &device), 0.1, None);
    let gradient = rows.grad(&loss.backward()).expect("a gradient");
    (block_on(readback::scalar(loss)).expect("a loss"), block_on(readback::floats(gradient)).expect("a gradient"))
}

#[test]
fn the_contrast_of_long_loops_is_the_twins() {
    let _alone = alone();
    let Some(device) = gpu() else { return };
    // An invocation takes an eighth of the keys, 8 of every 64: more than 65,535 turns of its loops, a turn for each
    // tile of keys and each of its dimensions.
    let (rows, keys, width) = (64, 2_090_000, 16);
    assert!(keys / 64 * (width + 1) / 8 > 65_535);
    let mut rng = Rng::new(2, "rows");
    let values: Vec<f32> = (0..(rows + keys) * width).map(|_| rng.between(-1.0, 1.0)).collect();
    let loss = |device: &Device| {
        let matrix = |values: &[f32]| {
            let shape = [values.len() / width, width];
            Tensor::<2>::from_data(TensorData::new(values.to_vec(), shape), device)
        };
        let (queries, keys) = values.split_at(rows * width);
        let loss = info_nce(matrix(queries), matrix(keys), neighbours(rows, device), 0.1, None, false);
        block_on(readback::scalar(loss)).expect("a loss")
    };
    let (on_cpu, on_gpu) = (loss(&Device::flex()), loss(&device));
    assert!((on_cpu - on_gpu).abs() < 1e-4 * on_cpu, "{on_gpu} instead of {on_cpu}");
}

#[test]
fn the_contrast_of_many_rows_is_the_twins() {
    let _alone = alone();
    let Some(device) = gpu() else { return };
    // More rows than the sums of halves take, and no whole number of tiles.
    let shape = [5002, 6];
    let mut rng = Rng::new(1, "rows");
    let values: Vec<f32> = (0..shape[0] * shape[1]).map(|_| rng.between(-1.0, 1.0)).collect();
    let ((loss, gradient), (on_gpu, gradient_on_gpu)) =
        (contrast(&values, shape, &Device::flex()), contrast(&values, shape, &device));
    assert!((loss - on_gpu).abs() < 1e-4 * loss, "{on_gpu} instead of {loss}");
    let largest = gradient.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
    let apart = gradient.iter().zip(&gradient_on_gpu).fold(0.0_f32, |m, (a, b)| m.max((a - b).abs()));
    assert!(largest > 0.0 && apart < 1e-3 * largest, "{apart} apart where the largest is {largest}");
}
