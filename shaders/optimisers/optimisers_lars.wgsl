// One step of LARS (You, Gitman and Ginsburg 2017) for a sheet of weights, after norms_blocks and norms_weights:
// u = g + decay p,  mu' = momentum mu + trust |p| / |u| u,  p' = p - rate scale mu'.
// A weight that does not adapt has the factor 1, and so has one where a norm is 0.
//
// | binding | what                          | shape     |
// |---------|-------------------------------|-----------|
// | 0 read  | p, the weights                | [B, 256]  |
// | 1 read  | g, their gradients            | [B, 256]  |
// | 2 read  | table of the weights          |           |
// | 3 read  | norm of all gradients         | [1]       |
// | 4 read  | squares of the norms          | [W, 2]    |
// | 5 write | p'                            | [B, 256]  |
// | 6 both  | mu                            | [B, 256]  |
// | 7       | params                        |           |
//
// One workgroup computes one block of 256 values, 4 an invocation.

struct Params {
    first: u32,
    blocks: u32,
    weights: u32,
    limit: f32,
    rate: f32,
    momentum: f32,
    trust: f32,
}

@group(0) @binding(4) var<storage, read> squares: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read_write> new_p: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> mu: array<vec4<f32>>;
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
    let index = table[8u * params.weights + params.first + block];
    let weight = entry_of(index);
    if (!weight.live) {
        new_p[i] = p[i];
        return;
    }
    let factor = ratio_of(weight, squares[index], params.trust);
    let change = clipped(i) + weight.decay * p[i];
    let speed = params.momentum * mu[i] + factor * change;
    mu[i] = speed;
    new_p[i] = p[i] - params.rate * weight.scale * speed;
}
