//! Parts of convolutional networks, on maps whose channels lie together: [batch, rows, columns, channels]. `keras` and
//! `torch` are the two conventions that papers follow; what has no weights is here.

pub mod active;
pub mod keras;
pub mod torch;

use burn::tensor::Tensor;
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;

/// The largest of each 2 × 2 pixels; an odd last row or column is left out.
///
/// # Shapes
/// [batch, rows, columns, channels] → [batch, ⌊rows / 2⌋, ⌊columns / 2⌋, channels]
pub fn max_pool(map: Tensor<4>) -> Tensor<4> {
    let [batch, rows, columns, channels] = map.dims();
    let (down, across) = (rows / 2, columns / 2);
    let pairs = map.narrow(1, 0, 2 * down).narrow(2, 0, 2 * across).reshape([batch * down, 2, across, 2 * channels]);
    let upper: Tensor<4> = pairs.clone().narrow(1, 0, 1);
    let larger = upper.max_pair(pairs.narrow(1, 1, 1));
    let left = larger.clone().narrow(3, 0, channels);
    left.max_pair(larger.narrow(3, channels, channels)).reshape([batch, down, across, channels])
}

/// Every pixel as 2 × 2 of the same value.
///
/// # Shapes
/// [batch, rows, columns, channels] → [batch, 2 · rows, 2 · columns, channels]
pub fn upsample(map: Tensor<4>) -> Tensor<4> {
    let [batch, rows, columns, channels] = map.dims();
    let cells: Tensor<6> = map.reshape([batch, rows, 1, columns, 1, channels]);
    cells.expand([batch, rows, 2, columns, 2, channels]).reshape([batch, 2 * rows, 2 * columns, channels])
}

/// The mean over all pixels of each channel.
///
/// # Shapes
/// [batch, rows, columns, channels] → [batch, channels]
pub fn global_average(map: Tensor<4>) -> Tensor<2> {
    let [batch, rows, columns, channels] = map.dims();
    map.reshape([batch, rows * columns, channels]).mean_dim(1).reshape([batch, channels])
}

/// The largest pixel of every window of `side` × `side`, `stride` apart; `padding` pixels around the map never count.
///
/// # Shapes
/// [batch, rows, columns, channels] → [batch, ⌊(rows + 2 · padding − side) / stride⌋ + 1, …, channels]
pub fn max_pool_over(map: Tensor<4>, side: usize, stride: usize, padding: usize) -> Tensor<4> {
    let options = MaxPoolOptions::new([side; 2]).with_stride([stride; 2]).with_padding([padding; 2]);
    to_last(max_pool2d(to_first(map), options))
}

/// # Shapes
/// [batch, rows, columns, channels] → [batch, channels, rows, columns], as PyTorch lays pictures out
pub fn to_first(map: Tensor<4>) -> Tensor<4> {
    map.permute([0, 3, 1, 2])
}

/// # Shapes
/// [batch, channels, rows, columns] → [batch, rows, columns, channels]
pub fn to_last(map: Tensor<4>) -> Tensor<4> {
    map.permute([0, 2, 3, 1])
}
