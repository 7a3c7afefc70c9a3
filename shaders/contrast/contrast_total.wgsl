// out[0] = factor · sum of x. One workgroup.
//
// | binding | what   | shape |
// |---------|--------|-------|
// | 0 read  | x      | [N]   |
// | 1 write | out    | [1]   |
// | 2       | params |       |

struct Params {
    count: u32,
    factor: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size({{ workgroup }})
fn main(@builtin(local_invocation_index) lane: u32) {
    var sum = 0.0;
    for (var i = lane; i < params.count; i = i + {{ workgroup }}u) {
        sum = sum + x[i];
    }
    let all = total(lane, sum);
    if (lane == 0u) {
        out[0] = all * params.factor;
    }
}
