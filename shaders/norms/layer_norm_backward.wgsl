// Gradient of layer_norm with respect to x, and the row statistics that layer_norm_weights needs.
// With h = (x - mean) r, r = 1 / sqrt(variance + eps) and g = grad * gamma:
// dx = r (g - mean(g) - h mean(g h)).
//
// | binding | what            | shape     |
// |---------|-----------------|-----------|
// | 0 read  | grad            | [N, D]    |
// | 1 read  | x               | [N, D]    |
// | 2 read  | gamma           | [D]       |
// | 3 write | dx              | [N, D]    |
// | 4 write | stats: mean, r  | [N, 2]    |
// | 5       | params          |           |
//
// One group of invocations computes one row.

struct Params {
    rows: u32,
    width: u32,
    eps: f32,
}

@group(0) @binding(0) var<storage, read> grad: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;
@group(0) @binding(4) var<storage, read_write> stats: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

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
    var plain = 0.0;
    var along = 0.0;
    for (var d = own.first; d < params.width; d = d + LANES) {
        let g = grad[start + d] * gamma[d];
        plain = plain + g;
        along = along + g * (x[start + d] - mean) * scale;
    }
    let plain_mean = total(lane, plain) / count;
    let along_mean = total(lane, along) / count;
    for (var d = own.first; d < stores; d = d + LANES) {
        let h = (x[start + d] - mean) * scale;
        dx[start + d] = scale * (grad[start + d] * gamma[d] - plain_mean - h * along_mean);
    }
    if (own.inside && own.first == 0u) {
        stats[2u * own.row] = mean;
        stats[2u * own.row + 1u] = scale;
    }
}
