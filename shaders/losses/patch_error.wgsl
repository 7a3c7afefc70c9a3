// Reconstruction error of hidden patches (masked autoencoders, eq. 2):
// out[r] = mask[r] / P * sum over p of (pred[r, p] - z[r, p])^2, with z the target of the patch or, when norm_pix is set,
// (target - mean) / sqrt(variance + 1e-6) with the unbiased variance of the patch.
//
// | binding | what            | shape     |
// |---------|-----------------|-----------|
// | 0 read  | pred            | [R, P]    |
// | 1 read  | target          | [R, P]    |
// | 2 read  | mask            | [R]       |
// | 3 write | out             | [R]       |
// | 4       | params          |           |
//
// One group of invocations computes one patch (R = batch times patches).

struct Params {
    rows: u32,
    width: u32,
    norm_pix: u32,
}

@group(0) @binding(0) var<storage, read> pred: array<f32>;
@group(0) @binding(1) var<storage, read> goal: array<f32>;
@group(0) @binding(2) var<storage, read> mask: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
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
    var error = 0.0;
    for (var p = first; p < params.width; p = p + LANES) {
        let off = pred[start + p] - (goal[start + p] - mean) * scale;
        error = error + off * off;
    }
    let sum = total(lane, error);
    if (inside && first == 0u) {
        out[row] = mask[row] * sum / count;
    }
}
