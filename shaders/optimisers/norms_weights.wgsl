// Sums of squares of each weight of a sheet from those of its blocks.
//
// | binding | what                          | shape     |
// |---------|-------------------------------|-----------|
// | 0 read  | sums of the blocks            | [B, 2]    |
// | 1 read  | table of the weights          |           |
// | 2 write | sums of the weights           | [W, 2]    |
// | 3       | params                        |           |
//
// One workgroup computes one weight.

struct Params {
    weights: u32,
}

@group(0) @binding(0) var<storage, read> sums: array<vec2<f32>>;
@group(0) @binding(1) var<storage, read> table: array<u32>;
@group(0) @binding(2) var<storage, read_write> out: array<vec2<f32>>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let index = group.y * groups.x + group.x;
    if (index >= params.weights) {
        return;
    }
    let weight = entry_of(index);
    let blocks = (weight.count + 255u) / 256u;
    var sum = vec2<f32>(0.0);
    for (var b = lane; b < blocks; b = b + {{ workgroup }}u) {
        sum = sum + sums[weight.start + b];
    }
    let all = pair_total(lane, sum);
    if (lane == 0u) {
        out[index] = all;
    }
}
