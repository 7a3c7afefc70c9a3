//! The parametric rectified linear unit (He et al., "Delving Deep into Rectifiers", ICCV 2015, eq. 1) with one learned
//! slope.

use burn::backend::Dispatch;
use burn::tensor::Tensor;
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_backend::TensorMetadata as _;
use burn_backend::tensor::FloatTensor;
use burn_cubecl::tensor::CubeTensor;
use burn_flex::FlexTensor;
use masquerade_twins::activations;

use crate::kernels::launch::{KernelInfo, Launch, empty, floats, word};
use crate::kernels::twin::{self, Floats};
use crate::kernels::{KernelGradients, KernelOps, Tracked, sheet};

const WORKGROUP: u32 = 256;
/// Values whose part of the slope's gradient is summed in one piece.
const STRIPE: usize = 16_384;

/// `prelu.wgsl`
pub const FORWARD: KernelInfo =
    KernelInfo { stem: "prelu", template: shader!("activations/prelu"), examples: &[&[("workgroup", WORKGROUP)]] };

/// `prelu_backward.wgsl`
pub const BACKWARD: KernelInfo = KernelInfo {
    stem: "prelu_backward",
    template: shader!("activations/prelu_backward"),
    examples: &[&[("workgroup", WORKGROUP)]],
};

/// `x` where it is above zero, else `slope · x`.
///
/// `x` has any shape, `slope` is [1]; the result has the shape of `x`. The gradient flows to both.
pub fn prelu<const R: usize>(x: Tensor<R>, slope: Tensor<1>) -> Tensor<R> {
    debug_assert_eq!(slope.dims(), [1]);
    if crate::kernels::choice::stock() {
        return stock(x, slope);
    }
    Tensor::from_dispatch(Dispatch::prelu_one(x.into_dispatch(), slope.into_dispatch()))
}

/// [`prelu`] by burn's own operations.
pub fn stock<const R: usize>(x: Tensor<R>, slope: Tensor<1>) -> Tensor<R> {
    x.clone().clamp_min(0.0) + x.clamp_max(0.0) * slope.reshape([1; R])
}

pub(crate) fn on_gpu(x: CubeTensor, slope: CubeTensor) -> CubeTensor {
    let (x, slope) = (floats(x), floats(slope));
    let out = empty(&x, x.shape());
    let count = x.shape().num_elements();
    Launch {
        info: &FORWARD,
        values: &[],
        workgroup: WORKGROUP,
        groups: count.div_ceil(WORKGROUP as usize),
        inputs: &[&x, &slope],
        outputs: &[&out],
        params: &[word(count)],
    }
    .run();
    out
}

/// The gradients of `x` and the slope.
pub(crate) fn backward_on_gpu(grad: CubeTensor, x: CubeTensor, slope: CubeTensor) -> [CubeTensor; 2] {
    let (grad, x) = (floats(grad), floats(x));
    let count = x.shape().num_elements();
    let pieces = count.div_ceil(STRIPE);
    let place = if pieces == 1 { sheet::claim(&slope, [1, 1]) } else { None };
    let (dx, d_slope) = (empty(&x, x.shape()), place.unwrap_or_else(|| empty(&x, [pieces, 1])));
    Launch {
        info: &BACKWARD,
        values: &[],
        workgroup: WORKGROUP,
        groups: pieces,
        inputs: &[&grad, &x, &floats(slope)],
        outputs: &[&dx, &d_slope],
        params: &[count, STRIPE, pieces].map(word),
    }
    .run();
    [dx, sheet::column_sums(d_slope, 1)]
}

/// The one value of a slope.
fn one(slope: FlexTensor) -> f32 {
    Floats::new(slope).first().copied().unwrap_or_default()
}

pub(crate) fn on_cpu(x: FlexTensor, slope: FlexTensor) -> FlexTensor {
    let shape = x.shape();
    twin::tensor(activations::prelu(&Floats::new(x), one(slope)), shape)
}

pub(crate) fn backward_on_cpu(grad: FlexTensor, x: FlexTensor, slope: FlexTensor) -> [FlexTensor; 2] {
    let shape = x.shape();
    let (dx, d_slope) = activations::prelu_backward(&Floats::new(grad), &Floats::new(x), one(slope));
    [twin::tensor(dx, shape), twin::tensor(vec![d_slope], [1])]
}

#[derive(Debug)]
struct Step;

impl<B: KernelGradients> Backward<B, 2> for Step {
    type State = (FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let (x, slope) = ops.state;
        let all = B::prelu_one_backward(gradients.consume::<B>(&ops.node), x, slope);
        for (parent, gradient) in ops.parents.into_iter().zip(all) {
            if let Some(parent) = parent {
                gradients.register::<B>(parent.id, gradient);
            }
        }
    }
}

pub(crate) fn tracked<B: KernelOps + KernelGradients, C: CheckpointStrategy>(
    x: Tracked<B, C>,
    slope: Tracked<B, C>,
) -> Tracked<B, C> {
    let ((x, x_node), (slope, slope_node)) = (x.into_parts(), slope.into_parts());
    match Step.prepare::<C>([x_node, slope_node]).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish((x.clone(), slope.clone()), B::prelu_one(x, slope)),
        OpsKind::UnTracked(step) => step.finish(B::prelu_one(x, slope)),
    }
}
