//! Operations that burn lacks or that belong together in one launch: WGSL on a GPU, plain loops on the CPU.
//!
//! A room for each family: `attention`, `products` (linear layers), `activations`, `norms`, `losses`, `contrast`,
//! `neighbour_contrast`, `tokens`, `pictures`, `points`, `edges` (of graphs), `optimisers` and the `sheet` of weights they
//! work on. The shaders of a room are in the folder of its name in `shaders/`. A file of a room holds, in this order: the
//! [`KernelInfo`]s, the public function on tensors, the launch for a GPU, the call of the CPU twin, the backward pass; large
//! ones are three files, `mod.rs` (the operation), `gpu.rs` (its launches) and `twin.rs`. The loops of the twins, which are
//! the specification, are in `engine/twins/`, a file for a room.
//!
//! [`KernelOps`] says which operations there are, [`KernelGradients`] what their backward passes need; both are spread
//! over the backends in `backends/`. All values are f32; wrong shapes are a mistake of the caller, stated at each function
//! and checked in debug builds.
//!
//! A new kernel: write the shader, the loop and the file, add its methods to the two traits and `backends/`, list it in
//! [`ALL`] and in `crate::kernel_checks`.

/// The text of a shader, `shaders/ROOM/NAME.wgsl`, with the snippets of `shaders/shared/` that it needs behind it.
macro_rules! shader {
    ($($file:expr),+) => {
        concat!($(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../shaders/", $file, ".wgsl"))),+)
    };
}

pub mod activations;
mod all;
pub mod attention;
mod backends;
pub mod choice;
pub mod contrast;
pub mod edges;
mod gradients;
mod launch;
pub mod losses;
mod maybe;
pub mod neighbour_contrast;
pub mod norms;
pub mod optimisers;
pub mod pictures;
pub mod points;
pub mod products;
pub mod sheet;
pub mod tokens;
mod twin;

use burn::backend::backend_extension;
use burn_autodiff::Autodiff;
use burn_backend::Backend;
use burn_backend::tensor::{FloatTensor, IntTensor};

pub use all::ALL;
pub use edges::Links;
pub use gradients::KernelGradients;
pub(crate) use launch::software;
pub use launch::{KernelInfo, Values, launches, set_software};
#[cfg(not(target_arch = "wasm32"))]
pub use masquerade_twins::compute_here;
pub use maybe::Maybe;

/// A tensor of the backend that records gradients.
type Tracked<B, C> = FloatTensor<Autodiff<B, C>>;

/// The operations. Call the functions of the kernels' own modules instead.
#[backend_extension(Cube, Flex, Autodiff)]
pub trait KernelOps: Backend {
    /// [`tokens::gather_tokens`]
    fn gather_tokens(x: FloatTensor<Self>, index: IntTensor<Self>) -> FloatTensor<Self>;
    /// [`tokens::scatter_tokens`]
    fn scatter_tokens(x: FloatTensor<Self>, index: IntTensor<Self>, tokens: usize) -> FloatTensor<Self>;
    /// [`tokens::similarity_map`]
    fn similarity_map(tokens: FloatTensor<Self>, query: usize) -> FloatTensor<Self>;
    /// [`losses::patch_error`]
    fn patch_error(
        pred: FloatTensor<Self>,
        target: FloatTensor<Self>,
        mask: FloatTensor<Self>,
        norm_pix: bool,
    ) -> FloatTensor<Self>;
    /// [`norms::layer_norm`]
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
    /// [`attention::largest_keys`]
    fn largest_keys(qkv: FloatTensor<Self>, heads: usize, largest: attention::Largest) -> FloatTensor<Self>;
    /// [`activations::bias_gelu`]
    fn bias_gelu(x: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self>;
    /// [`products::linear`]
    fn linear(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        #[extension_type] bias: Maybe<Self>,
        #[extension_type] residual: Maybe<Self>,
    ) -> FloatTensor<Self>;
    /// [`products::mlp`], and what is before its GELU [R, H], which carries no gradient.
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
    /// [`losses::cross_entropy`], and log of the sum of exponentials and sum of targets [N, 2], which carry no
    /// gradient.
    fn soft_cross_entropy(
        logits: FloatTensor<Self>,
        targets: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
    /// [`pictures::patchify`]; no gradient flows through.
    fn patchify(words: IntTensor<Self>, norm: FloatTensor<Self>, cut: pictures::Cut) -> FloatTensor<Self>;
    /// [`edges::edge_softmax`]
    fn edge_softmax(scores: FloatTensor<Self>, #[extension_type] links: Links<Self>) -> FloatTensor<Self>;
    /// [`edges::edge_propagate`] along the edges or, `back`, against them.
    fn edge_propagate(
        x: FloatTensor<Self>,
        #[extension_type] weights: Maybe<Self>,
        #[extension_type] links: Links<Self>,
        back: bool,
    ) -> FloatTensor<Self>;
    /// [`edges::edge_dot`]
    fn edge_dot(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        #[extension_type] links: Links<Self>,
        heads: usize,
    ) -> FloatTensor<Self>;
    /// [`activations::prelu`]
    fn prelu_one(x: FloatTensor<Self>, slope: FloatTensor<Self>) -> FloatTensor<Self>;
    /// [`losses::row_cosine`]
    fn row_cosine(a: FloatTensor<Self>, b: FloatTensor<Self>, pick: IntTensor<Self>) -> FloatTensor<Self>;
    /// [`neighbour_contrast::neighbour_contrast`], and what its backward pass keeps, which carries no gradient: the
    /// unit rows, their inverse norms, the slopes of the losses.
    fn neighbour_contrast(
        rows: FloatTensor<Self>,
        places: IntTensor<Self>,
        weights: FloatTensor<Self>,
        how: neighbour_contrast::How,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
    /// [`points::farthest_points`]
    fn farthest_points(points: FloatTensor<Self>, count: usize, origin: f32) -> IntTensor<Self>;
    /// [`points::nearest_points`]
    fn nearest_points(points: FloatTensor<Self>, centres: FloatTensor<Self>, count: usize) -> IntTensor<Self>;
    /// [`points::chamfer`]: the distances of both sets in one row, [M, S + T], and the nearest points, which carry no
    /// gradient.
    fn chamfer(a: FloatTensor<Self>, b: FloatTensor<Self>) -> (FloatTensor<Self>, IntTensor<Self>);
    /// [`pictures::convolution`] as rows [B · out rows · out columns, N].
    fn convolution(
        map: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        window: pictures::Window,
    ) -> FloatTensor<Self>;
}
