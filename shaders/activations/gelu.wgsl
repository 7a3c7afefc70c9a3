// Gaussian error linear unit of a sum, in its exact form: y = z P(z), z = x + bias, P the standard normal distribution.
//
// | binding | what            | shape     |
// |---------|-----------------|-----------|
// | 0 read  | x               | [N, D]    |
// | 1 read  | bias            | [D]       |
// | 2 write | y               | [N, D]    |
// | 3       | params          |           |
//
// One invocation computes one value.

alias Value = f32;

struct Params {
    count: u32,
    width: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> bias: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
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
    let z = x[i] + bias[i % params.width];
    y[i] = z * normal(z).distribution;
}
