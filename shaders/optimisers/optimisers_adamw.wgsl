// One step of AdamW (Loshchilov and Hutter 2019) for a sheet of weights:
// m' = m + (1 - beta1) (g - m),  v' = beta2 v + (1 - beta2) g^2,
// p' = p - r decay p - r (m' / correction1) / (sqrt(v' / correction2) + eps), r = rate scale, correction = 1 - beta^step.
// Where coupled is 1 the decay is added to the gradient instead: g + decay p (Adam).
//
// | binding | what                          | shape     |
// |---------|-------------------------------|-----------|
// | 0 read  | p, the weights                | [B, 256]  |
// | 1 read  | g, their gradients            | [B, 256]  |
// | 2 read  | table of the weights          | see below |
// | 3 read  | norm of all gradients         | [1]       |
// | 4 write | p'                            | [B, 256]  |
// | 5 both  | m                             | [B, 256]  |
// | 6 both  | v                             | [B, 256]  |
// | 7       | params                        |           |
//
// One workgroup computes one block of 256 values, 4 an invocation.

struct Params {
    first: u32,
    blocks: u32,
    weights: u32,
    limit: f32,
    rate: f32,
    beta1: f32,
    beta2: f32,
    eps: f32,
    correction1: f32,
    correction2: f32,
    coupled: f32,
}

@group(0) @binding(4) var<storage, read_write> new_p: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> m: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> v: array<vec4<f32>>;
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
    if (!weight.live) {
        new_p[i] = p[i];
        return;
    }
    let slope = clipped(i) + params.coupled * weight.decay * p[i];
    let first = m[i] + (1.0 - params.beta1) * (slope - m[i]);
    let second = params.beta2 * v[i] + (1.0 - params.beta2) * slope * slope;
    let change = direction(weight, first, second);
    let rate = params.rate * weight.scale;
    m[i] = first;
    v[i] = second;
    new_p[i] = p[i] * (1.0 - (1.0 - params.coupled) * rate * weight.decay) - rate * change;
}
