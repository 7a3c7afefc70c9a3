// Gradient of patch_error with respect to the prediction:
// out[r, p] = grad[r] mask[r] 2 / P (pred[r, p] - z[r, p]), with z as in patch_error.
//
// | binding | what            | shape     |
// |---------|-----------------|-----------|
// | 0 read  | grad            | [R]       |
// | 1 read  | pred            | [R, P]    |
// | 2 read  | target          | [R, P]    |
// | 3 read  | mask            | [R]       |
// | 4 write | out             | [R, P]    |
// | 5       | params          |           |
//
// One group of invocations computes one patch.

struct Params {
    rows: u32,
    width: u32,
    norm_pix: u32,
}

@group(0) @binding(0) var<storage, read> grad: array<f32>;
@group(0) @binding(1) var<storage, read> pred: array<f32>;
@group(0) @binding(2) var<storage, read> goal: array<f32>;
@group(0) @binding(3) var<storage, read> mask: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

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
    var mean = 0.0;
    var scale = 1.0;
    if (params.norm_pix != 0u) {
        var sum = 0.0;
        for (var p = first; p < params.width; p = p + LANES) {
            sum = sum + goal[start + p];
        }
        mean = total(lane, sum) / count;
        var squares = 0.0;
        for (var p = first; p < params.width; p = p + LANES) {
            let off = goal[start + p] - mean;
            squares = squares + off * off;
        }
        scale = 1.0 / sqrt(total(lane, squares) / max(count - 1.0, 1.0) + 1e-6);
    }
    let slope = grad[row] * mask[row] * 2.0 / count;
    for (var p = first; p < stores; p = p + LANES) {
        out[start + p] = slope * (pred[start + p] - (goal[start + p] - mean) * scale);
    }
}
