//! The CPU twin of [`super::neighbour_contrast`].

use burn_backend::TensorMetadata as _;
use burn_flex::FlexTensor;
use masquerade_twins::neighbour_contrast::{self as twins, Losses, Pairs};

use super::{How, Kept};
use crate::kernels::twin::{self, Floats};

/// The losses, and what the backward pass keeps of the rows.
pub(crate) fn on_cpu(
    x: FlexTensor,
    places: FlexTensor,
    weights: FlexTensor,
    How { tau, eps, least_norm }: How,
) -> (FlexTensor, FlexTensor, FlexTensor, FlexTensor) {
    let [count, width] = x.shape().dims();
    let (x, places, weights) = (Floats::new(x), twin::indices(places), Floats::new(weights));
    let pairs = Pairs { places: &places, weights: &weights, rows: count };
    let Losses { loss, unit, inverse, slopes } = twins::forward(&x, width, &pairs, twins::How { tau, eps, least_norm });
    let (inverse, slopes) = (twin::tensor(inverse, [count]), twin::tensor(slopes, [count, 2]));
    (twin::tensor(loss, [count]), twin::tensor(unit, [count, width]), inverse, slopes)
}

/// The gradient of the rows [N, D].
pub(crate) fn backward_on_cpu(grad: FlexTensor, kept: Kept<FlexTensor, FlexTensor>) -> FlexTensor {
    let (width, tau) = (kept.width, kept.how.tau);
    let (grad, unit, inverse) = (Floats::new(grad), Floats::new(kept.unit), Floats::new(kept.inverse));
    let (slopes, places, weights) = (Floats::new(kept.slopes), twin::indices(kept.places), Floats::new(kept.weights));
    let pairs = Pairs { places: &places, weights: &weights, rows: grad.len() };
    let dx = twins::backward(&grad, &unit, &inverse, &slopes, width, &pairs, tau);
    twin::tensor(dx, [grad.len(), width])
}
