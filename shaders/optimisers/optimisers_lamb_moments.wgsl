// The moments of LAMB (You et al. 2020) for a sheet of weights, and sums of squares of each block:
// m' = m + (1 - beta1) (g - m),  v' = beta2 v + (1 - beta2) g^2,
// u = (m' / correction1) / (sqrt(v' / correction2) + eps) + decay p,  out = (sum of p^2, sum of u^2).
//
// | binding | what                          | shape     |
// |---------|-------------------------------|-----------|
// | 0 read  | p, the weights                | [B, 256]  |
// | 1 read  | g, their gradients            | [B, 256]  |
// | 2 read  | table of the weights          |           |
// | 3 read  | norm of all gradients         | [1]       |
// | 4 both  | m                             | [B, 256]  |
// | 5 both  | v                             | [B, 256]  |
// | 6 write | out                           | [B, 2]    |
// | 7       | params                        |           |
//
// One workgroup computes one block of 256 values, 4 an invocation.

struct Params {
    first: u32,
    blocks: u32,
    weights: u32,
    limit: f32,
    beta1: f32,
    beta2: f32,
    eps: f32,
    correction1: f32,
    correction2: f32,
}

@group(0) @binding(4) var<storage, read_write> m: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> v: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> out: array<vec2<f32>>;
@group(0) @binding(7) var<uniform> params: Params;

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
    let weight = weight_of(params.first + block);
    var sums = vec2<f32>(0.0);
    if (weight.live) {
        let slope = clipped(i);
        let first = m[i] + (1.0 - params.beta1) * (slope - m[i]);
        let second = params.beta2 * v[i] + (1.0 - params.beta2) * slope * slope;
        let change = direction(weight, first, second) + weight.decay * p[i];
        m[i] = first;
        v[i] = second;
        sums = squares_of(weight, params.first + block, lane, p[i], change);
    }
    let all = pair_total(lane, sums);
    if (lane == 0u) {
        out[params.first + block] = all;
    }
}
