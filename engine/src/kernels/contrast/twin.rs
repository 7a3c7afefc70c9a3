//! The CPU twin of [`super::contrast`].

use burn_backend::TensorMetadata as _;
use burn_flex::FlexTensor;
use masquerade_twins::contrast::{self as twins, Pairs};

use super::{Given, How, Kept, Sizes, Slopes};
use crate::kernels::twin::{self, Floats};

fn scale_of(how: How, scale: Option<&FlexTensor>) -> f32 {
    let learned = scale.and_then(|scale| Floats::new(scale.clone()).first().copied());
    how.scale * learned.unwrap_or(1.0)
}

impl Sizes {
    fn pairs<'a>(
        self,
        scaled: &'a [f32],
        positive: &'a [Option<usize>],
        groups: Option<&'a [Option<usize>]>,
        how: How,
    ) -> Pairs<'a> {
        let Self { rows, keys, width, same } = self;
        Pairs { scaled, rows, keys, width, same, positive, groups, weights: self.weights(how) }
    }
}

/// The loss, the scaled rows and keys, their inverse norms, and logs of sums of exponentials.
pub(crate) fn on_cpu(
    rows: FlexTensor,
    keys: FlexTensor,
    scale: FlexTensor,
    positive: FlexTensor,
    groups: FlexTensor,
    given: Given,
) -> (FlexTensor, FlexTensor, FlexTensor, FlexTensor) {
    let how = given.how;
    let (keys, scale, groups) = given.only(keys, scale, groups);
    let sizes = Sizes::new(rows.shape().dims(), keys.as_ref().map(|keys| keys.shape().dims()));
    let scale = scale_of(how, scale.as_ref());
    let side = |side| twins::scaled(&Floats::new(side), sizes.width, scale, how.normalise);
    let (mut scaled, mut inverse) = side(rows);
    if let Some((keys, lengths)) = keys.map(side) {
        scaled.extend(keys);
        inverse.extend(lengths);
    }
    let (positive, groups) = (twin::indices(positive), groups.map(twin::indices));
    let (loss, lse) = twins::forward(&sizes.pairs(&scaled, &positive, groups.as_deref(), how));
    let (count, sums) = (inverse.len(), lse.len());
    (
        twin::tensor(vec![loss], [1]),
        twin::tensor(scaled, [count, sizes.width]),
        twin::tensor(inverse, [count]),
        twin::tensor(lse, [sums]),
    )
}

/// The gradients that are wanted, of rows, keys and scale.
pub(crate) fn backward_on_cpu(
    grad: FlexTensor,
    kept: Kept<FlexTensor, FlexTensor>,
    wanted: [bool; 3],
) -> Slopes<FlexTensor> {
    let Kept { unit, inverse, lse, scale, positive, groups, sizes, how } = kept;
    let scale = scale_of(how, scale.as_ref());
    let (scaled, inverse, lse) = (Floats::new(unit), Floats::new(inverse), Floats::new(lse));
    let (positive, groups) = (twin::indices(positive), groups.map(twin::indices));
    let [of_rows, of_keys, of_scale] = wanted;
    let grad = Floats::new(grad).first().copied().unwrap_or(0.0);
    let pairs = sizes.pairs(&scaled, &positive, groups.as_deref(), how);
    let (mut slopes, along) = twins::backward(&pairs, &inverse, &lse, grad, (scale, how.normalise), of_keys);
    let keys = of_keys.then(|| twin::tensor(slopes.split_off(sizes.rows * sizes.width), [sizes.keys, sizes.width]));
    // A pair of the same rows has its part in the slopes of both.
    let factor = grad / sizes.rows.max(1) as f32;
    let share = f64::from(factor * how.scale) * if sizes.same { 0.5 } else { 1.0 };
    let scale = of_scale.then(|| twin::tensor(vec![(along * share) as f32], [1]));
    [of_rows.then(|| twin::tensor(slopes, [sizes.rows, sizes.width])), keys, scale]
}
