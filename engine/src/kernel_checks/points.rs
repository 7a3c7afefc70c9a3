//! The cases of the kernels on points in space.

use super::{Case, backward, flat, gradient, leaf, noise};
use crate::kernels::points::{chamfer, farthest_points, nearest_points};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for ([clouds, points, picks], origin) in
        [([1, 1, 1], None), ([2, 70, 9], Some(0.3)), ([3, 600, 40], Some(1e-3)), ([2, 3, 3], Some(9.0))]
    {
        cases.push(Case::new("farthest_points", &[clouds, points, picks], 0.0, move |device| {
            vec![flat(farthest_points(noise("points", [clouds, points, 3], device), picks, origin).float())]
        }));
    }
    for [clouds, points, centres, picks] in [[1, 1, 1, 1], [2, 40, 7, 9], [3, 300, 33, 32]] {
        cases.push(Case::new("nearest_points", &[clouds, points, centres, picks], 0.0, move |device| {
            let at = noise("centres", [clouds, centres, 3], device);
            vec![flat(nearest_points(noise("points", [clouds, points, 3], device), at, picks).float())]
        }));
    }
    for [sets, of_a, of_b] in [[1, 1, 1], [3, 7, 9], [70, 33, 20]] {
        cases.push(Case::new("chamfer", &[sets, of_a, of_b], 1e-5, move |device| {
            let (a, b) = (leaf("a", [sets, of_a, 3], device), leaf("b", [sets, of_b, 3], device));
            let [there, back] = chamfer(a.clone(), b.clone());
            let both = burn::tensor::Tensor::cat(vec![there, back], 1);
            let gradients = backward(&both);
            vec![flat(both), gradient(&a, &gradients), gradient(&b, &gradients)]
        }));
    }
    cases
}
