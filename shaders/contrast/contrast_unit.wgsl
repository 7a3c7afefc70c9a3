// Rows for contrast, turned and scaled: unit[d, start + n] = sqrt(scale) x[n, d] / |x[n]| and the inverse norms;
// rows of no length become zero. Without normalisation the norm counts as one.
//
// | binding | what                        | shape          |
// |---------|-----------------------------|----------------|
// | 0 read  | x                           | [N, D]         |
// | 1 read  | a factor of the scale       | [1]            |
// | 2 write | unit, columns from start on | [padded D, C]  |
// | 3 write | inverse norms, from start on| [C]            |
// | 4       | params                      |                |
//
// One invocation computes one column of `unit`; those beyond the last row and the rows beyond D become zero.

struct Params {
    count: u32,
    rows: u32,
    width: u32,
    padded: u32,
    columns: u32,
    start: u32,
    normalise: u32,
    learned: u32,
    scale: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> factor: array<f32>;
@group(0) @binding(2) var<storage, read_write> unit: array<f32>;
@group(0) @binding(3) var<storage, read_write> inverse: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let n = (group.y * groups.x + group.x) * {{ workgroup }}u + lane;
    if (n >= params.count) {
        return;
    }
    let real = n < params.rows;
    let begin = min(n, params.rows - 1u) * params.width;
    var squares = 0.0;
    for (var d = 0u; d < params.width; d = d + 1u) {
        squares = squares + x[begin + d] * x[begin + d];
    }
    var norm = 1.0;
    if (params.normalise == 1u) {
        norm = select(0.0, 1.0 / sqrt(squares), squares >= 1.0e-24);
    }
    var scale = params.scale;
    if (params.learned == 1u) {
        scale = scale * factor[0];
    }
    let times = select(0.0, norm * sqrt(scale), real);
    for (var d = 0u; d < params.padded; d = d + 1u) {
        var value = 0.0;
        if (d < params.width) {
            value = x[begin + d] * times;
        }
        unit[d * params.columns + params.start + n] = value;
    }
    inverse[params.start + n] = norm;
}
