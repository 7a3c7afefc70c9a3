// Partial softmax sums for contrast. With s = the products of a row with the keys of a part, those that count:
// partial[part, row] = (top, sum over the part of exp(s - top)), top = the largest s.
//
// | binding | what                              | shape            |
// |---------|-----------------------------------|------------------|
// | 0 read  | unit: rows and keys are columns   | [D, C]           |
// | 1 read  | the positive key of each row      | [N]              |
// | 2 read  | groups of rows, then of keys      | [N + M] or [N]   |
// | 3 write | partial                           | [parts, padded N, 2] |
// | 4       | params                            |                  |
//
// One invocation owns 8 rows and every parts-th 8 of the keys. The invocations of a workgroup are 8 blocks of rows by parts.

const ACROSS = {{ across }}u;

struct Params {
    groups: u32,
    blocks: u32,
    first_block: u32,
    parts: u32,
    rows: u32,
    keys: u32,
    width: u32,
    quads: u32,
    row_quad: u32,
    key_quad: u32,
    row_label: u32,
    key_label: u32,
    same: u32,
    turned: u32,
    padded_rows: u32,
}

@group(0) @binding(0) var<storage, read> unit: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> positive: array<i32>;
@group(0) @binding(2) var<storage, read> labels: array<i32>;
@group(0) @binding(3) var<storage, read_write> partial: array<vec2<f32>>;
@group(0) @binding(4) var<uniform> params: Params;

fn masked(score: f32, row: u32, key: u32) -> f32 {
    let real = min(row, params.rows - 1u);
    if (key >= params.keys || !counts(real, key, params.row_label, params.key_label, params.turned == 1u)) {
        return MASKED;
    }
    return score;
}

fn masked_quad(scores: vec4<f32>, row: u32, key: u32) -> vec4<f32> {
    return vec4<f32>(
        masked(scores.x, row, key),
        masked(scores.y, row, key + 1u),
        masked(scores.z, row, key + 2u),
        masked(scores.w, row, key + 3u),
    );
}

// Top and sum of a row with those of 8 more scores that count.
fn added(sum: vec2<f32>, a: vec4<f32>, b: vec4<f32>, edge: bool, row: u32, key: u32) -> vec2<f32> {
    if (edge) {
        return more(sum, masked_quad(a, row, key), masked_quad(b, row, key + 4u));
    }
    return more(sum, a, b);
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
    let row = ((params.first_block + place % params.blocks) * ACROSS + lane % ACROSS) * 8u;
    let part = place / params.blocks * ({{ workgroup }}u / ACROSS) + lane / ACROSS;
    if (row >= params.rows) {
        return;
    }
    var r0 = NONE;
    var r1 = NONE;
    var r2 = NONE;
    var r3 = NONE;
    var r4 = NONE;
    var r5 = NONE;
    var r6 = NONE;
    var r7 = NONE;
    for (var key = part * 8u; key < params.keys; key = key + params.parts * 8u) {
        let tile = tile_of(params.row_quad + row / 4u, params.key_quad + key / 4u);
        let edge = GROUPS == 1u || key + 8u > params.keys || (params.same == 1u && row == key);
        r0 = added(r0, tile[0], tile[1], edge, row, key);
        r1 = added(r1, tile[2], tile[3], edge, row + 1u, key);
        r2 = added(r2, tile[4], tile[5], edge, row + 2u, key);
        r3 = added(r3, tile[6], tile[7], edge, row + 3u, key);
        r4 = added(r4, tile[8], tile[9], edge, row + 4u, key);
        r5 = added(r5, tile[10], tile[11], edge, row + 5u, key);
        r6 = added(r6, tile[12], tile[13], edge, row + 6u, key);
        r7 = added(r7, tile[14], tile[15], edge, row + 7u, key);
    }
    let out = part * params.padded_rows + row;
    partial[out] = r0;
    partial[out + 1u] = r1;
    partial[out + 2u] = r2;
    partial[out + 3u] = r3;
    partial[out + 4u] = r4;
    partial[out + 5u] = r5;
    partial[out + 6u] = r6;
    partial[out + 7u] = r7;
}
