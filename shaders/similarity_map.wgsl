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
// One workgroup computes one value of `out`: three sums over D by a tree in workgroup memory.

struct Params {
    rows: u32,
    tokens: u32,
    width: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> query: array<i32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

var<workgroup> sums: array<vec3<f32>, {{ workgroup }}>;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let row = group.y * groups.x + group.x;
    if (row >= params.rows) {
        return;
    }
    let batch = row / params.tokens;
    let token = query[batch];
    let known = token >= 0 && u32(token) < params.tokens;
    let here = row * params.width;
    let there = (batch * params.tokens + select(0u, u32(token), known)) * params.width;
    var sum = vec3<f32>(0.0);
    for (var d = lane; d < params.width; d = d + {{ workgroup }}u) {
        let a = x[here + d];
        let b = x[there + d];
        sum = sum + vec3<f32>(a * b, a * a, b * b);
    }
    sums[lane] = sum;
    workgroupBarrier();
    for (var half = {{ workgroup }}u / 2u; half > 0u; half = half / 2u) {
        if (lane < half) {
            sums[lane] = sums[lane] + sums[lane + half];
        }
        workgroupBarrier();
    }
    if (lane == 0u) {
        let total = sums[0];
        let cosine = total.x / (max(sqrt(total.y), 1e-12) * max(sqrt(total.z), 1e-12));
        out[row] = select(0.0, cosine, known);
    }
}
