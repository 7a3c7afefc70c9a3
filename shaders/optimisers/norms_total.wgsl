// The root of the sum of all first values.
//
// | binding | what                          | shape     |
// |---------|-------------------------------|-----------|
// | 0 read  | sums of the blocks            | [N, 2]    |
// | 1 write | root                          | [1]       |
// | 2       | params                        |           |
//
// One workgroup computes everything.

struct Params {
    count: u32,
}

@group(0) @binding(0) var<storage, read> sums: array<vec2<f32>>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size({{ workgroup }})
fn main(@builtin(local_invocation_index) lane: u32) {
    var sum = vec2<f32>(0.0);
    for (var b = lane; b < params.count; b = b + {{ workgroup }}u) {
        sum = sum + sums[b];
    }
    let all = pair_total(lane, sum);
    if (lane == 0u) {
        out[0] = sqrt(all.x);
    }
}
