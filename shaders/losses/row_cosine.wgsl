// Cosine of every row of one matrix with a row of another:
// out[r] = <a[r], b[pick[r]]> / (max(|a[r]|, eps) max(|b[pick[r]]|, eps)).
//
// | binding | what            | shape  |
// |---------|-----------------|--------|
// | 0 read  | a               | [R, W] |
// | 1 read  | b               | [T, W] |
// | 2 read  | pick (i32)      | [R]    |
// | 3 write | out             | [R]    |
// | 4       | params          |        |
//
// One group of invocations computes one row. A pick out of range counts as a row of zeros.

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> pick: array<i32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let own = own_row(group, groups, lane);
    let other = u32(pick[own.row]);
    let width = select(0u, params.width, other < params.others);
    let found = products_of(own.row * params.width, other * params.width, width, lane);
    if (own.inside && own.first == 0u) {
        out[own.row] = found.x / max(found.y, params.eps) / max(found.z, params.eps);
    }
}
