//! The launches of [`super::contrast`]. Rows and keys are columns of one matrix [D, C], each side padded to whole tiles.

use burn_backend::TensorMetadata as _;
use burn_cubecl::tensor::CubeTensor;

use super::{
    ACROSS, BACKWARD, Given, HALVES, How, Kept, ROWS, SCORES, SUM, Sizes, Slopes, TOTAL, TOTAL_WORKGROUP, UNIT,
    WEIGHTS, WORKGROUP,
};
use crate::kernels::launch::{KernelInfo, Launch, empty, floats, integers, word};

/// Rows and keys of the tile that one invocation owns.
const TILE: usize = 8;
/// Pairs whose slopes are in memory at once: 32 MiB.
const BLOCK: usize = 1 << 23;
/// Rows of such a block, if there are as many.
const BLOCK_ROWS: usize = 1 << 15;
/// Pairs of one launch of the forward pass: what takes longer could be stopped by a watchdog.
const LAUNCH: usize = 1 << 28;
/// Rows whose sums may be kept for every tile: 16 MiB.
const HALVES_ROWS: usize = 4096;
/// Invocations that keep a large GPU busy; with fewer, keys are cut into parts.
const BUSY: usize = 1 << 15;
const MOST_PARTS: usize = 8;
/// Turns of an invocation's loops: Mesa's software adapter ends loops silently after 65,535 of them.
const TURNS: usize = 60_000;

/// Rows against keys, or the other way round.
#[derive(Clone, Copy)]
struct Side {
    /// Rows and keys of this direction.
    counts: [usize; 2],
    /// Where their columns begin.
    columns: [usize; 2],
    /// Where their groups and sums begin.
    offsets: [usize; 2],
    turned: bool,
}

impl Sizes {
    fn padded(self) -> [usize; 2] {
        [self.rows.next_multiple_of(TILE), self.keys.next_multiple_of(TILE)]
    }

    /// Rows and columns of the matrix.
    fn matrix(self) -> [usize; 2] {
        let [rows, keys] = self.padded();
        [self.width.next_multiple_of(TILE), rows + if self.same { 0 } else { keys }]
    }

    fn side(self, turned: bool) -> Side {
        let [padded, _] = self.padded();
        let swap = |pair: [usize; 2]| if turned { [pair[1], pair[0]] } else { pair };
        let (column, offset) = if self.same { (0, 0) } else { (padded, self.rows) };
        Side { counts: swap([self.rows, self.keys]), columns: swap([0, column]), offsets: swap([0, offset]), turned }
    }
}

/// How many rows workgroups of `launch` own.
const GROUP_ROWS: usize = TILE * ACROSS as usize;
const GROUP_KEYS: usize = TILE * (WORKGROUP / ACROSS) as usize;

fn for_rows(info: &'static KernelInfo, rows: usize, inputs: &[&CubeTensor], outputs: &[&CubeTensor], params: &[u32]) {
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

fn total(x: &CubeTensor, factor: f32) -> CubeTensor {
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

/// The gradients that are wanted, of rows, keys and scale.
pub(crate) fn backward_on_gpu(
    grad: CubeTensor,
    kept: Kept<CubeTensor, CubeTensor>,
    wanted: [bool; 3],
) -> Slopes<CubeTensor> {
    let grad = floats(grad);
    let kept = Kept {
        scale: kept.scale.map(floats),
        positive: integers(kept.positive),
        groups: kept.groups.map(integers),
        ..kept
    };
    let [of_rows, of_keys, of_scale] = wanted;
    let (rows, along) = if of_rows || of_scale { side_backward(&grad, &kept, false) } else { (None, None) };
    let keys = if of_keys { side_backward(&grad, &kept, true).0 } else { None };
    // A pair of the same rows has its part in the slopes of both.
    let share = kept.how.scale * if kept.sizes.same { 0.5 } else { 1.0 };
    [rows.filter(|_| of_rows), keys, along.filter(|_| of_scale).map(|along| total(&along, share))]
}

/// The gradient of the rows of one side, and its part in the direction of the scale.
fn side_backward(
    grad: &CubeTensor,
    kept: &Kept<CubeTensor, CubeTensor>,
    turned: bool,
) -> (Option<CubeTensor>, Option<CubeTensor>) {
    let (sizes, side) = (kept.sizes, kept.sizes.side(turned));
    let [padded, columns] = sizes.matrix();
    let [rows, keys] = side.counts.map(|count| count.next_multiple_of(TILE));
    let block_rows = rows.min(BLOCK_ROWS);
    let block_keys = keys.min((BLOCK / block_rows.max(1)).next_multiple_of(TILE));
    let parts = (BUSY * TILE * TILE / (block_rows * padded).max(1)).clamp(1, MOST_PARTS).min(block_keys / TILE);
    let (weights, slopes) = (empty(grad, [block_keys, block_rows]), empty(grad, [parts, padded, rows]));
    for first_row in (0..rows).step_by(block_rows.max(1)) {
        for first_key in (0..keys).step_by(block_keys.max(1)) {
            let block = Block {
                first_row,
                first_key,
                rows: block_rows.min(rows - first_row),
                keys: block_keys.min(keys - first_key),
            };
            slopes_of_scores(kept, side, block, &weights);
            sum_of_keys(kept, side, block, &weights, &slopes);
        }
    }
    let (rows, width) = (side.counts[0], sizes.width);
    let (dx, along) = (empty(grad, [rows, width]), empty(grad, [rows]));
    let numbers = [rows, width, parts, padded, rows.next_multiple_of(TILE), columns, side.columns[0]].map(word);
    let (normalise, learned) = (u32::from(kept.how.normalise), u32::from(kept.scale.is_some()));
    let factor = 1.0 / sizes.rows.max(1) as f32;
    let rest = [normalise, learned, kept.how.scale.to_bits(), factor.to_bits()];
    let inputs = [grad, &slopes, &kept.unit, &kept.inverse, kept.scale.as_ref().unwrap_or(grad)];
    for_rows(&BACKWARD, rows, &inputs, &[&dx, &along], &[&numbers[..], &rest].concat());
    (Some(dx), Some(along))
}

/// Rows and keys whose slopes are in memory, counted in columns of their sides.
#[derive(Clone, Copy)]
struct Block {
    first_row: usize,
    first_key: usize,
    rows: usize,
    keys: usize,
}

fn slopes_of_scores(kept: &Kept<CubeTensor, CubeTensor>, side: Side, block: Block, weights: &CubeTensor) {
    let sizes = kept.sizes;
    let blocks = block.rows.div_ceil(GROUP_ROWS);
    let groups = blocks * block.keys.div_ceil(GROUP_KEYS);
    let [rows, keys] = side.counts;
    let numbers = [groups, blocks, rows, keys, sizes.width, sizes.matrix()[1] / 4].map(word);
    let places = [side.columns.map(|column| column / 4), side.offsets, side.offsets].concat();
    let flags = [sizes.same, side.turned].map(u32::from);
    let mirrored = sizes.same && block.rows >= rows && block.keys >= keys;
    let block = [block.first_row, block.first_key, block.rows, block.keys, usize::from(mirrored)].map(word);
    let [own, other] = sizes.weights(kept.how);
    let shares = if side.turned { [other, own] } else { [own, other] }.map(f32::to_bits);
    let places: Vec<u32> = places.into_iter().map(word).collect();
    Launch {
        info: &WEIGHTS,
        values: &[("across", ACROSS), ("groups", u32::from(kept.groups.is_some()))],
        workgroup: WORKGROUP,
        groups,
        inputs: &[&kept.unit, &kept.positive, kept.groups.as_ref().unwrap_or(&kept.positive), &kept.lse],
        outputs: &[weights],
        params: &[&numbers[..], &places, &flags, &block, &shares].concat(),
    }
    .run();
}

fn sum_of_keys(
    kept: &Kept<CubeTensor, CubeTensor>,
    side: Side,
    block: Block,
    weights: &CubeTensor,
    slopes: &CubeTensor,
) {
    let [parts, padded, rows] = slopes.shape().dims();
    let blocks = block.rows.div_ceil(GROUP_ROWS);
    let blocks_of_unit = padded.div_ceil(GROUP_KEYS);
    let groups = blocks * blocks_of_unit * parts;
    let quads = block.keys / 4;
    let columns = kept.sizes.matrix()[1];
    let key_quad = (side.columns[1] + block.first_key) / 4;
    let of_block =
        [groups, blocks, blocks_of_unit, padded, columns / 4, key_quad, quads.div_ceil(parts), block.rows, quads];
    let of_rows = [rows / 4, block.first_row / 4, usize::from(block.first_key == 0)];
    Launch {
        info: &SUM,
        values: &[("across", ACROSS)],
        workgroup: WORKGROUP,
        groups,
        inputs: &[&kept.unit, weights],
        outputs: &[slopes],
        params: &[&of_block[..], &of_rows].concat().into_iter().map(word).collect::<Vec<_>>(),
    }
    .run();
}
