// The product of both ends of every edge, head by head: out[e, h] = sum over o of x[u, h * O + o] y[v, h * O + o] for the
// edge e from u to v.
//
// | binding | what                                  | shape      |
// |---------|---------------------------------------|------------|
// | 0 read  | x                                     | [S, H * O] |
// | 1 read  | y                                     | [D, H * O] |
// | 2 read  | source (i32) by number                | [E]        |
// | 3 read  | edge (i32), numbers listed by source  | [E]        |
// | 4 read  | target (i32) in the same order        | [E]        |
// | 5 write | out                                   | [E, H]     |
// | 6       | params                                |            |
//
// One invocation owns an edge and a head.

struct Params {
    count: u32,
    heads: u32,
    width: u32,
    head_width: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> source: array<i32>;
@group(0) @binding(3) var<storage, read> edge: array<i32>;
@group(0) @binding(4) var<storage, read> goal: array<i32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

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
    let place = i / params.heads;
    let head = i % params.heads;
    let e = u32(edge[place]);
    let from_x = u32(source[e]) * params.width + head * params.head_width;
    let from_y = u32(goal[place]) * params.width + head * params.head_width;
    var sum = 0.0;
    for (var o = 0u; o < params.head_width; o = o + 1u) {
        sum = sum + x[from_x + o] * y[from_y + o];
    }
    out[e * params.heads + head] = sum;
}
