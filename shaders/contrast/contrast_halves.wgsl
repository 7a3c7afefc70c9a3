// What contrast_scores computes, for rows that are the keys too and have no groups: s is symmetric, so that one tile serves its
// rows and, as their keys, its columns. Every 8 keys are a part: partial[part, row] = (top, sum of exp(s - top)).
//
// | binding | what                      | shape                          |
// |---------|---------------------------|--------------------------------|
// | 0 read  | unit: rows are columns    | [D, C]                         |
// | 1 write | partial                   | [padded N / 8, padded N, 2]    |
// | 2       | params                    |                                |
//
// One invocation computes 8 × 8 scores on or above the diagonal. The invocations of a workgroup are ACROSS blocks of rows by
// blocks of keys.

const ACROSS = {{ across }}u;
const DOWN = {{ workgroup }}u / ACROSS;

struct Params {
    groups: u32,
    blocks: u32,
    rows: u32,
    padded_rows: u32,
    width: u32,
    quads: u32,
}

@group(0) @binding(0) var<storage, read> unit: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> partial: array<vec2<f32>>;
@group(0) @binding(2) var<uniform> params: Params;

fn masked_quad(scores: vec4<f32>, row: u32, key: u32) -> vec4<f32> {
    let keys = vec4<u32>(key) + vec4<u32>(0u, 1u, 2u, 3u);
    let out = (keys >= vec4<u32>(params.rows)) | (keys == vec4<u32>(row));
    return select(scores, vec4<f32>(-3.0e38), out);
}

fn sum_row(place: u32, a: vec4<f32>, b: vec4<f32>, edge: bool, row: u32, key: u32) {
    if (edge) {
        partial[place] = more(NONE, masked_quad(a, row, key), masked_quad(b, row, key + 4u));
    } else {
        partial[place] = more(NONE, a, b);
    }
}

// The sums of 4 columns of a tile, whose rows are given.
fn sum_columns(place: u32, a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>, e: vec4<f32>, f: vec4<f32>, g: vec4<f32>, h: vec4<f32>) {
    let top = max(max(max(a, b), max(c, d)), max(max(e, f), max(g, h)));
    let first = exp(a - top) + exp(b - top) + exp(c - top) + exp(d - top);
    let sum = first + exp(e - top) + exp(f - top) + exp(g - top) + exp(h - top);
    partial[place] = vec2<f32>(top.x, sum.x);
    partial[place + 1u] = vec2<f32>(top.y, sum.y);
    partial[place + 2u] = vec2<f32>(top.z, sum.z);
    partial[place + 3u] = vec2<f32>(top.w, sum.w);
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
    let row = (place % params.blocks * ACROSS + lane % ACROSS) * 8u;
    let key = (place / params.blocks * DOWN + lane / ACROSS) * 8u;
    if (row > key || key >= params.rows) {
        return;
    }
    let t = tile_of(row / 4u, key / 4u);
    let edge = row == key || key + 8u > params.rows;
    let out = key / 8u * params.padded_rows + row;
    sum_row(out, t[0], t[1], edge, row, key);
    sum_row(out + 1u, t[2], t[3], edge, row + 1u, key);
    sum_row(out + 2u, t[4], t[5], edge, row + 2u, key);
    sum_row(out + 3u, t[6], t[7], edge, row + 3u, key);
    sum_row(out + 4u, t[8], t[9], edge, row + 4u, key);
    sum_row(out + 5u, t[10], t[11], edge, row + 5u, key);
    sum_row(out + 6u, t[12], t[13], edge, row + 6u, key);
    sum_row(out + 7u, t[14], t[15], edge, row + 7u, key);
    if (row < key) {
        let turned = row / 8u * params.padded_rows + key;
        sum_columns(turned, t[0], t[2], t[4], t[6], t[8], t[10], t[12], t[14]);
        sum_columns(turned + 4u, t[1], t[3], t[5], t[7], t[9], t[11], t[13], t[15]);
    }
}
