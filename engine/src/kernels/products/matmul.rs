//! Matrix products on a GPU, the operands in the layouts that a linear layer meets, what follows a product included.
//!
//! The layouts whose rows are multiples of four values have fast kernels; everything else takes `matmul_odd.wgsl`. On
//! the CPU the products are those of `masquerade_twins`.

use burn_backend::TensorMetadata as _;
use burn_cubecl::tensor::CubeTensor;

use crate::kernels::launch::{KernelInfo, Launch, Values, empty, software, word};

const WORKGROUP: u32 = 64;

/// Rows of four and columns of four that one invocation owns: software adapters load slowly, so they get large tiles;
/// on a GPU more invocations hide the latency better.
fn tile() -> [u32; 2] {
    if software() { [4, 4] } else { [2, 2] }
}

const fn example(height: u32, columns: u32, params: u32) -> [(&'static str, u32); 4] {
    [("workgroup", WORKGROUP), ("height", height), ("columns", columns), ("params", params)]
}

/// A kernel with what follows the product; the number is that of the binding of `params`.
macro_rules! product {
    ($name:ident, $stem:literal, $file:literal, $finish:literal, $params:literal $(, $more:literal)*) => {
        #[doc = concat!("`", $file, ".wgsl`, finished by `", $finish, ".wgsl`")]
        pub const $name: KernelInfo = KernelInfo {
            stem: $stem,
            template: shader!($file, $finish $(, $more)*),
            examples: {
                const EXAMPLES: &[Values] = &[&example(2, 2, $params), &example(4, 4, $params)];
                EXAMPLES
            },
        };
    };
}

product!(NT, "matmul_nt", "products/matmul_nt", "shared/finish_store", 3, "shared/tiles");
product!(NT_BIAS, "matmul_nt_bias", "products/matmul_nt", "shared/finish_bias", 4, "shared/tiles");
product!(NT_RESIDUAL, "matmul_nt_residual", "products/matmul_nt", "shared/finish_residual", 5, "shared/tiles");
product!(NT_GELU, "matmul_nt_gelu", "products/matmul_nt", "shared/finish_gelu", 5, "shared/tiles", "shared/normal");
product!(NN, "matmul_nn", "products/matmul_nn", "shared/finish_store", 3, "shared/tiles");
product!(
    NN_GELU,
    "matmul_nn_gelu",
    "products/matmul_nn",
    "shared/finish_gelu_backward",
    5,
    "shared/tiles",
    "shared/normal"
);
product!(TN, "matmul_tn", "products/matmul_tn", "shared/finish_store", 4, "shared/tiles");
product!(ODD, "matmul_odd", "products/matmul_odd", "shared/finish_store", 3);
product!(ODD_BIAS, "matmul_odd_bias", "products/matmul_odd", "shared/finish_bias", 4);
product!(ODD_RESIDUAL, "matmul_odd_residual", "products/matmul_odd", "shared/finish_residual", 5);
product!(ODD_GELU, "matmul_odd_gelu", "products/matmul_odd", "shared/finish_gelu", 5, "shared/normal");
product!(
    ODD_GELU_BACKWARD,
    "matmul_odd_gelu_backward",
    "products/matmul_odd",
    "shared/finish_gelu_backward",
    5,
    "shared/normal"
);

/// How the operands lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// a [M, K] and b [N, K]: the layer itself.
    Nt,
    /// a [M, K] and b [K, N]: the gradient of its input.
    Nn,
    /// a [K, M] and b [K, N]: the gradient of its weight.
    Tn,
}

impl Layout {
    /// M, N and K of two matrices.
    fn sizes(self, a: &CubeTensor, b: &CubeTensor) -> [usize; 3] {
        let ([a0, a1], [b0, b1]) = (a.shape().dims(), b.shape().dims());
        match self {
            Self::Nt => [a0, b0, a1],
            Self::Nn => [a0, b1, a1],
            Self::Tn => [a1, b1, a0],
        }
    }
}

/// What follows a product.
#[derive(Clone, Copy)]
pub(crate) enum Finish<'a> {
    /// Nothing.
    Store,
    /// A bias [N] is added.
    Bias(&'a CubeTensor),
    /// A bias [N] and a matrix [M, N] are added.
    Residual(&'a CubeTensor, &'a CubeTensor),
    /// A bias [N] is added, and the result comes with its GELU.
    Gelu(&'a CubeTensor),
    /// From the gradient of GELU of this preactivation [M, N], which the product is, to that of the preactivation; with
    /// the GELU.
    GeluBackward(&'a CubeTensor),
}

impl<'a> Finish<'a> {
    fn inputs(self) -> Vec<&'a CubeTensor> {
        match self {
            Self::Store => vec![],
            Self::Bias(one) | Self::Gelu(one) | Self::GeluBackward(one) => vec![one],
            Self::Residual(bias, residual) => vec![bias, residual],
        }
    }

    /// Whether there are two results.
    fn two(self) -> bool {
        matches!(self, Self::Gelu(_) | Self::GeluBackward(_))
    }

    fn fast(self, layout: Layout) -> Option<&'static KernelInfo> {
        match (layout, self) {
            (Layout::Nt, Self::Store) => Some(&NT),
            (Layout::Nt, Self::Bias(_)) => Some(&NT_BIAS),
            (Layout::Nt, Self::Residual(..)) => Some(&NT_RESIDUAL),
            (Layout::Nt, Self::Gelu(_)) => Some(&NT_GELU),
            (Layout::Nn, Self::Store) => Some(&NN),
            (Layout::Nn, Self::GeluBackward(_)) => Some(&NN_GELU),
            _ => None,
        }
    }

    fn odd(self) -> &'static KernelInfo {
        match self {
            Self::Store => &ODD,
            Self::Bias(_) => &ODD_BIAS,
            Self::Residual(..) => &ODD_RESIDUAL,
            Self::Gelu(_) => &ODD_GELU,
            Self::GeluBackward(_) => &ODD_GELU_BACKWARD,
        }
    }
}

/// The product of two contiguous matrices and what follows it; both results where [`Finish`] gives two: for
/// [`Finish::Gelu`] the preactivation and the activation, for [`Finish::GeluBackward`] the gradient and the activation.
pub(crate) fn product(
    layout: Layout,
    a: &CubeTensor,
    b: &CubeTensor,
    finish: Finish,
) -> (CubeTensor, Option<CubeTensor>) {
    let [m, n, k] = layout.sizes(a, b);
    let (first, second) = (empty(a, [m, n]), finish.two().then(|| empty(a, [m, n])));
    let inputs: Vec<_> = [a, b].into_iter().chain(finish.inputs()).collect();
    let outputs: Vec<_> = std::iter::once(&first).chain(&second).collect();
    match finish.fast(layout) {
        Some(info) if k.is_multiple_of(4) && n.is_multiple_of(4) => fast(info, [m, n, k], 0, &inputs, &outputs),
        _ => odd(finish.odd(), layout, [m, n, k], &inputs, &outputs),
    }
    (first, second)
}

/// Whether [`weight_gradients`] takes a weight of this shape.
pub(crate) fn fits(m: usize, n: usize) -> bool {
    m.is_multiple_of(4) && n.is_multiple_of(4)
}

/// The gradients of a linear layer's weight, `aᵀ b` with a [K, M] and b [K, N], into `weight` [M, N], and of its bias,
/// the sums of the columns of a, into `bias` [M]. The shape of the weight must be one that [`fits`].
pub(crate) fn weight_gradients(a: &CubeTensor, b: &CubeTensor, weight: &CubeTensor, bias: &CubeTensor) {
    let [m, n, k] = Layout::Tn.sizes(a, b);
    fast(&TN, [m, n, k], m, &[a, b], &[weight, bias]);
}

fn fast(
    info: &'static KernelInfo,
    [m, n, k]: [usize; 3],
    sums: usize,
    inputs: &[&CubeTensor],
    outputs: &[&CubeTensor],
) {
    let [height, columns] = tile();
    let across = n.div_ceil(4 * columns as usize);
    let tiles = across * m.div_ceil(4 * height as usize);
    let invocations = tiles + sums / 4;
    Launch {
        info,
        values: &[("height", height), ("columns", columns), ("params", word(inputs.len() + outputs.len()))],
        workgroup: WORKGROUP,
        groups: invocations.div_ceil(WORKGROUP as usize),
        inputs,
        outputs,
        params: &[m, n, k, across, tiles, sums].map(word),
    }
    .run();
}

fn odd(
    info: &'static KernelInfo,
    layout: Layout,
    [m, n, k]: [usize; 3],
    inputs: &[&CubeTensor],
    outputs: &[&CubeTensor],
) {
    let across = n.div_ceil(4);
    let [a_row, a_step] = if layout == Layout::Tn { [1, m] } else { [k, 1] };
    let [b_step, b_column] = if layout == Layout::Nt { [1, k] } else { [n, 1] };
    Launch {
        info,
        values: &[("params", word(inputs.len() + outputs.len()))],
        workgroup: WORKGROUP,
        groups: (across * m.div_ceil(4)).div_ceil(WORKGROUP as usize),
        inputs,
        outputs,
        params: &[m, n, k, across, a_row, a_step, b_step, b_column].map(word),
    }
    .run();
}
