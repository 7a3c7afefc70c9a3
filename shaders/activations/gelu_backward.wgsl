// Gradient of gelu with respect to x: dx = grad (P(z) + z p(z)), z = x + bias, P and p the standard normal distribution and
// its density. The gradient of the bias is the sum of dx over the rows.
//
// | binding | what            | shape     |
// |---------|-----------------|-----------|
// | 0 read  | grad            | [N, D]    |
// | 1 read  | x               | [N, D]    |
// | 2 read  | bias            | [D]       |
// | 3 write | dx              | [N, D]    |
// | 4       | params          |           |
//
// One invocation computes one value.

alias Value = f32;

struct Params {
    count: u32,
    width: u32,
}

@group(0) @binding(0) var<storage, read> grad: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

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
    let both = normal(z);
    dx[i] = grad[i] * (both.distribution + z * both.density);
}
