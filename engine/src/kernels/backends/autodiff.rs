//! With gradients, on whichever backend.

use burn_autodiff::Autodiff;
use burn_autodiff::checkpoint::strategy::CheckpointStrategy;
use burn_backend::AutodiffBackend as _;

use crate::kernels::activations::{gelu, prelu};
use crate::kernels::edges::{edge_dot, edge_propagate, edge_softmax};
use crate::kernels::losses::{cross_entropy, patch_error, row_cosine};
use crate::kernels::norms::layer_norm;
use crate::kernels::pictures::{convolution, patchify};
use crate::kernels::points::chamfer;
use crate::kernels::products::{linear, mlp};
use crate::kernels::tokens::gather_tokens;
use crate::kernels::{KernelGradients, KernelOps, Links, Maybe, Tracked, attention, contrast, neighbour_contrast};

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

    fn similarity_map(tokens: Tracked<B, C>, query: usize) -> Tracked<B, C> {
        Self::from_inner(B::similarity_map(tokens.into_primitive(), query))
    }

    fn largest_keys(qkv: Tracked<B, C>, heads: usize, largest: attention::Largest) -> Tracked<B, C> {
        Self::from_inner(B::largest_keys(qkv.into_primitive(), heads, largest))
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

    fn patchify(words: B::IntTensorPrimitive, norm: Tracked<B, C>, cut: patchify::Cut) -> Tracked<B, C> {
        Self::from_inner(B::patchify(words, norm.into_primitive(), cut))
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

    fn convolution(
        map: Tracked<B, C>,
        weight: Tracked<B, C>,
        bias: Tracked<B, C>,
        window: convolution::Window,
    ) -> Tracked<B, C> {
        convolution::tracked::<B, C>(map, weight, bias, window)
    }
}
