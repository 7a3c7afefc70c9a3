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
// One invocation owns one value of `out` and looks through the K indices of its sample, so no atomics are needed.

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
    let batch = row / params.tokens;
    let token = i32(row % params.tokens);
    var sum = 0.0;
    for (var k = 0u; k < params.picks; k = k + 1u) {
        let pick = batch * params.picks + k;
        if (index[pick] == token) {
            sum = sum + x[pick * params.width + column];
        }
    }
    out[i] = sum;
}
