// One step of AdamW (Loshchilov and Hutter 2019) for one weight:
// m' = beta1 m + (1 - beta1) g,  v' = beta2 v + (1 - beta2) g^2,
// p' = p - rate decay p - rate (m' / correction1) / (sqrt(v' / correction2) + eps), correction = 1 - beta^step.
//
// | binding | what            | shape     |
// |---------|-----------------|-----------|
// | 0 read  | p, the weight   | [N]       |
// | 1 read  | g, its gradient | [N]       |
// | 2 read  | m               | [N]       |
// | 3 read  | v               | [N]       |
// | 4 write | p'              | [N]       |
// | 5 write | m'              | [N]       |
// | 6 write | v'              | [N]       |
// | 7       | params          |           |
//
// One invocation computes one value.

struct Params {
    count: u32,
    rate: f32,
    beta1: f32,
    beta2: f32,
    eps: f32,
    decay: f32,
    correction1: f32,
    correction2: f32,
}

@group(0) @binding(0) var<storage, read> p: array<f32>;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> m: array<f32>;
@group(0) @binding(3) var<storage, read> v: array<f32>;
@group(0) @binding(4) var<storage, read_write> new_p: array<f32>;
@group(0) @binding(5) var<storage, read_write> new_m: array<f32>;
@group(0) @binding(6) var<storage, read_write> new_v: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

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
    let first = m[i] + (1.0 - params.beta1) * (g[i] - m[i]);
    let second = params.beta2 * v[i] + (1.0 - params.beta2) * g[i] * g[i];
    let change = (first / params.correction1) / (sqrt(second / params.correction2) + params.eps);
    new_m[i] = first;
    new_v[i] = second;
    new_p[i] = p[i] * (1.0 - params.rate * params.decay) - params.rate * change;
}
