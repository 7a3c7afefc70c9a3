// From the gradient of the scaled unit rows v to that of the rows (contrast): with g = factor grad and dv = sum of the parts,
// dx[n, d] = g sqrt(scale) / |x[n]| (dv[d, n] - v[d, n] <v, dv> / scale), and along[n] = g <v, dv> / scale for the gradient of
// the scale. Without normalisation the second term of dx is left out.
//
// | binding | what                          | shape                       |
// |---------|-------------------------------|-----------------------------|
// | 0 read  | grad of the loss              | [1]                         |
// | 1 read  | parts of dv                   | [parts, padded D, padded N] |
// | 2 read  | unit: the columns from start  | [padded D, C]               |
// | 3 read  | inverse norms, from start on  | [C]                         |
// | 4 read  | a factor of the scale         | [1]                         |
// | 5 write | dx                            | [N, D]                      |
// | 6 write | along                         | [N]                         |
// | 7       | params                        |                             |
//
// One invocation computes one row.

struct Params {
    rows: u32,
    width: u32,
    parts: u32,
    padded: u32,
    padded_rows: u32,
    columns: u32,
    start: u32,
    normalise: u32,
    learned: u32,
    scale: f32,
    factor: f32,
}

@group(0) @binding(0) var<storage, read> grad: array<f32>;
@group(0) @binding(1) var<storage, read> slopes: array<f32>;
@group(0) @binding(2) var<storage, read> unit: array<f32>;
@group(0) @binding(3) var<storage, read> inverse: array<f32>;
@group(0) @binding(4) var<storage, read> factor: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;
@group(0) @binding(6) var<storage, read_write> along: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

fn slope(d: u32, n: u32) -> f32 {
    var sum = 0.0;
    for (var part = 0u; part < params.parts; part = part + 1u) {
        sum = sum + slopes[(part * params.padded + d) * params.padded_rows + n];
    }
    return sum;
}

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
    var scale = params.scale;
    if (params.learned == 1u) {
        scale = scale * factor[0];
    }
    let g = params.factor * grad[0];
    let column = params.start + n;
    var product = 0.0;
    for (var d = 0u; d < params.width; d = d + 1u) {
        let sum = slope(d, n);
        product = product + unit[d * params.columns + column] * sum;
        // Kept here until the product is known.
        dx[n * params.width + d] = sum;
    }
    product = product / scale;
    along[n] = g * product;
    let times = g * sqrt(scale) * inverse[column];
    let inwards = select(0.0, product, params.normalise == 1u);
    for (var d = 0u; d < params.width; d = d + 1u) {
        let place = n * params.width + d;
        dx[place] = times * (dx[place] - unit[d * params.columns + column] * inwards);
    }
}
