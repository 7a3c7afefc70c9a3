// Gradient of chamfer with respect to one of its sets ("own"), through the pairs of nearest points:
// out[m, i] = 2 (g[m, i] (own[m, i] - other[m, nearest[m, i]]) + sum over j with nearest[m, j] = i of g[m, j] (own[m, i] - other[m, j])).
//
// | binding | what          | shape        |
// |---------|---------------|--------------|
// | 0 read  | grad          | [M, S + T]   |
// | 1 read  | own           | [M, Own, 3]  |
// | 2 read  | other         | [M, Other, 3]|
// | 3 read  | nearest (i32) | [M, S + T]   |
// | 4 write | out           | [M, Own, 3]  |
// | 5       | params        |              |
//
// One invocation computes one point. In a row of grad and nearest the own set starts at `own_start`, the other at `other_start`.

struct Params {
    count: u32,
    of_own: u32,
    of_other: u32,
    own_start: u32,
    other_start: u32,
}

@group(0) @binding(0) var<storage, read> grad: array<f32>;
@group(0) @binding(1) var<storage, read> own: array<f32>;
@group(0) @binding(2) var<storage, read> other: array<f32>;
@group(0) @binding(3) var<storage, read> nearest: array<i32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

fn other_point(i: u32) -> vec3<f32> {
    return vec3<f32>(other[3u * i], other[3u * i + 1u], other[3u * i + 2u]);
}

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
    let pair = i / params.of_own;
    let place = i % params.of_own;
    let row = pair * (params.of_own + params.of_other);
    let others = pair * params.of_other;
    let here = vec3<f32>(own[3u * i], own[3u * i + 1u], own[3u * i + 2u]);
    let mine = row + params.own_start + place;
    let partner = min(u32(max(nearest[mine], 0)), params.of_other - 1u);
    var sum = grad[mine] * (here - other_point(others + partner));
    for (var j = 0u; j < params.of_other; j = j + 1u) {
        let at = row + params.other_start + j;
        if (nearest[at] == i32(place)) {
            sum = sum + grad[at] * (here - other_point(others + j));
        }
    }
    out[3u * i] = 2.0 * sum.x;
    out[3u * i + 1u] = 2.0 * sum.y;
    out[3u * i + 2u] = 2.0 * sum.z;
}
