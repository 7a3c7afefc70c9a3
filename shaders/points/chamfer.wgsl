// Squared distance of every point of two sets to the nearest point of the other, and which point that is (the first of equals):
// out[m, s] = min over t of |a[m, s] - b[m, t]|^2 for s < S, out[m, S + t] = min over s of |a[m, s] - b[m, t]|^2.
//
// | binding | what          | shape      |
// |---------|---------------|------------|
// | 0 read  | a             | [M, S, 3]  |
// | 1 read  | b             | [M, T, 3]  |
// | 2 write | out           | [M, S + T] |
// | 3 write | nearest (i32) | [M, S + T] |
// | 4       | params        |            |
//
// One invocation computes one point.

struct Params {
    count: u32,
    of_a: u32,
    of_b: u32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(3) var<storage, read_write> nearest: array<i32>;
@group(0) @binding(4) var<uniform> params: Params;

fn point_a(i: u32) -> vec3<f32> {
    return vec3<f32>(a[3u * i], a[3u * i + 1u], a[3u * i + 2u]);
}

fn point_b(i: u32) -> vec3<f32> {
    return vec3<f32>(b[3u * i], b[3u * i + 1u], b[3u * i + 2u]);
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
    let both = params.of_a + params.of_b;
    let pair = i / both;
    let place = i % both;
    var least = 3e38;
    var found = 0u;
    if (place < params.of_a) {
        let here = point_a(pair * params.of_a + place);
        for (var t = 0u; t < params.of_b; t = t + 1u) {
            let apart = here - point_b(pair * params.of_b + t);
            let distance = dot(apart, apart);
            if (distance < least) {
                least = distance;
                found = t;
            }
        }
    } else {
        let here = point_b(pair * params.of_b + place - params.of_a);
        for (var s = 0u; s < params.of_a; s = s + 1u) {
            let apart = here - point_a(pair * params.of_a + s);
            let distance = dot(apart, apart);
            if (distance < least) {
                least = distance;
                found = s;
            }
        }
    }
    out[i] = least;
    nearest[i] = i32(found);
}
