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
    let own = own_row(group, groups, lane);
    let stores = select(0u, params.width, own.inside);
    let start = own.row * params.width;
    let count = f32(params.width);
    let mean = mean_of(start, lane);
    let scale = 1.0 / sqrt(squares_off(start, lane, mean) / count + params.eps);
    for (var d = own.first; d < stores; d = d + LANES) {
        y[start + d] = (x[start + d] - mean) * scale * gamma[d] + beta[d];
    }
}
