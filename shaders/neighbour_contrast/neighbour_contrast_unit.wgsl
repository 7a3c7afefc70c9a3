// Rows for the contrast of neighbours: unit[n, d] = x[n, d] / |x[n]| with zeros up to whole quads, and the inverse norms; rows shorter
// than the least norm become zero.
//
// | binding | what          | shape          |
// |---------|---------------|----------------|
// | 0 read  | x             | [N, D]         |
// | 1 write | unit          | [N, padded D]  |
// | 2 write | inverse norms | [N]            |
// | 3       | params        |                |
//
// One invocation computes one row.

struct Params {
    rows: u32,
    width: u32,
    padded: u32,
    least_norm: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> unit: array<f32>;
@group(0) @binding(2) var<storage, read_write> inverse: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let n = (group.y * groups.x + group.x) * {{ workgroup }}u + lane;
    if (n >= params.rows) {
        return;
    }
    let begin = n * params.width;
    var squares = 0.0;
    for (var d = 0u; d < params.width; d = d + 1u) {
        squares = squares + x[begin + d] * x[begin + d];
    }
    let norm = sqrt(squares);
    let times = select(0.0, 1.0 / norm, norm >= params.least_norm && norm > 0.0);
    for (var d = 0u; d < params.padded; d = d + 1u) {
        var value = 0.0;
        if (d < params.width) {
            value = x[begin + d] * times;
        }
        unit[n * params.padded + d] = value;
    }
    inverse[n] = times;
}
