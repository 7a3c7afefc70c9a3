// The slopes of contrast's loss (times N) with respect to a block of scores s = <row, key>:
// w[key, row] = own exp(s - lse[row]) + other exp(s - lse[key]) - 1 where the key is the positive of the row (or the row that
// of the key). What does not count in one of the softmaxes has no exponential there.
//
// | binding | what                              | shape               |
// |---------|-----------------------------------|---------------------|
// | 0 read  | unit: rows and keys are columns   | [D, C]              |
// | 1 read  | the positive key of each row      | [N]                 |
// | 2 read  | groups of rows, then of keys      | [N + M] or [N]      |
// | 3 read  | lse of rows, then of keys         | [N + M] or [N]      |
// | 4 write | w                                 | [keys of the block, rows of the block] |
// | 5       | params                            |                     |
//
// One invocation computes 8 × 8 weights, and where the block is symmetric their mirror images. The invocations of a workgroup are ACROSS blocks of rows by blocks of keys.

const ACROSS = {{ across }}u;
const DOWN = {{ workgroup }}u / ACROSS;

struct Params {
    groups: u32,
    blocks: u32,
    rows: u32,
    keys: u32,
    width: u32,
    quads: u32,
    row_quad: u32,
    key_quad: u32,
    row_label: u32,
    key_label: u32,
    row_lse: u32,
    key_lse: u32,
    same: u32,
    turned: u32,
    // The block: its first row and key and its rows and keys, all multiples of 8.
    first_row: u32,
    first_key: u32,
    block_rows: u32,
    block_keys: u32,
    // The block has all rows and keys, which are the same: its upper half is the lower one, turned.
    mirrored: u32,
    own: f32,
    other: f32,
}

@group(0) @binding(0) var<storage, read> unit: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> positive: array<i32>;
@group(0) @binding(2) var<storage, read> labels: array<i32>;
@group(0) @binding(3) var<storage, read> lse: array<f32>;
@group(0) @binding(4) var<storage, read_write> weights: array<vec4<f32>>;
@group(0) @binding(5) var<uniform> params: Params;

// What shifts the scores of 4 rows; beyond the last row nothing is left of them.
fn shifts(row: u32) -> vec4<f32> {
    var out = vec4<f32>(3.0e38);
    if (params.own > 0.0) {
        for (var i = 0u; i < 4u; i = i + 1u) {
            if (row + i < params.rows) {
                out[i] = lse[params.row_lse + row + i];
            }
        }
    }
    return out;
}

// The keys of 4 rows; -1 where a row has none.
fn partners(row: u32) -> vec4<i32> {
    var out = vec4<i32>(-1);
    for (var i = 0u; i < 4u; i = i + 1u) {
        if (row + i < params.rows) {
            let key = positive[row + i];
            if (!(params.same == 1u && key == i32(row + i))) {
                out[i] = key;
            }
        }
    }
    return out;
}

fn mask(scores: vec4<f32>, row: u32, key: u32, over_rows: bool) -> vec4<f32> {
    var out = scores;
    for (var i = 0u; i < 4u; i = i + 1u) {
        let r = min(row + i, params.rows - 1u);
        var here = false;
        if (over_rows && params.same == 1u) {
            here = counts(key, r, params.key_label, params.row_label, false);
        } else {
            here = counts(r, key, params.row_label, params.key_label, params.turned == 1u);
        }
        if (!here) {
            out[i] = MASKED;
        }
    }
    return out;
}

// The weights of 4 rows with one key.
fn weigh(scores: vec4<f32>, row: u32, key: u32, shift: vec4<f32>, partner: vec4<i32>, edge: bool) -> vec4<f32> {
    if (key >= params.keys) {
        return vec4<f32>(0.0);
    }
    var over_keys = scores;
    var over_rows = scores;
    if (edge) {
        over_keys = mask(scores, row, key, false);
        over_rows = mask(scores, row, key, true);
    }
    var weight = params.own * exp(over_keys - shift);
    if (params.other > 0.0) {
        weight = weight + params.other * exp(over_rows - lse[params.key_lse + key]);
    }
    // Whose positive it is: the row's, or where the sides are turned or the same, the key's.
    if (params.turned == 0u) {
        weight = weight - select(vec4<f32>(0.0), vec4<f32>(1.0), partner == vec4<i32>(i32(key)));
    }
    if (params.turned == 1u || (params.same == 1u && positive[key] != i32(key))) {
        let rows = vec4<i32>(i32(row)) + vec4<i32>(0, 1, 2, 3);
        weight = weight - select(vec4<f32>(0.0), vec4<f32>(1.0), rows == vec4<i32>(positive[key]));
    }
    return weight;
}

// Write 4 × 4 weights, whose vectors are columns here.
fn put_turned(place: u32, step: u32, p: vec4<f32>, q: vec4<f32>, r: vec4<f32>, s: vec4<f32>) {
    weights[place] = vec4<f32>(p.x, q.x, r.x, s.x);
    weights[place + step] = vec4<f32>(p.y, q.y, r.y, s.y);
    weights[place + 2u * step] = vec4<f32>(p.z, q.z, r.z, s.z);
    weights[place + 3u * step] = vec4<f32>(p.w, q.w, r.w, s.w);
}

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let place = group.y * groups.x + group.x;
    if (place >= params.groups) {
        return;
    }
    let row_here = (place % params.blocks * ACROSS + lane % ACROSS) * 8u;
    let key_here = (place / params.blocks * DOWN + lane / ACROSS) * 8u;
    if (row_here >= params.block_rows || key_here >= params.block_keys || (params.mirrored == 1u && row_here > key_here)) {
        return;
    }
    let row = params.first_row + row_here;
    let key = params.first_key + key_here;
    let tile = tile_of(params.key_quad + key / 4u, params.row_quad + row / 4u);
    let edge = GROUPS == 1u || (params.same == 1u && row == key);
    let shift_a = shifts(row);
    let shift_b = shifts(row + 4u);
    var partner_a = vec4<i32>(-1);
    var partner_b = vec4<i32>(-1);
    if (params.turned == 0u) {
        partner_a = partners(row);
        partner_b = partners(row + 4u);
    }
    let a0 = weigh(tile[0], row, key, shift_a, partner_a, edge);
    let b0 = weigh(tile[1], row + 4u, key, shift_b, partner_b, edge);
    let a1 = weigh(tile[2], row, key + 1u, shift_a, partner_a, edge);
    let b1 = weigh(tile[3], row + 4u, key + 1u, shift_b, partner_b, edge);
    let a2 = weigh(tile[4], row, key + 2u, shift_a, partner_a, edge);
    let b2 = weigh(tile[5], row + 4u, key + 2u, shift_b, partner_b, edge);
    let a3 = weigh(tile[6], row, key + 3u, shift_a, partner_a, edge);
    let b3 = weigh(tile[7], row + 4u, key + 3u, shift_b, partner_b, edge);
    let a4 = weigh(tile[8], row, key + 4u, shift_a, partner_a, edge);
    let b4 = weigh(tile[9], row + 4u, key + 4u, shift_b, partner_b, edge);
    let a5 = weigh(tile[10], row, key + 5u, shift_a, partner_a, edge);
    let b5 = weigh(tile[11], row + 4u, key + 5u, shift_b, partner_b, edge);
    let a6 = weigh(tile[12], row, key + 6u, shift_a, partner_a, edge);
    let b6 = weigh(tile[13], row + 4u, key + 6u, shift_b, partner_b, edge);
    let a7 = weigh(tile[14], row, key + 7u, shift_a, partner_a, edge);
    let b7 = weigh(tile[15], row + 4u, key + 7u, shift_b, partner_b, edge);
    let step = params.block_rows / 4u;
    let out = key_here * step + row_here / 4u;
    weights[out] = a0;
    weights[out + 1u] = b0;
    weights[out + step] = a1;
    weights[out + step + 1u] = b1;
    weights[out + 2u * step] = a2;
    weights[out + 2u * step + 1u] = b2;
    weights[out + 3u * step] = a3;
    weights[out + 3u * step + 1u] = b3;
    weights[out + 4u * step] = a4;
    weights[out + 4u * step + 1u] = b4;
    weights[out + 5u * step] = a5;
    weights[out + 5u * step + 1u] = b5;
    weights[out + 6u * step] = a6;
    weights[out + 6u * step + 1u] = b6;
    weights[out + 7u * step] = a7;
    weights[out + 7u * step + 1u] = b7;
    if (params.mirrored == 1u && row_here < key_here) {
        put_turned(row_here * step + key_here / 4u, step, a0, a1, a2, a3);
        put_turned(row_here * step + key_here / 4u + 1u, step, a4, a5, a6, a7);
        put_turned((row_here + 4u) * step + key_here / 4u, step, b0, b1, b2, b3);
        put_turned((row_here + 4u) * step + key_here / 4u + 1u, step, b4, b5, b6, b7);
    }
}
