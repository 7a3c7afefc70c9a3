//! Which function does which operation on which backend; nothing else.

use burn_autodiff::Autodiff;
use burn_autodiff::checkpoint::strategy::CheckpointStrategy;
use burn_backend::AutodiffBackend as _;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;
use burn_flex::{Flex, FlexTensor};

use super::adamw::AdamwStep;
use super::{
    KernelGradients, KernelOps, Tracked, adamw, attention, attention_twin, gather_tokens, gelu, layer_norm, patch_error, patchify,
    similarity_map,
};

impl KernelOps for CubeBackend {
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

    fn self_attention(qkv: CubeTensor, heads: usize) -> (CubeTensor, CubeTensor) {
        attention::on_gpu(qkv, heads)
    }

    fn bias_gelu(x: CubeTensor, bias: CubeTensor) -> CubeTensor {
        gelu::on_gpu(x, bias)
    }

    fn patchify(bytes: CubeTensor, cut: patchify::Cut) -> CubeTensor {
        patchify::on_gpu(bytes, cut)
    }

    fn adamw(p: CubeTensor, g: CubeTensor, m: CubeTensor, v: CubeTensor, step: AdamwStep) -> (CubeTensor, CubeTensor, CubeTensor) {
        adamw::on_gpu(p, g, m, v, step)
    }
}

impl KernelGradients for CubeBackend {
    fn patch_error_backward(grad: CubeTensor, pred: CubeTensor, target: CubeTensor, mask: CubeTensor, norm_pix: bool) -> CubeTensor {
        patch_error::backward_on_gpu(grad, pred, target, mask, norm_pix)
    }

    fn layer_norm_backward(grad: CubeTensor, x: CubeTensor, gamma: CubeTensor, eps: f32) -> (CubeTensor, CubeTensor) {
        layer_norm::backward_on_gpu(grad, x, gamma, eps)
    }

    fn self_attention_backward(grad: CubeTensor, qkv: CubeTensor, out: CubeTensor, lse: CubeTensor, heads: usize) -> CubeTensor {
        attention::backward_on_gpu(grad, qkv, out, lse, heads)
    }

    fn bias_gelu_backward(grad: CubeTensor, x: CubeTensor, bias: CubeTensor) -> (CubeTensor, CubeTensor) {
        gelu::backward_on_gpu(grad, x, bias)
    }
}

impl KernelOps for Flex {
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

    fn self_attention(qkv: FlexTensor, heads: usize) -> (FlexTensor, FlexTensor) {
        attention_twin::on_cpu(qkv, heads)
    }

    fn bias_gelu(x: FlexTensor, bias: FlexTensor) -> FlexTensor {
        gelu::on_cpu(x, bias)
    }

    fn patchify(bytes: FlexTensor, cut: patchify::Cut) -> FlexTensor {
        patchify::on_cpu(bytes, cut)
    }

    fn adamw(p: FlexTensor, g: FlexTensor, m: FlexTensor, v: FlexTensor, step: AdamwStep) -> (FlexTensor, FlexTensor, FlexTensor) {
        adamw::on_cpu(p, g, m, v, step)
    }
}

impl KernelGradients for Flex {
    fn patch_error_backward(grad: FlexTensor, pred: FlexTensor, target: FlexTensor, mask: FlexTensor, norm_pix: bool) -> FlexTensor {
        patch_error::backward_on_cpu(grad, pred, target, mask, norm_pix)
    }

    fn layer_norm_backward(grad: FlexTensor, x: FlexTensor, gamma: FlexTensor, eps: f32) -> (FlexTensor, FlexTensor) {
        layer_norm::backward_on_cpu(grad, x, gamma, eps)
    }

    fn self_attention_backward(grad: FlexTensor, qkv: FlexTensor, out: FlexTensor, lse: FlexTensor, heads: usize) -> FlexTensor {
        attention_twin::backward_on_cpu(grad, qkv, out, lse, heads)
    }

    fn bias_gelu_backward(grad: FlexTensor, x: FlexTensor, bias: FlexTensor) -> (FlexTensor, FlexTensor) {
        gelu::backward_on_cpu(grad, x, bias)
    }
}

impl<B: KernelOps + KernelGradients, C: CheckpointStrategy> KernelOps for Autodiff<B, C> {
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

    fn self_attention(qkv: Tracked<B, C>, heads: usize) -> (Tracked<B, C>, Tracked<B, C>) {
        let (out, lse) = attention::tracked::<B, C>(qkv, heads);
        (out, Self::from_inner(lse))
    }

    fn bias_gelu(x: Tracked<B, C>, bias: Tracked<B, C>) -> Tracked<B, C> {
        gelu::tracked::<B, C>(x, bias)
    }

    fn patchify(bytes: B::IntTensorPrimitive, cut: patchify::Cut) -> Tracked<B, C> {
        Self::from_inner(B::patchify(bytes, cut))
    }

    fn adamw(
        p: Tracked<B, C>,
        g: Tracked<B, C>,
        m: Tracked<B, C>,
        v: Tracked<B, C>,
        step: AdamwStep,
    ) -> (Tracked<B, C>, Tracked<B, C>, Tracked<B, C>) {
        let (p, m, v) = B::adamw(p.into_primitive(), g.into_primitive(), m.into_primitive(), v.into_primitive(), step);
        (Self::from_inner(p), Self::from_inner(m), Self::from_inner(v))
    }
}
