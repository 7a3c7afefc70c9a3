//! Which function does which operation on which backend; nothing else.

use burn_autodiff::Autodiff;
use burn_autodiff::checkpoint::strategy::CheckpointStrategy;
use burn_backend::AutodiffBackend as _;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;
use burn_flex::{Flex, FlexTensor};

use super::{
    KernelGradients, KernelOps, Links, Maybe, Tracked, attention, attention_gpu, attention_twin, chamfer, contrast, contrast_gpu,
    contrast_twin, convolution, cross_entropy, edge_dot, edge_propagate, edge_softmax, farthest_points, gather_tokens, gelu, layer_norm,
    linear, mlp, nearest_points, neighbour_contrast, neighbour_contrast_gpu, neighbour_contrast_twin, patch_error, patchify, prelu,
    row_cosine, similarity_map,
};

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

    fn similarity_map(tokens: CubeTensor, query: CubeTensor) -> CubeTensor {
        similarity_map::on_gpu(tokens, query)
    }

    fn patch_error(pred: CubeTensor, target: CubeTensor, mask: CubeTensor, norm_pix: bool) -> CubeTensor {
        patch_error::on_gpu(pred, target, mask, norm_pix)
    }

    fn layer_norm_rows(x: CubeTensor, gamma: CubeTensor, beta: CubeTensor, eps: f32) -> CubeTensor {
        layer_norm::on_gpu(x, gamma, beta, eps)
    }

    fn attention(q: CubeTensor, kv: Maybe<Self>, bias: Maybe<Self>, mask: Maybe<Self>, form: attention::Form) -> (CubeTensor, CubeTensor) {
        attention_gpu::on_gpu(attention::Given { q, kv: kv.option(), bias: bias.option(), mask: mask.option(), form })
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
        contrast_gpu::on_gpu(rows, keys, scale, positive, groups, given)
    }

    fn soft_cross_entropy(logits: CubeTensor, targets: CubeTensor) -> (CubeTensor, CubeTensor) {
        cross_entropy::on_gpu(logits, targets)
    }

    fn patchify(bytes: CubeTensor, cut: patchify::Cut) -> CubeTensor {
        patchify::on_gpu(bytes, cut)
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
        neighbour_contrast_gpu::on_gpu(rows, places, weights, how)
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

    fn patch_error_backward(grad: CubeTensor, pred: CubeTensor, target: CubeTensor, mask: CubeTensor, norm_pix: bool) -> CubeTensor {
        patch_error::backward_on_gpu(grad, pred, target, mask, norm_pix)
    }

    fn layer_norm_backward(grad: CubeTensor, x: CubeTensor, gamma: CubeTensor, beta: CubeTensor, eps: f32) -> [CubeTensor; 3] {
        layer_norm::backward_on_gpu(grad, x, gamma, beta, eps)
    }

    fn attention_backward(
        grad: CubeTensor,
        given: attention::Given<CubeTensor>,
        out: CubeTensor,
        lse: CubeTensor,
        wanted: [bool; 3],
    ) -> [Option<CubeTensor>; 3] {
        attention_gpu::backward_on_gpu(grad, given, out, lse, wanted)
    }

    fn bias_gelu_backward(grad: CubeTensor, x: CubeTensor, bias: CubeTensor) -> [CubeTensor; 2] {
        gelu::backward_on_gpu(grad, x, bias)
    }

    fn contrast_backward(grad: CubeTensor, kept: contrast::Kept<CubeTensor, CubeTensor>, wanted: [bool; 3]) -> [Option<CubeTensor>; 3] {
        contrast_gpu::backward_on_gpu(grad, kept, wanted)
    }

    fn soft_cross_entropy_backward(grad: CubeTensor, logits: CubeTensor, targets: CubeTensor, kept: CubeTensor) -> CubeTensor {
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

    fn neighbour_contrast_backward(grad: CubeTensor, kept: neighbour_contrast::Kept<CubeTensor, CubeTensor>) -> CubeTensor {
        neighbour_contrast_gpu::backward_on_gpu(grad, kept)
    }

    fn chamfer_backward(grad: CubeTensor, a: CubeTensor, b: CubeTensor, nearest: CubeTensor, wanted: [bool; 2]) -> [Option<CubeTensor>; 2] {
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

    fn similarity_map(tokens: FlexTensor, query: FlexTensor) -> FlexTensor {
        similarity_map::on_cpu(tokens, query)
    }

    fn patch_error(pred: FlexTensor, target: FlexTensor, mask: FlexTensor, norm_pix: bool) -> FlexTensor {
        patch_error::on_cpu(pred, target, mask, norm_pix)
    }

    fn layer_norm_rows(x: FlexTensor, gamma: FlexTensor, beta: FlexTensor, eps: f32) -> FlexTensor {
        layer_norm::on_cpu(x, gamma, beta, eps)
    }

    fn attention(q: FlexTensor, kv: Maybe<Self>, bias: Maybe<Self>, mask: Maybe<Self>, form: attention::Form) -> (FlexTensor, FlexTensor) {
        attention_twin::on_cpu(attention::Given { q, kv: kv.option(), bias: bias.option(), mask: mask.option(), form })
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
        contrast_twin::on_cpu(rows, keys, scale, positive, groups, given)
    }

    fn soft_cross_entropy(logits: FlexTensor, targets: FlexTensor) -> (FlexTensor, FlexTensor) {
        cross_entropy::on_cpu(logits, targets)
    }

    fn patchify(bytes: FlexTensor, cut: patchify::Cut) -> FlexTensor {
        patchify::on_cpu(bytes, cut)
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
        neighbour_contrast_twin::on_cpu(rows, places, weights, how)
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

    fn patch_error_backward(grad: FlexTensor, pred: FlexTensor, target: FlexTensor, mask: FlexTensor, norm_pix: bool) -> FlexTensor {
        patch_error::backward_on_cpu(grad, pred, target, mask, norm_pix)
    }

    fn layer_norm_backward(grad: FlexTensor, x: FlexTensor, gamma: FlexTensor, _: FlexTensor, eps: f32) -> [FlexTensor; 3] {
        layer_norm::backward_on_cpu(grad, x, gamma, eps)
    }

    fn attention_backward(
        grad: FlexTensor,
        given: attention::Given<FlexTensor>,
        out: FlexTensor,
        lse: FlexTensor,
        wanted: [bool; 3],
    ) -> [Option<FlexTensor>; 3] {
        attention_twin::backward_on_cpu(grad, given, out, lse, wanted)
    }

    fn bias_gelu_backward(grad: FlexTensor, x: FlexTensor, bias: FlexTensor) -> [FlexTensor; 2] {
        gelu::backward_on_cpu(grad, x, bias)
    }

    fn contrast_backward(grad: FlexTensor, kept: contrast::Kept<FlexTensor, FlexTensor>, wanted: [bool; 3]) -> [Option<FlexTensor>; 3] {
        contrast_twin::backward_on_cpu(grad, kept, wanted)
    }

    fn soft_cross_entropy_backward(grad: FlexTensor, logits: FlexTensor, targets: FlexTensor, kept: FlexTensor) -> FlexTensor {
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

    fn neighbour_contrast_backward(grad: FlexTensor, kept: neighbour_contrast::Kept<FlexTensor, FlexTensor>) -> FlexTensor {
        neighbour_contrast_twin::backward_on_cpu(grad, kept)
    }

    fn chamfer_backward(grad: FlexTensor, a: FlexTensor, b: FlexTensor, nearest: FlexTensor, wanted: [bool; 2]) -> [Option<FlexTensor>; 2] {
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

impl<B: KernelOps + KernelGradients, C: CheckpointStrategy> KernelOps for Autodiff<B, C> {
    fn linear(x: Tracked<B, C>, weight: Tracked<B, C>, bias: Maybe<Self>, residual: Maybe<Self>) -> Tracked<B, C> {
        linear::tracked::<B, C>(x, weight, bias.option(), residual.option())
    }

    fn mlp(
        x: Tracked<B, C>,
        w1: Tracked<B, C>,
        b1: Tracked<B, C>,
        w2: Tracked<B, C>,
        b2: Tracked<B, C>,
        residual: Maybe<Self>,
    ) -> (Tracked<B, C>, Tracked<B, C>) {
        let (out, preactivation) = mlp::tracked::<B, C>(x, [w1, w2], [b1, b2], residual.option());
        (out, Self::from_inner(preactivation))
    }

    fn gather_tokens(x: Tracked<B, C>, index: B::IntTensorPrimitive) -> Tracked<B, C> {
        gather_tokens::gather_tracked::<B, C>(x, index)
    }

    fn scatter_tokens(x: Tracked<B, C>, index: B::IntTensorPrimitive, tokens: usize) -> Tracked<B, C> {
        gather_tokens::scatter_tracked::<B, C>(x, index, tokens)
    }

    fn similarity_map(tokens: Tracked<B, C>, query: B::IntTensorPrimitive) -> Tracked<B, C> {
        Self::from_inner(B::similarity_map(tokens.into_primitive(), query))
    }

    fn patch_error(pred: Tracked<B, C>, target: Tracked<B, C>, mask: Tracked<B, C>, norm_pix: bool) -> Tracked<B, C> {
        patch_error::tracked::<B, C>(pred, target, mask, norm_pix)
    }

    fn layer_norm_rows(x: Tracked<B, C>, gamma: Tracked<B, C>, beta: Tracked<B, C>, eps: f32) -> Tracked<B, C> {
        layer_norm::tracked::<B, C>(x, gamma, beta, eps)
    }

    fn attention(
        q: Tracked<B, C>,
        kv: Maybe<Self>,
        bias: Maybe<Self>,
        mask: Maybe<Self>,
        form: attention::Form,
    ) -> (Tracked<B, C>, Tracked<B, C>) {
        let given = attention::Given { q, kv: kv.option(), bias: bias.option(), mask: mask.option(), form };
        let (out, lse) = attention::tracked::<B, C>(given);
        (out, Self::from_inner(lse))
    }

    fn bias_gelu(x: Tracked<B, C>, bias: Tracked<B, C>) -> Tracked<B, C> {
        gelu::tracked::<B, C>(x, bias)
    }

    fn contrast(
        rows: Tracked<B, C>,
        keys: Tracked<B, C>,
        scale: Tracked<B, C>,
        positive: B::IntTensorPrimitive,
        groups: B::IntTensorPrimitive,
        given: contrast::Given,
    ) -> (Tracked<B, C>, Tracked<B, C>, Tracked<B, C>, Tracked<B, C>) {
        let (loss, [unit, inverse, lse]) = contrast::tracked::<B, C>(rows, keys, scale, positive, groups, given);
        (loss, Self::from_inner(unit), Self::from_inner(inverse), Self::from_inner(lse))
    }

    fn soft_cross_entropy(logits: Tracked<B, C>, targets: Tracked<B, C>) -> (Tracked<B, C>, Tracked<B, C>) {
        let (loss, kept) = cross_entropy::tracked::<B, C>(logits, targets);
        (loss, Self::from_inner(kept))
    }

    fn patchify(bytes: B::IntTensorPrimitive, cut: patchify::Cut) -> Tracked<B, C> {
        Self::from_inner(B::patchify(bytes, cut))
    }

    fn edge_softmax(scores: Tracked<B, C>, links: Links<Self>) -> Tracked<B, C> {
        edge_softmax::tracked::<B, C>(scores, Links::of(links))
    }

    fn edge_propagate(x: Tracked<B, C>, weights: Maybe<Self>, links: Links<Self>, back: bool) -> Tracked<B, C> {
        edge_propagate::tracked::<B, C>(x, weights.option(), Links::of(links), back)
    }

    fn edge_dot(x: Tracked<B, C>, y: Tracked<B, C>, links: Links<Self>, heads: usize) -> Tracked<B, C> {
        edge_dot::tracked::<B, C>(x, y, Links::of(links), heads)
    }

    fn prelu_one(x: Tracked<B, C>, slope: Tracked<B, C>) -> Tracked<B, C> {
        prelu::tracked::<B, C>(x, slope)
    }

    fn row_cosine(a: Tracked<B, C>, b: Tracked<B, C>, pick: B::IntTensorPrimitive) -> Tracked<B, C> {
        row_cosine::tracked::<B, C>(a, b, pick)
    }

    fn neighbour_contrast(
        rows: Tracked<B, C>,
        places: B::IntTensorPrimitive,
        weights: Tracked<B, C>,
        how: neighbour_contrast::How,
    ) -> (Tracked<B, C>, Tracked<B, C>, Tracked<B, C>, Tracked<B, C>) {
        let (loss, [unit, inverse, slopes]) = neighbour_contrast::tracked::<B, C>(rows, places, weights, how);
        (loss, Self::from_inner(unit), Self::from_inner(inverse), Self::from_inner(slopes))
    }

    fn farthest_points(points: Tracked<B, C>, count: usize, origin: f32) -> B::IntTensorPrimitive {
        B::farthest_points(points.into_primitive(), count, origin)
    }

    fn nearest_points(points: Tracked<B, C>, centres: Tracked<B, C>, count: usize) -> B::IntTensorPrimitive {
        B::nearest_points(points.into_primitive(), centres.into_primitive(), count)
    }

    fn chamfer(a: Tracked<B, C>, b: Tracked<B, C>) -> (Tracked<B, C>, B::IntTensorPrimitive) {
        chamfer::tracked::<B, C>(a, b)
    }

    fn convolution(map: Tracked<B, C>, weight: Tracked<B, C>, bias: Tracked<B, C>, window: convolution::Window) -> Tracked<B, C> {
        convolution::tracked::<B, C>(map, weight, bias, window)
    }
}
