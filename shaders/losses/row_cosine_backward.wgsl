// Gradient of row_cosine with respect to a: with the unit rows a' = a / max(|a|, eps) and b',
// out[r, c] = grad[r] / max(|a[r]|, eps) (b'[r, c] - cosine[r] a'[r, c]), without the second term where |a[r]| is below eps.
//
// | binding | what            | shape  |
// |---------|-----------------|--------|
// | 0 read  | grad            | [R]    |
// | 1 read  | a               | [R, W] |
// | 2 read  | b               | [T, W] |
// | 3 read  | pick (i32)      | [R]    |
// | 4 write | out             | [R, W] |
// | 5       | params          |        |
//
// One group of invocations computes one row.

@group(0) @binding(0) var<storage, read> grad: array<f32>;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> pick: array<i32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let own = own_row(group, groups, lane);
    let known = u32(pick[own.row]) < params.others;
    // A row that is not there is read as the first one and counts for nothing.
    let other = select(0u, u32(pick[own.row]), known);
    let found = products_of(own.row * params.width, other * params.width, params.width, lane);
    let a_norm = max(found.y, params.eps);
    let b_norm = max(found.z, params.eps);
    let turn = select(0.0, found.x / a_norm / b_norm, found.y > params.eps);
    let slope = select(0.0, grad[own.row] / a_norm, known);
    let stores = select(0u, params.width, own.inside);
    for (var c = own.first; c < stores; c = c + LANES) {
        out[own.row * params.width + c] = slope * (b[other * params.width + c] / b_norm - turn * a[own.row * params.width + c] / a_norm);
    }
}
