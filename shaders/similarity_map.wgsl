// Cosine of one token of each sample with every token of the same sample:
// out[b, t] = <x[b, t], x[b, q]> / (max(|x[b, t]|, 1e-12) max(|x[b, q]|, 1e-12)), q = query[b]; zero where q is out of range.
//
// | binding | what            | shape     |
// |---------|-----------------|-----------|
// | 0 read  | x               | [B, T, D] |
// | 1 read  | query (i32)     | [B]       |
// | 2 write | out             | [B, T]    |
// | 3       | params          |           |
//
// One group of invocations computes one value of `out`: three sums over D.

struct Params {
    rows: u32,
    tokens: u32,
    width: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> query: array<i32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let number = row_of(group.y * groups.x + group.x, lane);
    // Invocations beyond the last row repeat it: sums need all of them.
    let row = min(number, params.rows - 1u);
    let batch = row / params.tokens;
    let token = query[batch];
    let known = token >= 0 && u32(token) < params.tokens;
    let here = row * params.width;
    let there = (batch * params.tokens + select(0u, u32(token), known)) * params.width;
    var along = 0.0;
    var here_squared = 0.0;
    var there_squared = 0.0;
    for (var d = lane % LANES; d < params.width; d = d + LANES) {
        let a = x[here + d];
        let b = x[there + d];
        along = along + a * b;
        here_squared = here_squared + a * a;
        there_squared = there_squared + b * b;
    }
    let product = total(lane, along);
    let norms = max(sqrt(total(lane, here_squared)), 1e-12) * max(sqrt(total(lane, there_squared)), 1e-12);
    if (number < params.rows && lane % LANES == 0u) {
        out[row] = select(0.0, product / norms, known);
    }
}
