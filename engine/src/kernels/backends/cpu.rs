//! On the CPU.

use burn_flex::{Flex, FlexTensor};

use crate::kernels::activations::{gelu, prelu};
use crate::kernels::edges::{edge_dot, edge_propagate, edge_softmax};
use crate::kernels::losses::{cross_entropy, patch_error, row_cosine};
use crate::kernels::norms::layer_norm;
use crate::kernels::pictures::{convolution, patchify};
use crate::kernels::points::{chamfer, farthest_points, nearest_points};
use crate::kernels::products::{linear, mlp};
use crate::kernels::tokens::{gather_tokens, similarity_map};
use crate::kernels::{KernelGradients, KernelOps, Links, Maybe, attention, contrast, neighbour_contrast};

impl KernelOps for Flex {
    fn linear(x: FlexTensor, weight: FlexTensor, bias: Maybe<Self>, residual: Maybe<Self>) -> FlexTensor {
        linear::on_cpu(x, weight, bias.option(), residual.option())
    }

    fn mlp(
        x: FlexTensor,
        w1: FlexTensor,
        b1: FlexTensor,
        w2: FlexTensor,
        b2: FlexTensor,
        residual: Maybe<Self>,
    ) -> (FlexTensor, FlexTensor) {
        mlp::on_cpu(x, w1, b1, w2, b2, residual.option())
    }

    fn gather_tokens(x: FlexTensor, index: FlexTensor) -> FlexTensor {
        gather_tokens::gather_on_cpu(x, index)
    }

    fn scatter_tokens(x: FlexTensor, index: FlexTensor, tokens: usize) -> FlexTensor {
        gather_tokens::scatter_on_cpu(x, index, tokens)
    }

    fn similarity_map(tokens: FlexTensor, query: usize) -> FlexTensor {
        similarity_map::on_cpu(tokens, query)
    }

    fn patch_error(pred: FlexTensor, target: FlexTensor, mask: FlexTensor, norm_pix: bool) -> FlexTensor {
        patch_error::on_cpu(pred, target, mask, norm_pix)
    }

    fn layer_norm_rows(x: FlexTensor, gamma: FlexTensor, beta: FlexTensor, eps: f32) -> FlexTensor {
        layer_norm::on_cpu(x, gamma, beta, eps)
    }

    fn attention(
        q: FlexTensor,
        kv: Maybe<Self>,
        bias: Maybe<Self>,
        mask: Maybe<Self>,
        form: attention::Form,
    ) -> (FlexTensor, FlexTensor) {
        attention::twin::on_cpu(attention::Given { q, kv: kv.option(), bias: bias.option(), mask: mask.option(), form })
    }

    fn largest_keys(qkv: FlexTensor, heads: usize, largest: attention::Largest) -> FlexTensor {
        attention::largest_keys::on_cpu(qkv, heads, largest)
    }

    fn bias_gelu(x: FlexTensor, bias: FlexTensor) -> FlexTensor {
        gelu::on_cpu(x, bias)
    }

    fn contrast(
        rows: FlexTensor,
        keys: FlexTensor,
        scale: FlexTensor,
        positive: FlexTensor,
        groups: FlexTensor,
        given: contrast::Given,
    ) -> (FlexTensor, FlexTensor, FlexTensor, FlexTensor) {
        contrast::twin::on_cpu(rows, keys, scale, positive, groups, given)
    }

    fn soft_cross_entropy(logits: FlexTensor, targets: FlexTensor) -> (FlexTensor, FlexTensor) {
        cross_entropy::on_cpu(logits, targets)
    }

    fn patchify(words: FlexTensor, norm: FlexTensor, cut: patchify::Cut) -> FlexTensor {
        patchify::on_cpu(words, norm, cut)
    }

    fn edge_softmax(scores: FlexTensor, links: Links<Self>) -> FlexTensor {
        edge_softmax::on_cpu(scores, links)
    }

    fn edge_propagate(x: FlexTensor, weights: Maybe<Self>, links: Links<Self>, back: bool) -> FlexTensor {
        edge_propagate::on_cpu(x, weights.option(), links, back)
    }

    fn edge_dot(x: FlexTensor, y: FlexTensor, links: Links<Self>, heads: usize) -> FlexTensor {
        edge_dot::on_cpu(x, y, links, heads)
    }

    fn prelu_one(x: FlexTensor, slope: FlexTensor) -> FlexTensor {
        prelu::on_cpu(x, slope)
    }

    fn row_cosine(a: FlexTensor, b: FlexTensor, pick: FlexTensor) -> FlexTensor {
        row_cosine::on_cpu(a, b, pick)
    }

    fn neighbour_contrast(
        rows: FlexTensor,
        places: FlexTensor,
        weights: FlexTensor,
        how: neighbour_contrast::How,
    ) -> (FlexTensor, FlexTensor, FlexTensor, FlexTensor) {
        neighbour_contrast::twin::on_cpu(rows, places, weights, how)
    }

    fn farthest_points(points: FlexTensor, count: usize, origin: f32) -> FlexTensor {
        farthest_points::on_cpu(points, count, origin)
    }

    fn nearest_points(points: FlexTensor, centres: FlexTensor, count: usize) -> FlexTensor {
        nearest_points::on_cpu(points, centres, count)
    }

    fn chamfer(a: FlexTensor, b: FlexTensor) -> (FlexTensor, FlexTensor) {
        chamfer::on_cpu(a, b)
    }

    fn convolution(map: FlexTensor, weight: FlexTensor, bias: FlexTensor, window: convolution::Window) -> FlexTensor {
        convolution::on_cpu(map, weight, bias, window)
    }
}

impl KernelGradients for Flex {
    fn linear_backward(
        grad: FlexTensor,
        x: FlexTensor,
        weight: FlexTensor,
        _: Option<FlexTensor>,
        wanted: linear::Wanted,
    ) -> linear::LayerGradients<FlexTensor> {
        linear::backward_on_cpu(grad, x, weight, wanted)
    }

    fn mlp_backward(
        grad: FlexTensor,
        x: FlexTensor,
        preactivation: FlexTensor,
        [w1, w2]: [FlexTensor; 2],
        _: [FlexTensor; 2],
        wanted: [linear::Wanted; 2],
    ) -> mlp::MlpGradients<FlexTensor> {
        mlp::backward_on_cpu(grad, x, preactivation, w1, w2, wanted)
    }

    fn patch_error_backward(
        grad: FlexTensor,
        pred: FlexTensor,
        target: FlexTensor,
        mask: FlexTensor,
        norm_pix: bool,
    ) -> FlexTensor {
        patch_error::backward_on_cpu(grad, pred, target, mask, norm_pix)
    }

    fn layer_norm_backward(
        grad: FlexTensor,
        x: FlexTensor,
        gamma: FlexTensor,
        _: FlexTensor,
        eps: f32,
    ) -> [FlexTensor; 3] {
        layer_norm::backward_on_cpu(grad, x, gamma, eps)
    }

    fn attention_backward(
        grad: FlexTensor,
        given: attention::Given<FlexTensor>,
        out: FlexTensor,
        lse: FlexTensor,
        wanted: [bool; 3],
    ) -> [Option<FlexTensor>; 3] {
        attention::twin::backward_on_cpu(grad, given, out, lse, wanted)
    }

    fn bias_gelu_backward(grad: FlexTensor, x: FlexTensor, bias: FlexTensor) -> [FlexTensor; 2] {
        gelu::backward_on_cpu(grad, x, bias)
    }

    fn contrast_backward(
        grad: FlexTensor,
        kept: contrast::Kept<FlexTensor, FlexTensor>,
        wanted: [bool; 3],
    ) -> [Option<FlexTensor>; 3] {
        contrast::twin::backward_on_cpu(grad, kept, wanted)
    }

    fn soft_cross_entropy_backward(
        grad: FlexTensor,
        logits: FlexTensor,
        targets: FlexTensor,
        kept: FlexTensor,
    ) -> FlexTensor {
        cross_entropy::backward_on_cpu(grad, logits, targets, kept)
    }

    fn edge_softmax_backward(grad: FlexTensor, weights: FlexTensor, links: Links<Self>) -> FlexTensor {
        edge_softmax::backward_on_cpu(grad, weights, links)
    }

    fn prelu_one_backward(grad: FlexTensor, x: FlexTensor, slope: FlexTensor) -> [FlexTensor; 2] {
        prelu::backward_on_cpu(grad, x, slope)
    }

    fn row_cosine_backward(grad: FlexTensor, a: FlexTensor, b: FlexTensor, pick: FlexTensor) -> FlexTensor {
        row_cosine::backward_on_cpu(grad, a, b, pick)
    }

    fn neighbour_contrast_backward(
        grad: FlexTensor,
        kept: neighbour_contrast::Kept<FlexTensor, FlexTensor>,
    ) -> FlexTensor {
        neighbour_contrast::twin::backward_on_cpu(grad, kept)
    }

    fn chamfer_backward(
        grad: FlexTensor,
        a: FlexTensor,
        b: FlexTensor,
        nearest: FlexTensor,
        wanted: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        chamfer::backward_on_cpu(grad, a, b, nearest, wanted)
    }

    fn convolution_backward(
        grad: FlexTensor,
        [map, weight, _]: [FlexTensor; 3],
        window: convolution::Window,
        wanted: linear::Wanted,
    ) -> linear::LayerGradients<FlexTensor> {
        convolution::backward_on_cpu(grad, [map, weight], window, wanted)
    }
}
