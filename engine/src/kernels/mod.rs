//! Operations that burn lacks or that belong together in one launch: WGSL on a GPU, plain loops on the CPU.
//!
//! Each file `x.rs` has a twin `shaders/x.wgsl` and holds, in this order: the [`KernelInfo`]s, the public function on
//! tensors, the launch for a GPU, the CPU twin (the specification), the backward pass. [`KernelOps`] says which
//! operations there are, [`KernelGradients`] what their backward passes need; both are spread over the backends in
//! `backends.rs`. All values are f32; wrong shapes are a mistake of the caller, stated at each function and checked in
//! debug builds.
//!
//! A new kernel: write the two files, add its methods to the two traits and `backends.rs`, list it in [`ALL`] and in
//! `check.rs`.

// The type parameter of a CPU loop chooses the vector unit it is compiled for and appears nowhere else.
#![allow(clippy::extra_unused_type_parameters)]

pub mod attention;
pub mod attention_gpu;
mod attention_heads;
mod attention_twin;
pub mod average;
mod backends;
pub mod chamfer;
pub mod check;
pub mod choice;
pub mod contrast;
mod contrast_gpu;
mod contrast_rounds;
mod contrast_twin;
pub mod convolution;
pub mod cross_entropy;
pub mod edge_dot;
pub mod edge_propagate;
pub mod edge_softmax;
pub mod edges;
pub mod farthest_points;
pub mod gather_tokens;
pub mod gelu;
mod gemm;
mod launch;
pub mod layer_norm;
pub mod linear;
mod matmul;
mod maybe;
pub mod mlp;
pub mod nearest_points;
pub mod neighbour_contrast;
mod neighbour_contrast_gpu;
mod neighbour_contrast_twin;
pub mod norms;
pub mod optimisers;
pub mod optimisers_gpu;
mod optimisers_twin;
pub mod patch_error;
pub mod patchify;
pub mod prelu;
pub mod row_cosine;
pub mod sheet;
mod sheet_layout;
pub mod similarity_map;
mod smooth;
mod twin;
mod weight_table;

use burn::backend::backend_extension;
use burn_autodiff::Autodiff;
use burn_backend::Backend;
use burn_backend::tensor::{FloatTensor, IntTensor};

pub use edges::Links;
pub use launch::{KernelInfo, Values, launches, set_software};
pub use maybe::Maybe;
#[cfg(not(target_arch = "wasm32"))]
pub use twin::compute_here;

/// Every WGSL kernel there is.
pub const ALL: &[KernelInfo] = &[
    gather_tokens::GATHER,
    gather_tokens::SCATTER,
    similarity_map::SINGLE,
    similarity_map::FOURS,
    patch_error::FORWARD,
    patch_error::BACKWARD,
    layer_norm::FORWARD,
    layer_norm::BACKWARD,
    layer_norm::WEIGHTS,
    attention_gpu::FORWARD,
    attention_gpu::QUERIES,
    attention_gpu::KEYS,
    attention_gpu::BIAS,
    gelu::FORWARD,
    gelu::BACKWARD,
    gelu::BIAS,
    sheet::PACK,
    norms::BLOCKS,
    norms::WEIGHTS,
    norms::TOTAL,
    optimisers_gpu::ADAMW,
    optimisers_gpu::LAMB_MOMENTS,
    optimisers_gpu::LAMB,
    optimisers_gpu::LARS,
    average::AVERAGE,
    matmul::NT,
    matmul::NT_BIAS,
    matmul::NT_RESIDUAL,
    matmul::NT_GELU,
    matmul::NN,
    matmul::NN_GELU,
    matmul::TN,
    matmul::ODD,
    matmul::ODD_BIAS,
    matmul::ODD_RESIDUAL,
    matmul::ODD_GELU,
    matmul::ODD_GELU_BACKWARD,
    contrast::UNIT,
    contrast::SCORES,
    contrast::HALVES,
    contrast::ROWS,
    contrast::TOTAL,
    contrast::WEIGHTS,
    contrast::SUM,
    contrast::BACKWARD,
    cross_entropy::FORWARD,
    cross_entropy::BACKWARD,
    patchify::PATCHIFY,
    edge_softmax::FORWARD,
    edge_softmax::BACKWARD,
    edge_propagate::PROPAGATE,
    edge_dot::DOT,
    prelu::FORWARD,
    prelu::BACKWARD,
    row_cosine::FORWARD,
    row_cosine::BACKWARD,
    neighbour_contrast::UNIT,
    neighbour_contrast::SCORES,
    neighbour_contrast::ROWS,
    neighbour_contrast::SLOPES,
    neighbour_contrast::BACKWARD,
    farthest_points::FARTHEST,
    nearest_points::NEAREST,
    chamfer::FORWARD,
    chamfer::BACKWARD,
    convolution::UNFOLD,
    convolution::FOLD,
];

/// A tensor of the backend that records gradients.
type Tracked<B, C> = FloatTensor<Autodiff<B, C>>;

/// The operations. Call the functions of the kernels' own modules instead.
#[backend_extension(Cube, Flex, Autodiff)]
pub trait KernelOps: Backend {
    /// [`gather_tokens::gather_tokens`]
    fn gather_tokens(x: FloatTensor<Self>, index: IntTensor<Self>) -> FloatTensor<Self>;
    /// [`gather_tokens::scatter_tokens`]
    fn scatter_tokens(x: FloatTensor<Self>, index: IntTensor<Self>, tokens: usize) -> FloatTensor<Self>;
    /// [`similarity_map::similarity_map`]
    fn similarity_map(tokens: FloatTensor<Self>, query: usize) -> FloatTensor<Self>;
    /// [`patch_error::patch_error`]
    fn patch_error(
        pred: FloatTensor<Self>,
        target: FloatTensor<Self>,
        mask: FloatTensor<Self>,
        norm_pix: bool,
    ) -> FloatTensor<Self>;
    /// [`layer_norm::layer_norm`]
    fn layer_norm_rows(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        eps: f32,
    ) -> FloatTensor<Self>;
    /// [`attention::attention`] or, with `kv`, [`attention::cross_attention`], and the log of the sums of exponentials
    /// [B, heads, Tq], which carries no gradient.
    fn attention(
        q: FloatTensor<Self>,
        #[extension_type] kv: Maybe<Self>,
        #[extension_type] bias: Maybe<Self>,
        #[extension_type] mask: Maybe<Self>,
        form: attention::Form,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
    /// [`gelu::bias_gelu`]
    fn bias_gelu(x: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self>;
    /// [`linear::linear`]
    fn linear(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        #[extension_type] bias: Maybe<Self>,
        #[extension_type] residual: Maybe<Self>,
    ) -> FloatTensor<Self>;
    /// [`mlp::mlp`], and what is before its GELU [R, H], which carries no gradient.
    fn mlp(
        x: FloatTensor<Self>,
        w1: FloatTensor<Self>,
        b1: FloatTensor<Self>,
        w2: FloatTensor<Self>,
        b2: FloatTensor<Self>,
        #[extension_type] residual: Maybe<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
    /// [`contrast::contrast`], and what its backward pass keeps, which carries no gradient: the scaled rows, their
    /// inverse norms, the logs of sums of exponentials. Tensors that are not given are any others.
    fn contrast(
        rows: FloatTensor<Self>,
        keys: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        positive: IntTensor<Self>,
        groups: IntTensor<Self>,
        given: contrast::Given,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
    /// [`cross_entropy::cross_entropy`], and log of the sum of exponentials and sum of targets [N, 2], which carry no
    /// gradient.
    fn soft_cross_entropy(
        logits: FloatTensor<Self>,
        targets: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
    /// [`patchify::patchify`]; no gradient flows through.
    fn patchify(bytes: IntTensor<Self>, cut: patchify::Cut) -> FloatTensor<Self>;
    /// [`edge_softmax::edge_softmax`]
    fn edge_softmax(scores: FloatTensor<Self>, #[extension_type] links: Links<Self>) -> FloatTensor<Self>;
    /// [`edge_propagate::edge_propagate`] along the edges or, `back`, against them.
    fn edge_propagate(
        x: FloatTensor<Self>,
        #[extension_type] weights: Maybe<Self>,
        #[extension_type] links: Links<Self>,
        back: bool,
    ) -> FloatTensor<Self>;
    /// [`edge_dot::edge_dot`]
    fn edge_dot(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        #[extension_type] links: Links<Self>,
        heads: usize,
    ) -> FloatTensor<Self>;
    /// [`prelu::prelu`]
    fn prelu_one(x: FloatTensor<Self>, slope: FloatTensor<Self>) -> FloatTensor<Self>;
    /// [`row_cosine::row_cosine`]
    fn row_cosine(a: FloatTensor<Self>, b: FloatTensor<Self>, pick: IntTensor<Self>) -> FloatTensor<Self>;
    /// [`neighbour_contrast::neighbour_contrast`], and what its backward pass keeps, which carries no gradient: the
    /// unit rows, their inverse norms, the slopes of the losses.
    fn neighbour_contrast(
        rows: FloatTensor<Self>,
        places: IntTensor<Self>,
        weights: FloatTensor<Self>,
        how: neighbour_contrast::How,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
    /// [`farthest_points::farthest_points`]
    fn farthest_points(points: FloatTensor<Self>, count: usize, origin: f32) -> IntTensor<Self>;
    /// [`nearest_points::nearest_points`]
    fn nearest_points(points: FloatTensor<Self>, centres: FloatTensor<Self>, count: usize) -> IntTensor<Self>;
    /// [`chamfer::chamfer`]: the distances of both sets in one row, [M, S + T], and the nearest points, which carry no
    /// gradient.
    fn chamfer(a: FloatTensor<Self>, b: FloatTensor<Self>) -> (FloatTensor<Self>, IntTensor<Self>);
    /// [`convolution::convolution`] as rows [B · out rows · out columns, N].
    fn convolution(
        map: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        window: convolution::Window,
    ) -> FloatTensor<Self>;
}

/// What the backward passes of [`KernelOps`] need beyond these operations themselves.
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
        wanted: linear::Wanted,
    ) -> linear::LayerGradients<FloatTensor<Self>>;
    /// The gradients of both layers of [`mlp::mlp`] that are wanted.
    fn mlp_backward(
        grad: FloatTensor<Self>,
        x: FloatTensor<Self>,
        preactivation: FloatTensor<Self>,
        weights: [FloatTensor<Self>; 2],
        biases: [FloatTensor<Self>; 2],
        wanted: [linear::Wanted; 2],
    ) -> mlp::MlpGradients<FloatTensor<Self>>;
    /// d rows, d keys and d scale of [`contrast::contrast`], those that are wanted, from d loss.
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
    /// d scores [E, H] from d out [E, H] and what [`edge_softmax::edge_softmax`] gave.
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
    /// d rows [N, D] of [`neighbour_contrast::neighbour_contrast`] from d loss [N].
    fn neighbour_contrast_backward(
        grad: FloatTensor<Self>,
        kept: neighbour_contrast::Kept<FloatTensor<Self>, IntTensor<Self>>,
    ) -> FloatTensor<Self>;
    /// d a [M, S, 3] and d b [M, T, 3] of [`chamfer::chamfer`], those that are wanted, from d out [M, S + T].
    fn chamfer_backward(
        grad: FloatTensor<Self>,
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        nearest: IntTensor<Self>,
        wanted: [bool; 2],
    ) -> [Option<FloatTensor<Self>>; 2];
    /// d map, d weight and d bias of [`convolution::convolution`], those that are wanted, from d out; the inputs are
    /// map, weight and bias.
    fn convolution_backward(
        grad: FloatTensor<Self>,
        inputs: [FloatTensor<Self>; 3],
        window: convolution::Window,
        wanted: linear::Wanted,
    ) -> linear::LayerGradients<FloatTensor<Self>>;
}
