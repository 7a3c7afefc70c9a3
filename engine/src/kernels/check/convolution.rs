//! Convolutions of all windows and strides, forward and backward.

use super::{Case, backward, flat, gradient, leaf};
use crate::kernels::pictures::{Window, convolution};

pub(super) fn cases() -> Vec<Case> {
    let sizes = [[1, 1, 1, 1, 1], [2, 5, 3, 4, 3], [3, 7, 2, 5, 5], [2, 8, 12, 8, 3]];
    let case = |([batch, side, channels, outputs, window], stride): ([usize; 5], usize)| {
        Case::new("convolution", &[batch, side, channels, outputs, window, stride], 2e-5, move |device| {
            let window = Window::same([side, side + 1], window, stride);
            let map = leaf("map", [batch, side, side + 1, channels], device);
            let weight = leaf("w", [outputs, window.sides[0] * window.sides[1] * channels], device);
            let bias = leaf("b", [outputs], device);
            let out = convolution(map.clone(), weight.clone(), bias.clone(), window);
            let gradients = backward(&out);
            vec![flat(out), gradient(&map, &gradients), gradient(&weight, &gradients), gradient(&bias, &gradients)]
        })
    };
    sizes.into_iter().flat_map(|sizes| [1, 2].map(|stride| case((sizes, stride)))).collect()
}
