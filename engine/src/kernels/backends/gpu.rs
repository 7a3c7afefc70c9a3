//! On the GPU.

use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use crate::kernels::activations::{gelu, prelu};
use crate::kernels::edges::{edge_dot, edge_propagate, edge_softmax};
use crate::kernels::losses::{cross_entropy, patch_error, row_cosine};
use crate::kernels::norms::layer_norm;
use crate::kernels::pictures::{convolution, patchify};
use crate::kernels::points::{chamfer, farthest_points, nearest_points};
use crate::kernels::products::{linear, mlp};
use crate::kernels::tokens::{gather_tokens, similarity_map};
use crate::kernels::{KernelGradients, KernelOps, Links, Maybe, attention, contrast, neighbour_contrast};

impl KernelOps for CubeBackend {
    fn linear(x: CubeTensor, weight: CubeTensor, bias: Maybe<Self>, residual: Maybe<Self>) -> CubeTensor {
        linear::on_gpu(x, weight, bias.option(), residual.option())
    }

    fn mlp(
        x: CubeTensor,
        w1: CubeTensor,
        b1: CubeTensor,
        w2: CubeTensor,
        b2: CubeTensor,
        residual: Maybe<Self>,
    ) -> (CubeTensor, CubeTensor) {
        mlp::on_gpu(x, w1, b1, w2, b2, residual.option())
    }

    fn gather_tokens(x: CubeTensor, index: CubeTensor) -> CubeTensor {
        gather_tokens::gather_on_gpu(x, index)
    }

    fn scatter_tokens(x: CubeTensor, index: CubeTensor, tokens: usize) -> CubeTensor {
        gather_tokens::scatter_on_gpu(x, index, tokens)
    }

    fn similarity_map(tokens: CubeTensor, query: usize) -> CubeTensor {
        similarity_map::on_gpu(tokens, query)
    }

    fn patch_error(pred: CubeTensor, target: CubeTensor, mask: CubeTensor, norm_pix: bool) -> CubeTensor {
        patch_error::on_gpu(pred, target, mask, norm_pix)
    }

    fn layer_norm_rows(x: CubeTensor, gamma: CubeTensor, beta: CubeTensor, eps: f32) -> CubeTensor {
        layer_norm::on_gpu(x, gamma, beta, eps)
    }

    fn attention(
        q: CubeTensor,
        kv: Maybe<Self>,
        bias: Maybe<Self>,
        mask: Maybe<Self>,
        form: attention::Form,
    ) -> (CubeTensor, CubeTensor) {
        attention::gpu::on_gpu(attention::Given { q, kv: kv.option(), bias: bias.option(), mask: mask.option(), form })
    }

    fn largest_keys(qkv: CubeTensor, heads: usize, largest: attention::Largest) -> CubeTensor {
        attention::largest_keys::on_gpu(qkv, heads, largest)
    }

    fn bias_gelu(x: CubeTensor, bias: CubeTensor) -> CubeTensor {
        gelu::on_gpu(x, bias)
    }

    fn contrast(
        rows: CubeTensor,
        keys: CubeTensor,
        scale: CubeTensor,
        positive: CubeTensor,
        groups: CubeTensor,
        given: contrast::Given,
    ) -> (CubeTensor, CubeTensor, CubeTensor, CubeTensor) {
        contrast::gpu::on_gpu(rows, keys, scale, positive, groups, given)
    }

    fn soft_cross_entropy(logits: CubeTensor, targets: CubeTensor) -> (CubeTensor, CubeTensor) {
        cross_entropy::on_gpu(logits, targets)
    }

    fn patchify(words: CubeTensor, norm: CubeTensor, cut: patchify::Cut) -> CubeTensor {
        patchify::on_gpu(words, norm, cut)
    }

    fn edge_softmax(scores: CubeTensor, links: Links<Self>) -> CubeTensor {
        edge_softmax::on_gpu(scores, links)
    }

    fn edge_propagate(x: CubeTensor, weights: Maybe<Self>, links: Links<Self>, back: bool) -> CubeTensor {
        edge_propagate::on_gpu(x, weights.option(), links, back)
    }

    fn edge_dot(x: CubeTensor, y: CubeTensor, links: Links<Self>, heads: usize) -> CubeTensor {
        edge_dot::on_gpu(x, y, links, heads)
    }

    fn prelu_one(x: CubeTensor, slope: CubeTensor) -> CubeTensor {
        prelu::on_gpu(x, slope)
    }

    fn row_cosine(a: CubeTensor, b: CubeTensor, pick: CubeTensor) -> CubeTensor {
        row_cosine::on_gpu(a, b, pick)
    }

    fn neighbour_contrast(
        rows: CubeTensor,
        places: CubeTensor,
        weights: CubeTensor,
        how: neighbour_contrast::How,
    ) -> (CubeTensor, CubeTensor, CubeTensor, CubeTensor) {
        neighbour_contrast::gpu::on_gpu(rows, places, weights, how)
    }

    fn farthest_points(points: CubeTensor, count: usize, origin: f32) -> CubeTensor {
        farthest_points::on_gpu(points, count, origin)
    }

    fn nearest_points(points: CubeTensor, centres: CubeTensor, count: usize) -> CubeTensor {
        nearest_points::on_gpu(points, centres, count)
    }

    fn chamfer(a: CubeTensor, b: CubeTensor) -> (CubeTensor, CubeTensor) {
        chamfer::on_gpu(a, b)
    }

    fn convolution(map: CubeTensor, weight: CubeTensor, bias: CubeTensor, window: convolution::Window) -> CubeTensor {
        convolution::on_gpu(map, weight, bias, window)
    }
}

impl KernelGradients for CubeBackend {
    fn linear_backward(
        grad: CubeTensor,
        x: CubeTensor,
        weight: CubeTensor,
        bias: Option<CubeTensor>,
        wanted: linear::Wanted,
    ) -> linear::LayerGradients<CubeTensor> {
        linear::backward_on_gpu(grad, x, weight, bias, wanted)
    }

    fn mlp_backward(
        grad: CubeTensor,
        x: CubeTensor,
        preactivation: CubeTensor,
        weights: [CubeTensor; 2],
        biases: [CubeTensor; 2],
        wanted: [linear::Wanted; 2],
    ) -> mlp::MlpGradients<CubeTensor> {
        mlp::backward_on_gpu(grad, x, preactivation, weights, biases, wanted)
    }

    fn patch_error_backward(
        grad: CubeTensor,
        pred: CubeTensor,
        target: CubeTensor,
        mask: CubeTensor,
        norm_pix: bool,
    ) -> CubeTensor {
        patch_error::backward_on_gpu(grad, pred, target, mask, norm_pix)
    }

    fn layer_norm_backward(
        grad: CubeTensor,
        x: CubeTensor,
        gamma: CubeTensor,
        beta: CubeTensor,
        eps: f32,
    ) -> [CubeTensor; 3] {
        layer_norm::backward_on_gpu(grad, x, gamma, beta, eps)
    }

    fn attention_backward(
        grad: CubeTensor,
        given: attention::Given<CubeTensor>,
        out: CubeTensor,
        lse: CubeTensor,
        wanted: [bool; 3],
    ) -> [Option<CubeTensor>; 3] {
        attention::gpu::backward_on_gpu(grad, given, out, lse, wanted)
    }

    fn bias_gelu_backward(grad: CubeTensor, x: CubeTensor, bias: CubeTensor) -> [CubeTensor; 2] {
        gelu::backward_on_gpu(grad, x, bias)
    }

    fn contrast_backward(
        grad: CubeTensor,
        kept: contrast::Kept<CubeTensor, CubeTensor>,
        wanted: [bool; 3],
    ) -> [Option<CubeTensor>; 3] {
        contrast::gpu_backward::backward_on_gpu(grad, kept, wanted)
    }

    fn soft_cross_entropy_backward(
        grad: CubeTensor,
        logits: CubeTensor,
        targets: CubeTensor,
        kept: CubeTensor,
    ) -> CubeTensor {
        cross_entropy::backward_on_gpu(grad, logits, targets, kept)
    }

    fn edge_softmax_backward(grad: CubeTensor, weights: CubeTensor, links: Links<Self>) -> CubeTensor {
        edge_softmax::backward_on_gpu(grad, weights, links)
    }

    fn prelu_one_backward(grad: CubeTensor, x: CubeTensor, slope: CubeTensor) -> [CubeTensor; 2] {
        prelu::backward_on_gpu(grad, x, slope)
    }

    fn row_cosine_backward(grad: CubeTensor, a: CubeTensor, b: CubeTensor, pick: CubeTensor) -> CubeTensor {
        row_cosine::backward_on_gpu(grad, a, b, pick)
    }

    fn neighbour_contrast_backward(
        grad: CubeTensor,
        kept: neighbour_contrast::Kept<CubeTensor, CubeTensor>,
    ) -> CubeTensor {
        neighbour_contrast::gpu::backward_on_gpu(grad, kept)
    }

    fn chamfer_backward(
        grad: CubeTensor,
        a: CubeTensor,
        b: CubeTensor,
        nearest: CubeTensor,
        wanted: [bool; 2],
    ) -> [Option<CubeTensor>; 2] {
        chamfer::backward_on_gpu(grad, a, b, nearest, wanted)
    }

    fn convolution_backward(
        grad: CubeTensor,
        inputs: [CubeTensor; 3],
        window: convolution::Window,
        wanted: linear::Wanted,
    ) -> linear::LayerGradients<CubeTensor> {
        convolution::backward_on_gpu(grad, inputs, window, wanted)
    }
}
