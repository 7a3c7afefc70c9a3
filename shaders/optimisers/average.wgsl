// A step of a moving average for a sheet of weights: a' = decay a + (1 - decay) w.
//
// | binding | what            | shape     |
// |---------|-----------------|-----------|
// | 0 read  | a               | [N, 4]    |
// | 1 read  | w               | [N, 4]    |
// | 2 write | a'              | [N, 4]    |
// | 3       | params          |           |
//
// One invocation computes four values.

struct Params {
    count: u32,
    decay: f32,
}

@group(0) @binding(0) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> w: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> new_a: array<vec4<f32>>;
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
    new_a[i] = params.decay * a[i] + (1.0 - params.decay) * w[i];
}
