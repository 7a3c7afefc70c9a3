// Put tokens back by index: out[b, t, d] = sum over k with index[b, k] = t of x[b, k, d]; zero where no k points at t.
// It is the adjoint of gather_tokens.
//
// | binding | what            | shape     |
// |---------|-----------------|-----------|
// | 0 read  | x               | [B, K, D] |
// | 1 read  | index (i32)     | [B, K]    |
// | 2 write | out             | [B, T, D] |
// | 3       | params          |           |
//
// One invocation owns a piece of a row of `out` and looks through the K indices of its sample, so no atomics are needed.

const PIECE = {{ piece }}u;

struct Params {
    count: u32,
    tokens: u32,
    picks: u32,
    width: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> index: array<i32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let number = (group.y * groups.x + group.x) * {{ workgroup }}u + lane;
    if (number >= params.count) {
        return;
    }
    let pieces = (params.width + PIECE - 1u) / PIECE;
    let row = number / pieces;
    let batch = row / params.tokens;
    let token = i32(row % params.tokens);
    let start = number % pieces * PIECE;
    let end = min(start + PIECE, params.width);
    for (var d = start; d < end; d = d + 1u) {
        out[row * params.width + d] = 0.0;
    }
    for (var k = 0u; k < params.picks; k = k + 1u) {
        let pick = batch * params.picks + k;
        if (index[pick] == token) {
            for (var d = start; d < end; d = d + 1u) {
                out[row * params.width + d] = out[row * params.width + d] + x[pick * params.width + d];
            }
        }
    }
}
