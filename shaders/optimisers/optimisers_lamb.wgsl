// One step of LAMB (You et al. 2020) for a sheet of weights, after optimisers_lamb_moments and norms_weights:
// u = (m / correction1) / (sqrt(v / correction2) + eps) + decay p,  p' = p - rate scale |p| / |u| u.
// A weight that does not adapt has the ratio 1, and so has one where a norm is 0.
//
// | binding | what                          | shape     |
// |---------|-------------------------------|-----------|
// | 0 read  | p, the weights                | [B, 256]  |
// | 1 read  | m, already moved              | [B, 256]  |
// | 2 read  | v, already moved              | [B, 256]  |
// | 3 read  | table of the weights          |           |
// | 4 read  | squares of the norms          | [W, 2]    |
// | 5 write | p'                            | [B, 256]  |
// | 6       | params                        |           |
//
// One workgroup computes one block of 256 values, 4 an invocation.

struct Params {
    first: u32,
    blocks: u32,
    weights: u32,
    rate: f32,
    eps: f32,
    correction1: f32,
    correction2: f32,
}

@group(0) @binding(0) var<storage, read> p: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> m: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> v: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> table: array<u32>;
@group(0) @binding(4) var<storage, read> squares: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read_write> new_p: array<vec4<f32>>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let block = group.y * groups.x + group.x;
    if (block >= params.blocks) {
        return;
    }
    let i = block * {{ workgroup }}u + lane;
    let index = table[8u * params.weights + params.first + block];
    let weight = entry_of(index);
    if (!weight.live) {
        new_p[i] = p[i];
        return;
    }
    let ratio = ratio_of(weight, squares[index], 1.0);
    let change = direction(weight, m[i], v[i]) + weight.decay * p[i];
    new_p[i] = p[i] - params.rate * weight.scale * ratio * change;
}
