//! Pictures cut into patches, and convolutions of all windows and strides.

use super::{Case, backward, flat, gradient, leaf, noise, picks};
use crate::kernels::pictures::{Cut, Depth, Order, Window, convolution, patchify};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = convolutions();
    for (shape, patch, order, depth) in [
        ([1, 1, 1, 1], [1, 1], Order::ChannelFirst, Depth::Eight),
        ([3, 6, 10, 3], [3, 2], Order::ChannelFirst, Depth::Eight),
        ([2, 28, 28, 3], [7, 7], Order::ChannelLast, Depth::Eight),
        ([2, 12, 8, 13], [4, 4], Order::ChannelFirst, Depth::Sixteen),
        ([1, 5, 3, 1], [5, 1], Order::ChannelLast, Depth::Sixteen),
    ] {
        cases.push(Case::new("patchify", &shape, 1e-6, move |device| {
            let words = picks([depth.words_of(shape.iter().product())], i32::MAX as usize, device);
            let norm = noise("norm", [2, shape[3]], device);
            vec![flat(patchify(words, norm, Cut { shape, patch, order, depth }))]
        }));
    }
    cases
}

fn convolutions() -> Vec<Case> {
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
