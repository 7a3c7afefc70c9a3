//! Both networks together, and SimCLR's loss.

use burn::tensor::{Device, Int, Tensor, TensorData};

/// The other view of every row, for two views of `pictures` pictures one after the other.
///
/// # Shapes
/// → [2 · pictures]
pub fn partners(pictures: usize, device: &Device) -> Tensor<1, Int> {
    let numbers: Vec<i32> = (0..2 * pictures).map(|row| ((row + pictures) % (2 * pictures)) as i32).collect();
    Tensor::from_data(TensorData::new(numbers, [2 * pictures]), device)
}
