//! Convolution of maps whose channels lie together, as a linear layer on what each place of the result sees.
//!
//! Rows of `channels` values are what [`super::linear`] and batch normalisation work on, so a window of one pixel is a
//! linear layer and nothing else. Larger windows are unfolded: on the CPU some rows at a time, which never leave the
//! cache; on a GPU whole, for the time of one product. The backward pass unfolds again instead of keeping nine times
//! the map.

use burn::backend::Dispatch;
use burn::tensor::{Tensor, s};
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_backend::TensorMetadata as _;
use burn_backend::tensor::FloatTensor;
use burn_cubecl::tensor::CubeTensor;
use burn_flex::FlexTensor;
use masquerade_twins::convolution::Unfolding;

use crate::kernels::launch::{KernelInfo, Launch, empty, floats, word};
use crate::kernels::products::linear::{LayerGradients, Wanted, linear, sizes, weights_on_gpu};
use crate::kernels::products::matmul::{Finish, Layout, product};
use crate::kernels::twin::{self, Floats};
use crate::kernels::{KernelGradients, KernelOps, Tracked};

const WORKGROUP: u32 = 256;
const EXAMPLES: &[crate::kernels::Values] = &[&[("workgroup", WORKGROUP)]];

/// `convolution_unfold.wgsl`
pub const UNFOLD: KernelInfo =
    KernelInfo { stem: "convolution_unfold", template: shader!("pictures/convolution_unfold"), examples: EXAMPLES };

/// `convolution_fold.wgsl`
pub const FOLD: KernelInfo =
    KernelInfo { stem: "convolution_fold", template: shader!("pictures/convolution_fold"), examples: EXAMPLES };

/// Values that are unfolded at once: half of the 128 MiB that a buffer may have everywhere.
const UNFOLDED: usize = 1 << 24;
/// Which pixels each place of a convolution's result sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Rows and columns that are seen.
    pub sides: [usize; 2],
    pub stride: usize,
    /// Rows above and columns left of the map that count as zero.
    pub before: [usize; 2],
    /// Rows and columns of the result.
    pub out: [usize; 2],
}

impl Window {
    /// A square window on a map of `rows` × `columns` with the padding that TensorFlow calls SAME: there are ⌈side /
    /// stride⌉ places, and of an odd number of padded rows the larger half is at the end.
    pub fn same(map: [usize; 2], side: usize, stride: usize) -> Self {
        let out = map.map(|length| length.div_ceil(stride.max(1)));
        let pad = |axis: usize| ((out[axis].max(1) - 1) * stride + side).saturating_sub(map[axis]) / 2;
        Self { sides: [side; 2], stride, before: [pad(0), pad(1)], out }
    }

    fn is_linear(&self, map: [usize; 2]) -> bool {
        self.sides == [1, 1] && self.stride == 1 && self.before == [0, 0] && self.out == map
    }
}

/// `out[b, y, x, n] = bias[n] + Σ weight[n, (j, i, c)] · map[b, y · stride + j − above, x · stride + i − left, c]`, the
/// map being zero outside its sides.
///
/// `map` is [B, height, width, C], `weight` [N, rows · columns · C], `bias` [N]; the result is [B, out rows, out
/// columns, N]. The gradient flows to all three.
pub fn convolution(map: Tensor<4>, weight: Tensor<2>, bias: Tensor<1>, window: Window) -> Tensor<4> {
    let [batch, height, width, channels] = map.dims();
    let [rows, columns] = window.out;
    let [outputs, values] = weight.dims();
    debug_assert_eq!(values, window.sides[0] * window.sides[1] * channels);
    if window.is_linear([height, width]) {
        let flat = linear(map.reshape([batch * height * width, channels]), weight, Some(bias), None);
        return flat.reshape([batch, height, width, outputs]);
    }
    if batch > 1 && batch * rows * columns * values > UNFOLDED {
        let half = batch / 2;
        let part = |from, count| convolution(map.clone().narrow(0, from, count), weight.clone(), bias.clone(), window);
        return Tensor::cat(vec![part(0, half), part(half, batch - half)], 0);
    }
    if crate::kernels::choice::stock() {
        return stock(map, weight, bias, window);
    }
    let out = Dispatch::convolution(map.into_dispatch(), weight.into_dispatch(), bias.into_dispatch(), window);
    Tensor::<2>::from_dispatch(out).reshape([batch, rows, columns, outputs])
}

/// [`convolution`] by burn's own operations.
pub fn stock(map: Tensor<4>, weight: Tensor<2>, bias: Tensor<1>, window: Window) -> Tensor<4> {
    let [batch, height, width, channels] = map.dims();
    let ([rows, columns], [down, across], stride) = (window.sides, window.out, window.stride as i32);
    let reach = |places: usize, side: usize| (places.max(1) - 1) * window.stride + side;
    let after = |axis: usize, length: usize| {
        reach(window.out[axis], window.sides[axis]).saturating_sub(window.before[axis] + length)
    };
    let pad = [(window.before[0], after(0, height)), (window.before[1], after(1, width)), (0, 0)];
    let wide = map.pad(pad, 0.0);
    let seen = (0..rows * columns).map(|number| {
        let (j, i) = (number / columns, number % columns);
        wide.clone().slice(s![.., j..j + reach(down, 1); stride, i..i + reach(across, 1); stride, ..])
    });
    let seen = Tensor::cat(seen.collect(), 3).reshape([batch * down * across, rows * columns * channels]);
    let outputs = weight.dims()[0];
    crate::kernels::products::linear::stock(seen, weight, Some(bias), None).reshape([batch, down, across, outputs])
}

/// A map and the window on it.
fn unfolding(map: [usize; 4], window: Window) -> Unfolding {
    let Window { sides, stride, before, out } = window;
    Unfolding { map, sides, stride, before, out }
}

fn launch(at: &Unfolding, info: &'static KernelInfo, from: &CubeTensor, to: &CubeTensor, count: usize) {
    let Unfolding { map: [_, height, width, channels], sides, stride, before, out } = *at;
    let params = [count, height, width, channels, sides[0], sides[1], stride, before[0], before[1], out[0], out[1]];
    Launch {
        info,
        values: &[],
        workgroup: WORKGROUP,
        groups: count.div_ceil(WORKGROUP as usize),
        inputs: &[from],
        outputs: &[to],
        params: &params.map(word),
    }
    .run();
}

fn unfold(at: &Unfolding, map: &CubeTensor) -> CubeTensor {
    let seen = empty(map, [at.rows(), at.values()]);
    launch(at, &UNFOLD, map, &seen, at.rows() * at.values());
    seen
}

pub(crate) fn on_gpu(map: CubeTensor, weight: CubeTensor, bias: CubeTensor, window: Window) -> CubeTensor {
    let map = floats(map);
    let seen = unfold(&unfolding(map.shape().dims(), window), &map);
    product(Layout::Nt, &seen, &floats(weight), Finish::Bias(&floats(bias))).0
}

pub(crate) fn backward_on_gpu(
    grad: CubeTensor,
    [map, weight, bias]: [CubeTensor; 3],
    window: Window,
    wanted: Wanted,
) -> LayerGradients<CubeTensor> {
    let (grad, map) = (floats(grad), floats(map));
    let at = unfolding(map.shape().dims(), window);
    let (d_weight, d_bias) = match wanted.weight || wanted.bias {
        true => weights_on_gpu(&grad, &unfold(&at, &map), &weight, Some(&bias), wanted),
        false => (None, None),
    };
    let d_map = wanted.x.then(|| {
        let seen = product(Layout::Nn, &grad, &floats(weight), Finish::Store).0;
        let d_map = empty(&map, at.map);
        launch(&at, &FOLD, &seen, &d_map, at.map.iter().product());
        d_map
    });
    (d_map, d_weight, d_bias)
}

pub(crate) fn on_cpu(map: FlexTensor, weight: FlexTensor, bias: FlexTensor, window: Window) -> FlexTensor {
    let (at, [n, _]) = (unfolding(map.shape().dims(), window), sizes(&weight));
    let (map, weight, bias) = (Floats::new(map), Floats::new(weight), Floats::new(bias));
    twin::tensor(at.forward(&map, &weight, &bias), [at.rows(), n])
}

pub(crate) fn backward_on_cpu(
    grad: FlexTensor,
    [map, weight]: [FlexTensor; 2],
    window: Window,
    wanted: Wanted,
) -> LayerGradients<FlexTensor> {
    let (at, [n, k]) = (unfolding(map.shape().dims(), window), sizes(&weight));
    let (grad, map, weight) = (Floats::new(grad), Floats::new(map), Floats::new(weight));
    let (d_map, d_weight, d_bias) = at.backward(n, &grad, &map, &weight, wanted);
    (
        d_map.map(|values| twin::tensor(values, at.map)),
        d_weight.map(|values| twin::tensor(values, [n, k])),
        d_bias.map(|values| twin::tensor(values, [n])),
    )
}

#[derive(Debug)]
struct Step;

impl<B: KernelGradients> Backward<B, 3> for Step {
    type State = ([FloatTensor<B>; 3], Window);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (inputs, window) = ops.state;
        let grad = gradients.consume::<B>(&ops.node);
        let [map, weight, bias] = ops.parents;
        let wanted = Wanted { x: map.is_some(), weight: weight.is_some(), bias: bias.is_some() };
        let (d_map, d_weight, d_bias) = B::convolution_backward(grad, inputs, window, wanted);
        for (node, gradient) in [(map, d_map), (weight, d_weight), (bias, d_bias)] {
            if let Some((node, gradient)) = node.zip(gradient) {
                gradients.register::<B>(node.id, gradient);
            }
        }
    }
}

pub(crate) fn tracked<B: KernelOps + KernelGradients, C: CheckpointStrategy>(
    map: Tracked<B, C>,
    weight: Tracked<B, C>,
    bias: Tracked<B, C>,
    window: Window,
) -> Tracked<B, C> {
    let ((map, map_node), (weight, weight_node), (bias, bias_node)) =
        (map.into_parts(), weight.into_parts(), bias.into_parts());
    let inputs = [map.clone(), weight.clone(), bias.clone()];
    let out = B::convolution(map, weight, bias, window);
    match Step.prepare::<C>([map_node, weight_node, bias_node]).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish((inputs, window), out),
        OpsKind::UnTracked(step) => step.finish(out),
    }
}
