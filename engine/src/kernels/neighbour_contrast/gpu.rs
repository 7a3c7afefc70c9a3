//! The launches of [`super::neighbour_contrast`]. Rows are padded to whole quads of values; keys are cut into parts where
//! there are too few rows to keep a large GPU busy.

use burn_backend::TensorMetadata as _;
use burn_cubecl::tensor::CubeTensor;

use super::{BACKWARD, How, Kept, ROWS, SCORES, SLOPES, UNIT, WORKGROUP};
use crate::kernels::launch::{Launch, empty, floats, integers, word};

/// Invocations that keep a large GPU busy.
const BUSY: usize = 1 << 15;
const MOST_PARTS: usize = 16;
/// Pairs of one launch: what takes longer could be stopped by a watchdog.
const LAUNCH: usize = 1 << 28;

/// How rows and keys are spread over launches and workgroups.
struct Spread {
    rows: usize,
    quads: usize,
    parts: usize,
}

impl Spread {
    fn new(rows: usize, width: usize) -> Self {
        let parts = (BUSY / rows.next_multiple_of(WORKGROUP as usize).max(1)).clamp(1, MOST_PARTS);
        Self { rows, quads: width.div_ceil(4), parts }
    }

    fn values(&self) -> [(&'static str, u32); 1] {
        [("quads", word(self.quads))]
    }

    fn row_groups(&self) -> usize {
        self.rows.div_ceil(WORKGROUP as usize)
    }

    /// First workgroup of rows and number of them for each launch over all pairs.
    fn launches(&self) -> impl Iterator<Item = (usize, usize)> {
        let (groups, step) = (self.row_groups(), (LAUNCH / self.rows.max(1) / WORKGROUP as usize).max(1));
        (0..groups).step_by(step).map(move |first| (first, step.min(groups - first)))
    }

    /// Parameters of such a launch: workgroups of rows, the first of them, rows, parts and keys of a part.
    fn params(&self, first: usize, groups: usize) -> [u32; 5] {
        [groups, first, self.rows, self.parts, self.rows.div_ceil(self.parts)].map(word)
    }
}

/// The losses, and what the backward pass keeps of the rows.
pub(crate) fn on_gpu(
    x: CubeTensor,
    places: CubeTensor,
    weights: CubeTensor,
    how: How,
) -> (CubeTensor, CubeTensor, CubeTensor, CubeTensor) {
    let (x, places, weights) = (floats(x), integers(places), floats(weights));
    let [rows, width] = x.shape().dims();
    let spread = Spread::new(rows, width);
    let (unit, inverse) = (empty(&x, [rows, spread.quads * 4]), empty(&x, [rows]));
    Launch {
        info: &UNIT,
        values: &[],
        workgroup: WORKGROUP,
        groups: spread.row_groups(),
        inputs: &[&x],
        outputs: &[&unit, &inverse],
        params: &[word(rows), word(width), word(spread.quads * 4), how.least_norm.to_bits()],
    }
    .run();
    let partial = empty(&x, [spread.parts, rows]);
    for (first, groups) in spread.launches() {
        Launch {
            info: &SCORES,
            values: &spread.values(),
            workgroup: WORKGROUP,
            groups: groups * spread.parts,
            inputs: &[&unit],
            outputs: &[&partial],
            params: &[&spread.params(first, groups)[..], &[how.tau.to_bits()]].concat(),
        }
        .run();
    }
    let (loss, slopes) = (empty(&x, [rows]), empty(&x, [rows, 2]));
    Launch {
        info: &ROWS,
        values: &spread.values(),
        workgroup: WORKGROUP,
        groups: spread.row_groups(),
        inputs: &[&partial, &unit, &places, &weights],
        outputs: &[&loss, &slopes],
        params: &[word(rows), word(spread.parts), how.tau.to_bits(), how.eps.to_bits()],
    }
    .run();
    (loss, unit, inverse, slopes)
}

/// The gradient of the rows [N, D].
pub(crate) fn backward_on_gpu(grad: CubeTensor, kept: Kept<CubeTensor, CubeTensor>) -> CubeTensor {
    let (grad, places, weights) = (floats(grad), integers(kept.places), floats(kept.weights));
    let [rows] = grad.shape().dims();
    let spread = Spread::new(rows, kept.width);
    let partial = empty(&grad, [spread.parts, rows, spread.quads * 4]);
    for (first, groups) in spread.launches() {
        Launch {
            info: &SLOPES,
            values: &spread.values(),
            workgroup: WORKGROUP,
            groups: groups * spread.parts,
            inputs: &[&kept.unit, &grad, &kept.slopes],
            outputs: &[&partial],
            params: &[&spread.params(first, groups)[..], &[kept.how.tau.to_bits()]].concat(),
        }
        .run();
    }
    let dx = empty(&grad, [rows, kept.width]);
    Launch {
        info: &BACKWARD,
        values: &spread.values(),
        workgroup: WORKGROUP,
        groups: spread.row_groups(),
        inputs: &[&partial, &kept.unit, &kept.inverse, &grad, &kept.slopes, &places, &weights],
        outputs: &[&dx],
        params: &[word(rows), word(kept.width), word(spread.parts), kept.how.tau.to_bits()],
    }
    .run();
    dx
}
