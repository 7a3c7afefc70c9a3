//! Chamfer distance between sets of points (Fan et al., CVPR 2017, arXiv 1612.00603), in the two forms that Point-MAE
//! offers.

use burn::tensor::Tensor;

use crate::kernels::points::chamfer;

/// Below this a squared distance counts as none, so that its root has a slope.
const LEAST: f64 = 1e-20;

/// Which distance is averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chamfer {
    /// Half the sum of the mean distances of both directions.
    L1,
    /// The sum of the mean squared distances of both directions.
    L2,
}

impl Chamfer {
    /// The distance of each pair of sets.
    ///
    /// # Shapes
    /// [sets, S, 3] and [sets, T, 3] → [sets]
    pub fn of_each(self, a: Tensor<3>, b: Tensor<3>) -> Tensor<1> {
        let [there, back] = chamfer(a, b).map(|squared| match self {
            Self::L1 => squared.clamp_min(LEAST).sqrt().mean_dim(1).mul_scalar(0.5).squeeze_dim::<1>(1),
            Self::L2 => squared.mean_dim(1).squeeze_dim::<1>(1),
        });
        there + back
    }

    /// The mean distance over all pairs of sets.
    ///
    /// # Shapes
    /// [sets, S, 3] and [sets, T, 3] → [1]
    pub fn loss(self, a: Tensor<3>, b: Tensor<3>) -> Tensor<1> {
        self.of_each(a, b).mean()
    }
}
