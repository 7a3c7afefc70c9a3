// Gradient of patch_error with respect to the prediction:
// out[r, p] = grad[r] mask[r] 2 / P (pred[r, p] - z[r, p]), with z as in patch_error.
//
// | binding | what            | shape     |
// |---------|-----------------|-----------|
// | 0 read  | grad            | [R]       |
// | 1 read  | pred            | [R, P]    |
// | 2 read  | x, target       | [R, P]    |
// | 3 read  | mask            | [R]       |
// | 4 write | out             | [R, P]    |
// | 5       | params          |           |
//
// One group of invocations computes one patch.

@group(0) @binding(0) var<storage, read> grad: array<f32>;
@group(0) @binding(1) var<storage, read> pred: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> mask: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
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
    let target_of = standard(start, lane);
    let slope = grad[own.row] * mask[own.row] * 2.0 / count;
    for (var p = own.first; p < stores; p = p + LANES) {
        out[start + p] = slope * (pred[start + p] - (x[start + p] - target_of.x) * target_of.y);
    }
}
