// Pick tokens by index: out[b, k, d] = x[b, index[b, k], d]; zero where the index is out of range.
//
// | binding | what            | shape     |
// |---------|-----------------|-----------|
// | 0 read  | x               | [B, T, D] |
// | 1 read  | index (i32)     | [B, K]    |
// | 2 write | out             | [B, K, D] |
// | 3       | params          |           |
//
// One invocation computes one value of `out`.

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
    let i = (group.y * groups.x + group.x) * {{ workgroup }}u + lane;
    if (i >= params.count) {
        return;
    }
    let row = i / params.width;
    let column = i % params.width;
    let batch = row / params.picks;
    let token = index[row];
    if (token < 0 || u32(token) >= params.tokens) {
        out[i] = 0.0;
        return;
    }
    out[i] = x[(batch * params.tokens + u32(token)) * params.width + column];
}
