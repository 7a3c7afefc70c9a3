// Sums of squares of each block of a sheet: out = (sum of p^2, sum of u^2), u = g + decay p; zero where no gradient is.
//
// | binding | what                          | shape     |
// |---------|-------------------------------|-----------|
// | 0 read  | p, the weights                | [B, 256]  |
// | 1 read  | g, their gradients            | [B, 256]  |
// | 2 read  | table of the weights          |           |
// | 3 read  | norm of all gradients         | [1]       |
// | 4 write | out                           | [B, 2]    |
// | 5       | params                        |           |
//
// One workgroup computes one block of 256 values, 4 an invocation.

struct Params {
    first: u32,
    blocks: u32,
    weights: u32,
    limit: f32,
    // Blocks of other sheets before those of this one.
    before: u32,
}

@group(0) @binding(4) var<storage, read_write> out: array<vec2<f32>>;
@group(0) @binding(5) var<uniform> params: Params;

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
        let change = clipped(i) + weight.decay * p[i];
        sums = squares_of(weight, params.first + block, lane, p[i], change);
    }
    let all = pair_total(lane, sums);
    if (lane == 0u) {
        out[params.before + params.first + block] = all;
    }
}
