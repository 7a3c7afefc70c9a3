// The nearest points of each centre: index[b, g, k] = the point of cloud b that is number k by distance to centre g, nearest
// first, the lower index first of equals.
//
// | binding | what        | shape     |
// |---------|-------------|-----------|
// | 0 read  | points      | [B, N, 3] |
// | 1 read  | centres     | [B, G, 3] |
// | 2 write | index (i32) | [B, G, K] |
// | 3       | params      |           |
//
// One invocation computes the neighbours of one centre, in K rounds: each finds the first point behind the one found before.

struct Params {
    count: u32,
    points: u32,
    centres: u32,
    picks: u32,
}

@group(0) @binding(0) var<storage, read> points: array<f32>;
@group(0) @binding(1) var<storage, read> centres: array<f32>;
@group(0) @binding(2) var<storage, read_write> index: array<i32>;
@group(0) @binding(3) var<uniform> params: Params;

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
    let centre = vec3<f32>(centres[3u * i], centres[3u * i + 1u], centres[3u * i + 2u]);
    let start = i / params.centres * params.points;
    var last = -1.0;
    var last_place = 0u;
    for (var pick = 0u; pick < params.picks; pick = pick + 1u) {
        var nearest = 3e38;
        var place = 0u;
        for (var p = 0u; p < params.points; p = p + 1u) {
            let at = 3u * (start + p);
            let apart = vec3<f32>(points[at], points[at + 1u], points[at + 2u]) - centre;
            let distance = dot(apart, apart);
            let behind = distance > last || (distance == last && p > last_place);
            if (behind && distance < nearest) {
                nearest = distance;
                place = p;
            }
        }
        index[i * params.picks + pick] = i32(place);
        last = nearest;
        last_place = place;
    }
}
