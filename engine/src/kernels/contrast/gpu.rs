//! The launches of [`super::contrast`]. Rows and keys are columns of one matrix [D, C], each side padded to whole tiles.

use burn_backend::TensorMetadata as _;
use burn_cubecl::tensor::CubeTensor;

use super::shaders::{ACROSS, HALVES, ROWS, SCORES, TOTAL, TOTAL_WORKGROUP, UNIT, WORKGROUP};
use super::{Given, How, Sizes};
use crate::kernels::launch::{KernelInfo, Launch, empty, floats, integers, word};

/// Rows and keys of the tile that one invocation owns.
pub(super) const TILE: usize = 8;
/// Pairs of one launch of the forward pass: what takes longer could be stopped by a watchdog.
const LAUNCH: usize = 1 << 28;
/// Rows whose sums may be kept for every tile: 16 MiB.
const HALVES_ROWS: usize = 4096;
/// Invocations that keep a large GPU busy; with fewer, keys are cut into parts.
pub(super) const BUSY: usize = 1 << 15;
pub(super) const MOST_PARTS: usize = 8;
/// Turns of an invocation's loops: Mesa's software adapter ends loops silently after 65,535 of them.
const TURNS: usize = 60_000;

/// Rows against keys, or the other way round.
#[derive(Clone, Copy)]
pub(super) struct Side {
    /// Rows and keys of this direction.
    pub counts: [usize; 2],
    /// Where their columns begin.
    pub columns: [usize; 2],
    /// Where their groups and sums begin.
    pub offsets: [usize; 2],
    pub turned: bool,
}

impl Sizes {
    fn padded(self) -> [usize; 2] {
        [self.rows.next_multiple_of(TILE), self.keys.next_multiple_of(TILE)]
    }

    /// Rows and columns of the matrix.
    pub(super) fn matrix(self) -> [usize; 2] {
        let [rows, keys] = self.padded();
        [self.width.next_multiple_of(TILE), rows + if self.same { 0 } else { keys }]
    }

    pub(super) fn side(self, turned: bool) -> Side {
        let [padded, _] = self.padded();
        let swap = |pair: [usize; 2]| if turned { [pair[1], pair[0]] } else { pair };
        let (column, offset) = if self.same { (0, 0) } else { (padded, self.rows) };
        Side { counts: swap([self.rows, self.keys]), columns: swap([0, column]), offsets: swap([0, offset]), turned }
    }
}

/// How many rows workgroups of `launch` own.
pub(super) const GROUP_ROWS: usize = TILE * ACROSS as usize;
pub(super) const GROUP_KEYS: usize = TILE * (WORKGROUP / ACROSS) as usize;

pub(super) fn for_rows(
    info: &'static KernelInfo,
    rows: usize,
    inputs: &[&CubeTensor],
    outputs: &[&CubeTensor],
    params: &[u32],
) {
    Launch {
        info,
        values: &[],
        workgroup: WORKGROUP,
        groups: rows.div_ceil(WORKGROUP as usize),
        inputs,
        outputs,
        params,
    }
    .run();
}

pub(super) fn total(x: &CubeTensor, factor: f32) -> CubeTensor {
    let out = empty(x, [1]);
    let params = &[word(x.shape().num_elements()), factor.to_bits()];
    Launch {
        info: &TOTAL,
        values: &[("lanes", TOTAL_WORKGROUP)],
        workgroup: TOTAL_WORKGROUP,
        groups: 1,
        inputs: &[x],
        outputs: &[&out],
        params,
    }
    .run();
    out
}

fn unit_rows(
    x: &CubeTensor,
    start: usize,
    scale: Option<&CubeTensor>,
    how: How,
    unit: &CubeTensor,
    inverse: &CubeTensor,
) {
    let [rows, width] = x.shape().dims();
    let [padded, columns] = unit.shape().dims();
    let count = rows.next_multiple_of(TILE);
    let [count, rows, width, padded, columns, start] = [count, rows, width, padded, columns, start].map(word);
    let (normalise, learned) = (u32::from(how.normalise), u32::from(scale.is_some()));
    let params = &[count, rows, width, padded, columns, start, normalise, learned, how.scale.to_bits()];
    for_rows(&UNIT, count as usize, &[x, scale.unwrap_or(x)], &[unit, inverse], params);
}

/// The loss, the matrix, inverse norms of its columns, and logs of sums of exponentials.
pub(crate) fn on_gpu(
    rows: CubeTensor,
    keys: CubeTensor,
    scale: CubeTensor,
    positive: CubeTensor,
    groups: CubeTensor,
    given: Given,
) -> (CubeTensor, CubeTensor, CubeTensor, CubeTensor) {
    let (rows, positive, how) = (floats(rows), integers(positive), given.how);
    let (keys, scale, groups) = given.only(keys, scale, groups);
    let (keys, scale, groups) = (keys.map(floats), scale.map(floats), groups.map(integers));
    let sizes = Sizes::new(rows.shape().dims(), keys.as_ref().map(|keys| keys.shape().dims()));
    let (unit, inverse) = (empty(&rows, sizes.matrix()), empty(&rows, [sizes.matrix()[1]]));
    unit_rows(&rows, 0, scale.as_ref(), how, &unit, &inverse);
    if let Some(keys) = &keys {
        unit_rows(keys, sizes.side(false).columns[1], scale.as_ref(), how, &unit, &inverse);
    }
    let weights = sizes.weights(how);
    let both = !sizes.same && weights[1] > 0.0;
    let count = sizes.rows + if both { sizes.keys } else { 0 };
    let (lse, terms) = (empty(&rows, [count]), empty(&rows, [count]));
    for turned in [false, true].into_iter().take(1 + usize::from(both)) {
        let weight = weights[usize::from(turned)];
        softmax(
            sizes,
            sizes.side(turned),
            weight,
            [&unit, &positive, groups.as_ref().unwrap_or(&positive)],
            groups.is_some(),
            &[&lse, &terms],
        );
    }
    (total(&terms, 1.0 / sizes.rows.max(1) as f32), unit, inverse, lse)
}

/// The log of the sum of exponentials of every row of a side, and its summand of the loss.
fn softmax(sizes: Sizes, side: Side, weight: f32, inputs: [&CubeTensor; 3], grouped: bool, outputs: &[&CubeTensor; 2]) {
    let [unit, positive, _] = inputs;
    let ([rows, keys], [_, columns]) = (side.counts, sizes.matrix());
    let partial = if sizes.same && !grouped && rows <= HALVES_ROWS {
        sums_of_halves(sizes, unit)
    } else {
        sums_of_parts(sizes, side, inputs, grouped)
    };
    let [parts, padded, _] = partial.shape().dims();
    let [first_row, first_key] = side.columns;
    let numbers = [rows, keys, parts, padded, sizes.width, columns, first_row, first_key, side.offsets[0]].map(word);
    let flags = [u32::from(sizes.same), u32::from(side.turned), weight.to_bits()];
    for_rows(&ROWS, rows, &[&partial, unit, positive], outputs, &[&numbers[..], &flags].concat());
}

/// Top and sum of exponentials of every part of the keys of a row [parts, padded rows, 2], where a part is a tile.
fn sums_of_halves(sizes: Sizes, unit: &CubeTensor) -> CubeTensor {
    let [padded, _] = sizes.padded();
    let partial = empty(unit, [padded / TILE, padded, 2]);
    let blocks = sizes.rows.div_ceil(GROUP_ROWS);
    let groups = blocks * sizes.rows.div_ceil(GROUP_KEYS);
    Launch {
        info: &HALVES,
        values: &[("across", ACROSS)],
        workgroup: WORKGROUP,
        groups,
        inputs: &[unit],
        outputs: &[&partial],
        params: &[groups, blocks, sizes.rows, padded, sizes.width, padded / 4].map(word),
    }
    .run();
    partial
}

/// The same where parts are as many as keep a GPU busy.
fn sums_of_parts(sizes: Sizes, side: Side, inputs: [&CubeTensor; 3], grouped: bool) -> CubeTensor {
    let ([rows, keys], [_, columns]) = (side.counts, sizes.matrix());
    let padded = rows.next_multiple_of(TILE);
    let blocks = rows.div_ceil(GROUP_ROWS);
    let tiles = keys.div_ceil(GROUP_KEYS);
    let busy = (BUSY / (blocks * WORKGROUP as usize).max(1)).clamp(1, MOST_PARTS);
    // A tile costs a turn for each dimension and one of its own.
    let splits = busy.max((tiles * (sizes.width + 1)).div_ceil(TURNS)).min(tiles);
    let parts = splits * (WORKGROUP / ACROSS) as usize;
    let partial = empty(inputs[0], [parts, padded, 2]);
    let step = (LAUNCH / keys.max(1) / GROUP_ROWS).max(1);
    for first in (0..blocks).step_by(step) {
        let blocks = step.min(blocks - first);
        let groups = blocks * splits;
        let [row_quad, key_quad] = side.columns.map(|column| word(column / 4));
        let [row_label, key_label] = side.offsets.map(word);
        let flags = [sizes.same, side.turned].map(u32::from);
        let sizes = [groups, blocks, first, parts, rows, keys, sizes.width, columns / 4].map(word);
        Launch {
            info: &SCORES,
            values: &[("across", ACROSS), ("groups", u32::from(grouped))],
            workgroup: WORKGROUP,
            groups,
            inputs: &inputs,
            outputs: &[&partial],
            params: &[&sizes[..], &[row_quad, key_quad, row_label, key_label], &flags, &[word(padded)]].concat(),
        }
        .run();
    }
    partial
}
