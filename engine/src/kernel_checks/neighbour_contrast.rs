//! Cases of the contrast of neighbours.

use super::{Case, backward, flat, gradient, leaf};
use crate::kernels::neighbour_contrast::{How, Pairs, neighbour_contrast};

pub(super) fn cases() -> Vec<Case> {
    let how = How { tau: 1.5, eps: 1e-8, least_norm: 1e-12 };
    let sizes = [[1, 1], [7, 4], [67, 10], [300, 33]];
    let case = |[nodes, width]: [usize; 2]| {
        Case::new("neighbour_contrast", &[nodes, width], 5e-5, move |device| {
            let x = leaf("x", [nodes, width], device);
            // Each node with itself, the next and the one before, in ascending order.
            let row = |i: usize| {
                let mut columns = vec![i as u32, ((i + 1) % nodes) as u32, ((i + nodes - 1) % nodes) as u32];
                columns.sort_unstable();
                columns.dedup();
                columns
            };
            let columns: Vec<u32> = (0..nodes).flat_map(row).collect();
            let ends = (0..nodes).scan(0, |end, i| {
                *end += row(i).len() as u32;
                Some(*end)
            });
            let starts: Vec<u32> = std::iter::once(0).chain(ends).collect();
            // The weight of (i, j) is that of (j, i) turned.
            let weight = |i: usize, j: usize| 0.1 + 0.1 * (i * 5 % 7) as f32 + 0.02 * (j % 3) as f32;
            let weights = (0..nodes)
                .flat_map(|i| row(i).into_iter().flat_map(move |j| [weight(i, j as usize), weight(j as usize, i)]));
            let weights: Vec<f32> = weights.collect();
            let out = neighbour_contrast(x.clone(), &Pairs::new(&starts, &columns, &weights, &x.device()), how);
            let gradients = backward(&out);
            vec![flat(out), gradient(&x, &gradients)]
        })
    };
    sizes.into_iter().map(case).collect()
}
