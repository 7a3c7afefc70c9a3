//! The CPU twin of [`super::attention`].

use burn_backend::TensorMetadata as _;
use burn_flex::FlexTensor;
use masquerade_twins::attention as twins;

use super::{Given, Sizes, Slopes};
use crate::kernels::twin::{self, Floats};

/// The tensors of one call, in row-major order.
struct Held {
    sizes: Sizes,
    scale: f32,
    q: Floats,
    kv: Option<Floats>,
    bias: Option<Floats>,
    /// Samples and heads of the bias.
    bias_shape: [usize; 2],
    mask: Option<Floats>,
}

impl Held {
    fn new(given: Given<FlexTensor>) -> Self {
        let bias_shape = given.bias.as_ref().map_or([1, 1], |bias| {
            let [batch, heads, ..] = bias.shape().dims::<4>();
            [batch, heads]
        });
        Self {
            sizes: given.sizes(),
            scale: given.form.scale,
            q: Floats::new(given.q),
            kv: given.kv.map(Floats::new),
            bias: given.bias.map(Floats::new),
            bias_shape,
            mask: given.mask.map(Floats::new),
        }
    }

    fn call(&self) -> twins::Call<'_> {
        let Sizes { batch, queries, keys, heads, dim } = self.sizes;
        twins::Call {
            sizes: twins::Sizes { batch, queries, keys, heads, dim },
            scale: self.scale,
            q: &self.q,
            kv: self.kv.as_deref(),
            bias: self.bias.as_deref().map(|bias| (bias, self.bias_shape)),
            mask: self.mask.as_deref(),
        }
    }
}

/// The result, and the log of the sum of exponentials [B, heads, Tq].
pub(crate) fn on_cpu(given: Given<FlexTensor>) -> (FlexTensor, FlexTensor) {
    let held = Held::new(given);
    let Sizes { batch, queries, heads, .. } = held.sizes;
    let (out, lse) = held.call().forward();
    (twin::tensor(out, [batch, queries, held.sizes.width()]), twin::tensor(lse, [batch, heads, queries]))
}

pub(crate) fn backward_on_cpu(
    grad: FlexTensor,
    given: Given<FlexTensor>,
    out: FlexTensor,
    lse: FlexTensor,
    wanted: [bool; 3],
) -> Slopes<FlexTensor> {
    let shapes = [Some(&given.q), given.kv.as_ref(), given.bias.as_ref()].map(|tensor| tensor.map(FlexTensor::shape));
    let held = Held::new(given);
    let (grad, out, lse) = (Floats::new(grad), Floats::new(out), Floats::new(lse));
    let mut shapes = shapes.into_iter();
    let slopes = held.call().backward(&grad, &out, &lse, wanted);
    slopes.map(|slope| slope.zip(shapes.next().flatten()).map(|(slope, shape)| twin::tensor(slope, shape)))
}
