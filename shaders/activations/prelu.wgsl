// The parametric rectified linear unit: out[i] = x[i] where x[i] > 0, else slope[0] x[i].
//
// | binding | what                                | shape |
// |---------|-------------------------------------|-------|
// | 0 read  | x                                   | [N]   |
// | 1 read  | slope                               | [1]   |
// | 2 write | out                                 | [N]   |
// | 3       | params                              |       |
//
// One invocation computes one value.

struct Params {
    count: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> slope: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let i = (group.y * groups.x + group.x) * {{ workgroup }}u + lane;
    if (i >= params.count) {
        return;
    }
    out[i] = select(slope[0], 1.0, x[i] > 0.0) * x[i];
}
