//! What the backward passes need of a backend.

use burn_backend::Backend;
use burn_backend::tensor::{FloatTensor, IntTensor};

use super::{Links, attention, contrast, neighbour_contrast, pictures, products};

/// What the backward passes of [`super::KernelOps`] need beyond these operations themselves.
pub trait KernelGradients: Backend {
    /// d pred [B, L, P] from d out [B, L].
    fn patch_error_backward(
        grad: FloatTensor<Self>,
        pred: FloatTensor<Self>,
        target: FloatTensor<Self>,
        mask: FloatTensor<Self>,
        norm_pix: bool,
    ) -> FloatTensor<Self>;
    /// d x, d gamma and d beta.
    fn layer_norm_backward(
        grad: FloatTensor<Self>,
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        eps: f32,
    ) -> [FloatTensor<Self>; 3];
    /// d q (with d k and d v behind it, if there is no `kv`), d kv and d bias, those that are wanted, from d out [B,
    /// Tq, heads · dim].
    fn attention_backward(
        grad: FloatTensor<Self>,
        given: attention::Given<FloatTensor<Self>>,
        out: FloatTensor<Self>,
        lse: FloatTensor<Self>,
        wanted: [bool; 3],
    ) -> [Option<FloatTensor<Self>>; 3];
    /// d x and d bias.
    fn bias_gelu_backward(
        grad: FloatTensor<Self>,
        x: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> [FloatTensor<Self>; 2];
    /// d x [R, K], d weight [N, K] and d bias [N] from d out [R, N], those that are wanted.
    fn linear_backward(
        grad: FloatTensor<Self>,
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: Option<FloatTensor<Self>>,
        wanted: products::linear::Wanted,
    ) -> products::linear::LayerGradients<FloatTensor<Self>>;
    /// The gradients of both layers of [`super::products::mlp`] that are wanted.
    fn mlp_backward(
        grad: FloatTensor<Self>,
        x: FloatTensor<Self>,
        preactivation: FloatTensor<Self>,
        weights: [FloatTensor<Self>; 2],
        biases: [FloatTensor<Self>; 2],
        wanted: [products::linear::Wanted; 2],
    ) -> products::mlp::MlpGradients<FloatTensor<Self>>;
    /// d rows, d keys and d scale of [`super::contrast::contrast`], those that are wanted, from d loss.
    fn contrast_backward(
        grad: FloatTensor<Self>,
        kept: contrast::Kept<FloatTensor<Self>, IntTensor<Self>>,
        wanted: [bool; 3],
    ) -> [Option<FloatTensor<Self>>; 3];
    /// d logits [N, C] from d out [N].
    fn soft_cross_entropy_backward(
        grad: FloatTensor<Self>,
        logits: FloatTensor<Self>,
        targets: FloatTensor<Self>,
        kept: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
    /// d scores [E, H] from d out [E, H] and what [`super::edges::edge_softmax`] gave.
    fn edge_softmax_backward(
        grad: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        links: Links<Self>,
    ) -> FloatTensor<Self>;
    /// d x and d slope [1].
    fn prelu_one_backward(
        grad: FloatTensor<Self>,
        x: FloatTensor<Self>,
        slope: FloatTensor<Self>,
    ) -> [FloatTensor<Self>; 2];
    /// d a [R, W] from d out [R].
    fn row_cosine_backward(
        grad: FloatTensor<Self>,
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        pick: IntTensor<Self>,
    ) -> FloatTensor<Self>;
    /// d rows [N, D] of [`super::neighbour_contrast::neighbour_contrast`] from d loss [N].
    fn neighbour_contrast_backward(
        grad: FloatTensor<Self>,
        kept: neighbour_contrast::Kept<FloatTensor<Self>, IntTensor<Self>>,
    ) -> FloatTensor<Self>;
    /// d a [M, S, 3] and d b [M, T, 3] of [`super::points::chamfer`], those that are wanted, from d out [M, S + T].
    fn chamfer_backward(
        grad: FloatTensor<Self>,
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        nearest: IntTensor<Self>,
        wanted: [bool; 2],
    ) -> [Option<FloatTensor<Self>>; 2];
    /// d map, d weight and d bias of [`super::pictures::convolution`], those that are wanted, from d out; the inputs are
    /// map, weight and bias.
    fn convolution_backward(
        grad: FloatTensor<Self>,
        inputs: [FloatTensor<Self>; 3],
        window: pictures::Window,
        wanted: products::linear::Wanted,
    ) -> products::linear::LayerGradients<FloatTensor<Self>>;
}
