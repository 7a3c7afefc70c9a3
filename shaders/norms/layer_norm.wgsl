// Layer normalisation of rows: y = (x - mean) / sqrt(variance + eps) * gamma + beta, with the biased variance of the row.
//
// | binding | what            | shape     |
// |---------|-----------------|-----------|
// | 0 read  | x               | [N, D]    |
// | 1 read  | gamma           | [D]       |
// | 2 read  | beta            | [D]       |
// | 3 write | y               | [N, D]    |
// | 4       | params          |           |
//
// One group of invocations computes one row.

struct Params {
    rows: u32,
    width: u32,
    eps: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> gamma: array<f32>;
@group(0) @binding(2) var<storage, read> beta: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let number = row_of(group.y * groups.x + group.x, lane);
    let inside = number < params.rows;
    // Invocations beyond the last row repeat it: sums need all of them.
    let row = min(number, params.rows - 1u);
    let first = lane % LANES;
    let stores = select(0u, params.width, inside);
    let start = row * params.width;
    let count = f32(params.width);
    var sum = 0.0;
    for (var d = first; d < params.width; d = d + LANES) {
        sum = sum + x[start + d];
    }
    let mean = total(lane, sum) / count;
    var squares = 0.0;
    for (var d = first; d < params.width; d = d + LANES) {
        let off = x[start + d] - mean;
        squares = squares + off * off;
    }
    let scale = 1.0 / sqrt(total(lane, squares) / count + params.eps);
    for (var d = first; d < stores; d = d + LANES) {
        y[start + d] = (x[start + d] - mean) * scale * gamma[d] + beta[d];
    }
}
