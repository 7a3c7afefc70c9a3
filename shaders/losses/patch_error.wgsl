// Reconstruction error of hidden patches (masked autoencoders, eq. 2):
// out[r] = mask[r] / P * sum over p of (pred[r, p] - z[r, p])^2, with z the target x of the patch or, when norm_pix is set,
// (x - mean) / sqrt(variance + 1e-6) with the unbiased variance of the patch.
//
// | binding | what            | shape     |
// |---------|-----------------|-----------|
// | 0 read  | pred            | [R, P]    |
// | 1 read  | x, target       | [R, P]    |
// | 2 read  | mask            | [R]       |
// | 3 write | out             | [R]       |
// | 4       | params          |           |
//
// One group of invocations computes one patch (R = batch times patches).

@group(0) @binding(0) var<storage, read> pred: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> mask: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let own = own_row(group, groups, lane);
    let start = own.row * params.width;
    let count = f32(params.width);
    let target_of = standard(start, lane);
    var error = 0.0;
    for (var p = own.first; p < params.width; p = p + LANES) {
        let off = pred[start + p] - (x[start + p] - target_of.x) * target_of.y;
        error = error + off * off;
    }
    let sum = total(lane, error);
    if (own.inside && own.first == 0u) {
        out[own.row] = mask[own.row] * sum / count;
    }
}
