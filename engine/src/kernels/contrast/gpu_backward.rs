//! The launches of the backward pass of [`super::contrast`]: slopes of the scores of a block of rows and keys, and the sums
//! of keys that they weight.

use burn_backend::TensorMetadata as _;
use burn_cubecl::tensor::CubeTensor;

use super::gpu::{BUSY, GROUP_KEYS, GROUP_ROWS, MOST_PARTS, Side, TILE, for_rows, total};
use super::shaders::{ACROSS, BACKWARD, SUM, WEIGHTS, WORKGROUP};
use super::{Kept, Slopes};
use crate::kernels::launch::{Launch, empty, floats, integers, word};

/// Pairs whose slopes are in memory at once: 32 MiB.
const BLOCK: usize = 1 << 23;
/// Rows of such a block, if there are as many.
const BLOCK_ROWS: usize = 1 << 15;

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
