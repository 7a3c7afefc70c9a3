//! Attention with linear biases (Press, Smith, Lewis, ALiBi, ICLR 2022, arXiv 2108.12409) on a grid: scores fall with the
//! distance of two patches (Fuller, Millard, Green, CROMA, NeurIPS 2023, section 3: 2D-ALiBi, and X-ALiBi between two
//! sequences on one grid). Nothing is learnt, and any grid will do.

use burn::tensor::{Device, Tensor, TensorData};

use crate::blocks::masks::Mask;
use crate::kernels::tokens::gather_tokens;
use crate::placed::Placed;

/// How fast the scores of each head fall: `2^(−8 (h + 1) / n)` for n heads, n a power of two. For other n those of the next
/// smaller power of two, then every other one of twice as many heads.
pub fn slopes(heads: usize) -> Vec<f64> {
    let of_power = |n: usize| (0..n).map(move |head| (-8.0 * (head + 1) as f64 / n as f64).exp2());
    let below = if heads.is_power_of_two() { heads } else { (heads.max(1) + 1).next_power_of_two() / 2 };
    of_power(below).chain(of_power(2 * below).step_by(2)).take(heads).collect()
}

/// Distances between all patches of a grid in patches, row-major [tokens, tokens]; computed in f64.
pub fn distances([rows, columns]: [usize; 2]) -> Vec<f32> {
    let place = |token: usize| [token / columns.max(1), token % columns.max(1)];
    let squared = |a: usize, b: usize| a.abs_diff(b).pow(2) as f64;
    let between = |a: usize, b: usize| {
        let (a, b) = (place(a), place(b));
        (squared(a[0], b[0]) + squared(a[1], b[1])).sqrt() as f32
    };
    let tokens = rows * columns;
    (0..tokens).flat_map(|a| (0..tokens).map(move |b| between(a, b))).collect()
}

/// The biases of all heads on one grid.
#[derive(Debug, Clone)]
pub struct Alibi {
    heads: usize,
    grid: [usize; 2],
    placed: Placed<OnDevice>,
}

#[derive(Debug, Clone)]
struct OnDevice {
    /// [tokens, tokens]
    distances: Tensor<2>,
    /// [1, heads, 1, 1]: −m of each head.
    falls: Tensor<4>,
}

impl Alibi {
    /// Biases of so many heads on a grid of rows and columns.
    pub fn new(heads: usize, grid: [usize; 2]) -> Self {
        Self { heads, grid, placed: Placed::default() }
    }

    /// Put the table on a device now, before a step's first launch.
    pub fn upload(&self, device: &Device) {
        self.on(device);
    }

    fn on(&self, device: &Device) -> OnDevice {
        self.placed.on(device, |device| {
            let tokens = self.grid[0] * self.grid[1];
            let falls: Vec<f32> = slopes(self.heads).into_iter().map(|slope| -slope as f32).collect();
            OnDevice {
                distances: Tensor::from_data(TensorData::new(distances(self.grid), [tokens, tokens]), device),
                falls: Tensor::from_data(TensorData::new(falls, [1, self.heads, 1, 1]), device),
            }
        })
    }

    /// The bias of queries and keys that are the patches which two masks leave; `None`: all of the grid.
    ///
    /// # Shapes
    /// → [batch, heads, queries, keys], batch 1 where nothing is masked
    pub fn bias(&self, queries: Option<&Mask>, keys: Option<&Mask>, device: &Device) -> Tensor<4> {
        let OnDevice { distances, falls } = self.on(device);
        let plain = device.clone().without_autodiff();
        let tokens = distances.dims()[0];
        let batch = queries.or(keys).map_or(1, |mask| mask.samples);
        let rows: Tensor<3> = match queries {
            None => distances.unsqueeze_dim(0),
            Some(mask) => {
                let ids = mask.keep_tensor(&plain).reshape([batch * mask.kept]);
                distances.select(0, ids).reshape([batch, mask.kept, tokens])
            }
        }; // [batch or 1, queries, tokens]
        let picked = match keys {
            None => rows,
            Some(mask) => {
                let count = rows.dims()[1];
                let columns = rows.expand([batch, count, tokens]).swap_dims(1, 2);
                gather_tokens(columns, mask.keep_tensor(&plain)).swap_dims(1, 2)
            }
        }; // [batch or 1, queries, keys]
        let bias = picked.unsqueeze_dim::<4>(1) * falls;
        if device.is_autodiff() { Tensor::from_inner(bias) } else { bias }
    }
}
