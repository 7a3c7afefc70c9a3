// Farthest point sampling: index[b, 0] = 0; index[b, g] = the point of cloud b that is farthest from those chosen before, the
// first of equals. Points whose squared distance to the origin is not above `origin` are never chosen; 0 where there is no other.
//
// | binding | what                                             | shape     |
// |---------|--------------------------------------------------|-----------|
// | 0 read  | points                                           | [B, N, 3] |
// | 1 write | index (i32)                                      | [B, G]    |
// | 2 write | squared distance to the nearest of those chosen  | [B, N]    |
// | 3       | params                                           |           |
//
// One workgroup computes one cloud. Each invocation keeps to its own points, so that only the choice is shared.

struct Params {
    clouds: u32,
    points: u32,
    picks: u32,
    origin: f32,
}

@group(0) @binding(0) var<storage, read> points: array<f32>;
@group(0) @binding(1) var<storage, read_write> index: array<i32>;
@group(0) @binding(2) var<storage, read_write> nearest: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

var<workgroup> distances: array<f32, {{ workgroup }}>;
var<workgroup> places: array<u32, {{ workgroup }}>;

fn point(i: u32) -> vec3<f32> {
    return vec3<f32>(points[3u * i], points[3u * i + 1u], points[3u * i + 2u]);
}

@compute @workgroup_size({{ workgroup }})
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let cloud = group.y * groups.x + group.x;
    if (cloud >= params.clouds) {
        return;
    }
    let start = cloud * params.points;
    var last = 0u;
    if (lane == 0u) {
        index[cloud * params.picks] = 0;
    }
    for (var p = lane; p < params.points; p = p + {{ workgroup }}u) {
        nearest[start + p] = 1e10;
    }
    for (var pick = 1u; pick < params.picks; pick = pick + 1u) {
        let chosen = point(start + last);
        var farthest = -1.0;
        var place = 0u;
        for (var p = lane; p < params.points; p = p + {{ workgroup }}u) {
            let here = point(start + p);
            if (dot(here, here) > params.origin) {
                let apart = here - chosen;
                let distance = min(nearest[start + p], dot(apart, apart));
                nearest[start + p] = distance;
                if (distance > farthest) {
                    farthest = distance;
                    place = p;
                }
            }
        }
        distances[lane] = farthest;
        places[lane] = place;
        workgroupBarrier();
        for (var half = {{ workgroup }}u / 2u; half > 0u; half = half / 2u) {
            if (lane < half) {
                let other = distances[lane + half];
                let first = other == distances[lane] && places[lane + half] < places[lane];
                if (other > distances[lane] || first) {
                    distances[lane] = other;
                    places[lane] = places[lane + half];
                }
            }
            workgroupBarrier();
        }
        last = places[0];
        workgroupBarrier();
        if (lane == 0u) {
            index[cloud * params.picks + pick] = i32(last);
        }
    }
}
