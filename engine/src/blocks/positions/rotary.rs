//! Rotary positions (Su et al., RoFormer, arXiv 2104.09864): queries and keys are turned by angles that grow with their
//! place, so that a product depends on how far apart two tokens are.

use burn::tensor::{Device, Tensor, TensorData};

/// Which numbers of a head are turned together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pairs {
    /// 2i and 2i + 1: the paper's.
    Neighbours,
    /// i and i + half of what is turned.
    Halves,
}

/// The angles of a sequence.
#[derive(Debug, Clone)]
pub struct Rotary {
    /// [tokens, turned]: cosine and sine of each number's angle.
    cosines: Tensor<2>,
    sines: Tensor<2>,
    pairs: Pairs,
}

impl Rotary {
    /// The first `turned` numbers of a head (an even number) are turned by `position · base^(−2i / turned)`, i the
    /// number of the pair; the rest stays.
    pub fn new(positions: &[f64], turned: usize, base: f64, pairs: Pairs, device: &Device) -> Self {
        let half = (turned / 2).max(1);
        let pair = |number: usize| match pairs {
            Pairs::Neighbours => number / 2,
            Pairs::Halves => number % half,
        };
        let angle = |at: &f64, number: usize| at * base.powf(-(pair(number) as f64) / half as f64);
        let table = |of: fn(f64) -> f64| -> Tensor<2> {
            let values: Vec<f32> =
                positions.iter().flat_map(|at| (0..turned).map(move |i| of(angle(at, i)) as f32)).collect();
            Tensor::from_data(TensorData::new(values, [positions.len(), turned]), device)
        };
        Self { cosines: table(f64::cos), sines: table(f64::sin), pairs }
    }

    /// Turn the first of the planes (queries, keys, values) that lie side by side.
    ///
    /// # Shapes
    /// [batch, tokens, planes · heads · head width] → the same
    pub fn turn(&self, x: Tensor<3>, [planes, turned]: [usize; 2], heads: usize) -> Tensor<3> {
        let shape = x.dims();
        let [batch, tokens, width] = shape;
        let (dim, part) = (width / (planes * heads).max(1), self.cosines.dims()[1]);
        let rows: Tensor<4> = x.reshape([batch, tokens, planes * heads, dim]);
        let moving = rows.clone().narrow(2, 0, turned * heads).narrow(3, 0, part);
        let angles = |table: &Tensor<2>| table.clone().reshape([1, tokens, 1, part]);
        let mut out = moving.clone() * angles(&self.cosines) + self.quarter(moving) * angles(&self.sines);
        if part < dim {
            let still = rows.clone().narrow(2, 0, turned * heads).narrow(3, part, dim - part);
            out = Tensor::cat(vec![out, still], 3);
        }
        if turned < planes {
            out = Tensor::cat(vec![out, rows.narrow(2, turned * heads, (planes - turned) * heads)], 2);
        }
        out.reshape(shape)
    }

    /// Every pair (a, b) as (−b, a).
    fn quarter(&self, x: Tensor<4>) -> Tensor<4> {
        let shape = x.dims();
        let [batch, tokens, rows, part] = shape;
        let half = part / 2;
        match self.pairs {
            Pairs::Halves => Tensor::cat(vec![x.clone().narrow(3, half, half).neg(), x.narrow(3, 0, half)], 3),
            Pairs::Neighbours => {
                let pairs: Tensor<5> = x.reshape([batch, tokens, rows, half, 2]);
                Tensor::cat(vec![pairs.clone().narrow(4, 1, 1).neg(), pairs.narrow(4, 0, 1)], 4).reshape(shape)
            }
        }
    }
}
