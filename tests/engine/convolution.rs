//! Convolutions: against burn's own, against slopes, and the padding of even sides; pooling and upsampling.

use burn::tensor::module::conv2d;
use burn::tensor::ops::{ConvOptions, PadMode};
use burn::tensor::{Device, Tensor, TensorData};
use masquerade_engine::blocks::convolution::{max_pool, upsample};
use masquerade_engine::kernels::pictures::{Window, convolution};

use crate::kernels::{close, gradient, leaf, same, values};

/// Batch, rows, columns, channels, outputs, side of the window, stride.
const SIZES: [[usize; 7]; 8] = [
    [1, 1, 1, 1, 1, 1, 1],
    [1, 1, 1, 2, 3, 3, 2],
    [2, 5, 4, 3, 5, 3, 1],
    [3, 6, 8, 2, 4, 3, 2],
    [2, 7, 5, 3, 2, 5, 2],
    [2, 6, 7, 4, 3, 1, 2],
    [20, 9, 9, 4, 8, 5, 1],
    [17, 8, 8, 3, 6, 2, 3],
];

fn leaves([batch, rows, columns, channels, outputs, side, _]: [usize; 7]) -> (Tensor<4>, Tensor<2>, Tensor<1>) {
    (
        leaf("map", [batch, rows, columns, channels]),
        leaf("weight", [outputs, side * side * channels]),
        leaf("bias", [outputs]),
    )
}

#[test]
fn the_kernel_agrees_with_tensor_operations() {
    for sizes in SIZES {
        let (map, weight, bias) = leaves(sizes);
        let window = Window::same([sizes[1], sizes[2]], sizes[5], sizes[6]);
        let of = |way: fn(_, _, _, _) -> _| way(map.clone(), weight.clone(), bias.clone(), window);
        same(of(convolution), of(convolution::stock), 2e-5, &[&gradient(&map), &gradient(&weight), &gradient(&bias)]);
    }
}

#[test]
fn the_kernel_agrees_with_burns_convolution() {
    for sizes in SIZES {
        let [batch, rows, columns, channels, outputs, side, stride] = sizes;
        let (map, weight, bias) = leaves(sizes);
        let window = Window::same([rows, columns], side, stride);
        let reach = |axis: usize, length: usize| {
            ((window.out[axis] - 1) * stride + side).saturating_sub(window.before[axis] + length)
        };
        let pad = [(window.before[0], reach(0, rows)), (window.before[1], reach(1, columns))];
        let turned = weight.clone().reshape([outputs, side, side, channels]).permute([0, 3, 1, 2]);
        let first = map.clone().permute([0, 3, 1, 2]).pad(pad, PadMode::Constant(0.0));
        let options = ConvOptions::new([stride; 2], [0; 2], [1; 2], 1);
        let whole = conv2d(first, turned, Some(bias.clone()), options).permute([0, 2, 3, 1]);
        let wanted = whole.slice([0..batch, 0..window.out[0], 0..window.out[1], 0..outputs]);
        let got = convolution(map.clone(), weight.clone(), bias.clone(), window);
        same(got, wanted, 2e-5, &[&gradient(&map), &gradient(&weight), &gradient(&bias)]);
    }
}

#[test]
fn even_sides_are_padded_at_the_end() {
    // A window of 3 at a stride of 2 on 4 pixels: TensorFlow adds nothing before and one pixel after.
    assert_eq!(Window::same([4, 5], 3, 2), Window { sides: [3; 2], stride: 2, before: [0, 1], out: [2, 3] });
    let map = Tensor::<4>::from_data(
        TensorData::new((1..=4).map(|v| v as f32).collect::<Vec<_>>(), [1, 1, 4, 1]),
        &Device::flex(),
    );
    let weight = Tensor::from_data([[0.0, 0.0, 0.0, 1.0, 10.0, 100.0, 0.0, 0.0, 0.0]], &Device::flex());
    let out = convolution(map, weight, Tensor::zeros([1], &Device::flex()), Window::same([1, 4], 3, 2));
    assert_eq!(values(out), [321.0, 43.0]);
}

#[test]
fn pooling_keeps_the_largest_and_leaves_odd_rests() {
    let map = leaf("map", [2, 5, 7, 3]);
    let pooled = max_pool(map.clone());
    assert_eq!(pooled.dims(), [2, 2, 3, 3]);
    let (all, got) = (values(map.clone()), values(pooled.clone()));
    let at = |b: usize, y: usize, x: usize, c: usize| all[((b * 5 + y) * 7 + x) * 3 + c];
    for (i, value) in got.iter().enumerate() {
        let (c, x, y, b) = (i % 3, i / 3 % 3, i / 9 % 2, i / 18);
        let wanted = [(0, 0), (0, 1), (1, 0), (1, 1)]
            .map(|(j, k)| at(b, 2 * y + j, 2 * x + k, c))
            .into_iter()
            .fold(f32::MIN, f32::max);
        assert_eq!(*value, wanted, "{i}");
    }
    let slope = values(map.grad(&pooled.sum().backward()).unwrap());
    assert_eq!(slope.iter().sum::<f32>(), got.len() as f32);
}

#[test]
fn upsampling_repeats_every_pixel() {
    let map = leaf("map", [1, 2, 1, 2]);
    let large = upsample(map.clone());
    let v = values(map.clone());
    close(
        "upsampled",
        &values(large.clone()),
        &[v[0], v[1], v[0], v[1], v[0], v[1], v[0], v[1], v[2], v[3], v[2], v[3], v[2], v[3], v[2], v[3]],
        0.0,
    );
    assert_eq!(values(map.grad(&large.sum().backward()).unwrap()), [4.0; 4]);
}
